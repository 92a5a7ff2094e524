"""The errors: everything that can go wrong, in one tree.

FileqError                      exit code
├── UsageError                  2   the command line, the config or a program asks for what can't be
│   ├── QueueClosed             2   a program uses a queue that it has closed
│   ├── ConfigError             2   a key or value in the config file
│   │   └── UntrustedError      2   what is asked for counts only once the config is trusted
│   └── NotFoundError           2   no such file, recipe, job or batch
│       └── MissingPathsError   2   files that were named and don't exist
├── WaitTimeout                 1   a program waited for a job, and it has not ended yet; a TimeoutError, too
├── JobNotDone                  1   a job that a program needs to be done was cancelled, or superseded
├── EnvironmentFailure          3   the machine: database, disk, permissions
│   ├── LedgerError             3   the database can't be opened, read or written
│   │   └── DatabaseReplaced    3   another file has its place: what is open is of no use any more
│   └── BrokerError             3   the broker can't be reached, or takes no messages
│       └── BrokerRefused       3   it lets nobody in, or is none: waiting helps nobody
└── JobError                    1   one job failed; `kind` says how (see ErrorKind)
    ├── FolderUnavailable       1   the disk of a folder is full, read-only, or away
    ├── MemoryLimit             1   the job can't be done with the memory that a job may use
    └── Shortage                3   this process has no handles, memory or processes left: no fault of the job

An error has a message (what is wrong and where) and a hint (what to do about it). The user reads
both; a traceback is shown with --debug alone.
"""

import errno
import functools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum, StrEnum
from typing import Any


