"""A look at a file says who writes to it, by this process or another, and whether there is a file at all."""

import mmap
import os
import signal
import subprocess
import sys

import pytest

from fileq.watch import probe
from fileq.watch.probe import probe_file, use_leases


@pytest.fixture(autouse=True)
def leases(monkeypatch):
    before = signal.getsignal(signal.SIGIO)
    monkeypatch.setattr(probe, "_leases", False)
    use_leases()
    yield
    signal.signal(signal.SIGIO, before)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(b"\xff\xd8 picture \xff\xd9")
    return path


def test_a_file_at_rest(path):
    seen, status = probe_file(str(path)), os.stat(path)
    assert seen == (status.st_size, status.st_mtime_ns, status.st_ino, False, True)


def test_a_file_that_this_process_writes_to(path):
    with path.open("ab"):
        assert probe_file(str(path)).is_open
    assert probe_file(str(path)).is_open is False


def test_a_file_that_another_process_writes_to(path):
    code = f"import sys; file = open({str(path)!r}, 'ab'); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdout.readline() == b"open\n"
        assert probe_file(str(path)).is_open
        writer.stdin.close()
    assert probe_file(str(path)).is_open is False


def test_a_file_that_is_mapped_for_writing(path):
    with path.open("r+b") as file:
        mapped = mmap.mmap(file.fileno(), 0)
    assert probe_file(str(path)).is_open
    mapped.close()
    assert probe_file(str(path)).is_open is False


def test_readers_do_not_count(path):
    with path.open("rb"):
        assert probe_file(str(path)).is_open is False


def test_without_leases_nobody_knows_who_writes(path, monkeypatch):
    monkeypatch.setattr(probe, "_leases", False)
    assert probe_file(str(path)).is_open is None


@pytest.mark.parametrize("what", ["nothing", "folder", "pipe", "link to nothing", "link loop"])
def test_what_is_no_regular_file(tmp_path, what):
    path = tmp_path / "x.jpg"
    {
        "nothing": lambda: None,
        "folder": path.mkdir,
        "pipe": lambda: os.mkfifo(path),
        "link to nothing": lambda: path.symlink_to("gone"),
        "link loop": lambda: path.symlink_to("x.jpg"),
    }[what]()
    assert probe_file(str(path)) is None


def test_a_link_is_looked_at_as_what_it_leads_to(path, tmp_path):
    (tmp_path / "link.jpg").symlink_to(path)
    assert probe_file(str(tmp_path / "link.jpg")) == probe_file(str(path))


def test_a_file_that_may_not_be_opened_is_there_still(path, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(probe.os, "open", refuse)
    seen = probe_file(str(path))
    assert (seen.size, seen.is_open, seen.has_end) == (path.stat().st_size, None, None)
