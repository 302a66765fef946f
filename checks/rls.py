"""Row level security: what each visitor sees and changes, tried on the restored rows themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest

from fixtures.core.access.agreement.contract import Contract
from fixtures.core.access.agreement.drift import Drift, drift_in, grouped
from fixtures.core.access.agreement.openings import doubts, sorted_out
from fixtures.core.access.cell import Cell, Reach
from fixtures.core.access.exposure import Case
from fixtures.core.access.matrix import Matrix
from fixtures.core.access.mutants import CERTAIN, UNEXPLAINED
from fixtures.core.archive import Archive, Database, Shape
from fixtures.core.comparison.difference import shown
from fixtures.core.outcome import NOT_APPLICABLE
from fixtures.core.precedent import Precedent
from fixtures.evidence import Evidence
from fixtures.postgres.target import Target

pytestmark = pytest.mark.daily

NOBODY = f"{NOT_APPLICABLE}no role but owners can reach anything: there is nobody to ask for"


class CannotFailError(Exception):
    """A change that had to be noticed went unnoticed: nothing that is green here means anything."""


@pytest.mark.control("RLS-01", severity="blocker")
def check_visitor_does_what_was_agreed(
    cell: Case,
    matrix: Matrix,
    drifts: tuple[Drift, ...] | None,
    populated: frozenset[str],
    target: Target,
    *,
    precedent: Precedent,
    evidence: Evidence,
) -> None:
    """The visitor's request is answered, and may do with the relation's rows what was agreed.

    Made as the API makes it, on real rows, and undone. Without a contract nothing is agreed: --write-contract
    makes one of what is now so. An error that no loss of the restore explains is the source's own answer.
    """
    cells = matrix.in_slot(cell.relation, cell.slot, cell.command)
    if not cells:
        _nobody_asked(cell, matrix, target)
    evidence.looked_at(len(cells))
    if drifts is None:
        wrong = "; ".join(dict.fromkeys(_errors(cells, matrix, populated, target, precedent, evidence)))
    else:
        names = [one.persona for one in cells]
        own = {one.kind for one in drift_in(drifts, cell.relation, names, cell.command) if one.fails}
        wrong = grouped(
            one for one in drifts if one.in_cell and one.relation == cell.relation and one.kind in own
        )
    assert not wrong, wrong
    if all(one.reach is Reach.IMPOSSIBLE for one in cells):
        pytest.skip(f"{NOT_APPLICABLE}{cell.relation} does not take {cell.command}")
    if any(one.reach is Reach.UNTESTABLE for one in cells):
        pytest.skip(f"not verified: UNTESTABLE, {cell.relation} has no row to try it on")


def _errors(  # noqa: PLR0917 - the check's own fixtures
    cells: Iterable[Cell],
    matrix: Matrix,
    populated: frozenset[str],
    target: Target,
    precedent: Precedent,
    evidence: Evidence,
) -> Iterator[str]:
    """Errors that visitors get and that a loss explains, or that an earlier run did not meet.

    All visitors who get the same one are told together. That of a view which the backup leaves empty is its
    owner's choice, and so is what the source itself does.
    """
    for one in cells:
        if not one.reach.is_error:
            continue
        if one.reach is Reach.UNPOPULATED and one.relation not in populated:
            what = "the backup leaves the materialized view empty, and visitors get an error"
            evidence.undecided(one.relation, what, sql=one.sql)
            continue
        alike = matrix.alike(one)
        who = ", ".join(dict.fromkeys(cell.persona for cell in alike))
        doing = ", ".join(dict.fromkeys(cell.command for cell in alike))
        error = f"{one.reach.name}: {doing} by {who}: {one.state} {one.message}"
        if one.reach is Reach.UNPOPULATED:
            yield f"{one.relation}: {error}"
        elif target.losses:
            yield f"{one.relation}: {error}; the restore lost or changed {shown(target.losses)}"
        elif before := precedent.otherwise(one.state, one.message):
            yield f"{one.relation}: {error}; {before}"
        else:
            evidence.undecided(one.relation, f"the source itself answers with an error: {error}", sql=one.sql)


def _nobody_asked(cell: Case, matrix: Matrix, target: Target) -> None:
    _somebody(matrix)
    if matrix.relation(cell.relation) is None:
        raise target.missing(cell.relation)
    pytest.skip(f"{NOT_APPLICABLE}the data has nobody who could be {cell.slot}")


@pytest.mark.control("RLS-02", severity="critical")
def check_outsiders_change_nothing(matrix: Matrix, contract: Contract | None, evidence: Evidence) -> None:
    """Nobody to whom no row belongs can insert, change or delete one."""
    _doubts("RLS-02", matrix, contract, evidence)


@pytest.mark.control("RLS-03", severity="critical")
def check_nobody_forges(matrix: Matrix, contract: Contract | None, evidence: Evidence) -> None:
    """No user can write a row that belongs to somebody else."""
    _doubts("RLS-03", matrix, contract, evidence)


@pytest.mark.control("RLS-04", severity="critical")
def check_nobody_gives_rows_away(matrix: Matrix, contract: Contract | None, evidence: Evidence) -> None:
    """No user can make an own row somebody else's."""
    _doubts("RLS-04", matrix, contract, evidence)


