"""FID: what came back is what the archive holds: row by row, object by object."""

from __future__ import annotations

import pytest

from fixtures.core.archive import Archive, Database, LargeObject, TableData
from fixtures.core.comparison.difference import shown
from fixtures.core.comparison.sequences import Position
from fixtures.core.comparison.source import ACCESS, Held, brings_large_objects, lacking
from fixtures.core.examination import Examination
from fixtures.core.manifest import Manifest
from fixtures.core.outcome import NOT_EQUIPPED
from fixtures.evidence import Evidence
from fixtures.postgres.target import Restored, Target

pytestmark = pytest.mark.daily


@pytest.mark.control("FID-01", severity="blocker")
def check_rows_are_equal(
    table_data: TableData, examination: Examination, target: Target, evidence: Evidence
) -> None:
    """Every row of the table came back, unchanged, and no row besides.

    Why: nine kinds of damage lose or alter rows while the restore ends with exit status 0.
    """
    evidence.looked_at(max(1, table_data.rows))
    evidence.attach("archive", {"rows": table_data.rows, "sha256": table_data.digest})
    if target.rows_elsewhere(table_data):
        pytest.skip("not verified: rows of a foreign table lie on another server, to which nothing connects")
    difference = target.content(table_data, examination.backup.paths)
    assert not difference, f"{table_data}: {difference}"


@pytest.mark.control("FID-02", severity="blocker")
def check_large_objects_are_equal(
    large_objects: tuple[LargeObject, ...], target: Target, evidence: Evidence
) -> None:
    """Every large object came back with the same content, and none besides."""
    evidence.looked_at(len(large_objects))
    difference = target.large_objects(large_objects)
    assert not difference, str(difference)


@pytest.mark.control("FID-03", severity="blocker")
def check_objects_are_equal(kind: str, target: Target, evidence: Evidence) -> None:
    """Every object of this class came back with the same definition.

    Why: policies, triggers and constraints are lost without an error when the roles or objects they name are.
    """
    definitions = target.definitions
    evidence.looked_at(definitions.compared[kind])
    missing = definitions.missing(kind, target.explained)
    changed = definitions.changed(kind, target.explained)
    assert not missing, f"missing {kind}: {', '.join(missing)}"
    assert not changed, f"changed {kind}: {', '.join(changed)}"


@pytest.mark.control("FID-04", severity="critical")
def check_nothing_was_added(database: Database, target: Target, evidence: Evidence) -> None:
    """No object came back that the archive does not hold."""
    definitions = target.definitions
    evidence.looked_at(max(1, len(database.entries)))
    extra = [f"{kind} {name}" for kind, found in definitions.kinds.items() for name in found.extra]
    assert not extra, f"extra: {', '.join(extra)}"


@pytest.mark.control("FID-05", severity="critical")
def check_owners_are_equal(database: Database, target: Target, evidence: Evidence) -> None:
    """Every object belongs to the role that owned it.

    Why: a definer function or a view runs as its owner, and an owner is exempt from row level security.
    """
    evidence.looked_at(max(1, sum(bool(entry.owner) for entry in database.entries)))
    difference = target.definitions.owners
    assert not difference, str(difference)


@pytest.mark.control("FID-06", severity="blocker")
def check_privileges_are_equal(database: Database, target: Target, evidence: Evidence) -> None:
    """Every privilege came back, default privileges too, and none was added.

    Why: a restore can open what was closed: REVOKEs are lost where the target has default privileges.
    """
    evidence.looked_at(max(1, sum(1 for _ in database.of_kind("ACL", "DEFAULT ACL"))))
    difference = target.definitions.unprivileged(target.explained)
    assert not difference, str(difference)


@pytest.mark.control("FID-07", severity="critical")
def check_roles_are_equal(readable: Archive, restored: Restored, evidence: Evidence) -> None:
    """Every role that the backup brings came back with its attributes, memberships and settings."""
    if not readable.globals:
        pytest.skip("does not apply: the backup brings no roles")
    outcome = restored.restore
    if not outcome.complete:
        why = (
            outcome.explained[0].explained
            if outcome.explained and not outcome.findings
            else "RST-01 says why"
        )
        pytest.skip(f"not verified: the restore did not come to its end: {why}")
    evidence.looked_at(len(readable.globals))
    assert not restored.differing_roles, str(restored.differing_roles)


