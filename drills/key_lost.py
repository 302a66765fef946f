"""DRL: the key that decrypts backups is lost, and all that is left is the escrowed one."""

from __future__ import annotations

import pytest

from fixtures.core.examination import Examination
from fixtures.evidence import Evidence

pytestmark = pytest.mark.monthly


@pytest.mark.control("DRL-06", severity="blocker")
def drill_escrowed_key_decrypts(
    examination: Examination, opened_without_key: list[str], evidence: Evidence
) -> None:
    """The escrowed key alone decrypts the newest backup, and without that key nothing does.

    Runbook:
    1. Take the escrowed key from where it lies (safe, second password manager) to a machine that never had
       the lost one. Nothing else comes along: no key ring, no configuration.
    2. Put it into the environment of this drill and nothing else: RESTOREPROOF_AGE_IDENTITY_FILE for age,
       or RESTOREPROOF_GPG_KEY_FILE with RESTOREPROOF_GPG_PASSPHRASE for OpenPGP.
    3. pytest drills/key_lost.py --backup SOURCE=LOCATION (the newest backup of the source is taken).
    4. If it fails: nobody can read the backups. Take one at once to a key that is known to be there, escrow
       that key, and run this drill again; keep the old backups in case the key turns up.
    5. If it passes: make a new key, put it into encrypt_to of the plan beside the escrowed one, escrow it,
       and remove the lost key from encrypt_to.
    6. Remove the escrowed key from the machine, and put it back.
    """
    encrypted = [file for file in examination.files if file.cipher]
    if not encrypted:
        pytest.skip("does not apply: the backup is not encrypted")
    evidence.looked_at(len(encrypted))
    evidence.attach("encrypted", {file.path.name: file.cipher for file in encrypted})
    assert not examination.archive.unreadable, examination.archive.unreadable
    damaged = [str(flaw) for flaw in examination.archive.flaws_of("INT-03")]
    assert not damaged, "\n".join(damaged)
    provenance = examination.provenance
    assert provenance is not None, "no manifest says what the backup was when it was taken"
    assert provenance.intact, (
        f"its files are not those of its manifest: {provenance.flaw or provenance.files}"
    )
    assert not opened_without_key, f"decrypts without the key: {', '.join(opened_without_key)}"