@pytest.mark.control("RLS-05", severity="critical")
def check_nobody_changes_what_is_not_seen(
    matrix: Matrix, contract: Contract | None, evidence: Evidence
) -> None:
    """No user can change or delete a row that the user does not see."""
    _doubts("RLS-05", matrix, contract, evidence)


@pytest.mark.control("RLS-06", severity="critical")
def check_users_are_apart(matrix: Matrix, contract: Contract | None, evidence: Evidence) -> None:
    """Two users with nothing to do with each other see no row in common that is not there for everybody."""
    _doubts("RLS-06", matrix, contract, evidence)


@pytest.mark.control("RLS-07", severity="normal")
def check_more_rights_show_more(matrix: Matrix, contract: Contract | None, evidence: Evidence) -> None:
    """Whoever has more rights sees no less: a user what a stranger sees, a stranger what anybody sees."""
    _doubts("RLS-07", matrix, contract, evidence)


@pytest.mark.control("RLS-08", severity="critical")
def check_service_sees_everything(matrix: Matrix, contract: Contract | None, evidence: Evidence) -> None:
    """The application's own service sees every row."""
    _doubts("RLS-08", matrix, contract, evidence)


@pytest.mark.control("RLS-09", severity="critical")
def check_promised_rows_are_seen(matrix: Matrix, contract: Contract | None, evidence: Evidence) -> None:
    """Where a policy lets visitors read, at least one of them sees a row."""
    _doubts("RLS-09", matrix, contract, evidence)


@pytest.mark.control("RLS-10", severity="critical")
def check_users_cannot_talk_themselves_in(
    matrix: Matrix, contract: Contract | None, evidence: Evidence
) -> None:
    """A user who changes the own e-mail address and metadata sees the same rows as before."""
    _doubts("RLS-10", matrix, contract, evidence)


