"""Nobody may read a new file who may not read the one that it was made of, access control lists included."""

import os
import struct

import pytest

from fileq.files.attributes import copy_attributes, limit_mode, mode_for

ACCESS, DEFAULT = "system.posix_acl_access", "system.posix_acl_default"
EVE = 65534
USER_OBJ, USER, GROUP_OBJ, MASK, OTHER = 1, 2, 4, 16, 32
NOBODY_IN_PARTICULAR = 2**32 - 1


def acl(*entries):
    """As the kernel keeps one: a version, then a tag, the rights and an id for each entry."""
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


def with_eve(rights, owner=7, group=5, mask=7, other=0):
    return acl(
        (USER_OBJ, owner, NOBODY_IN_PARTICULAR), (USER, rights, EVE), (GROUP_OBJ, group, NOBODY_IN_PARTICULAR),
        (MASK, mask, NOBODY_IN_PARTICULAR), (OTHER, other, NOBODY_IN_PARTICULAR),
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    """One that gives a list to all that is made in it, by which Eve may read and write."""
    path = tmp_path / "folder"
    path.mkdir()
    try:
        os.setxattr(path, DEFAULT, with_eve(7))
    except OSError:
        pytest.skip("This file system has no access control lists.")
    return path


def source(tmp_path, mode, access=None):
    path = tmp_path / "source"
    path.write_text("original")
    path.chmod(mode)
    if access is not None:
        os.setxattr(path, ACCESS, access)
    return path


def made(folder, original, how):
    """The new file's mode and list, after `how` has settled who may read it."""
    read = os.open(original, os.O_RDONLY)
    new = os.open(folder / "new", os.O_RDWR | os.O_CREAT | os.O_EXCL, mode_for(os.fstat(read)))
    how(new, read)
    status = os.fstat(new)
    found = os.getxattr(new, ACCESS) if ACCESS in os.listxattr(new) else None
    os.close(new)
    os.close(read)
    return status.st_mode & 0o777, found


@pytest.mark.parametrize("how", [limit_mode, copy_attributes])
def test_the_list_of_a_folder_opens_nothing_that_was_closed(tmp_path, folder, how):
    assert made(folder, source(tmp_path, 0o640), how) == (0o640, None)


@pytest.mark.parametrize("how", [limit_mode, copy_attributes])
def test_a_list_that_keeps_somebody_out_goes_on_doing_so(tmp_path, folder, how):
    keeps_out = with_eve(0, owner=6, group=4, mask=4, other=4)
    assert made(folder, source(tmp_path, 0o644, keeps_out), how) == (0o644, keeps_out)


def test_what_everybody_may_read_may_be_read_by_whom_the_folder_says(tmp_path, folder):
    _, found = made(folder, source(tmp_path, 0o644), limit_mode)
    assert found is not None
    assert struct.pack("<HHI", USER, 7, EVE) in found


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files that belong to others")
def test_a_list_of_somebody_elses_file_means_others_so_its_owner_alone_may_read_the_new_one(tmp_path, folder):
    original = source(tmp_path, 0o644, with_eve(0, owner=6, group=4, mask=4, other=4))
    os.chown(original, 12345, 12345)
    assert made(folder, original, limit_mode) == (0o600, None)


@pytest.mark.parametrize(("mode", "expected"), [(0o600, 0o600), (0o640, 0o640), (0o644, 0o644), (0o444, 0o644)])
def test_the_mode_is_at_most_the_sources(tmp_path, mode, expected):
    before = os.umask(0o022)
    try:
        assert made(tmp_path, source(tmp_path, mode), limit_mode)[0] == expected
    finally:
        os.umask(before)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files that belong to others")
@pytest.mark.parametrize(("mode", "expected"), [(0o660, 0o600), (0o664, 0o644), (0o750, 0o710), (0o604, 0o600)])
def test_what_a_group_could_do_is_not_given_to_another_one(tmp_path, monkeypatch, mode, expected):
    original = source(tmp_path, mode)
    os.chown(original, 12345, 12345)
    monkeypatch.setattr(os, "fchown", refuse)
    assert made(tmp_path, original, copy_attributes)[0] == expected


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files that belong to others")
def test_a_group_is_kept_where_the_owner_can_not_be(tmp_path, monkeypatch):
    original, chown = source(tmp_path, 0o660), os.fchown
    os.chown(original, 12345, 12345)
    monkeypatch.setattr(os, "fchown", lambda handle, user, group: (refuse if user >= 0 else chown)(handle, user, group))
    assert made(tmp_path, original, copy_attributes)[0] == 0o660
    status = os.stat(tmp_path / "new")
    assert (status.st_uid, status.st_gid) == (os.geteuid(), 12345)


def refuse(*_args):
    raise PermissionError(1, "Operation not permitted")
