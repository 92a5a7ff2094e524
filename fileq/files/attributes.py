"""The attributes of a new file: never more people may read it than the file that it is made of.

A file that takes another's place keeps what that one had: its owner and group where we may set them, its mode,
extended attributes and access control list.
"""

import os
import stat
import sys
from contextlib import suppress

_ACL = "system.posix_acl_access"
_OF_THE_CONTENT = {"security.capability", "security.ima", "security.evm"}
"""Rights that an old content had, and its signatures: they don't come with the new one."""


def mode_for(source: os.stat_result) -> int:
    """Return the mode to make a new file with that is made of `source`; the system takes the umask from it.

    The bits of the group are the first thing that a group of other people would profit by: see `limit_mode`.
    """
    group, others = (source.st_mode >> 3) & 0o6, source.st_mode & 0o6
    both = group & others
    return 0o600 | both << 3 | both


def limit_mode(handle: int, source: int) -> None:
    """Leave an open file that was made of the open file `source` no wider mode than that one's.

    Bits of the group alone stay where both have the same group. A source with an access control list hands that on,
    or its owner alone may read the new file; the list that a folder gives to all that is made in it stays only where
    everybody may read the source.
    """
    if os.name != "posix":
        return
    if _has_acl(source):
        _take_acl(handle, source)
        return
    status, original = os.fstat(handle), os.fstat(source)
    if not original.st_mode & stat.S_IROTH:
        _drop_acl(handle)  # which its folder gives to all that is made in it
    widest = mode_for(original)
    allowed = 0o666 & (original.st_mode | 0o600)
    if widest != allowed and status.st_gid == original.st_gid:
        widest = allowed
    present = stat.S_IMODE(status.st_mode)
    mode = present & widest | widest & ~mode_for(original) & ~_umask()
    if mode != present:
        _set_mode(handle, mode)


def copy_attributes(handle: int, source: int) -> None:
    """Give an open file the owner, group, mode, extended attributes and list of `source`, as far as we may.

    Where the group can't be kept, what it could do is not given to another one. Rights to run as somebody else end
    with the content that had them.
    """
    if os.name != "posix":
        return
    original = os.fstat(source)
    _keep_owner(handle, original)
    keeps_group = os.fstat(handle).st_gid == original.st_gid
    keeps_acl = keeps_group
    _drop_acl(handle)  # one that its folder gives to all that is made in it
    for name in _names(source):
        if name == _ACL and not keeps_group:
            continue
        if not _copy_attribute(handle, source, name):
            keeps_acl = keeps_acl and name != _ACL
    mode = stat.S_IMODE(original.st_mode) & 0o777
    _set_mode(handle, mode if keeps_group and keeps_acl else mode & ~0o066 | mode_for(original) & 0o066)


def _set_mode(handle: int, mode: int) -> None:
    if sys.platform != "win32":
        with suppress(OSError):  # FAT and some network drives have one mode for all files, and refuse others
            os.fchmod(handle, mode)


def _take_acl(handle: int, source: int) -> None:
    """Give a file the access control list of one with the same owner and group; else its owner alone reads it."""
    status, original = os.fstat(handle), os.fstat(source)
    if (status.st_uid, status.st_gid) == (original.st_uid, original.st_gid) and _copy_attribute(handle, source, _ACL):
        return
    _drop_acl(handle)
    _set_mode(handle, 0o600)


def _drop_acl(handle: int) -> None:
    if sys.platform == "linux" and _has_acl(handle):
        with suppress(OSError):
            os.removexattr(handle, _ACL)


def _keep_owner(handle: int, original: os.stat_result) -> None:
    status = os.fstat(handle)
    if sys.platform != "win32" and (status.st_uid, status.st_gid) != (original.st_uid, original.st_gid):
        try:
            os.fchown(handle, original.st_uid, original.st_gid)
        except OSError:  # who isn't root may give a file to another group of theirs
            with suppress(OSError):
                os.fchown(handle, -1, original.st_gid)


def _names(handle: int) -> list[str]:
    if sys.platform == "linux":
        with suppress(OSError):  # this file system has none
            return [name for name in os.listxattr(handle) if name not in _OF_THE_CONTENT]
    return []


def _copy_attribute(handle: int, source: int, name: str) -> bool:
    """Give an open file an extended attribute of `source`. Returns whether it has it now."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setxattr(handle, name, os.getxattr(source, name))
            return True
    return False


def _has_acl(handle: int) -> bool:
    return _ACL in _names(handle)


def _umask() -> int:
    """Return the umask, which can't be read but by setting it, here for a moment to what gives others nothing."""
    umask = os.umask(0o077)
    os.umask(umask)
    return umask
