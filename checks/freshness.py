"""RPO: the newest moment in the backup is as new as was promised, and can be again tomorrow."""

from __future__ import annotations

from datetime import datetime

import pytest

from fixtures.core.duration import spoken
from fixtures.core.examination import Examination
from fixtures.core.freshness import HEARTBEAT, TAKES, Promise, freshness, interval
from fixtures.core.plan import Plan
from fixtures.core.tiers import tiers
from fixtures.evidence import Evidence

pytestmark = pytest.mark.daily


@pytest.mark.control("RPO-01", severity="critical")
def check_backup_is_fresh(
    promise: Promise, moments: dict[str, datetime], examination: Examination, evidence: Evidence
) -> None:
    """The newest moment in the backup is no older than its tier promises.

    Why: a job that copies last week's file each night leaves a file of today. A file's own time says nothing.
    Fix: see when the backup job last ended well, and whether what it dumps is a standby that has stopped.
    """
    fresh = freshness(moments, examination.at)
    if fresh is None:
        pytest.skip(f"not verified: NOT ESTABLISHED, {TAKES}")
    evidence.looked_at(len(moments))
    evidence.heartbeat = moments.get(HEARTBEAT)
    evidence.attach("moments", {how: at.isoformat() for how, at in moments.items()})
    assert not fresh.ahead, str(fresh)
    assert fresh.age <= promise.rpo, f"{fresh}; {promise}"


@pytest.mark.control("RPO-02", severity="normal")
def check_promise_can_be_kept(
    *, promise: Promise, plan: Plan, point_in_time: bool, evidence: Evidence
) -> None:
    """Backups are taken as often as the tier's promise needs.

    Why: a promise of 15 minutes cannot be kept by a dump each night, however sound every dump is.
    Fix: take them more often, archive continuously, or promise what is kept.
    """
    documented = tiers().documented
    every = interval(plan)
    ways = [every, documented.point_in_time.rpo if point_in_time else None]
    best = min(filter(None, ways), default=None)
    if best is None:
        pytest.skip(f"not verified: {promise}, and the plan does not say how often a backup is taken")
    evidence.looked_at(1)
    if best > promise.rpo:
        evidence.undecided(
            f"tier {promise.tier}",
            f"promises {spoken(promise.rpo)}, and a backup is taken every {spoken(best)}; {documented}",
        )
