"""Linux's rename with flags: to a name that nothing has, or in exchange for another, in one step."""

import ctypes
import errno
import functools
import os
import sys
from collections.abc import Callable
from contextlib import suppress

NO_REPLACE, EXCHANGE = 1, 2  # RENAME_NOREPLACE and RENAME_EXCHANGE, see rename(2)

_NOT_SUPPORTED = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EPERM}
"""EPERM: old containers answer so to a system call that they don't know."""


def renameat2(source: int | None, name: str, target: int | None, to: str, flags: int) -> bool:
    """Rename an entry of one open folder to a name in another, as the flags say.

    Returns False where the system or the file system has no such rename; nothing has changed then. Raises OSError.
    """
    function = _system_call()
    if function is None or source is None or target is None:
        return False
    number = function(source, os.fsencode(name), target, os.fsencode(to), flags)
    if number and number not in _NOT_SUPPORTED:
        raise OSError(number, os.strerror(number), to)
    return not number


@functools.cache
def _system_call() -> Callable[[int, bytes, int, bytes, int], int] | None:
    """Return the system call, as a function that returns an errno, 0 for success; None without one."""
    if sys.platform == "linux":
        with suppress(AttributeError):  # a C library from before 2018
            function = ctypes.CDLL(None, use_errno=True).renameat2

            def call(source: int, name: bytes, target: int, to: bytes, flags: int) -> int:
                done = function(source, ctypes.c_char_p(name), target, ctypes.c_char_p(to), ctypes.c_uint(flags))
                return ctypes.get_errno() if done else 0

            return call
    return None
