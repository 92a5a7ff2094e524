"""A name is given only where nothing stands, on file systems of all kinds, and comes back where it was taken away."""

import errno
import os
import shutil
import subprocess
from contextlib import contextmanager

import pytest

from fileq.files import no_clobber
from fileq.files.directory import opened
from fileq.files.no_clobber import CANNOT_LINK, exchange, give_name, put_back

KINDS = ["the disk of the tests", "tmpfs", "FAT", "no links", "no links and no renameat2"]


@pytest.fixture(params=KINDS)
def folder(request, tmp_path, monkeypatch):
    """A folder on each kind of file system that can be had; where FAT can't, one that answers like it."""
    if request.param == "tmpfs":
        with mounted(tmp_path, "-t", "tmpfs", "tmpfs") as path:
            yield path
    elif request.param == "FAT" and has_fat():
        image = tmp_path / "fat.img"
        subprocess.run(["mkfs.vfat", "-C", image, "2048"], check=True, capture_output=True)
        with mounted(tmp_path, "-o", "loop", image) as path:
            yield path
    else:
        if request.param != KINDS[0]:
            monkeypatch.setattr(os, "link", lambda *_, **__: refuse(errno.EPERM))
        if "renameat2" in request.param:
            monkeypatch.setattr(no_clobber, "_renameat2", lambda: None)
        path = tmp_path / "folder"
        path.mkdir()
        yield path


def has_fat():
    with open("/proc/filesystems", encoding="ascii") as kinds:
        return os.geteuid() == 0 and "vfat" in kinds.read() and shutil.which("mkfs.vfat") is not None


@contextmanager
def mounted(tmp_path, *arguments):
    path = tmp_path / "mounted"
    path.mkdir()
    if os.geteuid():
        pytest.skip("Only root may mount a file system.")
    subprocess.run(["mount", *arguments, path], check=True)
    try:
        yield path
    finally:
        subprocess.run(["umount", path], check=True)


def refuse(number):
    raise OSError(number, os.strerror(number))


def test_a_file_gets_its_name_where_nothing_stands(folder):
    (folder / "temp").write_text("ours")
    with opened(str(folder)) as directory:
        give_name(directory, "temp", directory, "a.jpg")
    assert {path.name: path.read_text() for path in folder.iterdir()} == {"a.jpg": "ours"}


@pytest.mark.parametrize("what", ["a file", "a folder", "a link to nothing"])
def test_nothing_that_stands_there_loses_its_place(folder, what):
    (folder / "temp").write_text("ours")
    if what == "a file":
        (folder / "a.jpg").write_text("theirs")
    elif what == "a folder":
        (folder / "a.jpg").mkdir()
    else:
        try:
            (folder / "a.jpg").symlink_to("nowhere")
        except OSError:
            pytest.skip("This file system has no links.")
    before = os.lstat(folder / "a.jpg").st_mode
    with opened(str(folder)) as directory, pytest.raises(FileExistsError):
        give_name(directory, "temp", directory, "a.jpg")
    assert os.lstat(folder / "a.jpg").st_mode == before
    assert (folder / "temp").read_text() == "ours"
    if what == "a file":
        assert (folder / "a.jpg").read_text() == "theirs"


def test_a_folder_can_be_renamed_so_too(folder):
    (folder / "old").mkdir()
    (folder / "old" / "a.jpg").write_text("inside")
    with opened(str(folder)) as directory:
        give_name(directory, "old", directory, "new")
    assert (folder / "new" / "a.jpg").read_text() == "inside"


def test_what_was_hidden_comes_back_beside_what_has_its_name_by_now(folder):
    (folder / ".hidden").write_text("older")
    (folder / "a.jpg").write_text("newer")
    (folder / "a-1.jpg").write_text("another")
    with opened(str(folder)) as directory:
        assert put_back(directory, ".hidden", "a.jpg") == "a-2.jpg"
        assert put_back(directory, ".hidden", "a.jpg") is None
    assert (folder / "a.jpg").read_text() == "newer"
    assert (folder / "a-2.jpg").read_text() == "older"


def test_two_files_swap_names_in_one_step_or_nothing_changes(folder):
    (folder / "one").write_text("1")
    (folder / "two").write_text("2")
    with opened(str(folder)) as directory:
        swapped = exchange(directory, "one", "two")
    assert [(folder / name).read_text() for name in ("one", "two")] == (["2", "1"] if swapped else ["1", "2"])


@pytest.mark.parametrize("number", sorted(CANNOT_LINK))
def test_each_way_to_say_that_there_are_no_hard_links_leads_to_a_rename(tmp_path, monkeypatch, number):
    (tmp_path / "temp").write_text("ours")
    monkeypatch.setattr(os, "link", lambda *_, **__: refuse(number))
    with opened(str(tmp_path)) as directory:
        give_name(directory, "temp", directory, "a.jpg")
    assert os.listdir(tmp_path) == ["a.jpg"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EROFS, errno.EDQUOT])
def test_a_disk_that_fails_is_said_and_the_file_keeps_its_name(tmp_path, monkeypatch, number):
    (tmp_path / "temp").write_text("ours")
    monkeypatch.setattr(os, "link", lambda *_, **__: refuse(number))
    with opened(str(tmp_path)) as directory, pytest.raises(OSError, match=os.strerror(number)):
        give_name(directory, "temp", directory, "a.jpg")
    assert os.listdir(tmp_path) == ["temp"]


@pytest.mark.skipif(no_clobber._renameat2() is None, reason="here a look is the best that one can do")
def test_without_links_a_file_that_comes_at_the_last_moment_keeps_its_name_too(tmp_path, monkeypatch):
    (tmp_path / "ours").write_text("ours")
    (tmp_path / "name").write_text("theirs")
    monkeypatch.setattr(os, "link", lambda *_, **__: refuse(errno.EPERM))
    with opened(str(tmp_path)) as directory:
        look = directory.look
        monkeypatch.setattr(directory, "look", lambda name: None if name == "name" else look(name))
        with pytest.raises(FileExistsError):
            give_name(directory, "ours", directory, "name")
    assert (tmp_path / "name").read_text() == "theirs"
