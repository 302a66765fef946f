"""DRL: the newest backups turn out to be bad at the moment in which they are needed."""

from __future__ import annotations

import pytest

from fixtures.core.played import Play
from fixtures.evidence import Evidence
from fixtures.postgres.rescuing.shelf import DAMAGES, Choice

pytestmark = pytest.mark.weekly


@pytest.mark.control("DRL-05", severity="critical")
def drill_bad_newest_backup_is_passed_over(choice: Choice, evidence: Evidence) -> None:
    """Newest backups that are empty, cut off or changed are noticed before use, and the one before serves.

    Runbook:
    1. Do not begin with restoring: python -m fixtures nightly --backup NAME=NEWEST reads it first, and holds
       it against the digests that were recorded when it was taken.
    2. It is bad: leave it where it is (it is evidence), and write down which one and what was found.
    3. Take the next older one. The ledger of earlier runs says which backups were proven by a restore.
    4. Read that one first, too. Restore the first that is whole; the plan's RPO says what its age costs.
    5. Take a new backup as soon as the database answers: until then there is one good backup, and it is old.
    6. Find out why the newer ones were bad before the next one is taken by the same job.
    """
    play = Play("damaged_newest")
    for step, seconds in choice.steps:
        play.add(step, seconds)
    evidence.looked_at(len(choice.steps))
    evidence.attach("passed over", {name: list(why) for name, why in choice.rejected.items()})
    evidence.played = play.ended(
        "damaged copies of the backup lie before it; reading each of them and restoring the one that serves "
        "are timed, fetching them is not",
    )
    unnoticed = [name for name in DAMAGES if name not in choice.rejected]
    assert not unnoticed, f"taken for a good backup: {', '.join(unnoticed)}"
    restored = [name for name, why in choice.rejected.items() if "it does not restore" in why]
    assert not restored, f"noticed only by restoring it, or not fit to serve: {', '.join(restored)}"
    assert choice.served, f"no backup serves: {'; '.join(choice.rejected.get('the one before', ()))}"
