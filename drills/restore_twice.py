"""DRL: whoever restores the backup again gets the same database again."""

from __future__ import annotations

import pytest

from fixtures.core.played import Play
from fixtures.evidence import Evidence
from fixtures.postgres.rescuing.repeating import Twice

pytestmark = pytest.mark.weekly


@pytest.mark.control("DRL-08", severity="critical")
def drill_second_restore_is_the_same(second_restore: Twice, evidence: Evidence) -> None:
    """Restored twice into two servers, the backup gives the same rows, objects, grants and sequences.

    Runbook:
    1. A restore went wrong half way, or nobody knows how far it came: do not go on from there.
    2. Drop the database, and restore the same backup again from the beginning, into an empty one.
    3. What this drill proves is that the second attempt gives what the first one would have given: nothing
       in the backup depends on the clock, on chance or on what was in the server before.
    4. If it fails, the evidence names what differs: usually a DEFAULT, a trigger or a materialized view
       with now() or random() in it, which runs while the backup is restored.
    """
    play = Play("restore_twice")
    for phase in second_restore.second.restore.phases:
        play.add(phase.name, phase.seconds)
    with play.phase("compare both"):
        compared = second_restore.compare()
    evidence.looked_at(compared.count)
    evidence.played = play.ended("the second restore and comparing both are timed")
    assert not compared.differences, "; ".join(compared.differences)
