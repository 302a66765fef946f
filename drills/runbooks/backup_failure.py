"""DRL: the nightly backup fails, because a table has come that its role may not read."""

from __future__ import annotations

import pytest

from fixtures.core.played import Play
from fixtures.evidence import Evidence
from fixtures.postgres.ailing.failing import Ward

pytestmark = pytest.mark.quarterly


@pytest.mark.control("DRL-13", severity="critical")
def drill_backup_fails(failing_backup: Ward, evidence: Evidence) -> None:
    """A backup that fails is noticed, its cause is found in the rights of its role, and the next is whole.

    Symptom: no new backup since yesterday (RET-01, RPO-01), or the job ended with a status other than 0.

    Runbook:
    1. Read the last lines of the job. "permission denied for table": go on. "query would be affected by
       row-level security policy": go on. "could not connect": high_connections.py, then network and password.
       "No space left": make room where backups lie, python -m fixtures prune says what may go.
    2. What may the role not read? python -m fixtures backup says it before it dumps; or
       select oid::regclass from pg_class where relkind in ('r','p','m','S')
       and not has_table_privilege('ROLE', oid, 'SELECT');
    3. Never add --enable-row-security, and never leave the table out: the backup would be green and partial.
       grant pg_read_all_data to ROLE; alter role ROLE bypassrls;
    4. Take a backup now, and do not wait for the night.
    5. python -m fixtures nightly --backup NAME=WHERE: only a backup that was restored counts.
    """
    ward, play = failing_backup, Play("backup_failure")
    failed = ward.take("failed.dump")
    assert not failed.whole, "the symptom could not be caused"
    with play.phase("diagnose"):
        unreadable, hiding = ward.unreadable(), ward.hiding()
    with play.phase("resolve"):
        ward.let_it_read()
    with play.phase("take the next one"):
        taken = ward.take("taken.dump")
    evidence.looked_at(len(taken.rows))
    evidence.attach("could not be read", unreadable)
    evidence.played = play.ended("from the diagnosis to the next backup's end; causing it is left out")
    assert "permission denied for table ailing_new" in failed.result.stderr, "it failed for another reason"
    assert unreadable == ["ailing_new"], f"the diagnosis names {', '.join(unreadable) or 'nothing'}"
    assert hiding == ["ailing_new"], "the diagnosis does not say that rows would be hidden"
    assert taken.whole, f"the next backup ended with {taken.result.status}"
    assert taken.rows == {"public.ailing_known": 3, "public.ailing_new": 5}, "the next backup lacks rows"
