"""DRL: the database is gone, and all that is left is the backup elsewhere and the plan."""

from __future__ import annotations

import pytest

from fixtures.core.played import Play
from fixtures.evidence import Evidence
from fixtures.postgres.rescuing.rebuilding import Rebuilding

pytestmark = pytest.mark.monthly


@pytest.mark.control("DRL-03", severity="blocker")
def drill_everything_comes_back_from_the_backup_alone(from_nothing: Rebuilding, evidence: Evidence) -> None:
    """From nothing but the newest backup an empty server becomes the database that answers its application.

    Runbook:
    1. Say who decides, and from when on the old system counts as gone: nobody writes to it any more.
    2. Fetch the newest proven backup from where it is kept away from the lost system, and the plan.
    3. Start an empty server of the same major (SELECT version() stands in the backup's first lines).
    4. Roles first: psql -f globals.sql, or the roles.sql of the Supabase CLI; a backup of one database brings
       none, and they have to be created by name. Without them policies and grants are lost without an error.
    5. Restore: pg_restore -j 2 -d NAME BACKUP; for a script psql -v ON_ERROR_STOP=1; for the three files of
       the Supabase CLI one transaction: psql --single-transaction -f roles.sql -f schema.sql -c
       "SET session_replication_role = replica" -f data.sql.
    6. vacuumdb --analyze-only --all: without statistics the first requests take the wrong plans.
    7. Ask the first question of the application, then count the rows of every table against the backup.
    8. What no database backup holds is listed in the evidence as not contained: bring it back, too.
    9. Point the application at the new server, and take a backup of it at once.
    """
    play = Play("total_loss")
    with play.phase("empty server"):
        from_nothing.provision()
    restore = from_nothing.restore()
    for phase in restore.phases:
        play.add(phase.name, phase.seconds)
    missing = from_nothing.databases()
    with play.phase("first query of the application"):
        answers = from_nothing.first_answers()
    with play.phase("count the rows"):
        short = from_nothing.short()
    evidence.looked_at(len(restore.databases) + len(answers))
    evidence.attach("first queries", answers)
    evidence.played = play.ended(
        "from the begin of an empty server to counted rows, by programs alone; fetching the backup "
        "and pointing the application at the new server are left out",
        lost_rows=sum(short.values()),
        lost_seconds=from_nothing.age(),
    )
    assert restore.succeeded, restore.failure
    assert not missing, f"databases that did not come back: {', '.join(missing)}"
    silent = [table for table, answered in answers.items() if not answered]
    assert not silent, f"without a row: {', '.join(silent)}"
    assert not short, "; ".join(f"{table} lacks {rows} rows" for table, rows in short.items())
