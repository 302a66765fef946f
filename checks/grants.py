"""GRT: who may do what in the restored copy, beside the rows that policies give."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from fixtures.core.access.agreement.contract import Contract
from fixtures.core.access.agreement.openings import QUESTIONS, ROOM, by_restoring, exposures, sorted_out
from fixtures.core.access.grants.acl import Stated, unlike
from fixtures.core.access.grants.held import Grants
from fixtures.core.access.grants.lockout import admitted
from fixtures.core.access.grants.room import Room
from fixtures.core.access.oracles import Doubt
from fixtures.core.archive import Archive, Database
from fixtures.core.comparison.difference import shown
from fixtures.core.formats.producer import NO_PRIVILEGES
from fixtures.evidence import Evidence

pytestmark = pytest.mark.daily


@pytest.mark.control("GRT-01", severity="blocker")
def check_policies_let_in_who_was_granted_something(
    readable: Archive, database: Database, grants: Grants, evidence: Evidence
) -> None:
    """Every role that the backup's policies let in was granted something by the backup.

    Why: a policy gives nothing by itself; without grants every visitor is locked out. Where the backup grants
    other things, whom it leaves out is its owner's choice.
    Fix: dump without --no-acl, --no-privileges or -x.
    """
    _visited(grants)
    found = admitted(database.entries, Stated(database.entries, readable.globals, grants.major))
    evidence.looked_at(max(1, sum(map(len, found.values()))))
    without = not any(True for _ in database.of_kind("ACL"))
    locked_out = [role for role, tables in found.items() if without and tables and not any(tables.values())]
    for role, tables in found.items():
        for table in tables if role not in grants.roles or role not in locked_out else ():
            if not tables[table]:
                evidence.undecided(table, f"its policies let {role} in, to which nothing on it is granted")
    wrong = sorted(set(locked_out) & set(grants.roles))
    if wrong and any(flaw.flag == NO_PRIVILEGES for flaw in readable.flaws_of("INT-08")):
        pytest.skip("does not apply: the backup leaves privileges out, and INT-08 asks whether that is meant")
    assert not wrong, f"let in by policies, and granted nothing: {', '.join(wrong)}"


@pytest.mark.control("GRT-02", severity="blocker")
def check_privileges_come_to_the_same(
    readable: Archive, database: Database, grants: Grants, evidence: Evidence
) -> None:
    """Every role of the application's API may do what the backup's grants give it, no less and no more.

    Why: what counts is what a role may do in the end, as itself, as PUBLIC and as a member of others.
    Fix: restore into an empty database, without default privileges, and with every role there.
    """
    _visited(grants)
    stated = Stated(database.entries, readable.globals, grants.major)
    want = stated.held(grants.roles)
    evidence.looked_at(max(1, len(grants.held)))
    lost, gained = unlike(want, {thing: held.by for thing, held in grants.held.items()})
    assert not lost, f"lost: {shown(lost)}"
    assert not gained, f"gained: {shown(gained)}"
    if stated.untold:
        pytest.skip(f"not verified: a grant on one of several routines of a name: {shown(stated.untold)}")


@pytest.mark.control("GRT-03", severity="critical")
def check_no_visitor_becomes_more(
    readable: Archive,
    database: Database,
    grants: Grants,
    contract: Contract | None,
    evidence: Evidence,
) -> None:
    """No visitor's role can turn into a more powerful role.

    Why: a member of an owner can take its place, and an owner is not held by row level security.
    """
    _exposed("GRT-03", grants, contract, evidence)
    stated = Stated(database.entries, readable.globals, grants.major)
    more = [
        f"{role} can become {other}"
        for role in grants.visitors
        for other in sorted(grants.becomes.get(role, frozenset()) - stated.closure(role, inherited=False))
    ]
    assert not more, f"not in the backup: {', '.join(more)}"


@pytest.mark.control("GRT-04", severity="critical")
def check_tables_are_protected(grants: Grants, contract: Contract | None, evidence: Evidence) -> None:
    """Every table that a visitor can name is under row level security.

    Fix: ALTER TABLE … ENABLE ROW LEVEL SECURITY, or REVOKE what nobody has to do.
    """
    _exposed("GRT-04", grants, contract, evidence)


@pytest.mark.control("GRT-05", severity="critical")
def check_no_definer_function_is_open(grants: Grants, contract: Contract | None, evidence: Evidence) -> None:
    """No visitor can call a function that runs with the rights of its owner.

    Fix: REVOKE EXECUTE … FROM PUBLIC, anon, authenticated; or SECURITY INVOKER.
    """
    _exposed("GRT-05", grants, contract, evidence)


@pytest.mark.control("GRT-06", severity="critical")
def check_no_view_leads_past(grants: Grants, contract: Contract | None, evidence: Evidence) -> None:
    """No view lets a visitor past the row level security of the tables that it shows.

    Fix: ALTER VIEW … SET (security_invoker = true), from PostgreSQL 15 on.
    """
    _exposed("GRT-06", grants, contract, evidence)


@pytest.mark.control("GRT-07", severity="normal")
def check_nothing_without_row_security_is_open(
    grants: Grants, contract: Contract | None, evidence: Evidence
) -> None:
    """No visitor can read what knows no row level security: matviews, foreign tables, large objects."""
    _exposed("GRT-07", grants, contract, evidence)


@pytest.mark.control("GRT-08", severity="normal")
def check_no_privilege_is_beyond_rows(grants: Grants, contract: Contract | None, evidence: Evidence) -> None:
    """No visitor may empty a table, or hang triggers and foreign keys on it.

    Why: TRUNCATE, REFERENCES and TRIGGER ask no policy, and Supabase's default privileges give them.
    """
    _exposed("GRT-08", grants, contract, evidence)


@pytest.mark.control("GRT-09", severity="normal")
def check_no_sequence_is_open(grants: Grants, contract: Contract | None, evidence: Evidence) -> None:
    """No visitor may set a sequence, or use up the numbers of a table into which it may not write."""
    _exposed("GRT-09", grants, contract, evidence)


@pytest.mark.control("GRT-10", severity="critical")
def check_nobody_creates(grants: Grants, contract: Contract | None, evidence: Evidence) -> None:
    """No visitor may create objects in a schema, or schemas in the database.

    Why: who creates a function that others find by its name is obeyed with their rights.
    """
    _exposed("GRT-10", grants, contract, evidence)


@pytest.mark.control("GRT-11", severity="normal")
def check_no_foreign_key_leads_past(grants: Grants, contract: Contract | None, evidence: Evidence) -> None:
    """No visitor changes rows under row level security by deleting or changing rows of another table.

    Why: ON DELETE CASCADE and SET NULL ask no policy of the table whose rows they change.
    """
    _exposed("GRT-11", grants, contract, evidence)


@pytest.mark.control("GRT-12", severity="critical")
def check_broadcast_tables_are_protected(
    grants: Grants, contract: Contract | None, evidence: Evidence
) -> None:
    """Every table whose changes are broadcast to visitors is under row level security."""
    _exposed("GRT-12", grants, contract, evidence)


@pytest.mark.control("GRT-13", severity="critical")
def check_no_policy_is_told_by_users(grants: Grants, contract: Contract | None, evidence: Evidence) -> None:
    """No policy believes what users can change about themselves.

    Fix: read app_metadata, or a table into which users cannot write.
    """
    _exposed("GRT-13", grants, contract, evidence)


@pytest.mark.control("GRT-14", severity="normal")
def check_no_function_is_leakproof(grants: Grants, contract: Contract | None, evidence: Evidence) -> None:
    """No function of the application claims to be leakproof, and so sees rows before a policy decides."""
    _exposed("GRT-14", grants, contract, evidence)


@pytest.mark.control("GRT-15", severity="minor")
def check_defaults_give_nothing(grants: Grants, contract: Contract | None, evidence: Evidence) -> None:
    """No visitor is given anything on objects that are created later."""
    _exposed("GRT-15", grants, contract, evidence)


@pytest.mark.control("GRT-16", severity="critical")
def check_documented_restore_opens_nothing(
    room: Room | None, contract: Contract | None, evidence: Evidence
) -> None:
    """Restored the documented way into a Supabase project, this backup opens nothing that is closed today.

    Why: a project's default privileges give everything new to anon; a dump does not take it back.
    Fix: after such a restore run the REVOKE statements that are attached.
    """
    if room is None:
        pytest.skip("does not apply: the backup is not of a Supabase project")
    evidence.looked_at(max(1, room.compared))
    if room.openings:
        statements = [statement for opening in room.openings for statement in opening.revoke]
        evidence.attach("to run after a restore into a Supabase project", statements)
    _decide(ROOM, by_restoring(room), contract, evidence)
    if room.unmade:
        pytest.skip(f"not verified: what could not be made under default privileges: {shown(room.unmade)}")


def _visited(grants: Grants) -> None:
    """Skip where there is nobody to hold anything."""
    if not grants.roles:
        pytest.skip("does not apply: the backup knows no role but owners")


def _exposed(control: str, grants: Grants, contract: Contract | None, evidence: Evidence) -> None:
    """What visitors reach is the source's own choice."""
    _visited(grants)
    evidence.looked_at(max(1, len(grants.exposures[QUESTIONS[control]])))
    _decide(control, exposures(control, grants), contract, evidence)


def _decide(control: str, found: Iterable[Doubt], contract: Contract | None, evidence: Evidence) -> None:
    """Leave it to the owner; where the owner has agreed to something, to nothing else."""
    undecided, wrong = sorted_out(control, found, contract)
    for doubt in undecided:
        evidence.undecided(doubt.object, doubt.what, sql=doubt.sql)
    assert not wrong, f"not agreed: {'; '.join(wrong)}"
