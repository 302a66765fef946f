"""DRL: a table was dropped, or emptied by a wrong WHERE, and everything else goes on."""

from __future__ import annotations

import pytest

from fixtures.core.played import Play
from fixtures.evidence import Evidence
from fixtures.postgres.rescuing.rows import DeletedRows
from fixtures.postgres.rescuing.tables import DroppedTable

pytestmark = pytest.mark.monthly

METHOD = (
    "a copy of the restored backup is the live database: finding, restoring and comparing are timed, "
    "restoring the whole backup is not; rows that are newer than the backup are not counted as lost"
)


@pytest.mark.control("DRL-02", severity="blocker")
def drill_table_comes_back_alone(
    dropped_table: DroppedTable, deleted_rows: DeletedRows, evidence: Evidence
) -> None:
    """A dropped table comes back whole, deleted rows come back, and nothing else in the database is touched.

    Runbook:
    1. Stop what writes to the table. Leave the rest of the application running; do not restore over it.
    2. Take a fresh backup of the live database as it is now: every further step can then be undone.
    3. Restore the newest backup from before the accident into another, empty server. Never into the live one.
    4. A table is gone: pg_restore -l BACKUP lists what the backup has, pg_restore -l of step 2 what is left.
       What is in the first list alone was lost: the table, its rows, indexes, policies, triggers, grants,
       sequence, and every view, policy and foreign key of other tables that went with DROP ... CASCADE.
    5. pg_restore --single-transaction -L LOST -d LIVE BACKUP, as a role without default privileges: in a
       project of Supabase they would give anon more on the new table than it had on the old one.
    6. Rows are gone: load them from step 3 into a table beside it (create table ... as select ... with no
       data; copy), then insert those whose primary key is missing, with session_replication_role = replica,
       so that no trigger does again what it did when they were new. Rows that are there stay as they are.
       Do the same for every table whose rows went with them (ON DELETE CASCADE). What was set to null by
       ON DELETE SET NULL, and rows that were rightly deleted since the backup, have to be put right by hand.
    7. Ask every foreign key of these tables for rows without a parent before you commit.
    8. Compare with step 2: every other table has the rows that it had. Then let the application write again.
    """
    play = Play("table_deleted")
    dropped_table.happen()
    with play.phase("find what was lost with the table"):
        dropped_table.find()
    assert dropped_table.lost, f"{dropped_table.table}: dropping it is not noticed"
    with play.phase("restore the table"):
        problem = dropped_table.recover()
    assert not problem, f"{dropped_table.table} is not restored: {problem}"
    with play.phase("compare the database"):
        differences = dropped_table.differences()
    assert not differences, f"after {dropped_table.table} was restored: {'; '.join(differences)}"
    evidence.looked_at(len(dropped_table.lost))
    evidence.attach(
        "dropped table",
        {
            "table": str(dropped_table.table),
            "lost with it": list(map(str, dropped_table.lost)),
            "changed since the backup, and left alone": dropped_table.newer,
        },
    )
    if not deleted_rows.happen():
        evidence.undecided(
            "deleted rows",
            "merging was not played: each table refuses a DELETE, or takes more than rows along, or has no "
            "key, or no row",
        )
        evidence.played = play.ended(METHOD)
        return
    with play.phase("merge the deleted rows"):
        deleted_rows.recover()
    with play.phase("compare the rows"):
        lost = deleted_rows.lost()
        wrong = [*deleted_rows.differences(), *deleted_rows.orphans()]
    evidence.looked_at(deleted_rows.taken)
    evidence.attach(
        "deleted rows",
        {
            "table": deleted_rows.table,
            "tables that lost rows": [".".join(one) for one in deleted_rows.reached],
            "deleted": deleted_rows.taken,
            "merged": deleted_rows.merged.inserted,
            "column of a newer row, and left alone": deleted_rows.newer,
        },
    )
    evidence.played = play.ended(
        METHOD,
        lost_rows=lost,
    )
    assert not wrong, f"after the rows of {deleted_rows.table} were merged: {'; '.join(wrong)}"
