"""The one way out: whose an output's path is, and how a finished temp file gets its final name.

Nothing partial ever stands under a final name, nothing of anybody else's is overwritten unless the recipe says so,
and an attempt that was given up for dead publishes nothing.
"""

import errno
import glob
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count

import msgspec

from fileq.errors import ErrorKind, JobError, os_failures
from fileq.job import Made, Token
from fileq.ledger import Ledger
from fileq.ledger.files import version_of
from fileq.ledger.jobs import Claim, Fenced
from fileq.ledger.outputs import Owner, Published
from fileq.recipes.recipe import Recipe

_NO_HARD_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS, errno.EXDEV}


class Reservation(msgspec.Struct, frozen=True):
    """A final path that is this attempt's now, and the temp file in the same folder that is to get that name."""

    path: str
    temp: str
    replaces: bool
    """Whether a file may stand there that goes."""


def reserve(ledger: Ledger, claim: Claim, recipe: Recipe, paths: Sequence[str]) -> list[Reservation | None]:
    """Make these output paths this job's own; None where the recipe says to skip what exists.

    Raises JobError (conflict, permission, no_space), and then reserves none. Makes the folders.
    """
    if len(set(paths)) < len(paths):
        raise JobError(
            ErrorKind.CONFLICT,
            f"Two outputs of the recipe {recipe.name} have the same name, {_twice(paths)}.",
            "Give each output a name of its own.",
        )
    with ledger.transaction():
        ledger.jobs.check(claim.token)
        reservations = [_reserve_one(ledger, claim, recipe, paths, number) for number in range(len(paths))]
        for reservation in filter(None, reservations):
            _make_folder(os.path.dirname(reservation.path))
    return reservations


def _make_folder(folder: str) -> None:
    with os_failures(folder):
        try:
            os.makedirs(folder, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise JobError(
                ErrorKind.CONFLICT,
                f"The folder {folder} can't be made: a file stands in its place.",
                "Move that file away and retry, or choose another folder.",
            ) from error


def _twice(paths: Sequence[str]) -> str:
    return next(path for path in paths if paths.count(path) > 1)


def _reserve_one(ledger: Ledger, claim: Claim, recipe: Recipe, paths: Sequence[str], number: int) -> Reservation | None:
    placing = _Placing(ledger, claim, recipe, paths[number])
    if placing.is_taken:
        if recipe.on_conflict == "skip":
            return None
        if recipe.on_conflict == "rename":
            placing = _Placing(ledger, claim, recipe, _free_name(ledger, claim, recipe, paths, number))
    placing.refuse_if_taken()
    temp = temp_path(ledger, claim.token, number, placing.path)
    ledger.outputs.reserve(placing.path, claim.token.job, temp)
    return Reservation(placing.path, temp, placing.exists)


def temp_path(ledger: Ledger, token: Token, number: int, path: str) -> str:
    """A hidden name beside `path` that says whose it is, and that nothing takes for a picture."""
    return os.path.join(os.path.dirname(path), f".fileq-{ledger.name}-{token.job}-{token.attempt}-{number}.tmp")


def _free_name(ledger: Ledger, claim: Claim, recipe: Recipe, paths: Sequence[str], number: int) -> str:
    stem, ending = os.path.splitext(paths[number])
    names = (f"{stem}-{suffix}{ending}" for suffix in count(1))
    return next(name for name in names if name not in paths and not _Placing(ledger, claim, recipe, name).is_taken)


class _Placing:
    """What stands at a path, seen from one job that wants to put its output there."""

    def __init__(self, ledger: Ledger, claim: Claim, recipe: Recipe, path: str) -> None:
        self.path = path
        self._ledger = ledger
        self._claim = claim
        self._recipe = recipe
        self._owner = ledger.outputs.owner(path)
        with os_failures(path):
            self._version = _standing(path)

    @property
    def exists(self) -> bool:
        return self._version is not None

    @property
    def is_taken(self) -> bool:
        return self._anothers_output or self._foreign or self._original

    @property
    def _ours(self) -> bool:
        """Whether the path belongs to this job, or to an earlier one for the same source and recipe."""
        return self._owner is not None and self._same_work(self._owner)

    def _same_work(self, owner: Owner) -> bool:
        return owner.job == self._claim.token.job or (
            owner.source == self._claim.source and owner.recipe == self._recipe.name
        )

    @property
    def _our_file(self) -> bool:
        return self._ours and self._owner is not None and self._version in self._owner.versions

    @property
    def _anothers_output(self) -> bool:
        if self._owner is None or self._ours:
            return False
        return self.exists or not self._owner.state.is_final

    @property
    def _foreign(self) -> bool:
        if self._recipe.on_conflict == "overwrite" or (self._recipe.replace and self._own_source):
            return False
        return self.exists and not self._our_file

    @property
    def _own_source(self) -> bool:
        return os.path.realpath(self.path) == os.path.realpath(self._claim.source)

    @property
    def _original(self) -> bool:
        """Whether a source stands there: this job's, or another's that fileq didn't make itself."""
        if self._recipe.replace:
            return False
        if self._own_source:
            return True
        return self.exists and not self._our_file and self._ledger.outputs.is_a_source(self.path)

    def refuse_if_taken(self) -> None:
        if self._original:
            raise JobError(
                ErrorKind.CONFLICT,
                f"The output {self.path} would take the place of an original.",
                "Choose another folder or name, or set replace = true in the recipe.",
            )
        if self._anothers_output:
            assert self._owner is not None
            raise JobError(
                ErrorKind.CONFLICT,
                f"{self.path} is already the output of {self._owner.source} (recipe {self._owner.recipe}).",
                'Put more in the name, such as {relative} or {ext}, or set on_conflict = "rename".',
            )
        if self._foreign:
            raise JobError(
                ErrorKind.CONFLICT,
                f"{self.path} exists, and is not what fileq made of this source.",
                'Move it away and retry, or set on_conflict to "skip", "rename" or "overwrite".',
            )


def _standing(path: str) -> str | None:
    """The version of what stands at `path`; None where nothing does."""
    try:
        return version_of(os.lstat(path))
    except (FileNotFoundError, NotADirectoryError):
        return None


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
        f"{reservation.path} came into being while the output was made.",
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
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno != errno.EINVAL:  # a file system that can't sync folders
            raise
    finally:
        os.close(handle)


def discard(temps: Iterable[str], *, of_programs: bool = True) -> None:
    """Remove the temp files of an attempt that ended; many were never written.

    `of_programs`: also those that an external program was given, which have an ending after the same name. One that
    can't be removed stays: its folder may be gone, or have become read-only, and the attempt is to end still.
    """
    for temp in temps:
        siblings = glob.glob(f"{glob.escape(temp)}.*", include_hidden=True) if of_programs else []
        for file in (temp, *siblings):
            with suppress(OSError):
                os.unlink(file)