class ExitCode(IntEnum):
    """What the process says to the shell when it ends."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    ENVIRONMENT = 3
    INTERRUPTED = 130


class ErrorKind(StrEnum):
    """Why a job failed: the same words in tables, JSON and `retry --cause`."""

    UNREADABLE = "unreadable"
    UNSUPPORTED = "unsupported"
    TOO_LARGE = "too_large"
    MISSING = "missing"
    CHANGED = "changed"
    CONFLICT = "conflict"
    NO_SPACE = "no_space"
    PERMISSION = "permission"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    CRASHED = "crashed"
    COMMAND = "command"
    INTERNAL = "internal"

    @property
    def is_transient(self) -> bool:
        """Whether the same job could go well later with nothing changed: then it is tried again."""
        return self in _TRANSIENT


_TRANSIENT = {ErrorKind.NO_SPACE, ErrorKind.TIMEOUT, ErrorKind.MEMORY, ErrorKind.CRASHED, ErrorKind.INTERNAL}


class FileqError(Exception):
    """The root: a message for the user, and a hint on what to do."""

    exit_code = ExitCode.FAILED

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class UsageError(FileqError):
    exit_code = ExitCode.USAGE


class QueueClosed(UsageError):
    """A queue of this program was closed, and is used again."""

    def __init__(self) -> None:
        super().__init__("This queue was closed.", "Open another one: fileq.connect()")


class ConfigError(UsageError):
    """`section`: the table or key at the top of the config that the fault is in; "" where that is unknown."""

    def __init__(self, message: str, hint: str = "", *, section: str = "") -> None:
        super().__init__(message, hint)
        self.section = section


class UntrustedError(ConfigError):
    pass


class NotFoundError(UsageError):
    pass


class MissingPathsError(NotFoundError):
    """`paths`: those that were named, as they were written. `hint` goes before the usual one."""

    def __init__(self, paths: list[str], hint: str = "") -> None:
        names = ", ".join(paths[:5]) + (f" and {len(paths) - 5} more" if len(paths) > 5 else "")
        usual = "Nothing was queued. Check the names."
        super().__init__(f"There is no file, folder or match for: {names}.", f"{usual} {hint}".rstrip())
        self.paths = paths


class WaitTimeout(FileqError, TimeoutError):
    """A job that was waited for has not ended in time. It goes on all the same."""


class JobNotDone(FileqError):
    """A job was to be done, and was cancelled or superseded."""


class EnvironmentFailure(FileqError):
    exit_code = ExitCode.ENVIRONMENT


class LedgerError(EnvironmentFailure):
    pass


class DatabaseReplaced(LedgerError):
    """Another file stands in the place of the database that is open: waiting helps nobody."""


class BrokerError(EnvironmentFailure):
    """The server that messages go through does not do its part. Nothing is lost: the ledger has the jobs."""


class BrokerRefused(BrokerError):
    """The broker does not let us in, or is no broker: waiting helps nobody."""


class JobError(FileqError):
    """One attempt at one job went wrong.

    It crosses from the child to the slot, so all it holds is three strings.
    """

    def __init__(self, kind: ErrorKind, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.kind = kind

    @property
    def is_transient(self) -> bool:
        """Whether the same job could go well later with nothing changed: then it is tried again."""
        return self.kind.is_transient

    def __reduce__(self) -> tuple[Any, ...]:
        return JobError, (self.kind, self.message, self.hint)


class MemoryLimit(JobError):
    """A job is known to need more memory than it may use: it will need as much the next time."""

    is_transient = False

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(ErrorKind.MEMORY, message, hint)

    def __reduce__(self) -> tuple[Any, ...]:
        return MemoryLimit, (self.message, self.hint)


class ForeignLinkError(PermissionError):
    """On the way to a file there is a link of another user's to something that isn't theirs: it is not followed."""


class FolderUnavailable(JobError):
    """All jobs that need `folder` go wrong until somebody has made room there, or brought its drive back."""

    def __init__(self, kind: ErrorKind, message: str, hint: str, folder: str) -> None:
        super().__init__(kind, message, hint)
        self.folder = folder

    def __reduce__(self) -> Any:
        return FolderUnavailable, (self.kind, self.message, self.hint, self.folder)


class Shortage(JobError):
    """This process lacks what no job is to blame for: the job is to be done when there is enough again."""

    exit_code = ExitCode.ENVIRONMENT

    def __init__(self, message: str, hint: str = "", *, of_memory: bool = False) -> None:
        super().__init__(ErrorKind.INTERNAL, message, hint)
        self.of_memory = of_memory

    def __reduce__(self) -> Any:
        return functools.partial(Shortage, of_memory=self.of_memory), (self.message, self.hint)


_NO_PROCESS = "The system lets fileq start no more processes or threads."
_LEAST_MEMORY = 16 * 2**20  # bytes: any library takes less
_NO_MEMORY = "There is no memory left for fileq itself."
_MORE_MEMORY = "Use fewer workers, or allow fileq more memory (ulimit -v)."
_SHORTAGES = {
    errno.EMFILE: ("This process may open no more files.", "Raise the limit (ulimit -n 1024), or use fewer workers."),
    errno.ENFILE: ("The system can open no more files.", "End other programs, or raise its limit (fs.file-max)."),
    errno.EAGAIN: (_NO_PROCESS, "Raise the limit (ulimit -u), or use fewer workers."),
    errno.ENOMEM: (_NO_MEMORY, _MORE_MEMORY),
}


def find_shortage(error: BaseException) -> Shortage | None:
    """Return the shortage that an error means, whoever has raised it; None where it means something else."""
    if isinstance(error, Shortage):
        return error
    number = error.errno if isinstance(error, OSError) else None
    said = str(error).lower()
    if isinstance(error, RuntimeError) and "start new thread" in said:
        number = errno.EAGAIN
    # A library that can't be loaded for want of memory is an ImportError, with the dynamic linker's words.
    if isinstance(error, MemoryError) or (
        isinstance(error, ImportError) and ("map segment" in said or "memory" in said)
    ):
        number = errno.ENOMEM
    return None if number is None else _shortage_of(number)


def find_lack_of_memory() -> Shortage | None:
    """Return the shortage of memory that there is just now in this process; None where there is none.

    A library that gets no memory may fail with any error at all, and leave others that it half loaded to fail later.
    """
    try:
        bytearray(_LEAST_MEMORY)
    except MemoryError:
        return _shortage_of(errno.ENOMEM)
    return None


def _shortage_of(number: int) -> Shortage | None:
    if number not in _SHORTAGES:
        return None
    message, hint = _SHORTAGES[number]
    return Shortage(message, hint, of_memory=number == errno.ENOMEM)


_NO_SPACE = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
_NO_PERMISSION = {errno.EACCES, errno.EPERM}
_NO_DRIVE = {errno.EIO, errno.ENODEV, errno.ENOTCONN, getattr(errno, "ESTALE", errno.EIO)}
_NOT_A_FILE = {errno.EISDIR, errno.ENXIO, errno.ENODEV}


def _translate_permission(error: OSError, path: str) -> JobError:
    if isinstance(error, ForeignLinkError):
        message = f"The path {path} goes through another user's link to what isn't theirs."
        return JobError(ErrorKind.PERMISSION, message, "Name the real file or folder, without the link.")
    return JobError(ErrorKind.PERMISSION, f"No permission for {path}.", "Change the permissions, then retry.")


def translate_os_error(error: OSError, path: str) -> JobError:
    """Return the job error that an OSError at `path` means."""
    return find_shortage(error) or _translate_fault(error, path)


def _translate_fault(error: OSError, path: str) -> JobError:
    return _translate_folder_fault(error, os.path.dirname(path) or ".") or _translate_file_fault(error, path)


def _translate_folder_fault(error: OSError, folder: str) -> FolderUnavailable | None:
    if error.errno in _NO_SPACE:
        message = f"There is no space left to write in {folder}."
        return FolderUnavailable(ErrorKind.NO_SPACE, message, "Free some space, then retry.", folder)
    if error.errno == errno.EROFS:
        message = f"{folder} is read-only."
        return FolderUnavailable(ErrorKind.PERMISSION, message, "Make its drive writable, then retry.", folder)
    if error.errno in _NO_DRIVE and not _responds(folder):
        message = f"The drive of {folder} doesn't answer."
        return FolderUnavailable(ErrorKind.INTERNAL, message, "Bring it back, then retry.", folder)
    return None


def _responds(folder: str) -> bool:
    try:
        os.stat(folder)
    except OSError as error:
        return error.errno not in _NO_DRIVE
    return True


def _translate_file_fault(error: OSError, path: str) -> JobError:
    if error.errno == errno.EFBIG:
        message = f"{path} is larger than the file system or a limit of the system's allows."
        return JobError(ErrorKind.NO_SPACE, message, "Raise the limit (ulimit -f), or choose another folder.")
    if error.errno in _NO_PERMISSION:
        return _translate_permission(error, path)
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return JobError(ErrorKind.MISSING, f"{path} is gone.", "Put it back and retry, or cancel the job.")
    if error.errno in _NOT_A_FILE:
        return JobError(ErrorKind.UNREADABLE, f"{path} is not a regular file.", "Name the files themselves.")
    if error.errno == errno.ENAMETOOLONG:
        message = f"{path} is longer than the file system allows."
        return JobError(ErrorKind.UNSUPPORTED, message, "Shorten the name in the recipe, or choose another folder.")
    reason = error.strerror or str(error)
    return JobError(ErrorKind.INTERNAL, f"{reason}, at {path}.", "Retry. If it happens again, check the disk.")


@contextmanager
def translate_os_errors(path: str) -> Iterator[None]:
    """Raise a JobError for each OSError, about `path`, that the block raises, and for a path with a NUL byte."""
    try:
        yield
    except OSError as error:
        raise translate_os_error(error, path) from error
    except ValueError as error:
        if "\0" not in path:
            raise
        message = f"{path} can't be there: no file has a NUL byte in its name."
        raise JobError(ErrorKind.MISSING, message, "Add the file by its name.") from error
