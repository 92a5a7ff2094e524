"""One look at a file that may not be complete."""

import errno
import os
import signal
import stat
import sys

from fileq.files.containers import has_end
from fileq.watch.stability import ProbedFile

if sys.platform == "linux":
    import fcntl

_FLAGS = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)

_leases = False


def use_leases() -> None:
    """Ask the system who writes to a file, where it can say so. In the main thread.

    Should somebody open the file in the microseconds that our lease stands, we are sent a SIGIO: it would end us.
    """
    global _leases  # noqa: PLW0603  # a signal's disposition is the process's too
    if sys.platform == "linux":
        signal.signal(signal.SIGIO, signal.SIG_IGN)
        _leases = True


def probe_file(path: str) -> ProbedFile | None:
    """The file at this moment; None where there is no regular file."""
    try:
        # Not to wait for the other end, where a pipe stands there by now.
        file = os.open(path, os.O_RDONLY | _FLAGS)
    except PermissionError:
        return _from_outside(path)
    except OSError:  # it is gone, or a link to nothing
        return None
    try:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode):
            return None
        return ProbedFile(
            status.st_size, status.st_mtime_ns, status.st_ino, _is_written(file), _has_end(file, status.st_size)
        )
    except OSError as error:
        if error.errno in (errno.EIO, errno.ESTALE):  # a network drive that has gone
            return None
        raise
    finally:
        os.close(file)


def _from_outside(path: str) -> ProbedFile | None:
    """What can be seen of a file that can't be opened: the job is to say that, once it rests."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return (
        ProbedFile(status.st_size, status.st_mtime_ns, status.st_ino, None, None)
        if stat.S_ISREG(status.st_mode)
        else None
    )


def _has_end(file: int, size: int) -> bool | None:
    if not size:
        return None
    with open(file, "rb", buffering=0, closefd=False) as content:
        return has_end(content, size)


def _is_written(file: int) -> bool | None:
    """Whether any process has this file open for writing, or mapped so: by a lease, see fcntl(2)."""
    if sys.platform != "linux" or not _leases:
        return None
    try:
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError as error:
        # EACCES: it is another user's. EINVAL: this file system has no leases.
        return True if error.errno == errno.EAGAIN else None
    fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    return False
