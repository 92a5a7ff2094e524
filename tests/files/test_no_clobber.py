"""A name is given only where nothing stands, on file systems of all kinds, and comes back where it was taken away."""

import ast
import errno
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from fileq.files import directory, no_clobber
from fileq.files.directory import open_directory
from fileq.files.identity import version_of
from fileq.files.no_clobber import add_name, hide_file, rename_no_clobber, restore_name

KINDS = ["the disk of the tests", "tmpfs", "FAT", "no links", "no links and no renameat2", "an old container"]

NO_HARD_LINKS = [errno.EPERM, errno.EACCES, errno.EMLINK, errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EXDEV]


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
        if request.param == "FAT":
            sys.stderr.write("FAT can't be mounted here: links are refused as it refuses them.\n")
        if request.param not in {KINDS[0], "an old container"}:
            monkeypatch.setattr(os, "link", lambda *_, **__: refuse(errno.EPERM))
        if "renameat2" in request.param:
            monkeypatch.setattr(directory, "_find_renameat2", lambda: None)
        if request.param == "an old container":
            monkeypatch.setattr(directory, "_find_renameat2", lambda: lambda *_: errno.EPERM)
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
    with open_directory(str(folder)) as directory:
        rename_no_clobber(directory, "temp", directory, "a.jpg")
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
    with open_directory(str(folder)) as directory, pytest.raises(FileExistsError):
        rename_no_clobber(directory, "temp", directory, "a.jpg")
    assert os.lstat(folder / "a.jpg").st_mode == before
    assert (folder / "temp").read_text() == "ours"
    if what == "a file":
        assert (folder / "a.jpg").read_text() == "theirs"


def test_a_folder_can_be_renamed_so_too(folder):
    (folder / "old").mkdir()
    (folder / "old" / "a.jpg").write_text("inside")
    with open_directory(str(folder)) as directory:
        rename_no_clobber(directory, "old", directory, "new")
    assert (folder / "new" / "a.jpg").read_text() == "inside"


def add_or_rename(directory, name, to):
    if not add_name(directory, name, directory, to):
        directory.rename(name, to)


def test_a_second_name_is_given_or_nothing_changes(folder):
    (folder / "a.jpg").write_text("ours")
    (folder / "b.jpg").write_text("theirs")
    with open_directory(str(folder)) as directory:
        with pytest.raises(FileExistsError):
            add_or_rename(directory, "a.jpg", "b.jpg")
        linked = add_name(directory, "a.jpg", directory, "c.jpg")
    assert sorted(os.listdir(folder)) == ["a.jpg", "b.jpg", "c.jpg"][: 3 if linked else 2]
    assert (folder / "b.jpg").read_text() == "theirs"


def test_a_file_is_hidden_and_another_in_its_place_keeps_its_name(folder):
    (folder / "a.jpg").write_text("ours")
    (folder / "b.jpg").write_text("theirs, and newer")
    with open_directory(str(folder)) as directory:
        status = os.lstat(folder / "a.jpg")
        which = status.st_ino, version_of(status)
        assert not hide_file(directory, "b.jpg", ".b", *which)
        assert not hide_file(directory, "missing.jpg", ".missing", *which)
        assert hide_file(directory, "a.jpg", ".a", *which)
    assert {path.name: path.read_text() for path in folder.iterdir()} == {".a": "ours", "b.jpg": "theirs, and newer"}


def test_hiding_a_file_takes_nobodys_place(folder):
    (folder / "a.jpg").write_text("ours")
    (folder / ".a").write_text("theirs")
    status = os.lstat(folder / "a.jpg")
    with open_directory(str(folder)) as directory, pytest.raises(FileExistsError):
        hide_file(directory, "a.jpg", ".a", status.st_ino, version_of(status))
    assert {path.name: path.read_text() for path in folder.iterdir()} == {"a.jpg": "ours", ".a": "theirs"}


def test_what_was_hidden_comes_back_beside_what_has_its_name_by_now(folder):
    (folder / ".hidden").write_text("older")
    (folder / "a.jpg").write_text("newer")
    (folder / "a-1.jpg").write_text("another")
    with open_directory(str(folder)) as directory:
        assert restore_name(directory, ".hidden", "a.jpg") == "a-2.jpg"
        assert restore_name(directory, ".hidden", "a.jpg") is None
    assert (folder / "a.jpg").read_text() == "newer"
    assert (folder / "a-2.jpg").read_text() == "older"


def test_two_files_swap_names_in_one_step_or_nothing_changes(folder):
    (folder / "one").write_text("1")
    (folder / "two").write_text("2")
    with open_directory(str(folder)) as directory:
        swapped = directory.exchange("one", "two")
    assert [(folder / name).read_text() for name in ("one", "two")] == (["2", "1"] if swapped else ["1", "2"])


@pytest.mark.parametrize("number", NO_HARD_LINKS)
def test_each_way_to_say_that_there_are_no_hard_links_leads_to_a_rename(tmp_path, monkeypatch, number):
    (tmp_path / "temp").write_text("ours")
    monkeypatch.setattr(os, "link", lambda *_, **__: refuse(number))
    with open_directory(str(tmp_path)) as directory:
        rename_no_clobber(directory, "temp", directory, "a.jpg")
    assert os.listdir(tmp_path) == ["a.jpg"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EROFS, errno.EDQUOT])
def test_a_disk_that_fails_is_said_and_the_file_keeps_its_name(tmp_path, monkeypatch, number):
    (tmp_path / "temp").write_text("ours")
    monkeypatch.setattr(os, "link", lambda *_, **__: refuse(number))
    with open_directory(str(tmp_path)) as directory, pytest.raises(OSError, match=os.strerror(number)):
        rename_no_clobber(directory, "temp", directory, "a.jpg")
    assert os.listdir(tmp_path) == ["temp"]


@pytest.mark.skipif(directory._find_renameat2() is None, reason="here a look is the best that one can do")
def test_without_links_a_file_that_comes_at_the_last_moment_keeps_its_name_too(tmp_path, monkeypatch):
    (tmp_path / "ours").write_text("ours")
    (tmp_path / "name").write_text("theirs")
    monkeypatch.setattr(os, "link", lambda *_, **__: refuse(errno.EPERM))
    with open_directory(str(tmp_path)) as directory:
        lstat = directory.lstat
        monkeypatch.setattr(directory, "lstat", lambda name: None if name == "name" else lstat(name))
        with pytest.raises(FileExistsError):
            rename_no_clobber(directory, "ours", directory, "name")
    assert (tmp_path / "name").read_text() == "theirs"


def test_no_room_but_this_one_links_or_renames():
    root = Path(no_clobber.__file__).parents[1]
    elsewhere = (path for path in root.rglob("*.py") if path.parent.name != "files")
    calls = {
        f"{path.relative_to(root)}:{node.lineno}"
        for path in elsewhere
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {"os.link", "os.rename", "shutil.move"}
    }
    assert calls == set()
