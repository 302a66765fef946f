"""CMP: what the backup does not contain is known, and is kept in another way."""

from __future__ import annotations

import pytest

from fixtures.core.archive import Archive
from fixtures.core.completeness import ADDED
from fixtures.core.examination import Examination
from fixtures.core.plan import Plan
from fixtures.evidence import Evidence

pytestmark = pytest.mark.daily


@pytest.mark.control("CMP-01", severity="normal")
def check_what_is_not_contained_is_covered(
    examination: Examination, readable: Archive, plan: Plan, evidence: Evidence
) -> None:
    """What belongs to the application and is not in the backup is named, and the plan says how it is kept.

    Why: files in object storage and keys of a vault are in no dump, and a restored database points at them.
    Fix: keep it in another way, and say how under [covered] in the plan.
    """
    del readable  # of what is no backup nothing can be said
    items = examination.not_contained()
    evidence.looked_at(1 + len(items))
    evidence.attach("not contained", [item.model_dump() for item in items])
    for item in items:
        # what an archive alone cannot tell, its source may well have covered
        known = examination.manifest is not None or item.what == ADDED
        if known and item.severity in {"blocker", "critical"} and item.what not in plan.covered:
            evidence.undecided(item.what, f"{item.found}; it takes {item.covered_by}")
