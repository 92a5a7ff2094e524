"""Whose configs count that are found by the way: the user's own and root's, where nobody else may write to them."""

import os
import shutil
import struct
import tempfile
from contextlib import contextmanager

import pytest

from fileq.config import load_config
from fileq.errors import ConfigError, ExitCode

NOBODY = 65534
DAEMON = 1
"""A user whose group is his alone."""

pytestmark = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can make files that belong to others"
)


@pytest.fixture(autouse=True)
def nobodys_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "user"))
    monkeypatch.delenv("SUDO_UID", raising=False)


@pytest.fixture
def folder():
    """A folder that every user can look into, unlike pytest's."""
    path = tempfile.mkdtemp()
    os.chmod(path, 0o755)
    yield path
    shutil.rmtree(path)


def config(folder, user=0, mode=0o644, group=0, name="fileq.toml"):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write('default = ["avif"]')
    os.chmod(path, mode)
    os.chown(path, user, group)
    return path


@contextmanager
def acting_as(user, group):
    os.setegid(group)
    os.seteuid(user)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


def found(folder, user=0, group=0):
    """The recipe that counts for this user in that folder."""
    with acting_as(user, group):
        return load_config(environ={}, cwd=folder).settings.default


def refusal(folder, user=0, group=0):
    with pytest.raises(ConfigError) as caught:
        found(folder, user, group)
    assert caught.value.exit_code is ExitCode.USAGE
    return str(caught.value)


def test_ones_own_config_and_roots_count(folder):
    config(folder)
    assert found(folder) == ("avif",)
    assert found(folder, DAEMON, DAEMON) == ("avif",)
    os.chown(folder, DAEMON, DAEMON)
    os.chown(os.path.join(folder, "fileq.toml"), DAEMON, DAEMON)
    assert found(folder, DAEMON, DAEMON) == ("avif",)


def test_anothers_config_is_refused_and_named_ones_are_not(folder):
    file = config(folder, user=NOBODY)
    said = refusal(folder)
    assert said.startswith(f"The config {file} is in this folder or above it, and is not yours: it belongs to ")
    assert f"(user {NOBODY})" in said
    assert f"--config {file}" in said
    assert load_config(file, environ={}, cwd=folder).settings.default == ("avif",)
    assert load_config(environ={"FILEQ_CONFIG": file}, cwd=folder).settings.default == ("avif",)


def test_anothers_config_in_a_sticky_folder_above_is_refused(folder):
    os.chmod(folder, 0o1777)
    file = config(folder, user=NOBODY)
    below = os.path.join(folder, "x", "y")
    os.makedirs(below)
    assert file in refusal(below)
    os.chown(file, 0, 0)
    assert found(below) == ("avif",)


@pytest.mark.parametrize(("mode", "group"), [(0o666, 0), (0o646, 0), (0o664, NOBODY), (0o620, 100), (0o664, 54321)])
def test_a_config_that_others_may_write_to_is_refused(folder, mode, group):
    file = config(folder, mode=mode, group=group)
    said = refusal(folder)
    assert said.startswith(f"Others may write to the config {file} (its mode is {mode:03o}).")
    assert f"chmod go-w {file}" in said


@pytest.mark.parametrize(("mode", "counts"), [(0o777, False), (0o775, False), (0o1777, True), (0o1775, True)])
def test_a_config_in_a_folder_that_others_may_write_to_counts_where_it_is_sticky(folder, mode, counts):
    config(folder)
    os.chown(folder, 0, NOBODY)
    os.chmod(folder, mode)
    if counts:
        assert found(folder) == ("avif",)
    else:
        assert f"Others may write to {folder}, " in refusal(folder)


def test_a_config_in_a_folder_of_somebody_else_is_refused(folder):
    config(folder)
    os.chown(folder, NOBODY, 0)
    assert f"{folder}, which it depends on, belongs to " in refusal(folder)


def test_a_group_that_has_nobody_else_in_it_may_write(folder):
    file = config(folder, DAEMON, 0o664, DAEMON)
    os.chown(folder, DAEMON, DAEMON)
    os.chmod(folder, 0o775)
    assert found(folder, DAEMON, DAEMON) == ("avif",)
    os.chown(file, DAEMON, 54321)
    assert "Others may write" in refusal(folder, DAEMON, DAEMON)


def test_a_group_that_another_user_is_in_may_not_write(folder, monkeypatch):
    import grp

    config(folder, DAEMON, 0o664, DAEMON)
    monkeypatch.setattr(grp, "getgrgid", lambda group: grp.struct_group(("daemon", "x", group, ["nobody"])))
    assert "Others may write" in refusal(folder, DAEMON, DAEMON)


def test_an_access_list_lets_others_in_whatever_the_group_is(folder):
    file = config(folder, mode=0o664)
    assert found(folder) == ("avif",)
    nobody_too = [(1, 6, -1), (2, 6, NOBODY), (4, 4, -1), (16, 6, -1), (32, 4, -1)]
    packed = struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *entry) for entry in nobody_too)
    try:
        os.setxattr(file, "system.posix_acl_access", packed)
    except OSError as error:
        pytest.skip(f"no access lists here: {error}")
    assert "Others may write" in refusal(folder)


def test_a_link_has_to_be_ones_own_and_what_it_leads_to_as_well(folder):
    elsewhere = os.path.join(folder, "elsewhere")
    os.mkdir(elsewhere)
    target = config(elsewhere, name="shared.toml")
    link = os.path.join(folder, "fileq.toml")
    os.symlink("elsewhere/shared.toml", link)
    assert found(folder) == ("avif",)
    os.chown(target, NOBODY, 0)
    assert f"{target}, which it depends on, belongs to" in refusal(folder)
    os.chown(target, 0, 0)
    os.chmod(elsewhere, 0o777)
    assert f"Others may write to {elsewhere}" in refusal(folder)
    os.chmod(elsewhere, 0o755)
    os.lchown(link, NOBODY, 0)
    assert "it belongs to" in refusal(folder)


def test_a_link_of_anothers_on_the_way_is_refused(folder):
    config(folder, name="mine.toml")
    os.chmod(folder, 0o1777)
    os.symlink("mine.toml", os.path.join(folder, "middle"))
    os.symlink("middle", os.path.join(folder, "fileq.toml"))
    assert found(folder) == ("avif",)
    os.lchown(os.path.join(folder, "middle"), NOBODY, 0)
    assert "middle, which it depends on, belongs to" in refusal(folder)


def test_for_root_the_files_of_who_called_sudo_count_and_for_nobody_else(folder, monkeypatch):
    config(folder, user=DAEMON)
    os.chown(folder, DAEMON, DAEMON)
    assert "not yours" in refusal(folder)
    monkeypatch.setenv("SUDO_UID", str(DAEMON))
    assert found(folder) == ("avif",)
    assert "not yours" in refusal(folder, NOBODY, NOBODY)
    monkeypatch.setenv("SUDO_UID", "no number")
    assert "not yours" in refusal(folder)


def test_a_users_own_config_counts_as_if_it_was_named(tmp_path):
    (tmp_path / "user" / "fileq").mkdir(parents=True)
    config(tmp_path / "user" / "fileq", user=NOBODY, name="config.toml")
    assert found(str(tmp_path)) == ("avif",)
