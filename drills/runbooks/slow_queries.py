"""DRL: queries are slow, because a filter on a table that has grown has no index."""

from __future__ import annotations

import pytest

from fixtures.core.played import Play
from fixtures.evidence import Evidence
from fixtures.postgres.ailing.slowness import QUERIES, TABLE, carried_out, give_it_an_index, most_read
from fixtures.postgres.query import Connection

pytestmark = pytest.mark.weekly
FEWER = 10
"""Pages that the query reads after an index was made, as a share of those before: less than a tenth."""


@pytest.mark.control("DRL-11", severity="normal")
def drill_queries_are_slow(slow_session: Connection, evidence: Evidence) -> None:
    r"""A slow query is found by what it reads, and an index makes it read less than a tenth.

    Symptom: requests time out (57014), p95 rises, CPU or disk reads are high.

    Runbook:
    1. What runs now: select pid, now() - query_start, state, query from pg_stat_activity
       where state <> 'idle' order by 2 desc; What took most in all: pg_stat_statements by total_exec_time,
       where it is installed.
    2. Which table is read from begin to end, and how often:
       select relname, seq_scan, seq_tup_read, idx_scan from pg_stat_user_tables order by seq_tup_read desc;
    3. explain (analyze, buffers) of the query: "Seq Scan" with many "Rows Removed by Filter" wants an index
       on the columns of the filter. If it is a policy that is slow: CST-02 and CST-03 of the nightly run.
    4. create index concurrently NAME on TABLE (COLUMN); it locks nobody out. analyze TABLE;
    5. explain again: an index is used, and far fewer pages are read. If it was left invalid (\d TABLE), drop
       it and begin again at 4.
    """
    play = Play("slow_queries")
    with play.phase("diagnose"):
        [worst, *_] = most_read(slow_session)
        before = carried_out(slow_session)
    with play.phase("resolve"):
        give_it_an_index(slow_session)
    with play.phase("first answer"):
        after = carried_out(slow_session)
    evidence.looked_at(QUERIES)
    evidence.attach("pages read", {"before": before.pages, "after": after.pages})
    evidence.played = play.ended("from the diagnosis to the query's next answer; causing it is left out")
    assert worst[0] == TABLE, f"the diagnosis names {worst[0]}"
    assert worst[1] >= QUERIES, f"{worst[1]} sequential scans were counted, want {QUERIES}"
    assert before.scans_everything, f"the symptom could not be caused: {', '.join(before.nodes)}"
    assert not after.scans_everything, f"the index is not used: {', '.join(after.nodes)}"
    assert after.pages * FEWER < before.pages, f"{after.pages} pages are read, {before.pages} before"
