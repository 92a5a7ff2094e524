"""What becomes of a watched source once its jobs have ended: it is moved, deleted, or it stays.

The intent is written down before the file moves, so that after a crash whoever is there finishes it. Whatever
happens, there is the file under its old name, or under its new one, or both; never none, unless it was to be deleted.
"""

import errno
import filecmp
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import count

from fileq.errors import JobError, os_failures
from fileq.files.identity import version_of
from fileq.job import JobState
from fileq.ledger import Ledger
from fileq.ledger.departures import Departure

_NO_LINK = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS}


def depart(ledger: Ledger, jobs: Iterable[int] | None = None) -> list[JobError]:
    """See off the sources whose jobs have all ended: those of these jobs, or all. Answer what could not be.

    Such a source stays where it is, and the next scan of its folder tries again.
    """
    problems = []
    for departure in ledger.departures.ready(jobs):
        try:
            with os_failures(departure.source):
                _see_off(ledger, departure)
        except JobError as error:
            problems.append(error)
        ledger.departures.over(departure.id)
    return problems


def _see_off(ledger: Ledger, departure: Departure) -> None:
    if departure.to == "":
        if _is_still_what_was_read(departure) and _outputs_stand(ledger, departure):
            os.unlink(departure.source)
    elif departure.to is not None and not _has_arrived(departure) and _is_still_what_was_read(departure):
        _move(ledger, departure, departure.to)


def _is_still_what_was_read(departure: Departure) -> bool:
    try:
        status = os.stat(departure.source)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return version_of(status) == departure.version and status.st_ino == departure.inode


def _outputs_stand(ledger: Ledger, departure: Departure) -> bool:
    """An original is deleted only for outputs that are there. A job may end well and leave all to a file that was."""
    jobs = (ledger.overview.job(job, forgotten=True) for job in ledger.departures.jobs(departure.id))
    done = [job for job in jobs if job is not None and job.state is JobState.DONE]
    return all(job.outputs and ledger.outputs.still_stand(job.id) for job in done)


def _has_arrived(departure: Departure) -> bool:
    """Whether an earlier try has brought it to its target; then its old name goes too."""
    target = departure.target
    if target is None or not os.path.lexists(target):
        return False
    if not os.path.lexists(departure.source):
        return True
    if not _is_still_what_was_read(departure):
        return os.stat(target).st_ino == departure.inode or version_of(os.stat(target)) == departure.version
    if os.path.samefile(departure.source, target) or filecmp.cmp(departure.source, target, shallow=False):
        os.unlink(departure.source)
        return True
    return False


def _move(ledger: Ledger, departure: Departure, folder: str) -> None:
    with os_failures(folder):
        os.makedirs(folder, exist_ok=True)
    for target in _names(folder, os.path.basename(departure.source)):
        if os.path.lexists(target) or not ledger.departures.choose(departure.id, target):
            continue
        with suppress(FileExistsError):
            _put(ledger, departure, target)
            return


def _names(folder: str, name: str) -> Iterator[str]:
    """x.jpg, x-1.jpg, x-2.jpg, …"""
    stem, ending = os.path.splitext(name)
    yield os.path.join(folder, name)
    yield from (os.path.join(folder, f"{stem}-{number}{ending}") for number in count(1))


def _put(ledger: Ledger, departure: Departure, target: str) -> None:
    """Raises FileExistsError where somebody has put a file there in the meantime."""
    try:
        # A link, unlike a rename, never takes the place of another file.
        os.link(departure.source, target, follow_symlinks=False)
    except OSError as error:
        if error.errno == errno.EXDEV:
            _copy(ledger, departure, target)
        elif error.errno in _NO_LINK:
            _rename(departure.source, target)
            return
        else:
            raise
    os.unlink(departure.source)


def _rename(source: str, target: str) -> None:
    """Where there are no hard links, a look is the best that one can do."""
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, "a file stands there", target)
    os.rename(source, target)


def _copy(ledger: Ledger, departure: Departure, target: str) -> None:
    """To another device: complete and safe on its disk before it has its name, and only then gone from here."""
    temp = os.path.join(os.path.dirname(target), f".fileq-{ledger.name}-departure-{departure.id}.tmp")
    try:
        shutil.copy2(departure.source, temp)
        handle = os.open(temp, os.O_RDWR)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        if not _is_still_what_was_read(departure):
            raise InterruptedError(errno.EINTR, "it changed while it was copied", departure.source)
        _rename(temp, target)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(temp)
