"""A copy on another device is what was read, or the original stays."""

import os

import pytest

from fileq.disposition import copy, dispose, relocation
from tests.support.dispositions import DEAD, ended, everything, names, source
from tests.support.jobs import NOW


def test_a_copy_that_its_disk_does_not_give_back_is_not_trusted(ledger, inbox, tmp_path, shared_memory, monkeypatch):
    path = source(inbox)
    ended(ledger, path, tmp_path, shared_memory)
    monkeypatch.setattr(copy, "digest_of", lambda *_, **__: "another")
    (problem,) = dispose(ledger)
    assert "the copy is not what was read" in problem.message
    assert (names(inbox), os.listdir(shared_memory)) == (["a.jpg"], [])


def test_a_copy_keeps_times_mode_and_attributes(ledger, inbox, tmp_path, shared_memory):
    path = source(inbox)
    os.chmod(path, 0o640)
    os.utime(path, (100, 100))
    with_attributes = True
    try:
        os.setxattr(path, "user.note", b"from the scanner")
        os.makedirs(shared_memory)
        os.setxattr(shared_memory, "user.note", b"")
    except OSError:
        with_attributes = False
    ended(ledger, path, tmp_path, shared_memory)
    assert dispose(ledger) == []
    copied = os.path.join(shared_memory, "a.jpg")
    status = os.stat(copied)
    assert (status.st_mode & 0o777, status.st_mtime) == (0o640, 100)
    if with_attributes:
        assert os.getxattr(copied, "user.note") == b"from the scanner"


def test_within_a_device_a_file_is_moved_without_being_read(ledger, inbox, tmp_path, monkeypatch):
    ended(ledger, source(inbox), tmp_path, tmp_path / "done")
    monkeypatch.setattr(copy, "digest_of", lambda *_, **__: pytest.fail("it was read"))
    assert dispose(ledger) == []
    assert names(tmp_path / "done") == ["a.jpg"]


def test_a_file_of_another_device_with_the_same_inode_is_not_the_source(
    ledger, inbox, tmp_path, shared_memory, monkeypatch
):
    ended(ledger, source(inbox), tmp_path, shared_memory)
    os.mkdir(shared_memory)
    theirs = os.path.join(shared_memory, "a.jpg")
    with open(theirs, "w") as file:
        file.write("THEIRS!!")
    (disposition,) = ledger.dispositions.find_ready_dispositions(NOW)
    lease = ledger.dispositions.take_lease(disposition.id, DEAD, NOW, NOW + 60)
    assert ledger.dispositions.choose_target(lease, theirs)
    monkeypatch.setattr(relocation, "is_same_file", lambda *_: True)
    assert dispose(ledger) == []
    assert sorted(everything(shared_memory)) == [("a-1.jpg", b"original"), ("a.jpg", b"THEIRS!!")]
