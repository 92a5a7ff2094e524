"""The check that a found config is the user's own, as git makes it (safe.directory) and ssh (StrictModes)."""

import os
import shlex
import stat
import sys
from collections.abc import Collection, Iterator
from contextlib import suppress

from fileq.errors import ConfigError

_GROUP_OR_OTHERS = stat.S_IWGRP | stat.S_IWOTH


def check_ownership(file: str, status: os.stat_result) -> None:
    """Raise ConfigError where the config at `file` isn't the user's (or root's), or others may write to it.

    `status` is that of the opened file, so that what was looked at is what is read. A link has to be the user's as
    well as what it leads to. Windows has no such owners: all is well there.
    """
    if sys.platform != "win32":
        users = trusted_user_ids()
        for place in _steps_of_link(file):
            found = os.lstat(place)
            if stat.S_ISLNK(found.st_mode):
                _check_owner(file, place, found, users)
            else:
                _check(file, place, status, users)
            _check(file, os.path.dirname(place), os.stat(os.path.dirname(place)), users)


def trusted_user_ids() -> set[int]:
    """Return the ids of the users whose files count as one's own: this user, root, and who called sudo to be root."""
    users: set[int] = set()
    if sys.platform != "win32":
        user = os.geteuid()
        caller = os.environ.get("SUDO_UID", "") if user == 0 else ""
        users = {user, 0, *([int(caller)] if caller.isdecimal() else [])}
    return users


def is_writable_by_others(path: str, status: os.stat_result, users: Collection[int]) -> bool:
    """Return whether the mode of a file or folder lets somebody write to it who is not one of `users`, by id.

    In a sticky folder, such as /tmp, nobody can replace what another has put there. With the umask 002 everything is
    writable for a group that has one member, its user: that lets nobody else in.
    """
    has_modes = sys.platform != "win32"
    if not has_modes or not status.st_mode & _GROUP_OR_OTHERS:
        return False
    if stat.S_ISDIR(status.st_mode) and status.st_mode & stat.S_ISVTX:
        return False
    if status.st_mode & stat.S_IWOTH:
        return True
    return _has_acl(path) or not _is_private(status.st_gid, users)


def _steps_of_link(file: str) -> Iterator[str]:
    """Yield the path of a file, and where it leads, link by link. The file was opened, so that there is an end."""
    yield file
    while os.path.islink(file):
        file = os.path.join(os.path.dirname(file), os.readlink(file))
        yield file


def _check(file: str, place: str, status: os.stat_result, users: Collection[int]) -> None:
    _check_owner(file, place, status, users)
    if is_writable_by_others(place, status, users):
        where = "" if place == file else f", which the config {file} depends on"
        raise ConfigError(
            f"Others may write to {'the config ' if place == file else ''}{place}{where}"
            f" (its mode is {stat.S_IMODE(status.st_mode):03o}).",
            f"Fix it: chmod go-w {shlex.quote(place)}. Or name the config on purpose: --config {shlex.quote(file)}",
        )


def _check_owner(file: str, place: str, status: os.stat_result, users: Collection[int]) -> None:
    if status.st_uid in users:
        return
    owner = _name_of(status.st_uid)
    whose = f"it belongs to {owner}" if place == file else f"{place}, which it depends on, belongs to {owner}"
    raise ConfigError(
        f"The config {file} is in this folder or above it, and is not yours: {whose}.",
        f"If you want to use it, name it: --config {shlex.quote(file)}. "
        "Else write your own into this folder: fileq init",
    )


def _is_private(group: int, users: Collection[int]) -> bool:
    """Return whether a group is private to one of `users`: it has the user's name, and nobody else is in it.

    The name counts too, as directory services don't list those whose own group it is.
    """
    if sys.platform != "win32":
        import grp  # noqa: PLC0415  # only those whose group may write wait for it
        import pwd  # noqa: PLC0415

        with suppress(KeyError):
            found = grp.getgrgid(group)
            user = pwd.getpwnam(found.gr_name)
            alone = {user.pw_name}.issuperset(found.gr_mem)
            alone = alone and not any(other.pw_gid == group and other.pw_uid != user.pw_uid for other in pwd.getpwall())
            return alone and user.pw_gid == group and user.pw_uid in users
    return False


def _has_acl(path: str) -> bool:
    """Return whether an access list says more than the mode: the group's bits are then all that anybody may do."""
    if sys.platform == "linux":  # macOS has another interface
        with suppress(OSError):  # most files have no list
            return bool(os.getxattr(path, "system.posix_acl_access"))
    return False


def _name_of(user: int) -> str:
    if sys.platform != "win32":
        import pwd  # noqa: PLC0415

        with suppress(KeyError):
            return f"{pwd.getpwuid(user).pw_name} (user {user})"
    return f"user {user}"
