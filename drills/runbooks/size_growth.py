"""DRL: the database grows although its rows do not, because nobody takes dead rows away."""

from __future__ import annotations

import pytest

from fixtures.core.played import Play
from fixtures.evidence import Evidence
from fixtures.postgres.ailing.growth import ROUNDS, TABLE, largest, take_away
from fixtures.postgres.query import Connection

pytestmark = pytest.mark.weekly


@pytest.mark.control("DRL-12", severity="normal")
def drill_database_grows(grown: tuple[Connection, int], evidence: Evidence) -> None:
    r"""A table that grew without new rows is found by its dead ones, and is as small as before without them.

    Symptom: disk usage rises by the day, and the number of rows does not.

    Runbook:
    1. The largest tables, and how many of their rows are dead:
       select relname, pg_size_pretty(pg_total_relation_size(relid)), n_live_tup, n_dead_tup, last_autovacuum
       from pg_stat_user_tables order by pg_total_relation_size(relid) desc limit 20;
    2. More dead rows than live ones: find what keeps them. A transaction that is open for hours
       (pg_stat_activity.xact_start), a replication slot that nobody reads (active = false in
       pg_replication_slots), autovacuum switched off for the table (\d+ TABLE: autovacuum_enabled=off). End
       it, drop it, reset it.
    3. vacuum (verbose, analyze) TABLE; makes room inside the table. Only if the disk has to shrink:
       vacuum (full, analyze) TABLE; it locks the table for as long, and needs its live size once more.
    4. See that the size is back, and that last_autovacuum moves from now on.
    5. Growth with live rows is no fault: look at what the plan keeps and for how long, and order more disk.
    """
    session, before = grown
    play = Play("size_growth")
    with play.phase("diagnose"):
        [worst, *_] = largest(session)
    with play.phase("resolve"):
        after = take_away(session)
    evidence.looked_at(worst.live)
    evidence.attach("bytes", {"before": before, "grown": worst.bytes, "after": after})
    evidence.played = play.ended("from the diagnosis to the table's new size; causing it is left out")
    assert worst.name == TABLE, f"the diagnosis names {worst.name}"
    assert worst.bytes > 2 * before, "the symptom could not be caused"
    assert worst.dead > (ROUNDS - 1) * worst.live, f"{worst.dead} dead rows beside {worst.live} were counted"
    assert after <= before * 1.1, f"{after} bytes are left, {before} before"
