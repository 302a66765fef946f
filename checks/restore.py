"""RST: the backup restores, without an error, within its time."""

from __future__ import annotations

import pytest

from fixtures.core.archive import Archive
from fixtures.core.restoration import Restore
from fixtures.evidence import Evidence

pytestmark = pytest.mark.daily


@pytest.mark.control("RST-01", severity="blocker")
def check_restore_has_no_error(restore: Restore, evidence: Evidence) -> None:
    """The backup was restored into an empty server to its end, without a single error.

    Why: an error that is ignored once is ignored every night; each is an object that did not come back.
    """
    evidence.looked_at(max(1, len(restore.databases)))
    evidence.attach("phases", [{"phase": phase.name, "seconds": phase.seconds} for phase in restore.phases])
    if not restore.complete and restore.explained and not restore.findings:
        pytest.skip(f"not verified: the server stopped the restore: {restore.explained[0].explained}")
    assert not restore.findings, "\n".join(str(finding) for finding in restore.findings)
    assert restore.complete, "the restore did not come to its end"


@pytest.mark.control("RST-02", severity="blocker")
def check_restore_ends_in_time(restore: Restore, evidence: Evidence) -> None:
    """The restore ended by itself, before the cap of the plan.

    Why: a truncated tar makes pg_restore spin for ever, without an error.
    """
    evidence.looked_at(max(1, len(restore.phases)))
    assert not restore.capped, f"phase {restore.capped} was ended by its time cap"


@pytest.mark.control("RST-03", severity="normal")
def check_server_had_what_the_archive_needs(restore: Restore, evidence: Evidence) -> None:
    """The throwaway server had every extension, library and locale that the archive needs.

    Why: what the server lacks could not be tested, and says nothing about the backup.
    Fix: use an image that has them: --image.
    """
    evidence.looked_at(1)
    lacking = sorted({finding.explained for finding in restore.explained})
    if lacking:
        pytest.skip(f"not verified: {'; '.join(lacking)} ({len(restore.explained)} objects)")


@pytest.mark.control("RST-04", severity="critical")
def check_server_is_not_older(restore: Restore, readable: Archive, evidence: Evidence) -> None:
    """The throwaway server is of the source's own major, or newer.

    Why: a newer archive on an older server fails on settings alone and hides real errors behind them.
    """
    evidence.looked_at(1)
    major = int(restore.server_version.split(".")[0])
    assert major >= (readable.major or major), f"restored into {major}, dumped from {readable.major}"