@pytest.mark.control("RLS-11", severity="blocker")
def check_row_security_is_at_work(
    matrix: Matrix, database: Database, archive: Archive, evidence: Evidence
) -> None:
    """Every table on which the backup switches row level security on has it at work for every visitor."""
    _somebody(matrix)
    visitors = [persona for persona in matrix.personas if not persona.bypasses]
    promised = {f"{entry.schema}.{entry.name}" for entry in database.of_kind("ROW SECURITY")}
    tables = [relation for relation in matrix.relations if relation.kind in {"r", "p"}]
    if not tables:
        pytest.skip(f"{NOT_APPLICABLE}visitors can name no table")
    evidence.looked_at(len(tables) * len(visitors))
    if archive.shape is Shape.SUPABASE_CLI:
        evidence.undecided(
            "storage.objects",
            "the CLI's files hold neither policies nor triggers of the schemas storage and auth",
        )
    passed_by = [
        (table, persona)
        for table in tables
        for persona in visitors
        if table.full in promised and table.full not in matrix.hindered.get(persona.name, frozenset())
    ]
    lacking = [
        f"{table.full} for {persona.name}"
        for table, persona in passed_by
        if table.full not in matrix.owning.get(persona.name, frozenset())
    ]
    for table in dict.fromkeys(table for table, _ in passed_by):
        roles = {one.role for one in visitors if table.full in matrix.owning.get(one.name, frozenset())}
        for role in sorted(roles):
            how = "owns it" if role == table.owner else "is a member of its owner"
            evidence.undecided(f"{table.full} for {role}", f"{role} {how}, for whom policies do not hold")
    assert not lacking, f"row level security is not at work: {', '.join(lacking)}"


@pytest.mark.control("RLS-12", severity="blocker")
def check_run_can_fail(matrix: Matrix, contract: Contract | None, evidence: Evidence) -> None:
    """A policy that is dropped, opened or switched off on purpose is noticed in this very run."""
    _somebody(matrix)
    if not any(one.policies and one.row_security for one in matrix.relations):
        pytest.skip(f"{NOT_APPLICABLE}there is no policy to change")
    evidence.looked_at(len(matrix.mutants))
    evidence.attach(
        "changes made on purpose",
        [{"change": str(one), "noticed": list(one.noticed), "why not": one.why} for one in matrix.mutants],
    )
    for one in matrix.mutants if matrix.every_mutant else ():
        if one.why == UNEXPLAINED:
            evidence.undecided(one.relation, f"nobody would notice {one}: {one.why}")
    if any(one.noticed for one in matrix.mutants if one.kind in CERTAIN):
        _decided("RLS-12", matrix, contract, evidence)
        return
    if not matrix.mutants:
        pytest.skip("not verified: every table with a policy is empty, so that nobody can notice a change")
    reasons = dict.fromkeys(one.why for one in matrix.mutants if not one.noticed)
    if UNEXPLAINED not in reasons:
        pytest.skip(f"{NOT_APPLICABLE}no change to a policy makes a difference: {'; '.join(reasons)}")
    raise CannotFailError(
        "no change to a policy was noticed, so nothing here tells anything\n"
        "HINT: no visitor's answer depends on a policy; are there rows that visitors should see?"
    )


@pytest.mark.control("RLS-13", severity="critical")
def check_relations_are_as_agreed(
    matrix: Matrix, agreed: Contract, drifts: tuple[Drift, ...] | None, evidence: Evidence
) -> None:
    """Every relation that visitors can reach was decided on, and has the policies that were agreed."""
    evidence.looked_at(max(len(matrix.relations), len(agreed.relation), 1))
    about = [one for one in drifts or () if not one.in_cell]
    evidence.attach("not told by a cell", [str(one) for one in about])
    wrong = [str(one) for one in about if one.fails]
    assert not wrong, "; ".join(wrong)


def _somebody(matrix: Matrix) -> None:
    if matrix.api is None:
        pytest.skip(NOBODY)


def _doubts(control: str, matrix: Matrix, contract: Contract | None, evidence: Evidence) -> None:
    """What requests show to be open is the owner's to decide: undecided without a contract, agreed in one."""
    _somebody(matrix)
    if not matrix.relations:
        pytest.skip("not verified: nothing that visitors can name came back, and FID-03 says why")
    evidence.looked_at(len(matrix.cells))
    _decided(control, matrix, contract, evidence)


def _decided(control: str, matrix: Matrix, contract: Contract | None, evidence: Evidence) -> None:
    undecided, wrong = sorted_out(control, doubts(control, matrix), contract)
    for doubt in undecided:
        evidence.undecided(doubt.object, doubt.what, sql=doubt.sql)
    assert not wrong, f"not agreed: {'; '.join(wrong)}"
