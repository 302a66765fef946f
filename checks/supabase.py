"""SUP: Supabase takes the backups that its plan and the tiers promise, as its Management API says."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import pytest

from fixtures.core.duration import spoken
from fixtures.core.freshness import Freshness, Promise, kept_for, needs_archiving
from fixtures.core.plan import Plan
from fixtures.core.platform import (
    HEALTHY,
    ILL,
    PASSING,
    Addons,
    Backups,
    Platform,
    PlatformBackup,
    Project,
    Schedule,
)
from fixtures.core.tiers import tiers
from fixtures.evidence import Evidence

pytestmark = pytest.mark.daily

GRACE = timedelta(hours=6)
"""What a daily backup may be late before it counts as missing: a quarter of its interval, our own choice."""


@pytest.mark.control("SUP-01", severity="critical")
def check_project_is_healthy(platform_project: Project, evidence: Evidence) -> None:
    """The Supabase project is active and healthy.

    Why: of a project that is paused or cannot be reached no backup is taken.
    """
    evidence.looked_at(1)
    status = platform_project.status
    assert status not in ILL, f"the project is {status}"
    if status != HEALTHY:
        known = "for the time being" if status in PASSING else "and nobody says what that means for backups"
        evidence.undecided("project", f"is {status}, {known}")


@pytest.mark.control("SUP-02", severity="critical")
def check_newest_backup_is_complete(
    platform: Platform, platform_backups: Backups, promise: Promise, evidence: Evidence
) -> None:
    """The platform's last backup was completed, no longer ago than a day.

    Fix: see Database > Backups in the dashboard; write to Supabase's support; take a dump of your own today.
    """
    _skip_where_none_is_documented(platform_backups, promise)
    evidence.looked_at(max(1, len(platform_backups.backups)))
    newest = platform_backups.newest
    evidence.attach("newest", {"complete": newest, "listed": len(platform_backups.backups)})
    assert newest is not None, f"no backup is complete{_named(platform_backups.spoilt)}"
    since = [one for one in platform_backups.spoilt if one.inserted_at > newest]
    assert not since, f"since the complete one of {newest:%Y-%m-%d %H:%M} UTC{_named(since)}"
    fresh = Freshness(newest, "Supabase", platform.at)
    assert not fresh.ahead, str(fresh)
    daily = tiers().documented.daily
    assert fresh.age <= daily + GRACE, f"{fresh}; documented are {spoken(daily)}"


@pytest.mark.control("SUP-03", severity="normal")
def check_backups_are_scheduled(
    platform_backups: Backups, platform_schedule: Schedule, promise: Promise, evidence: Evidence
) -> None:
    """The platform has a time of day at which it takes the backup."""
    if platform_backups.pitr_enabled:
        pytest.skip("does not apply: point-in-time recovery replaces the daily backups")
    _skip_where_none_is_documented(platform_backups, promise)
    evidence.looked_at(1)
    assert platform_schedule.schedule_for, "no time is scheduled"


@pytest.mark.control("SUP-04", severity="critical")
def check_point_in_time_recovery_is_on(
    platform_backups: Backups, promise: Promise, plan: Plan, evidence: Evidence
) -> None:
    """Point-in-time recovery is on where the tier promises what no daily backup can keep.

    Fix: buy the add-on (it takes Small compute and is not retroactive), or promise what is kept.
    """
    if not needs_archiving(promise, plan):
        pytest.skip(f"does not apply: {promise}, which needs no point-in-time recovery")
    evidence.looked_at(2)
    off = [
        name
        for name, on in (
            ("point-in-time recovery", platform_backups.pitr_enabled),
            ("WAL-G", platform_backups.walg_enabled),
        )
        if not on
    ]
    assert not off, f"{' and '.join(off)} off: {promise}; {tiers().documented}"


@pytest.mark.control("SUP-05", severity="normal")
def check_window_reaches_back(
    *,
    platform: Platform,
    platform_backups: Backups,
    platform_addons: Addons,
    promise: Promise,
    plan: Plan,
    evidence: Evidence,
) -> None:
    """Point-in-time recovery reaches back as far as the plan keeps backups, and up to the promised age.

    Why: it is not retroactive, and while the database is idle its newest point stands still.
    """
    if not platform_backups.pitr_enabled:
        pytest.skip("does not apply: point-in-time recovery is off")
    since, until = platform_backups.reaches_back_to, platform_backups.reaches_up_to
    evidence.looked_at(1)
    evidence.attach("window", {"since": since, "until": until, "bought": platform_addons.window})
    assert since is not None, "no oldest point is named"
    assert until is not None, "no newest point is named"
    lag = Freshness(until, "Supabase", platform.at)
    if lag.age > promise.rpo:
        evidence.undecided("newest point", f"{lag}; {promise}; it lags while the database is idle")
    kept = kept_for(plan)
    if kept is None:
        return
    bought = platform_addons.window
    assert bought is None or bought >= kept, f"{spoken(bought)} were bought, the plan keeps {spoken(kept)}"
    # The window begins with a physical backup, and those are a day apart.
    if until - since + tiers().documented.daily < kept:
        evidence.undecided(
            "oldest point",
            f"reaches back {spoken(until - since)}, the plan keeps {spoken(kept)}: it may grow yet",
        )


@pytest.mark.control("SUP-06", severity="normal")
def check_every_listed_backup_was_completed(platform_backups: Backups, evidence: Evidence) -> None:
    """Every backup that the platform still lists was completed, or its day is named.

    Why: that day cannot be gone back to.
    """
    if not platform_backups.backups:
        pytest.skip("does not apply: the platform lists no backup")
    evidence.looked_at(len(platform_backups.backups))
    for one in platform_backups.spoilt:
        evidence.undecided(f"backup of {one.inserted_at:%Y-%m-%d %H:%M} UTC", f"is {one.status}")


def _skip_where_none_is_documented(backups: Backups, promise: Promise) -> None:
    """A plan of the platform's without backups has none to be late; a dump of one's own is all there is."""
    managed = tiers().documented.plan.get(promise.tier)
    if managed is not None and managed.rpo is None and not backups.backups and backups.newest is None:
        pytest.skip(f"does not apply: Supabase documents no backup of its own for {promise.tier}")


def _named(backups: Iterable[PlatformBackup]) -> str:
    named = [f"that of {one.inserted_at:%Y-%m-%d %H:%M} UTC is {one.status}" for one in backups]
    return ": " + ", ".join(named) if named else ""
