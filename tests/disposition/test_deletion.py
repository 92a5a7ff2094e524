"""An original is deleted only as what was read, and for an output that stands."""

import hashlib
import os

from fileq.disposition import dispose, leased_file
from fileq.disposition.leased_file import LeasedFile
from tests.support.dispositions import ended, names, source


def test_an_original_is_not_deleted_for_an_output_that_somebody_changed(ledger, inbox, tmp_path):
    ended(ledger, source(inbox), tmp_path, "")
    (tmp_path / "a.out").write_text("emptied by an accident")
    dispose(ledger)
    assert names(inbox) == ["a.jpg"]


def test_an_original_whose_content_was_edited_within_its_size_and_time_is_not_deleted(ledger, inbox, tmp_path):
    """As programs do that write a rating into a picture and set its time back."""
    path = source(inbox)
    job = ended(ledger, path, tmp_path, "")
    ledger.prior_jobs.record_digest(job, hashlib.sha256(b"original").hexdigest())
    status = path.stat()
    with path.open("r+b") as file:
        file.write(b"ORIGINAL")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    dispose(ledger)
    assert path.read_text() == "ORIGINAL"


def test_a_file_that_has_the_hidden_name_already_is_not_lost(ledger, inbox, tmp_path, monkeypatch):
    monkeypatch.setattr(leased_file, "removal_name", lambda *_: ".hidden")
    ended(ledger, source(inbox), tmp_path, "")
    hide = LeasedFile.hide

    def save_first(self):
        (inbox / ".hidden").write_text("theirs")
        return hide(self)

    with monkeypatch.context() as patch:
        patch.setattr(LeasedFile, "hide", save_first)
        dispose(ledger)
    assert sorted(path.read_text() for path in inbox.iterdir()) == ["original", "theirs"]


def test_one_that_is_as_it_was_read_is(ledger, inbox, tmp_path):
    path = source(inbox)
    job = ended(ledger, path, tmp_path, "")
    ledger.prior_jobs.record_digest(job, hashlib.sha256(b"original").hexdigest())
    dispose(ledger)
    assert names(inbox) == []
