"""DRL: no connection is left, because an application opens transactions and forgets them."""

from __future__ import annotations

import pytest

from fixtures.core.played import Play
from fixtures.evidence import Evidence
from fixtures.postgres.ailing.connections import (
    FULL,
    ROLE,
    Crowd,
    end_forgotten,
    holders,
    keep_from_returning,
)
from fixtures.postgres.query import Connection

pytestmark = pytest.mark.quarterly


@pytest.mark.control("DRL-10", severity="normal")
def drill_connections_run_out(crowd: Crowd, ward_session: Connection, evidence: Evidence) -> None:
    """When no connection is left, ending the transactions that were forgotten lets the application in again.

    Symptom: the application logs "too many clients already" or "remaining connection slots are reserved".

    Runbook:
    1. Connect as a superuser: superuser_reserved_connections are kept for that. On Supabase: the SQL editor.
    2. See who holds the connections and what they do:
       select usename, state, count(*) from pg_stat_activity where backend_type = 'client backend'
       group by 1, 2 order by 3 desc;
       Many "idle in transaction" of one role: go on with 3. Many "active": slow_queries.py. Many "idle": the
       pool of the application is larger than max_connections allows; make it smaller.
    3. End what was forgotten:
       select pg_terminate_backend(pid) from pg_stat_activity
       where usename = 'ROLE' and state like 'idle in transaction%'
       and state_change < now() - interval '1 min';
    4. See that the application connects again.
    5. Keep it from returning: alter role ROLE set idle_in_transaction_session_timeout = '30s';
       alter role ROLE connection limit N; put a pooler (transaction mode) between application and server.
    """
    play = Play("high_connections")
    assert crowd.refused() == FULL, "the symptom could not be caused"
    with play.phase("diagnose"):
        found = holders(ward_session)
    with play.phase("resolve"):
        ended = end_forgotten(ward_session)
    with play.phase("first answer"):
        answered = crowd.answers()
    keep_from_returning(ward_session)
    evidence.looked_at(len(crowd.held))
    evidence.attach("who held the connections", [list(one) for one in found])
    evidence.played = play.ended(
        "from the diagnosis to the application's next answer; causing it is left out"
    )
    assert found[0][:2] == (ROLE, "idle in transaction"), "the diagnosis does not name who holds them"
    assert ended == len(crowd.held), f"{ended} of {len(crowd.held)} forgotten transactions were ended"
    assert answered, "the application still gets no connection"
