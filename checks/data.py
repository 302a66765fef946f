"""DAT: the rows that came back keep the promises that the database makes about them."""

from __future__ import annotations

import pytest

from fixtures.core.archive import Archive, Database, Entry, Shape
from fixtures.core.plan import Invariant
from fixtures.core.precedent import Precedent
from fixtures.evidence import Evidence
from fixtures.postgres.target import Target

pytestmark = pytest.mark.daily


@pytest.mark.control("DAT-01", severity="blocker")
def check_every_child_has_its_parent(foreign_key: Entry, target: Target, evidence: Evidence) -> None:
    """Every row that refers to another row finds it.

    Why: rows loaded with triggers off keep orphans behind a foreign key that calls itself valid.
    """
    key = target.foreign_key(foreign_key.schema, foreign_key.name)
    orphans = target.orphans(key)
    evidence.looked_at(max(1, orphans.looked_at))
    if orphans and not key.validated:
        evidence.undecided(str(key), f"NOT VALID, and {orphans} have no parent")
        return
    assert not orphans, f"{key}: {orphans} have no parent"


@pytest.mark.control("DAT-02", severity="critical")
def check_rows_satisfy_their_constraints(table: Entry, target: Target, evidence: Evidence) -> None:
    """Every row satisfies the CHECKs, NOT NULLs and partition bounds of its table."""
    name = str(target.table(table.schema, table.name))
    promised = target.row_constraints.get(name)
    if promised is None:
        pytest.skip("does not apply: the table promises nothing about single rows")
    counts = target.recheck(promised)
    evidence.looked_at(max(1, *(count.looked_at for count in counts.values())))
    broken = [f"{name}: {count}" for name, count in counts.items() if count]
    assert not broken, f"{promised}: {'; '.join(broken)}"


@pytest.mark.control("DAT-03", severity="critical")
def check_unique_keys_are_unique(table: Entry, target: Target, evidence: Evidence) -> None:
    """No two rows of the table share a key that has to be unique, counted past the index.

    Why: an index built under another collation finds no duplicates that are there.
    """
    target.table(table.schema, table.name)
    keys = [key for key in target.unique_keys if (key.schema, key.table) == (table.schema, table.name)]
    others = [one for one in target.exclusions if (one.schema, one.table) == (table.schema, table.name)]
    if not keys and not others:
        pytest.skip("does not apply: the table has no unique key")
    broken = []
    for name, count in [
        *((key.name, target.duplicates(key)) for key in keys),
        *((one.name, target.overlaps(one)) for one in others),
    ]:
        evidence.looked_at(max(1, count.looked_at))
        if count:
            broken.append(f"{name}: {count}")
    assert not broken, f"{table.schema}.{table.name}: {'; '.join(broken)}"


@pytest.mark.control("DAT-04", severity="critical")
def check_sequence_is_not_behind(sequence: Entry, target: Target, evidence: Evidence) -> None:
    """The sequence's next value is not taken by a row of the column that it fills.

    Why: an application that inserts then fails on a duplicate key. 3 of 39 real databases were like that.
    """
    lag = target.lags.get(f"{sequence.schema}.{sequence.name}")
    evidence.looked_at(1)
    if lag is not None and lag.behind:
        evidence.undecided(lag.sequence, f"its next value is behind {lag.column}, as the archive has it")


@pytest.mark.control("DAT-05", severity="normal")
def check_materialized_view_is_populated(
    materialized_view: Entry,
    populated: frozenset[str],
    readable: Archive,
    target: Target,
    *,
    precedent: Precedent,
    evidence: Evidence,
) -> None:
    """The materialized view holds rows if it did at the source, and can be refreshed.

    Why: reading one that is not populated fails. Only a whole dump tells whether it was.
    Where the restore lost nothing, an error of the refresh is the source's own.
    """
    name = f"{materialized_view.schema}.{materialized_view.name}"
    view = target.table(materialized_view.schema, materialized_view.name)
    evidence.looked_at(1)
    assert view.populated or name not in populated, f"{name} has not been populated"
    if not view.populated and readable.shape is Shape.SUPABASE_CLI:
        evidence.undecided(name, "the CLI's files do not populate it: reading it fails until it is refreshed")
    problem = target.refresh(view)
    before = precedent.otherwise(problem.rpartition("[")[2].rstrip("]"), problem)
    assert not before, f"{name} cannot be refreshed: {problem}; {before}"
    if problem and (name not in populated or not target.losses):
        evidence.undecided(name, f"it cannot be refreshed at the source, either: {problem}")
        return
    assert not problem, f"{name} cannot be refreshed: {problem}"


@pytest.mark.control("DAT-06", severity="critical")
def check_table_takes_a_row(
    table: Entry, database: Database, target: Target, precedent: Precedent, evidence: Evidence
) -> None:
    """The table takes a row: its defaults, generated columns, triggers and sequences work.

    Why: a function that lost its schema, owner or search_path is found by the first user who writes. What its
    own code refuses is an answer; an error about what the backup does not have is one that the source gives.
    """
    answer = target.offer(target.table(table.schema, table.name))
    evidence.looked_at(1)
    evidence.attach("answer", {"table": f"{table.schema}.{table.name}", "answer": str(answer)})
    known = {entry.name.partition("(")[0] for entry in database.entries}
    before = precedent.otherwise(answer.sqlstate) if answer else ""
    assert not before, f"{table.schema}.{table.name}: {answer}; {before}"
    if answer and answer.absent not in known and not target.losses:
        evidence.undecided(f"{table.schema}.{table.name}", f"it takes no row at the source, either: {answer}")
        return
    assert not answer, f"{table.schema}.{table.name}: {answer}"


@pytest.mark.control("DAT-07", severity="critical")
def check_invariant_holds(invariant: Invariant, target: Target, evidence: Evidence) -> None:
    """The plan's statement about the data holds in what came back."""
    evidence.looked_at(1)
    evidence.attach("question", {"name": invariant.name, "sha256 of its sql": invariant.digest})
    got = target.ask(invariant.sql)
    found = "NULL" if got is None else f"another {type(got).__name__}"
    want = "another text" if isinstance(invariant.expect, str) else repr(invariant.expect)
    assert got == invariant.expect, f"{invariant.name}: want {want}, got {found}"
