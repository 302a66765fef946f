"""STO: where the backup lies, and whether it will still be there when it is needed."""

from __future__ import annotations

import pytest

from fixtures.core.custody import Custody
from fixtures.core.examination import Examination
from fixtures.core.plan import Plan
from fixtures.evidence import Evidence

pytestmark = pytest.mark.daily


@pytest.mark.control("STO-01", severity="blocker")
def check_backup_can_be_read_back(examination: Examination, evidence: Evidence) -> None:
    """Every byte of the backup can be read from where it lies, and each file is as long as its store says.

    Why: an upload that broke off, a frozen storage class or a lost permission shows only when it is read.
    Fix: store the backup again from its source; look at the permissions of whoever has to restore.
    """
    lengths = dict(examination.custody.lengths)
    evidence.looked_at(len(examination.files))
    unread = [f"{file.path.name}: {file.unread}" for file in examination.files if file.unread]
    assert not unread, "\n".join(unread)
    wrong = [
        f"{file.path.name} has {file.bytes} bytes, its store says {lengths.get(file.path.parts, 0)}"
        for file in examination.files
        if file.bytes != lengths.get(file.path.parts, 0)
    ]
    assert not wrong, "\n".join(wrong)
    if examination.archive.unreadable:
        pytest.skip("not verified: what was read back is no backup")


@pytest.mark.control("STO-02", severity="critical")
def check_backup_is_locked(examination: Examination, plan: Plan, evidence: Evidence) -> None:
    """Nobody can delete or overwrite the backup before its time.

    Why: who takes over a server, or pays for ransomware with it, deletes the backups first.
    Fix: turn on object lock (mode COMPLIANCE) in the bucket, for as long as the plan's retention says.
    """
    custody = _in_a_bucket(examination.custody)
    for what in ("lock", "versioning"):
        if why := custody.why_unread(what):
            pytest.skip(f"not verified: the bucket's {what} cannot be read: {why}")
    evidence.looked_at(len(custody.locks) or 1)
    loose = list(custody.loose(custody.promise(plan, examination.manifest)))
    for file, why, too_early in loose:
        if not too_early:
            evidence.undecided(file, f"it can be deleted before its time: {why}")
    early = [f"{file}: {why}" for file, why, too_early in loose if too_early]
    assert not early, "\n".join(early)


@pytest.mark.control("STO-03", severity="critical")
def check_no_rule_ends_the_backup(examination: Examination, plan: Plan, evidence: Evidence) -> None:
    """No rule of the bucket deletes the backup, or freezes it, before its time.

    Why: a rule that tidies up one folder reaches another; from GLACIER or DEEP_ARCHIVE it takes hours back.
    Fix: narrow the rule's prefix, or lengthen it beyond the plan's retention.
    """
    custody = _in_a_bucket(examination.custody)
    if why := custody.why_unread("lifecycle"):
        pytest.skip(f"not verified: the bucket's lifecycle rules cannot be read: {why}")
    evidence.looked_at(len(custody.rules) or 1)
    early = list(custody.early(custody.promise(plan, examination.manifest)))
    for rule, what, certain in early:
        if not certain:
            evidence.undecided(rule, f"it may end the backup: {what}")
    ended = [f"{rule} {what}" for rule, what, certain in early if certain]
    ended += [f"{file} is frozen already" for file in custody.frozen]
    assert not ended, "\n".join(ended)


@pytest.mark.control("STO-04", severity="critical")
def check_backup_is_encrypted(examination: Examination, subject: str, plan: Plan, evidence: Evidence) -> None:
    """Every file of the backup is encrypted, as the plan says.

    Why: a backup is all of the data in one place, and the store's own encryption opens for the store's key.
    Fix: take backups with encrypt_to in the plan; delete those that were stored in the clear.
    """
    source = plan.source.get(plan.source_of(subject.partition(":")[0]))
    if source is None or not source.encrypt_to:
        pytest.skip("does not apply: the plan asks for no encryption of this backup")
    evidence.looked_at(len(examination.files))
    want = "gpg" if source.encrypt_to[0].startswith("gpg:") else "age"
    wrong = [
        f"{file.path.name} is {f'encrypted with {file.cipher}' if file.cipher else 'not encrypted'}"
        for file in examination.files
        if file.cipher != want
    ]
    assert not wrong, f"want {want}: {', '.join(wrong)}"


def _in_a_bucket(custody: Custody) -> Custody:
    """The custody of a backup in a bucket; in a folder nothing of the kind can be asked."""
    if custody.store != "s3":
        pytest.skip("does not apply: the backup lies in a folder, which has neither locks nor rules")
    return custody
