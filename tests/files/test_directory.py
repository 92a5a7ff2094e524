"""A folder that is held open stays the one that it was, and nothing is followed that was planted in it."""

import os
import sys
from contextlib import suppress

import pytest

from fileq.files.directory import (
    Directory,
    FolderRemoved,
    FolderReplaced,
    is_drive_missing,
    make_folders,
    open_directory,
    open_without_links,
    reopen_directory,
)


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "folder"
    path.mkdir()
    return path


def test_a_new_file_follows_no_link_and_takes_no_files_place(folder, tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("theirs")
    (folder / "link").symlink_to(victim)
    (folder / "dangling").symlink_to(tmp_path / "made through a link")
    os.link(victim, folder / "hard")
    with open_directory(str(folder)) as directory:
        for name in ("link", "dangling", "hard"):
            with pytest.raises(FileExistsError):
                directory.create(name)
    assert victim.read_text() == "theirs"
    assert not (tmp_path / "made through a link").exists()


def test_a_new_file_is_its_owners_alone(folder):
    with open_directory(str(folder)) as directory:
        os.close(directory.create("a"))
    assert os.stat(folder / "a").st_mode & 0o777 == 0o600


def test_opening_follows_no_link_and_waits_for_no_pipe(folder):
    (folder / "file").write_text("x")
    (folder / "link").symlink_to("file")
    os.mkfifo(folder / "pipe")
    with open_directory(str(folder)) as directory:
        os.close(directory.open("file"))
        os.close(directory.open("pipe"))
        with pytest.raises(OSError, match="symbolic links"):
            directory.open("link")


def test_what_is_done_in_a_folder_is_done_there_though_another_has_its_path_by_now(folder, tmp_path):
    (folder / "a").write_text("here")
    with open_directory(str(folder)) as directory:
        folder.rename(tmp_path / "moved")
        folder.mkdir()
        (folder / "a").write_text("there")
        directory.rename("a", "b")
        directory.unlink("b")
    assert (folder / "a").read_text() == "there"
    assert os.listdir(tmp_path / "moved") == []


@pytest.mark.parametrize(
    ("change", "expected"), [("gone", FolderRemoved), ("link", FolderReplaced), ("new", FolderReplaced)]
)
def test_only_the_same_folder_is_opened_again(folder, tmp_path, change, expected):
    status = os.stat(folder)
    folder.rename(tmp_path / "moved")
    if change == "link":
        folder.symlink_to("moved")
    elif change == "new":
        folder.mkdir()
    with pytest.raises(expected), reopen_directory(str(folder), status.st_dev, status.st_ino):
        pass


def test_folders_are_made_from_the_outside_in_and_those_that_are_there_are_not_counted(folder):
    deep = folder / "a" / "b"
    assert make_folders(str(deep)) == [str(folder / "a"), str(deep)]
    assert make_folders(str(deep)) == []


def test_a_file_in_a_folders_place_is_said(folder):
    (folder / "a").write_text("a file")
    with pytest.raises((FileExistsError, NotADirectoryError)):
        make_folders(str(folder / "a" / "b"))


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="nothing here says which handles are open")
def test_no_handle_stays_open(folder):
    (folder / "a" / "b").mkdir(parents=True)
    before = len(os.listdir("/proc/self/fd"))
    status = os.stat(folder)
    with open_directory(str(folder)) as directory, directory.open_folder("a") as inner:
        inner.sync()
    with open_without_links(str(folder / "a" / "b"), status.st_dev):
        pass
    for path in (folder, folder / "a" / "gone"):
        with suppress(FolderRemoved, FolderReplaced), reopen_directory(str(path), status.st_dev, status.st_ino):
            pass
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_folder_is_away_where_the_nearest_one_that_is_there_is_on_another_device(folder):
    device = os.stat(folder).st_dev
    for path in (folder, folder / "gone", folder / "gone" / "deeper"):
        assert not is_drive_missing(str(path), device)
        assert is_drive_missing(str(path), device + 1)


@pytest.mark.parametrize("by", ["handle", "path"])
def test_what_is_in_a_folder_is_listed_by_its_handle_or_its_path(folder, by):
    (folder / "a").mkdir()
    (folder / "a" / "b").write_text("")
    with open_directory(str(folder)) as held:
        directory = held if by == "handle" else Directory(str(folder), None)
        with directory.open_folder("a") as inner:
            assert inner.list_names() == ["b"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /proc")
def test_where_the_file_system_makes_no_folders_that_is_said_and_not_that_something_is_gone():
    with pytest.raises(PermissionError, match="no folder can be made there"):
        make_folders("/proc/pictures/web")
