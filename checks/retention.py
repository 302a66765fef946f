"""RET: every backup that has to be kept is there, and what was released is gone."""

from __future__ import annotations

import pytest

from fixtures.core.retention.series import Series
from fixtures.evidence import Evidence

pytestmark = pytest.mark.daily


@pytest.mark.control("RET-01", severity="critical")
def check_classes_have_their_backups(governed: Series, evidence: Evidence) -> None:
    """Every class of the plan has a recent backup, and its oldest reaches back as far as was promised.

    Why: a class that nobody fills is noticed on the day that somebody needs last month's data.
    Fix: see whether backup and prune run as the plan says; a released backup does not come back.
    """
    evidence.looked_at(max(1, len(governed.found)))
    evidence.attach(
        "kept",
        [{"backup": one.backup.name, "kept": one.kept, "why": one.why} for one in governed.decisions],
    )
    assert governed.backups, f"no backup of {governed.source} lies where the plan says"
    assert not governed.lacking, "\n".join(governed.lacking)


@pytest.mark.control("RET-02", severity="normal")
def check_no_backup_is_missing_between_two(governed: Series, evidence: Evidence) -> None:
    """No two neighbouring backups of a class lie further apart than its cadence allows.

    Why: what changed and was lost again in between cannot be brought back.
    Fix: a gap cannot be filled; find out why that night had no backup, and waive it until it has passed.
    """
    evidence.looked_at(max(1, len(governed.backups)))
    assert not governed.gaps, "\n".join(governed.gaps)


@pytest.mark.control("RET-03", severity="critical")
def check_neighbours_are_not_the_same(series: Series, evidence: Evidence) -> None:
    """No two neighbouring backups are one and the same.

    Why: a file that was copied, or a source that stood still, looks like a backup every night.
    """
    if len(series.backups) < 2:
        pytest.skip("does not apply: there are no two backups")
    evidence.looked_at(len(series.backups))
    assert not series.twins, "\n".join(series.twins)


@pytest.mark.control("RET-04", severity="critical")
def check_size_and_rows_do_not_fall_off(series: Series, evidence: Evidence) -> None:
    """The newest backup has about as many bytes and rows as those before it.

    Why: a dump that a policy filtered, or of a database that was emptied, restores without an error.
    """
    if len(series.backups) < 2:
        pytest.skip("does not apply: there are no two backups")
    evidence.looked_at(len(series.backups))
    for drop in series.drops:
        if not drop.emptied:
            evidence.undecided(series.source, str(drop))
    emptied = [str(drop) for drop in series.drops if drop.emptied]
    assert not emptied, "\n".join(emptied)


@pytest.mark.control("RET-05", severity="blocker")
def check_a_proven_backup_always_remains(governed: Series, evidence: Evidence) -> None:
    """For the next 400 days, even if every new backup is bad, a proven one remains.

    Why: a policy that counts days alone replaces the last good backup by bad ones.
    """
    if not governed.backups:
        pytest.skip("does not apply: there is no backup")
    if not governed.recorded:
        pytest.skip("not verified: no records of earlier runs were given; python -m fixtures gives them")
    proven = sum(one.proven is not None for one in governed.backups)
    evidence.looked_at(len(governed.backups))
    if not proven:
        evidence.undecided(governed.source, "no kept backup was proven by an earlier run")
        return
    night = governed.last_proven
    assert night is None, f"of {proven} proven backups none would remain after night {night}"


@pytest.mark.control("RET-06", severity="normal")
def check_what_was_released_is_gone(governed: Series, evidence: Evidence) -> None:
    """What the plan has released is gone, and nobody keeps it for longer than was promised.

    Why: data that had to be deleted lives on in a backup that nobody pruned.
    Fix: python -m fixtures prune --plan plan.toml --apply, behind every backup.
    """
    evidence.looked_at(max(1, len(governed.found)))
    for stray in governed.strays:
        evidence.undecided(stray.name, f"nobody can tell how long it is to be kept: {stray.why}")
    assert not governed.overdue, f"still there: {', '.join(governed.overdue)}"
