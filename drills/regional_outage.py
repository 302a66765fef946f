"""DRL: the primary is gone while applications write, and its standby takes over."""

from __future__ import annotations

import pytest

from fixtures.core.failover.failover import Failover
from fixtures.evidence import Evidence

pytestmark = pytest.mark.quarterly


@pytest.mark.control("DRL-04", severity="critical")
def drill_standby_takes_over(failover: Failover, evidence: Evidence) -> None:
    """A standby takes over from a lost primary, and each row that was promised is there or counted as lost.

    Runbook:
    1. Look at the primary from two places. One that you cannot reach may still serve others: it is fenced
       first, or two servers take writes and neither has all of them.
    2. Note the time, and how far the standby is: select pg_last_wal_receive_lsn(),
       pg_last_xact_replay_timestamp(). What came after that is lost, unless the standby is synchronous.
    3. Fence the old primary: stop its machine, or take its address and its route away. A frozen one goes on
       where it stood, so a time limit is no fence.
    4. On the standby: select pg_promote(). Before it answers, what was received is replayed.
    5. Applications with both hosts in their connection string and target_session_attrs=read-write come by
       themselves; restart the others. A write that was never answered is looked for before it is repeated.
    6. If the new primary names the old one in synchronous_standby_names, no write is answered: reset it.
    7. Before the old primary comes back, copy its disk: lost rows are on it and nowhere else. Start it behind
       the fence, and read the rows that are newer than step 2.
    8. On the new primary: checkpoint, and a replication slot for the old one. On the old one, stopped in
       order: pg_rewind -R --source-server=NEW. It takes wal_log_hints or checksums, and the log since the two
       parted (wal_keep_size); without them build it anew with pg_basebackup.
    9. Start it, wait until pg_stat_replication on the new primary says streaming, set
       synchronous_standby_names again, and only then open the route to it.
    """
    evidence.looked_at(failover.outcome.acknowledged)
    evidence.attach("failover", failover.numbers())
    evidence.played = failover.played
    flaws = list(failover.flaws())
    assert not flaws, "\n".join(flaws)
