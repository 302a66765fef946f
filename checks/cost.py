"""CST: what row level security costs the application's visitors, counted in a private copy."""

from __future__ import annotations

import pytest

from fixtures.core.access.cost.costs import Costs, Measure
from fixtures.core.outcome import NOT_APPLICABLE
from fixtures.core.plan import Plan
from fixtures.evidence import Evidence

pytestmark = pytest.mark.daily


@pytest.mark.control("CST-01", severity="critical")
def check_no_visitor_waits_too_long(costs: Costs, evidence: Evidence) -> None:
    """No visitor's plain read of a relation takes longer than the visitor's role is allowed to take.

    Why: the server ends what takes longer, and the visitor gets an error instead of rows. What is too slow is
    too slow on the server of this run: a larger one may still answer in time, a busy one is slower.
    Fix: the policies that CST-02 and CST-03 name.
    """
    _looked_at(costs, evidence)
    late = [f"{one}: over {one.limit}" for one in costs.measures if one.late]
    assert not late, f"too slow on this server: {'; '.join(late)}"
    for one in costs.measures:
        if one.state == "57014":
            evidence.undecided(one.relation, f"a few pages took over 8 s, read by {one.persona}")


@pytest.mark.control("CST-02", severity="normal")
def check_policies_ask_once(costs: Costs, plan: Plan, evidence: Evidence) -> None:
    """Policies find out who is asking once for each query, and not again for every row.

    Why: the cost grows with the table, whatever the visitor may see of it.
    Fix: run the statements attached, which gave every visitor the same rows in a private copy of this backup.
    """
    _looked_at(costs, evidence)
    _undecided(costs, list(costs.asking_per_row(plan.cost)), evidence, "asks again for every row")


@pytest.mark.control("CST-03", severity="normal")
def check_sub_queries_are_answered_once(costs: Costs, plan: Plan, evidence: Evidence) -> None:
    """What policies look up in other tables they look up once for each query, and not again for every row.

    Fix: run the statements attached, which gave every visitor the same rows in a private copy of this backup.
    """
    _looked_at(costs, evidence)
    _undecided(costs, list(costs.correlated(plan.cost)), evidence, "runs a sub-query again for every row")


@pytest.mark.control("CST-04", severity="minor")
def check_indexes_serve_visitors(costs: Costs, evidence: Evidence) -> None:
    """Every index serves the application's visitors as it serves its owner.

    Why: where a search could tell what it was given, row level security filters first, and an index of such a
    search is only written to. So it is where a policy compares a column in a way that no index can answer.
    Fix: search through a function that checks rights itself, or put the policy's own column first.
    """
    _looked_at(costs, evidence)
    evidence.looked_at(costs.audited)
    evidence.attach("not tried", [one.index for one in costs.useless if not one.confirmed])
    for index in costs.useless:
        if index.confirmed:
            evidence.undecided(
                index.index,
                "passed over in a visitor's search that it serves without policies:"
                f" {', '.join(index.operators)} may tell what they are given",
            )
    for relation, columns in sorted({(one.relation, one.passed_over) for one in costs.answered}):
        for column in columns:
            evidence.undecided(
                f"{relation}.{column}", "its policies compare it, and its index cannot be used"
            )


@pytest.mark.control("CST-05", severity="minor")
def check_compared_columns_have_an_index(costs: Costs, evidence: Evidence) -> None:
    """Every column of a large table by which policies tell whose a row is begins an index.

    Fix: create index concurrently on the column.
    """
    if not costs.compared:
        pytest.skip(f"{NOT_APPLICABLE}no policy compares a column with whoever is asking")
    evidence.looked_at(costs.compared)
    for one in costs.unindexed:
        named = ", ".join(f"“{policy}”" for policy in one.policies)
        evidence.undecided(f"{one.relation}.{one.column}", f"no index, and compared in each row by {named}")


@pytest.mark.control("CST-06", severity="normal")
def check_cost_stays_below_the_plan(costs: Costs, plan: Plan, evidence: Evidence) -> None:
    """What policies cost stays below what the plan allows: in evaluations, and in pages that are read.

    Why: counts are the same on every server; milliseconds are attached for a person to read.
    """
    _looked_at(costs, evidence)
    evidence.attach("cost of policies", [_numbers(one) for one in costs.answered if one.bare is not None])
    cost = plan.cost
    over = []
    for one in costs.answered:
        for what, got, critical in (
            ("evaluations for each row", one.evaluations_per_row, cost.evaluations_critical),
            ("times the pages", one.page_ratio, cost.pages_critical),
        ):
            if critical is not None and got >= critical:
                over.append(f"{one}: {got:.1f} {what}, want less than {critical:g}")
    paying = [one for one in costs.answered if one.page_ratio >= cost.pages]
    for relation in sorted({one.relation for one in paying}):
        visitors = _visitors([one for one in paying if one.relation == relation])
        evidence.undecided(relation, f"policies read {cost.pages:g} times the pages, or more, for {visitors}")
    assert not over, "; ".join(over)


def _looked_at(costs: Costs, evidence: Evidence) -> None:
    """Say what was measured, and name what was not."""
    if not costs.measures and not costs.left:
        pytest.skip(f"{NOT_APPLICABLE}there is nothing that visitors could read")
    evidence.looked_at(len(costs.measures))
    for relation in costs.left:
        evidence.undecided(relation, "not measured: the time for it was over")


def _undecided(costs: Costs, found: list[Measure], evidence: Evidence, what: str) -> None:
    """Name each relation once: who pays, what was called, and the statements that would help."""
    evidence.attach("too few rows to tell", costs.untold)
    for relation in sorted({one.relation for one in found}):
        paying = [one for one in found if one.relation == relation]
        visitors = _visitors(paying)
        called = sorted({name for one in paying for name in one.functions})
        rewriting = costs.rewriting_of(relation)
        help_ = f"; rewritten: {rewriting}" if rewriting else ""
        functions = f", calling {', '.join(called)}" if called else ""
        evidence.undecided(relation, f"{what}{functions}, read by {visitors}{help_}")
        if rewriting:
            evidence.attach(f"statements for {relation}", rewriting.shown)


def _visitors(paying: list[Measure]) -> str:
    """Who pays: the first few by name."""
    names = list(dict.fromkeys(one.persona for one in paying))
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _numbers(one: Measure) -> dict[str, object]:
    """One line of the table: numbers and names."""
    return {
        "relation": one.relation,
        "persona": one.persona,
        "first pages only": one.bounded,
        "without policies": one.bare and one.bare.as_numbers,
        "with policies": one.under and one.under.as_numbers,
        "each policy adds": {
            added.policy: {
                "evaluations": added.evaluations,
                "pages": added.pages,
                "milliseconds": round(added.milliseconds, 1),
            }
            for added in one.marginal
        },
    }
