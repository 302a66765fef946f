"""LNT: what the field's own rules about access find in the restored copy."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from fixtures.core.lints import Finding
from fixtures.evidence import Evidence

pytestmark = pytest.mark.daily


@pytest.mark.control("LNT-01", severity="normal")
def check_lints_find_nothing(lint_findings: dict[str, tuple[Finding, ...]], evidence: Evidence) -> None:
    """The lints that were named, such as Supabase's own splinter, find nothing in the restored copy.

    Fix: each finding names the page that says what to do.
    """
    evidence.looked_at(len(lint_findings))
    evidence.attach("findings by lint", {name: len(found) for name, found in lint_findings.items()})
    for found in lint_findings.values():
        _tell(found, evidence)


@pytest.mark.control("LNT-02", severity="normal")
def check_pgrls_finds_nothing(pgrls_findings: tuple[Finding, ...], evidence: Evidence) -> None:
    """The rules of pgrls about row level security find nothing in the restored copy.

    Fix: `pgrls explain RULE` says what each is about.
    """
    evidence.looked_at(1)
    _tell(pgrls_findings, evidence)


def _tell(findings: Iterable[Finding], evidence: Evidence) -> None:
    """What a rule of others says is about the source: whatever its level, it fails no backup."""
    for finding in findings:
        evidence.undecided(finding.key, str(finding))
