"""A source is moved: by a second name on the same device, by a copy on another; only then its first name goes."""

import errno
import os
from contextlib import suppress

from fileq.disposition.copy import copy_file, has_same_content
from fileq.disposition.departing_file import DepartingFile
from fileq.errors import ErrorKind, JobError, os_failures
from fileq.files.directory import Directory, make_folders, open_directory
from fileq.files.identity import is_same_file
from fileq.files.names import copy_name, free_names
from fileq.files.no_clobber import add_name, rename_no_clobber
from fileq.ledger import Ledger


def move(ledger: Ledger, file: DepartingFile, folder: str) -> None:
    """Move the source into `folder`, under its own name or one like it. Raises JobError, OSError, Fenced."""
    if file.name is None:
        return  # it has arrived, or is another file by now
    folder = os.path.normpath(folder)
    with os_failures(folder):
        make_folders(folder)
    with open_directory(folder) as target:
        if not _bring(ledger, file, target) and file.hide():
            if _has_arrived(file, target):
                file.remove()
            else:
                file.come_back()
                raise JobError(
                    ErrorKind.MISSING,
                    f"Somebody took {file.target} away while {file.disposition.source} was moved there.",
                    "It has its old name still, and is moved again later.",
                )


def _bring(ledger: Ledger, file: DepartingFile, target: Directory) -> bool:
    """Have the file stand in the target folder, there to last. Whether its old name went by that, in one step."""
    if _has_arrived(file, target):
        target.sync()
        return False
    for name in free_names(os.path.basename(file.disposition.source)):
        if target.lstat(name) is not None:
            continue
        if not ledger.dispositions.choose_target(file.lease, os.path.join(target.path, name)):
            continue
        file.target = os.path.join(target.path, name)
        with suppress(FileExistsError):  # somebody has put a file there in the meantime
            moved = _give_new_name(ledger, file, target, name)
            target.sync()
            return moved
    raise AssertionError("there are names without end")


def _has_arrived(file: DepartingFile, target: Directory) -> bool:
    """Whether the file stands at its target already: by this try or an earlier one."""
    if file.target is None or file.name is None:
        return False
    folder, name = os.path.split(file.target)
    if folder != target.path:  # the config says another folder than it did
        return False
    there = target.lstat(name)
    if there is None:
        return False
    if is_same_file(there, file.disposition.inode, file.disposition.version) and _on_same_device(file, there):
        return True
    return has_same_content(file.directory, file.name, target, name, file.keep_alive)


def _on_same_device(file: DepartingFile, there: os.stat_result) -> bool:
    here = None if file.name is None else file.directory.lstat(file.name)
    return here is not None and here.st_dev == there.st_dev


def _give_new_name(ledger: Ledger, file: DepartingFile, target: Directory, name: str) -> bool:
    """Raises FileExistsError where a file stands there. Whether the old name has gone in the same step."""
    assert file.name is not None
    try:
        if not add_name(file.directory, file.name, target, name):
            return _rename(file, target, name)
        _take_back_another(file, target, name)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _copy(ledger, file, target, name)
    return False


def _take_back_another(file: DepartingFile, target: Directory, name: str) -> None:
    """A newer file that was put in the source's place just before got the link: it is to have its own name alone."""
    there = target.lstat(name)
    if there is None or is_same_file(there, file.disposition.inode, file.disposition.version):
        return
    if there.st_nlink > 1:  # else that is the only name that it has left
        target.unlink(name)
    raise InterruptedError(errno.EINTR, "it changed while it was moved", file.disposition.source)


def _rename(file: DepartingFile, target: Directory, name: str) -> bool:
    """Without hard links it is renamed, once it is hidden and known to be the right one."""
    if not file.hide():
        raise InterruptedError(errno.EINTR, "it changed while it was moved", file.disposition.source)
    assert file.name is not None
    try:
        rename_no_clobber(file.directory, file.name, target, name)
    except OSError:
        file.come_back()
        raise
    target.sync()
    file.directory.sync()
    file.name = None
    return True


def _copy(ledger: Ledger, file: DepartingFile, target: Directory, name: str) -> None:
    """To another device: complete, compared and safe on its disk before it has its name."""
    assert file.name is not None
    temp = copy_name(ledger.name, file.disposition.id)
    ledger.dispositions.announce_temp(file.lease, os.path.join(target.path, temp))
    try:
        copy_file(file.directory, file.name, target, temp, file.keep_alive)
        ledger.dispositions.check_lease(file.lease)
        rename_no_clobber(target, temp, target, name)
    finally:
        with suppress(FileNotFoundError):
            target.unlink(temp)
