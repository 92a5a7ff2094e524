"""The digest of an open file, and a second file of the same bytes, whichever way the file system offers."""

import errno
import hashlib
import os

import pytest

from fileq.files import content as module
from fileq.files.content import copy_content, digest_of

CONTENT = bytes(range(256)) * 9000


@pytest.fixture
def handles(tmp_path):
    (tmp_path / "source").write_bytes(CONTENT)
    source = os.open(tmp_path / "source", os.O_RDONLY)
    target = os.open(tmp_path / "target", os.O_RDWR | os.O_CREAT)
    os.lseek(source, 5, os.SEEK_SET)
    yield source, target
    os.close(source)
    os.close(target)


def check(handles, tmp_path):
    copy_content(*handles)
    assert (tmp_path / "target").read_bytes() == CONTENT
    assert os.lseek(handles[0], 0, os.SEEK_CUR) == 5


def test_it_has_all_bytes_and_the_source_stays_at_its_place(handles, tmp_path):
    check(handles, tmp_path)


def refused(*_):
    raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))


def none(*_):
    return 0


@pytest.mark.skipif(not hasattr(os, "copy_file_range"), reason="only Linux copies by itself")
@pytest.mark.parametrize("answer", [refused, none])
def test_where_the_kernel_copies_nothing_it_is_copied_by_hand(handles, tmp_path, monkeypatch, answer):
    monkeypatch.setattr(module, "_cloned", lambda *_: False)
    monkeypatch.setattr(os, "copy_file_range", answer)
    check(handles, tmp_path)


@pytest.mark.skipif(not hasattr(os, "copy_file_range"), reason="only Linux copies by itself")
def test_where_the_kernel_stops_halfway_the_rest_is_copied_by_hand(handles, tmp_path, monkeypatch):
    real = os.copy_file_range

    def half(source, target, count, source_place, target_place):
        return refused() if source_place else real(source, target, 1000, source_place, target_place)

    monkeypatch.setattr(module, "_cloned", lambda *_: False)
    monkeypatch.setattr(os, "copy_file_range", half)
    check(handles, tmp_path)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only Linux has a file that is always full")
def test_no_space_is_an_error(handles):
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
            copy_content(handles[0], full)
    finally:
        os.close(full)


@pytest.mark.parametrize("from_disk", [True, False])
def test_a_digest_is_of_all_bytes_and_the_file_stays_at_its_place(handles, from_disk):
    calls = []
    digest = digest_of(handles[0], lambda: calls.append(os.lseek(handles[0], 0, os.SEEK_CUR)), from_disk=from_disk)
    assert digest == hashlib.sha256(CONTENT).hexdigest()
    assert calls == [2**20, 2 * 2**20, len(CONTENT)]
    assert os.lseek(handles[0], 0, os.SEEK_CUR) == 5


def test_a_digest_that_is_given_up_leaves_the_file_at_its_place(handles):
    def fenced():
        raise KeyError

    with pytest.raises(KeyError):
        digest_of(handles[0], fenced)
    assert os.lseek(handles[0], 0, os.SEEK_CUR) == 5
