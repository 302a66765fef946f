"""INT: what the backup's own bytes show, before anything is restored."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from fixtures.core.archive import Archive, Database
from fixtures.core.examination import Examination
from fixtures.core.plan import Plan
from fixtures.evidence import Evidence

pytestmark = pytest.mark.daily


@pytest.mark.control("INT-01", severity="blocker")
def check_backup_is_a_backup(examination: Examination, archive: Archive, evidence: Evidence) -> None:
    """The backup is of a kind that can be restored.

    Why: an error message, an empty file or an encrypted one is stored as readily as a dump.
    Fix: look at what the backup job wrote, and at its exit status.
    """
    evidence.looked_at(len(examination.files) or 1)
    assert not archive.unreadable, archive.unreadable


@pytest.mark.control("INT-02", severity="blocker")
def check_backup_is_complete(readable: Archive, evidence: Evidence) -> None:
    """The backup reaches its own end: nothing that it announces was cut off.

    Why: a plain dump cut anywhere still restores with exit status 0.
    Fix: take it again; write to a temporary name and rename at the end.
    """
    _assert_no_flaw(readable, "INT-02", evidence)


@pytest.mark.control("INT-03", severity="blocker")
def check_compression_is_sound(readable: Archive, evidence: Evidence) -> None:
    """Every compressed stream in the backup unpacks to its end and matches its checksum.

    Why: a truncated .gz that is piped into psql restores in part, with exit status 0.
    Fix: take it again; compare the digest at both ends of every copy.
    """
    _assert_no_flaw(readable, "INT-03", evidence)


@pytest.mark.control("INT-04", severity="minor")
def check_nothing_follows_the_end(readable: Archive, evidence: Evidence) -> None:
    """The backup ends where its producer ended it, and is written as its producer writes.

    Why: bytes after the end, or changed line ends, lose nothing; they show that something else writes here.
    """
    _assert_no_flaw(readable, "INT-04", evidence)


@pytest.mark.control("INT-05", severity="blocker")
def check_every_member_is_there(readable: Archive, evidence: Evidence) -> None:
    """Every member file that the table of contents names is there, whole, and nothing else is.

    Why: a directory dump with an emptied member restores that table without rows, with exit status 0.
    """
    _assert_no_flaw(readable, "INT-05", evidence)


@pytest.mark.control("INT-06", severity="blocker")
def check_rows_are_well_formed(database: Database, archive: Archive, evidence: Evidence) -> None:
    """Every table's rows end where they should, and each row has as many fields as the table has columns.

    Why: zeros written into a dump glue rows together; the restore reads them without complaint.
    """
    evidence.looked_at(max(1, sum(table.rows for table in database.tables)))
    _assert_no_flaw(archive, "INT-06", evidence)


@pytest.mark.control("INT-07", severity="blocker")
def check_large_objects_are_there(readable: Archive, evidence: Evidence) -> None:
    """Every large object that the backup lists has its content in the backup.

    Why: a directory dump whose list of large objects was emptied restores them with no content.
    """
    _assert_no_flaw(readable, "INT-07", evidence)


@pytest.mark.control("INT-08", severity="blocker")
def check_producer_left_nothing_out(
    readable: Archive, examination: Examination, plan: Plan, evidence: Evidence
) -> None:
    """The backup was not taken with an option that leaves data, owners or privileges out.

    Why: --enable-row-security dumps only the rows that a role may see, and ends with exit status 0.
    Fix: dump as a superuser or with BYPASSRLS, without -s, -a, -O, -x, --section or --enable-row-security.
    Where -O or -x is meant, the plan says so: flags = ["--no-owner", "--no-privileges"] of the source.
    """
    source = plan.source.get(plan.source_of(examination.backup.name))
    _assert_no_flaw(readable, "INT-08", evidence, accepted=source.flags if source else ())


@pytest.mark.control("INT-09", severity="blocker")
def check_digest_is_the_recorded_one(examination: Examination, evidence: Evidence) -> None:
    """Every file of the backup has the digest that was recorded when it was taken.

    Why: four altered bytes in an uncompressed archive restore as another value, and nothing inside tells.
    Fix: write sha256sum's output beside the backup when it is taken, as FILE.sha256 or SHA256SUMS.
    """
    if not examination.recorded:
        pytest.skip("does not apply: NOT ESTABLISHED, no digest was recorded beside the backup")
    evidence.looked_at(len(examination.recorded))
    found = {file.path: file.sha256 for file in examination.files}
    wrong = [path.name for path, digest in examination.recorded.items() if found[path] != digest]
    assert not wrong, f"not the recorded bytes: {', '.join(sorted(wrong))}"


@pytest.mark.control("INT-10", severity="blocker")
def check_nothing_is_commanded(readable: Archive, evidence: Evidence) -> None:
    """The backup holds nothing but what a producer writes: no command for the shell or for another server.

    Why: psql obeys a backslash anywhere in a plain dump: it runs programs and goes to other databases.
    Fix: do not restore it anywhere; find out who could write to the place where it was kept.
    """
    _assert_no_flaw(readable, "INT-10", evidence)


@pytest.mark.control("INT-11", severity="blocker")
def check_files_are_those_of_the_manifest(examination: Examination, evidence: Evidence) -> None:
    """Every file of the backup is, byte by byte, the one that its manifest lists, and there is no other.

    Why: without it the backup is not restored: nobody knows whose it is.
    Fix: fetch it again; if it was changed where it lies, find out by whom.
    """
    provenance = examination.provenance
    if provenance is None:
        pytest.skip("does not apply: NOT ESTABLISHED, no manifest lies beside the backup")
    evidence.looked_at(len(examination.files) or 1)
    evidence.attach("manifest", {"sha256": provenance.sha256})
    assert not provenance.flaw, f"what lies beside it is no manifest: {provenance.flaw}"
    assert not provenance.files, str(provenance.files)


@pytest.mark.control("INT-12", severity="blocker")
def check_manifest_is_signed(
    examination: Examination, pytestconfig: pytest.Config, evidence: Evidence
) -> None:
    """The manifest was signed by somebody whose key is accepted, and was not changed since.

    Why: who can change a backup where it lies can change an unsigned manifest with it.
    Fix: take backups with --key, and name the keys that are accepted with --signers.
    """
    provenance, signers = examination.provenance, pytestconfig.getoption("--signers")
    if provenance is None:
        pytest.skip("does not apply: NOT ESTABLISHED, no manifest lies beside the backup")
    signature = provenance.signature
    if signature is None and not signers:
        pytest.skip("does not apply: the manifest is not signed, and no accepted key was named")
    evidence.looked_at(1)
    assert signature is not None, "the manifest is not signed"
    evidence.attach("signature", {"key": signature.key, "principal": signature.principal})
    assert not signature.flaw, signature.flaw


@pytest.mark.control("INT-13", severity="critical")
def check_backup_holds_something(examination: Examination, readable: Archive, evidence: Evidence) -> None:
    """The backup holds a table, a row or a large object.

    Why: a dump of the wrong or of an empty database is whole, restores without an error and proves nothing.
    Fix: look at which database is dumped; a waiver of INT-13 says that it may be empty.
    """
    evidence.looked_at(max(1, len(readable.databases)))
    if examination.found().is_empty:
        evidence.undecided(examination.backup.name, "holds no table and no row: restoring it proves nothing")


def _assert_no_flaw(
    archive: Archive, control: str, evidence: Evidence, accepted: Collection[str] = ()
) -> None:
    """Fail on what loses something; report what only shows that the producer is careless."""
    evidence.looked_at(max(1, sum(len(database.entries) for database in archive.databases)))
    flaws = archive.flaws_of(control)
    for flaw in flaws:
        if flaw.harmless and flaw.flag not in accepted:
            evidence.undecided(flaw.where or "the backup", f"anomaly: {flaw.what}")
    loss = [str(flaw) for flaw in flaws if not flaw.harmless]
    assert not loss, "\n".join(loss)
