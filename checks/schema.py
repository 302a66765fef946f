"""SCH: the structure that came back is complete, valid and usable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from fixtures.core.archive import Database, Entry
from fixtures.core.sql.ddl import Column
from fixtures.evidence import Evidence
from fixtures.postgres.target import Target

pytestmark = pytest.mark.daily

IDENTITY = {"ALWAYS": "a", "BY DEFAULT": "d", "": ""}


@pytest.mark.control("SCH-01", severity="blocker")
def check_columns_are_those_of_the_archive(
    table: Entry, columns: Mapping[str, tuple[Column, ...]], target: Target, evidence: Evidence
) -> None:
    """The table has the archive's columns, in their order, with type, NOT NULL, identity and generation."""
    target.table(table.schema, table.name)
    name = f"{table.schema}.{table.name}"
    own = {column.name for column in columns[name]}
    want = {column.name: column for column in columns[name]}
    got = [column for column in target.catalog.columns_of(table.schema, table.name) if column.name in own]
    evidence.looked_at(max(1, len(want)))
    assert [column.name for column in got] == list(want), f"{name} has other columns, or another order"
    changed = [
        f"{column.name}: {what}"
        for column in got
        for what, same in {
            "type": column.type.replace('"', "") in _spellings(want[column.name].type, table.schema),
            "NOT NULL": column.not_null or not want[column.name].not_null,
            "identity": column.identity in _identities(column.name, name, columns, target),
            "generation": bool(column.generated) == bool(want[column.name].generated),
        }.items()
        if not same
    ]
    assert not changed, f"{name}: changed {', '.join(changed)}"


def _identities(
    column: str, table: str, columns: Mapping[str, tuple[Column, ...]], target: Target
) -> Iterator[str]:
    """The archive's identity of a column, and its parents': a partition has theirs since PostgreSQL 17."""
    parents = {f"{one.schema}.{one.name}": one.partition_of for one in target.catalog.tables}
    while table:
        yield from (IDENTITY[one.identity] for one in columns.get(table, ()) if one.name == column)
        table = parents[table]


def _spellings(kind: str, schema: str) -> set[str]:
    """A type without quotes, and as releases before 2018 meant it: one of the table's own schema."""
    bare = kind.replace('"', "")
    return {bare, f"{schema}.{bare}"}


@pytest.mark.control("SCH-02", severity="critical")
def check_constraints_are_valid(table: Entry, target: Target, evidence: Evidence) -> None:
    """Every constraint of the table has been validated against its rows."""
    found = [
        one for one in target.catalog.constraints if (one.schema, one.table) == (table.schema, table.name)
    ]
    evidence.looked_at(max(1, len(found)))
    for constraint in found:
        if not constraint.validated:
            evidence.undecided(
                f"{table.schema}.{table.name}.{constraint.name}", "NOT VALID, as the archive has it"
            )


@pytest.mark.control("SCH-03", severity="critical")
def check_indexes_are_valid(table: Entry, target: Target, evidence: Evidence) -> None:
    """Every index of the table is valid and ready."""
    found = [one for one in target.catalog.indexes if (one.schema, one.table) == (table.schema, table.name)]
    evidence.looked_at(max(1, len(found)))
    for one in found:
        if one.partitioned and not one.valid:
            evidence.undecided(
                f"{one.schema}.{one.name}", "invalid: made ONLY on the parent, as the archive has it"
            )
    invalid = [one.name for one in found if not (one.partitioned or (one.valid and one.ready))]
    assert not invalid, f"invalid: {', '.join(invalid)}"


@pytest.mark.control("SCH-04", severity="blocker")
def check_partition_is_attached(partition: Entry, target: Target, evidence: Evidence) -> None:
    """The partition is attached to its parent."""
    evidence.looked_at(1)
    attached = {str(one) for one in target.catalog.tables if one.partition_of}
    name = f"{partition.schema}.{partition.name}"
    if name not in attached and (why := target.reason(name)):
        pytest.skip(f"not verified: {why}")
    assert name in attached, f"{name} stands alone"


@pytest.mark.control("SCH-05", severity="critical")
def check_extension_is_installed(extension: Entry, target: Target, evidence: Evidence) -> None:
    """The extension is installed in the schema that the archive says."""
    found = {one.name: one for one in target.catalog.extensions}.get(extension.name)
    evidence.looked_at(1)
    if found is None and extension.name in target.lacking_extensions:
        pytest.skip(f"not verified: this server does not have extension {extension.name}")
    assert found is not None, f"extension {extension.name} is missing"
    evidence.attach("extension", {"name": found.name, "version": found.version, "schema": found.schema})
    assert found.default_version, f"the server lacks the files of extension {extension.name}"


@pytest.mark.control("SCH-06", severity="critical")
def check_encoding_is_that_of_the_archive(database: Database, target: Target, evidence: Evidence) -> None:
    """The database has the archive's encoding, and its collations are of the version they were made with.

    Why: a collation of another version orders text otherwise; its indexes answer wrongly, without an error.
    """
    locale = target.catalog.locale
    evidence.looked_at(1 + len(target.catalog.collations))
    evidence.attach(
        "locale", {"encoding": locale.encoding, "collate": locale.collate, "provider": locale.provider}
    )
    stated = database.server_encoding
    assert locale.encoding == stated, f"encoding {locale.encoding}, archive {stated}"
    drifted = [one.name for one in target.catalog.collations if one.recorded != one.actual]
    assert not drifted, f"collation version changed: {', '.join(drifted)}"


@pytest.mark.control("SCH-07", severity="blocker")
def check_required_table_is_there(required_table: str, target: Target, evidence: Evidence) -> None:
    """The table that the plan requires came back."""
    tables = {str(table) for table in target.catalog.tables_of("r", "p", "f", with_extensions=True)}
    evidence.looked_at(1)
    assert required_table in tables, f"{required_table} is missing"


@pytest.mark.control("SCH-08", severity="normal")
def check_btrees_are_in_order(database: Database, target: Target, evidence: Evidence) -> None:
    """Every B-tree index is in order, by the server's own amcheck."""
    if not target.has_amcheck():
        pytest.skip("not verified: this server does not have extension amcheck")
    trees = tuple(one for one in target.catalog.indexes if one.method == "btree" and one.valid)
    evidence.looked_at(max(1, len(trees)))
    broken = target.btrees(trees)
    assert not broken, "\n".join(f"{database.name} {name}: {what}" for name, what in sorted(broken.items()))
