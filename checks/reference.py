"""REF: the backup is a later state of the same database, and nothing was lost since the earlier one."""

from __future__ import annotations

import pytest

from fixtures.core.archive import Archive
from fixtures.core.comparison.difference import shown
from fixtures.core.comparison.reference.comparison import Comparison
from fixtures.core.outcome import NOT_APPLICABLE, NOT_EQUIPPED
from fixtures.core.plan import Canary
from fixtures.evidence import Evidence
from fixtures.postgres.target import Target

pytestmark = pytest.mark.daily


@pytest.mark.control("REF-01", severity="blocker")
def check_it_is_the_same_database(
    recognised: Comparison | None, canary: Canary | None, target: Target, evidence: Evidence
) -> None:
    """The backup is of the database that it is taken for, and of no other, no branch and no copy of it.

    Why: a sound backup of a test project restores without an error, and is found out on the worst day.
    """
    evidence.looked_at(1)
    if canary is not None:
        got = target.ask(canary.sql)
        assert got == canary.expect, "another database: the canary of the plan gives another answer here"
    if recognised is not None:
        evidence.attach(
            "reference", {"origin": recognised.want.origin, "its database": recognised.want.identity.database}
        )
        assert not recognised.strangers, (
            f"compared with {recognised.want.origin}: {'; '.join(recognised.strangers)}\n"
            "HINT: another database has a name of its own, --backup NAME=WHERE; where this one was moved on "
            "purpose, name its earlier state: --reference NAME=WHERE."
        )


@pytest.mark.control("REF-02", severity="blocker")
def check_it_is_not_older(compared: Comparison, evidence: Evidence) -> None:
    """The backup is not older than the state that is known already.

    Why: a job that fails quietly leaves last week's file where tonight's should be.
    """
    if compared.want.live:
        pytest.skip(f"{NOT_APPLICABLE}the reference is the live source, younger than any backup of it")
    evidence.looked_at(len(compared.want.fingerprint.tables) + len(compared.want.fingerprint.sequences) + 1)
    assert not compared.staleness, "; ".join(compared.staleness)


@pytest.mark.control("REF-07", severity="blocker")
def check_no_database_is_gone(
    earlier_databases: frozenset[str], readable: Archive, evidence: Evidence
) -> None:
    """Every database that the earlier backup of the cluster held is in this one.

    Why: nothing else asks about a database that is not there.
    """
    evidence.looked_at(len(earlier_databases))
    gone = sorted(earlier_databases - {database.name for database in readable.databases})
    assert not gone, f"missing from the backup: {', '.join(gone)}"


@pytest.mark.control("REF-03", severity="blocker")
def check_nothing_was_lost(facet: str, earlier: Comparison, evidence: Evidence) -> None:
    """Nothing on this side of the database was lost or weakened since the reference.

    Why: a policy, grant, index or trigger that is simply not there leaves a backup that looks sound.
    """
    evidence.looked_at(max(1, earlier.held.compared))
    evidence.attach("differences", earlier.told(facet))
    lost = earlier.lost(facet)
    assert not lost, "; ".join(map(str, lost))
    if lacking := earlier.lacking(facet):
        pytest.skip(f"{NOT_EQUIPPED}{shown(lacking)}")


@pytest.mark.control("REF-04", severity="critical")
def check_no_table_lost_too_many_rows(earlier: Comparison, evidence: Evidence) -> None:
    """No table lost more rows since the reference than the plan lets it lose; without a rule half, or 100.

    Nor its last one: a table that had rows and has none is as good as gone.
    Fix: bring it back from the reference, or say may_be_empty = true in its [table."schema.name"].
    """
    evidence.looked_at(max(1, len(earlier.want.fingerprint.tables)))
    evidence.attach("rows", earlier.row_counts)
    evidence.attach("proposed for the plan", earlier.proposed)
    for found in earlier.rows:
        if found.is_open:
            evidence.undecided(f"{found.kind} {found.name}", f"{found.what}: {found.why}")
    lost = [found for found in earlier.rows if found.is_lost]
    assert not lost, "; ".join(map(str, lost))


@pytest.mark.control("REF-05", severity="critical")
def check_history_was_not_rewritten(earlier: Comparison, target: Target, evidence: Evidence) -> None:
    """Every row of an append-only or constant table that the reference knew is there, unchanged."""
    if earlier.want.live:
        pytest.skip(f"{NOT_APPLICABLE}the reference is the live source, which has moved on since the backup")
    if not earlier.historic:
        pytest.skip(f"{NOT_APPLICABLE}the plan calls no table of the reference append-only or constant")
    evidence.looked_at(len(earlier.historic))
    found = earlier.history(lambda table, want, until: target.rows_of(table, want, until=until))
    evidence.attach("history", {"tables": earlier.historic, "found": [str(one) for one in found]})
    for one in found:
        if one.is_open:
            evidence.undecided(f"{one.kind} {one.name}", one.what)
    lost = [one for one in found if one.is_lost]
    assert not lost, "; ".join(map(str, lost))


@pytest.mark.control("REF-06", severity="normal")
def check_changes_were_accepted(earlier: Comparison, evidence: Evidence) -> None:
    """Whatever was added or changed since the reference is known to somebody who answers for it.

    Fix: look at each, then run with --accept --reason TEXT.
    """
    evidence.looked_at(max(1, earlier.held.compared))
    evidence.attach("accepted", [one.model_dump(mode="json") for one in earlier.settled])
    for found in earlier.undecided:
        evidence.undecided(found.id, found.what, found.digest)
