"""The move of a source: by a second name on the same device, by a copy on another; only then its first name goes."""

import errno
import os
from contextlib import suppress

from fileq.disposition.copy import copy_file, has_same_content
from fileq.disposition.leased_file import LeasedFile
from fileq.errors import ErrorKind, JobError, translate_os_errors
from fileq.files.directory import Directory, make_folders, open_directory
from fileq.files.identity import is_same_file
from fileq.files.names import copy_name, free_names
from fileq.files.no_clobber import add_name, rename_no_clobber
from fileq.ledger import Ledger


def move_file(ledger: Ledger, file: LeasedFile, folder: str) -> None:
    """Move the source into `folder`, under its own name or one like it. Raises JobError, OSError, Fenced."""
    if file.name is None:
        return  # it has arrived, or is another file by now
    folder = os.path.normpath(folder)
    with translate_os_errors(folder):
        make_folders(folder)
    with open_directory(folder) as target:
        if not _place_in(ledger, file, target) and file.hide():
            if _is_at_target(file, target):
                file.remove()
            else:
                file.restore()
                raise JobError(
                    ErrorKind.MISSING,
                    f"Somebody took {file.target} away while {file.disposition.source} was moved there.",
                    "The source still has its old name; fileq moves it again later.",
                )


def _place_in(ledger: Ledger, file: LeasedFile, target: Directory) -> bool:
    """Have the file in the target folder, there to last; return whether its old name went by that, in one step."""
    if _is_at_target(file, target):
        target.sync()
        return False
    for name in free_names(os.path.basename(file.disposition.source)):
        if target.lstat(name) is not None:
            continue
        if not ledger.dispositions.choose_target(file.lease, os.path.join(target.path, name)):
            continue
        file.target = os.path.join(target.path, name)
        with suppress(FileExistsError):  # somebody has put a file there in the meantime
            moved = _add_target_name(ledger, file, target, name)
            target.sync()
            return moved
    raise AssertionError("there are names without end")


def _is_at_target(file: LeasedFile, target: Directory) -> bool:
    """Return whether the file is at its target already, by this try or an earlier one."""
    if file.target is None or file.name is None:
        return False
    folder, name = os.path.split(file.target)
    if folder != target.path:  # the config says another folder than it did
        return False
    there = target.lstat(name)
    if there is None:
        return False
    if is_same_file(there, file.disposition.inode, file.disposition.version) and _is_on_same_device(file, there):
        return True
    return has_same_content(file.directory, file.name, target, name, file.renew_lease)


def _is_on_same_device(file: LeasedFile, there: os.stat_result) -> bool:
    here = None if file.name is None else file.directory.lstat(file.name)
    return here is not None and here.st_dev == there.st_dev


def _add_target_name(ledger: Ledger, file: LeasedFile, target: Directory, name: str) -> bool:
    """Give the file its name in the target folder; return whether the old name has gone in the same step.

    Raises FileExistsError where a file stands there.
    """
    assert file.name is not None
    try:
        if not add_name(file.directory, file.name, target, name):
            return _rename_hidden(file, target, name)
        _undo_foreign_link(file, target, name)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _copy_across_devices(ledger, file, target, name)
    return False


def _undo_foreign_link(file: LeasedFile, target: Directory, name: str) -> None:
    """Take the link back that a newer file got, put in the source's place just before. Raises OSError then."""
    there = target.lstat(name)
    if there is None or is_same_file(there, file.disposition.inode, file.disposition.version):
        return
    if there.st_nlink > 1:  # else that is the only name that it has left
        target.unlink(name)
    raise InterruptedError(errno.EINTR, "it changed while it was moved", file.disposition.source)


def _rename_hidden(file: LeasedFile, target: Directory, name: str) -> bool:
    """Rename the file, where there are no hard links, once it is hidden and known to be the right one."""
    if not file.hide():
        raise InterruptedError(errno.EINTR, "it changed while it was moved", file.disposition.source)
    assert file.name is not None
    try:
        rename_no_clobber(file.directory, file.name, target, name)
    except OSError:
        file.restore()
        raise
    target.sync()
    file.directory.sync()
    file.name = None
    return True


def _copy_across_devices(ledger: Ledger, file: LeasedFile, target: Directory, name: str) -> None:
    """Copy the file to another device: complete, compared and safe on its disk before it has its name."""
    assert file.name is not None
    temp = copy_name(ledger.name, file.disposition.id)
    ledger.dispositions.announce_temp(file.lease, os.path.join(target.path, temp))
    try:
        copy_file(file.directory, file.name, target, temp, file.renew_lease)
        ledger.dispositions.check_lease(file.lease)
        rename_no_clobber(target, temp, target, name)
    finally:
        with suppress(FileNotFoundError):
            target.unlink(temp)
