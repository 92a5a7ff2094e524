"""A finished temp file gets its final name, by its folder's handle, and takes no other file's place than it may."""

import os
from collections.abc import Iterable
from contextlib import ExitStack, suppress

from fileq.errors import ErrorKind, JobError, translate_os_errors
from fileq.files.directory import Directory, open_directory
from fileq.files.identity import is_same_file, version_of
from fileq.files.no_clobber import rename_no_clobber
from fileq.images.protocol import Reservation
from fileq.ledger.tables.outputs import PublishedFile
from fileq.publish.names_apart import TAKEN_HINT


class OutputFolders(ExitStack):
    """The folders of some outputs, each opened once and synced once."""

    def __init__(self) -> None:
        super().__init__()
        self._open: dict[str, Directory] = {}

    def folder_of(self, path: str) -> Directory:
        """Return the folder of an output. Raises OSError."""
        folder = os.path.dirname(path)
        if folder not in self._open:
            self._open[folder] = self.enter_context(open_directory(folder))
        return self._open[folder]

    def status_of(self, path: str) -> os.stat_result:
        """Return the status of what stands there, be it a link. Raises OSError."""
        status = self.folder_of(path).lstat(os.path.basename(path))
        if status is None:
            raise FileNotFoundError(path)
        return status

    def sync(self, folders: Iterable[str]) -> None:
        """Make the names in these folders last. Raises JobError."""
        for folder in folders:
            if folder in self._open:
                with translate_os_errors(folder):
                    self._open[folder].sync()


def place_output(folder: Directory, reserved: Reservation, output: PublishedFile) -> None:
    """Give an output's temp file its final name. Raises JobError (conflict), OSError."""
    temp, name = os.path.basename(reserved.temp), os.path.basename(reserved.path)
    if reserved.kept is not None:
        # A second name first: whatever ends us from here on, what is replaced is there under one of the two. Where the
        # file system has no hard links, or forbids this one, it can't be put back.
        with suppress(OSError), open_directory(os.path.dirname(reserved.kept)) as kept_folder:
            folder.link(name, kept_folder, os.path.basename(reserved.kept))
            kept_folder.sync()
    if not reserved.replaces:
        try:
            rename_no_clobber(folder, temp, folder, name)
        except FileExistsError as error:
            raise _came_into_being(reserved) from error
    elif reserved.version is None:
        try:
            folder.replace(temp, name)
        except IsADirectoryError as error:
            message = f"A folder stands at {reserved.path}, where an output is to go."
            raise JobError(ErrorKind.CONFLICT, message, "Move it away and retry, or choose another name.") from error
    else:
        _replace(folder, temp, name, reserved)
    # Who may write to the folder may have put another file under the temp file's name.
    status = folder.lstat(name)
    if status is None or not is_same_file(status, output.inode, output.version):
        raise _came_into_being(reserved)


def _replace(folder: Directory, temp: str, name: str, reserved: Reservation) -> None:
    """Take the place of the one version that may go.

    The two swap their names, and what has the temp file's name then is looked at: between a look and a rename somebody
    could save a newer file, which would be gone.
    """
    if not _is_version(folder, name, reserved.version):
        raise _came_into_being(reserved)
    if not folder.exchange(temp, name):
        folder.replace(temp, name)
        return
    if not _is_version(folder, temp, reserved.version):
        folder.exchange(temp, name)
        raise _came_into_being(reserved)
    folder.unlink(temp)


def _is_version(folder: Directory, name: str, version: str | None) -> bool:
    status = folder.lstat(name)
    return status is not None and version_of(status) == version


def _came_into_being(reserved: Reservation) -> JobError:
    return JobError(
        ErrorKind.CONFLICT,
        f"{reserved.path} was made or changed by somebody while fileq made the output.",
        TAKEN_HINT,
    )
