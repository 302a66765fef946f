"""DRL: what was wrong is noticed late, and the newest backups have it already."""

from __future__ import annotations

import pytest

from fixtures.core.played import Play
from fixtures.evidence import Evidence
from fixtures.postgres.rescuing.rebuilding import Rebuilding
from fixtures.postgres.rescuing.shelf import Kept, objections

pytestmark = pytest.mark.monthly


@pytest.mark.control("DRL-15", severity="critical")
def drill_older_backup_comes_back(older: Rebuilding, evidence: Evidence) -> None:
    """An older backup, picked at random among those that are kept, is as it was sealed and comes back whole.

    Runbook:
    1. Find out since when it is wrong: an audit table, the application's log, or older backups themselves.
       RET-01 of the last run says which there are; its page REF says what changed from night to night.
    2. Take the newest from before that moment, and read it first: python -m fixtures nightly --backup
       NAME=THAT. Its manifest says whether its bytes are those that were stored then.
    3. Restore it into another, empty server. Never into the live one: all that was right since would be lost.
    4. Copy what is needed into the live database, by key, with triggers off, and look before you commit.
    5. It does not restore: the next older one. Then ask why nobody noticed: this drill is played monthly.
    6. Keep that backup beyond its class until all is settled: prune deletes what the plan has released.
    """
    play = Play("older_backup")
    found = older.examination
    evidence.attach("picked", {"backup": [path.name for path in found.backup.kept]})
    provenance = found.provenance
    assert provenance is not None, "no manifest lies beside it any more"
    assert provenance.intact, f"it is not as it was sealed: {provenance.flaw or provenance.files}"
    wrong = list(objections(Kept("picked", found.backup), found))
    assert not wrong, "; ".join(wrong)
    with play.phase("empty server"):
        older.provision()
    restore = older.restore()
    for phase in restore.phases:
        play.add(phase.name, phase.seconds)
    assert restore.succeeded, restore.failure
    with play.phase("count the rows"):
        short = older.short()
    evidence.looked_at(len(found.files) + sum(len(one.tables) for one in found.archive.databases))
    evidence.played = play.ended("an older backup into an empty server; reading it first is left out")
    assert not short, "; ".join(f"{table} lacks {rows} rows" for table, rows in short.items())
