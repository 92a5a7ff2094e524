"""Finished temp files get their final names, and their jobs end as done."""

import errno
import glob
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress

import msgspec

from fileq.errors import ErrorKind, JobError, os_failures
from fileq.job import Made, Token
from fileq.ledger import Ledger
from fileq.ledger.files import version_of
from fileq.ledger.jobs import Fenced
from fileq.ledger.outputs import Published
from fileq.publish.folders import sync_and_close
from fileq.publish.placing import standing
from fileq.publish.reserving import Reservation

_NO_HARD_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS, errno.EXDEV}


class Finished(msgspec.Struct, frozen=True):
    """An attempt whose temp files are complete. `made` says what each is, under its final name."""

    token: Token
    reservations: Sequence[Reservation]
    made: Sequence[Made]
    note: str


Refused = JobError | Fenced
"""Why an attempt's outputs were not published."""


def publish(ledger: Ledger, finished: Sequence[Finished]) -> dict[Token, Refused]:
    """Give finished temp files their final names, and end their jobs as done; answer those where that may not be.

    Several small jobs share two transactions and one look at each folder: on disk they cost as much as one.
    """
    refused: dict[Token, Refused] = {}
    announced: list[tuple[Finished, list[os.stat_result]]] = []
    with ledger.transaction(durable=True):  # after a loss of power we must still know whose the files are
        for one in finished:
            with _refusals(refused, one.token):
                announced.append((one, _announce(ledger, one)))
    placed = []
    for one, files in announced:
        with _refusals(refused, one.token):
            _place_all(ledger, one)
            placed.append((one, files))
    lasting = []
    synced: set[str] = set()
    for one, files in placed:
        with _refusals(refused, one.token):
            _sync_folders(one, synced)
            lasting.append((one, files))
    with ledger.transaction():
        for one, files in lasting:
            with _refusals(refused, one.token):
                _finish(ledger, one, files)
    return refused


@contextmanager
def _refusals(refused: dict[Token, Refused], token: Token) -> Iterator[None]:
    try:
        yield
    except (JobError, Fenced) as reason:
        refused[token] = reason


def _announce(ledger: Ledger, one: Finished) -> list[os.stat_result]:
    ledger.jobs.check(one.token)
    files = []
    for place in one.reservations:
        with os_failures(place.temp):
            files.append(os.stat(place.temp))
        if not ledger.outputs.publishing(place.path, one.token.job, version_of(files[-1])):
            raise JobError(
                ErrorKind.CHANGED,
                f"A newer version of the source makes {place.path} now.",
                "There is nothing to do: the newer one counts.",
            )
    return files


def _place_all(ledger: Ledger, one: Finished) -> None:
    for place in one.reservations:
        with os_failures(place.path):
            try:
                _place(place)
            except FileNotFoundError:
                ledger.jobs.check(one.token)  # recovery removes the temp files of those it thinks dead
                raise


def _finish(ledger: Ledger, one: Finished, files: Sequence[os.stat_result]) -> None:
    now = time.time()
    published = [
        Published(made, version_of(status), status.st_ino) for made, status in zip(one.made, files, strict=True)
    ]
    bytes_out = sum(made.bytes for made in one.made)
    ledger.jobs.finish(one.token, now, outputs=len(published), bytes_out=bytes_out, note=one.note)
    ledger.outputs.published(one.token.job, published, now)


def _place(reservation: Reservation) -> None:
    if reservation.replaces:
        if reservation.version not in (None, standing(reservation.path)):
            raise _came_into_being(reservation)
        os.replace(reservation.temp, reservation.path)
        return
    try:
        # A link, unlike a rename, fails where somebody has put a file in the meantime.
        os.link(reservation.temp, reservation.path, follow_symlinks=False)
    except FileExistsError as error:
        raise _came_into_being(reservation) from error
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        _rename(reservation)
    else:
        os.unlink(reservation.temp)


def _rename(reservation: Reservation) -> None:
    """Where there are no hard links, a look is the best that one can do."""
    if os.path.lexists(reservation.path):
        raise _came_into_being(reservation)
    os.replace(reservation.temp, reservation.path)


def _came_into_being(reservation: Reservation) -> JobError:
    return JobError(
        ErrorKind.CONFLICT,
        f"{reservation.path} came into being, or was changed, while the output was made.",
        'Move it away and retry, or set on_conflict to "skip", "rename" or "overwrite".',
    )


def _sync_folders(one: Finished, synced: set[str]) -> None:
    """Make the new names durable, but in folders that were `synced` since."""
    for folder in {os.path.dirname(place.path) for place in one.reservations} - synced:
        with os_failures(folder):
            _sync_folder(folder)
        synced.add(folder)


def _sync_folder(folder: str) -> None:
    if not hasattr(os, "O_DIRECTORY"):
        return
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except PermissionError:  # one may put files into it, and not look: then the system decides when they last
        return
    sync_and_close(handle)


def discard(temps: Iterable[str], *, of_programs: bool = True) -> list[str]:
    """Remove the temp files of an attempt that ended; many were never written. Return those that could not go.

    `of_programs`: also those that an external program was given, which have an ending after the same name. One that
    can't be removed stays: its folder may be away, or have become read-only, and the attempt is to end still.
    """
    left = []
    for temp in temps:
        siblings = glob.glob(f"{glob.escape(temp)}.*", include_hidden=True) if of_programs else []
        for file in (temp, *siblings):
            with suppress(OSError):
                os.unlink(file)
            if not _is_gone(file):
                left.append(file)
    return left


def _is_gone(temp: str) -> bool:
    try:
        os.lstat(temp)
    except FileNotFoundError:
        return os.path.isdir(os.path.dirname(temp))  # else its drive may come back, with the file
    except NotADirectoryError:
        return True
    except OSError:  # the drive doesn't answer
        return False
    return False
