"""DRL: a bad statement changed data, and the database is recovered to the moment before it."""

from __future__ import annotations

import pytest

from fixtures.core.recovery.damage import TimelineFork
from fixtures.evidence import Evidence
from fixtures.postgres.recovery.rehearsal import Recovery, Rehearsal


@pytest.mark.quarterly
@pytest.mark.control("DRL-01", severity="blocker")
def drill_recovered_to_before_the_bad_statement(
    rehearsal: Rehearsal, recovery: Recovery, evidence: Evidence
) -> None:
    """Recovery to a moment brings back what was committed until then, and nothing that was committed later.

    Runbook:
    1. Stop whatever writes: each row that is acknowledged from now on is lost, or is carried over by hand.
       Do not touch the damaged cluster otherwise, and do not delete any archived log.
    2. Find the moment. Best is the transaction's id (log_line_prefix with %x, or pg_waldump of that hour's
       segments: the COMMIT behind the DELETE or UPDATE); else its position; else a restore point made before
       a migration; else the time, always with its offset from UTC.
    3. Verify before anything is started: pg_verifybackup of the base backup, backup_label is in it, the
       archive has every segment from START WAL LOCATION on, and pg_waldump reads all of them.
    4. Put the base backup into an empty folder on another machine or port. Set archive_mode = off: a copy
       must never write into its source's archive. Create recovery.signal.
    5. Always set a target (without one a hole in the archive ends in a silent promotion):
       recovery_target_xid or recovery_target_lsn with recovery_target_inclusive = off, or
       recovery_target_time, or recovery_target_name; recovery_target_action = pause;
       recovery_target_timeline = the source's own. Start the server.
    6. It ended with "recovery ended before configured recovery target was reached": a hole, a damaged
       segment, or a target behind the end of the archive. Step 3 tells which. Take an earlier target, or
       get the segment from another place. Never remove the target to get it started.
    7. It waits (pg_get_wal_replay_pause_state() says paused): read pg_last_xact_replay_timestamp() and
       pg_last_wal_replay_lsn(), and look: the newest row from before the statement is there, the statement's
       effect is not. Too early: set a later target and restart. Too late: begin again with step 4.
    8. Only then: select pg_promote(). Take a base backup of the copy, switch archiving on into a new place,
       and lead the application there, or copy the damaged rows back.
    9. Rehearse with: pytest drills/minor_corruption.py --pitr-targets 20, on your own repository with
       --backup prod=pgbackrest:/path?stanza=main.
    """
    _tell(rehearsal, recovery, evidence)
    assert not rehearsal.flaw, f"pg_verifybackup: {rehearsal.flaw}"
    assert not rehearsal.damages, "\n".join(map(str, rehearsal.damages))
    _was_exact(rehearsal, recovery)


@pytest.mark.weekly
@pytest.mark.control("DRL-14", severity="blocker")
def drill_repository_recovered_to_chosen_transactions(
    repository: Rehearsal, request: pytest.FixtureRequest, evidence: Evidence
) -> None:
    """A base backup out of the repository is recovered to chosen transactions, neither one more nor one less.

    Runbook: as for a bad statement (DRL-01), with steps 3 and 4 by the program that keeps the repository:
    1. pgbackrest --stanza=main info, barman list-backup main, or wal-g backup-list --detail: choose the
       newest base backup that was finished before the moment.
    2. Into an empty folder of another machine: pgbackrest --stanza=main --pg1-path=FOLDER --set=LABEL
       --tablespace-map-all=ELSEWHERE --type=none restore; barman recover --get-wal --tablespace
       NAME:ELSEWHERE main LABEL FOLDER; wal-g backup-fetch FOLDER LABEL. On the source's own machine
       tablespaces that are not led elsewhere are written over the live ones.
    3. restore_command: pgbackrest --stanza=main --pg1-path=FOLDER archive-get %f "%p"; barman get-wal main
       %f > "%p"; wal-g wal-fetch %f "%p". The rest as in DRL-01 from step 4 on, archive_mode = off above all.
    """
    broken = [str(one) for one in repository.damages if not isinstance(one, TimelineFork)]
    broken += [repository.flaw] if repository.flaw else []
    for fork in repository.damages:
        if isinstance(fork, TimelineFork):
            evidence.undecided("repository", f"{fork}; what came later needs a base backup of its own")
    assert not broken, "\n".join(broken)
    recovery = request.getfixturevalue("recovery_from_repository")
    _tell(repository, recovery, evidence)
    _was_exact(repository, recovery)


def _tell(rehearsal: Rehearsal, recovery: Recovery, evidence: Evidence) -> None:
    """Leave what was recovered to, and what it took."""
    evidence.looked_at(len(recovery.arrivals))
    evidence.attach(
        "recovered to",
        {
            "base backup": rehearsal.described,
            "transactions": len(rehearsal.ledger.commits),
            "kinds of target": [arrival.target.kind for arrival in recovery.arrivals],
            "transactions before each target": [arrival.target.position for arrival in recovery.arrivals],
        },
    )
    evidence.played = recovery.played


def _was_exact(rehearsal: Rehearsal, recovery: Recovery) -> None:
    """Every copy stood at its target and at no other, and the promoted one has what it should."""
    wrong = [f"{arrival.target}: {what}" for arrival in recovery.arrivals for what in arrival.astray]
    assert not wrong, "\n".join(wrong)
    blind = [f"{arrival.target}: {arrival.unnoticed}" for arrival in recovery.arrivals if arrival.unnoticed]
    assert not blind, f"a wrong target would not have been noticed: {blind}"
    promoted = recovery.promoted
    assert promoted is not None
    assert not promoted.in_recovery, "the copy was promoted and is still in recovery"
    assert promoted.archive_mode == "off", "the promoted copy would write into its source's archive"
    lost = rehearsal.ledger.present(recovery.arrivals[0].target.position) ^ promoted.present
    assert not lost, f"{len(lost)} rows differ after the promotion"
