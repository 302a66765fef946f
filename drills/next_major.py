"""DRL: the server that the backup came from cannot be had any more, only the next major."""

from __future__ import annotations

import pytest

from fixtures.core.played import Play
from fixtures.evidence import Evidence
from fixtures.postgres.rescuing.repeating import Twice

pytestmark = pytest.mark.monthly


@pytest.mark.control("DRL-07", severity="critical")
def drill_backup_restores_into_the_next_major(next_server: Twice, evidence: Evidence) -> None:
    """The backup restores into the next major version of PostgreSQL, with the same rows, objects and grants.

    Runbook:
    1. Read the release notes of the new major under "Migration": what is named there is not in this drill.
    2. Start an empty server of the new major; see that it has every extension of SELECT * FROM pg_extension.
    3. Restore with the programs of the new major, never with those of the old one.
    4. vacuumdb --analyze-in-stages --all, and reindexdb where the new server has another version of ICU or
       of the C library: indexes on text are sorted by it.
    5. Compare with a restore into the old major: this drill does. Definitions that both majors print in
       other words are not compared; try the application before you point it at the new server.
    """
    play = Play("next_major")
    second = next_server.second
    for phase in second.restore.phases:
        play.add(phase.name, phase.seconds)
    with play.phase("compare with the source's major"):
        compared = next_server.compare()
    evidence.looked_at(compared.count)
    evidence.attach(
        "majors", {"from": next_server.restore.server_version, "into": second.restore.server_version}
    )
    evidence.played = play.ended(
        "restoring into the next major and comparing are timed; changing over the application is left out"
    )
    wrong = list(map(str, second.restore.findings))
    assert second.restore.succeeded, f"it does not restore into {second.server.version}: {'; '.join(wrong)}"
    lacking = [str(one) for one in second.restore.explained if one not in next_server.restore.explained]
    if lacking and compared.differences:
        pytest.skip(
            f"not verified: {second.server.version} here is not equipped for it: {'; '.join(lacking)}"
        )
    assert not compared.differences, "; ".join(compared.differences)