@pytest.mark.control("FID-08", severity="critical")
def check_sequences_stand_where_they_stood(
    positions: dict[str, Position], target: Target, evidence: Evidence
) -> None:
    """Every sequence goes on where the archive says it stood."""
    evidence.looked_at(len(positions))
    got = target.positions()
    moved = {name: target.reason(name) for name in sorted(positions) if got.get(name) != positions[name]}
    changed = [name for name, why in moved.items() if not why]
    assert not changed, f"changed: {', '.join(changed)}"
    if moved:
        pytest.skip(f"not verified: {'; '.join(sorted(set(moved.values())))}: {shown(moved)}")


@pytest.mark.control("FID-09", severity="blocker")
def check_rows_are_those_of_the_source(
    table_data: TableData, source: Manifest, target: Target, evidence: Evidence
) -> None:
    """Every row of the table is one that the source had at the moment of the dump, and none is missing.

    Why: what a producer left out or altered is in no archive; only the source itself can be the reference.
    """
    want = source.fingerprint.tables.get(str(table_data))
    assert want is not None, f"{table_data}: the source had no such table"
    evidence.looked_at(max(1, want.rows))
    evidence.attach("source", {"rows": want.rows, "digest": want.digest})
    got = target.rows_of(str(table_data), want)
    assert got.rows == want.rows, f"{table_data}: {got.rows} rows, the source had {want.rows}"
    assert got.digest == want.digest, f"{table_data}: {got.rows} rows, and not those of the source"


@pytest.mark.control("FID-10", severity="blocker")
def check_nothing_of_the_source_is_missing(
    source: Manifest, readable: Archive, database: Database, target: Target, evidence: Evidence
) -> None:
    """Every table with rows and every large object of the source is in the restored copy.

    Why: a new schema that nobody added to the job is missing from every backup, without an error.
    """
    want, got = source.fingerprint, target.fingerprint
    evidence.looked_at(max(1, len(want.tables) + want.large_objects.count))
    without = lacking(want, database, readable.shape)
    assert not without, f"without their rows: {shown(without)}"
    if brings_large_objects(readable.shape):
        assert got.large_objects == want.large_objects, (
            f"{got.large_objects.count} large objects, the source had {want.large_objects.count}"
            if got.large_objects.count != want.large_objects.count
            else f"{got.large_objects.count} large objects, and not those of the source"
        )


@pytest.mark.control("FID-11", severity="blocker")
def check_objects_are_those_of_the_source(likeness: Held, evidence: Evidence) -> None:
    """Every object is as it was in the source at the moment of the dump, every policy and constraint too."""
    evidence.looked_at(max(1, likeness.compared))
    evidence.attach("left out by this shape of backup", [str(change) for change in likeness.left])
    wrong = [str(change) for change in likeness.changes if change.kind not in ACCESS]
    assert not wrong, shown(wrong)
    if likeness.untold:
        pytest.skip(
            f"not verified: another major prints them in other words: {shown(map(str, likeness.untold))}"
        )
    if lacking := [str(change) for change in likeness.lacking if change.kind not in ACCESS]:
        pytest.skip(f"{NOT_EQUIPPED}{shown(lacking)}")


@pytest.mark.control("FID-12", severity="blocker")
def check_access_is_that_of_the_source(likeness: Held, evidence: Evidence) -> None:
    """Every privilege, role, membership and setting is as it was in the source at the moment of the dump."""
    evidence.looked_at(max(1, likeness.compared))
    wrong = [str(change) for change in likeness.changes if change.kind in ACCESS]
    assert not wrong, shown(wrong)
    if lacking := [str(change) for change in likeness.lacking if change.kind in ACCESS]:
        pytest.skip(f"{NOT_EQUIPPED}{shown(lacking)}")
