"""A link is followed only where nobody can hand in by it what isn't theirs."""

import os

import pytest

from fileq.errors import ForeignLinkError
from fileq.files.directory import make_folders, open_directory
from fileq.files.resolution import open_trusted

EVE = 65534
only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files that belong to others")


@pytest.fixture
def shared(tmp_path):
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o777)
    return folder


@pytest.fixture
def private(tmp_path):
    """A folder of ours, with a file."""
    folder = tmp_path / "private"
    folder.mkdir()
    (folder / "a").write_text("ours")
    return folder


def read(path):
    handle = open_trusted(str(path), os.O_RDONLY)
    with os.fdopen(handle) as file:
        return file.read()


def link(path, target, owner=None):
    path.symlink_to(target)
    if owner is not None:
        os.lchown(path, owner, owner)
    return path


@pytest.mark.parametrize("target", ["a", "./a", "../private/a", "absolute"])
def test_our_own_links_are_followed_wherever_they_lead(shared, private, target):
    where = link(private / "link", str(private / "a") if target == "absolute" else target)
    assert read(where) == "ours"
    assert read(link(shared / "way", private) / "link") == "ours"


@only_root
@pytest.mark.parametrize("of", ["the file", "its folder", "a folder above that", "a link of ours to a link"])
def test_a_strangers_link_to_what_is_not_theirs_is_not_followed(shared, private, of):
    if of == "the file":
        path = link(shared / "link", private / "a", EVE)
    elif of == "its folder":
        path = link(shared / "link", private, EVE) / "a"
    elif of == "a folder above that":
        path = link(shared / "link", private.parent, EVE) / "private" / "a"
    else:
        link(shared / "theirs", private / "a", EVE)
        path = link(private / "link", shared / "theirs")
    with pytest.raises(ForeignLinkError):
        read(path)


@only_root
def test_a_strangers_link_to_what_is_theirs_is_followed(shared):
    theirs = shared / "theirs"
    theirs.mkdir()
    (theirs / "a").write_text("Eve's")
    for path in (theirs, theirs / "a"):
        os.chown(path, EVE, EVE)
    assert read(link(shared / "link", theirs, EVE) / "a") == "Eve's"


@only_root
def test_a_link_in_a_folder_of_ours_to_which_nobody_else_may_write_is_as_good_as_ours(private, tmp_path):
    path = link(tmp_path / "link", private / "a", EVE)
    tmp_path.chmod(0o755)
    assert read(path) == "ours"
    tmp_path.chmod(0o1777)
    with pytest.raises(ForeignLinkError):
        read(path)


@only_root
def test_nothing_is_made_behind_a_strangers_link(shared, private):
    way = link(shared / "link", private, EVE)
    with pytest.raises(ForeignLinkError):
        make_folders(str(way / "deep" / "deeper"))
    with pytest.raises(ForeignLinkError), open_directory(str(way)):
        pass
    assert os.listdir(private) == ["a"]


def test_links_that_go_round_in_a_circle_and_files_in_a_folders_place_are_said(shared, private):
    link(shared / "one", "two")
    link(shared / "two", "one")
    with pytest.raises(OSError, match="symbolic links"):
        read(shared / "one")
    with pytest.raises(NotADirectoryError):
        read(private / "a" / "b")
    with pytest.raises(FileNotFoundError):
        read(private / "b" / "c")


@pytest.mark.parametrize("count", [40, 41])
def test_as_many_links_are_followed_as_the_system_follows(private, count):
    for number in range(count):
        link(private / str(number), str(number + 1) if number + 1 < count else "a")
    if count == 40:
        assert read(private / "0") == (private / "0").read_text() == "ours"
    else:
        for reading in (read, open):
            with pytest.raises(OSError, match="symbolic links"):
                reading(private / "0")


def test_no_descriptor_is_left_open(shared, private):
    link(shared / "link", private)
    before = len(os.listdir("/proc/self/fd"))
    for path in (shared / "link" / "a", shared / "nowhere", private / "a" / "b"):
        try:
            read(path)
        except OSError:
            continue
    assert len(os.listdir("/proc/self/fd")) == before
