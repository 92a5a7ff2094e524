"""Output paths are made a job's own, and their folders made, before anything is written there."""

import os
from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property

from fileq.errors import ErrorKind, FolderUnavailable, JobError, translate_os_errors
from fileq.files.directory import is_drive_missing, make_folders, open_directory
from fileq.files.identity import format_version, status_at, version_of
from fileq.files.names import free_names, kept_name, temp_name
from fileq.files.output_mark import digest_of_recipe, mark_of, read_mark
from fileq.files.output_seal import is_sealed, is_whole
from fileq.images.protocol import Reservation
from fileq.ledger import Ledger
from fileq.ledger.tables.attempts import Claim
from fileq.ledger.tables.outputs import PathOwner
from fileq.ledger.tables.sources.folders import FolderRecord
from fileq.publish.names_apart import TAKEN_HINT, OutputNaming, name_conflict
from fileq.recipes.recipe import Recipe
from fileq.roots import this_hosts_roots


def reserve_outputs(ledger: Ledger, claim: Claim, recipe: Recipe, paths: Sequence[str]) -> list[Reservation | None]:
    """Make these output paths this job's own; None where the recipe says to skip what exists.

    Raises JobError (conflict, permission, no_space), and then reserves none. Makes the folders.
    """
    if not paths:
        return []
    if len(set(paths)) < len(paths):
        raise JobError(
            ErrorKind.CONFLICT,
            f"Two outputs of the recipe {recipe.name} have the same name, {_twice(paths)}.",
            "Give each output a name of its own.",
        )
    with ledger.transaction():
        ledger.attempts.check_token(claim.token)
        naming = OutputNaming(ledger, recipe, claim.source, claim.folder)
        paths = [naming.settle(path) for path in paths]
        reservations = [_reserve_one(ledger, claim, recipe, paths, number) for number in range(len(paths))]
        for folder in {os.path.dirname(reservation.path) for reservation in reservations if reservation}:
            prepare_folder(ledger, folder)
    return reservations


def _twice(paths: Sequence[str]) -> str:
    return next(path for path in paths if paths.count(path) > 1)


def _reserve_one(ledger: Ledger, claim: Claim, recipe: Recipe, paths: Sequence[str], number: int) -> Reservation | None:
    occupant = PathOccupant(ledger, claim, recipe, _own_file(claim, recipe, paths[number]))
    if occupant.is_taken:
        if recipe.on_conflict == "skip":
            return None
        if recipe.on_conflict == "rename":
            occupant = PathOccupant(ledger, claim, recipe, _free_name(ledger, claim, recipe, paths, number))
    occupant.refuse_if_taken()
    name = temp_name(ledger.name, ledger.secret, claim.token.job_id, claim.token.attempt, number)
    temp = os.path.join(os.path.dirname(occupant.path), name)
    ledger.outputs.reserve_path(occupant.path, claim.token.job_id, temp, existing_version=occupant.version)
    return Reservation(
        path=occupant.path, temp=temp, replaces=occupant.exists, version=occupant.replaceable,
        is_source=occupant.replaces_source, kept=_kept_path(ledger, occupant),
    )  # fmt: skip


def _kept_path(ledger: Ledger, occupant: "PathOccupant") -> str | None:
    if not occupant.exists or occupant.is_our_file:
        return None
    folder = os.path.dirname(occupant.path)
    if this_hosts_roots().needed_by(occupant.path):  # other hosts are to find it, too
        return os.path.join(folder, kept_name(ledger.name))
    with suppress(OSError):  # it can't be made: what is kept lies beside the output
        _make_lasting(ledger.database.folder)  # with its ledger on a server, this host may have none yet
        if os.stat(folder).st_dev == os.stat(ledger.database.folder).st_dev:
            _make_lasting(ledger.replaced_folder)
            folder = ledger.replaced_folder
    return os.path.join(folder, kept_name(ledger.name))


def _make_lasting(folder: str) -> None:
    """Make a folder that only we may look into, and those above it, unless it is there."""
    if not os.path.isdir(folder):
        _make_lasting(os.path.dirname(folder))
        os.mkdir(folder, 0o700)
        with open_directory(os.path.dirname(folder)) as parent:
            parent.sync()


def _own_file(claim: Claim, recipe: Recipe, path: str) -> str:
    """The path at which an output replaces its source: where a link leads to it, the file and not the link."""
    real = os.path.realpath(path)
    return real if recipe.replace and real == os.path.realpath(claim.location) else path


def _free_name(ledger: Ledger, claim: Claim, recipe: Recipe, paths: Sequence[str], number: int) -> str:
    return next(
        name
        for name in free_names(paths[number])
        if name not in paths and not PathOccupant(ledger, claim, recipe, name).is_taken
    )


class PathOccupant:
    """What stands at a path, seen from one job that wants to put its output there."""

    def __init__(self, ledger: Ledger, claim: Claim, recipe: Recipe, path: str) -> None:
        self.path = path
        self._ledger = ledger
        self._claim = claim
        self._recipe = recipe
        self._owner = ledger.outputs.find_owner(path)
        with translate_os_errors(path):
            self._status = status_at(path)
        self.version = None if self._status is None else version_of(self._status)

    @property
    def exists(self) -> bool:
        """Whether anything stands there."""
        return self.version is not None

    @property
    def has_owner(self) -> bool:
        """Whether the path belongs to some job."""
        return self._owner is not None

    @property
    def is_own_output(self) -> bool:
        """Whether what stands there is what this job, or an earlier one for the same work, has published."""
        return self.is_our_file

    @property
    def replaceable(self) -> str | None:
        """The version of what stands there that may go; None where any may. Of the source, the one that was read."""
        if self.replaces_source:
            return format_version(self._claim.size, self._claim.mtime_ns)
        return None if self._recipe.on_conflict == "overwrite" else self.version

    @property
    def is_taken(self) -> bool:
        """Whether the path is another's, or a file stands there that may not go."""
        return self._later_maker is not None or self._anothers_output or self._foreign or self._original

    @cached_property
    def _later_maker(self) -> int | None:
        """The job of a later command that made what stands there of this source: the last wish is what stays."""
        if self._status is None:
            return None
        inode, version = self._status.st_ino, version_of(self._status)
        return self._ledger.outputs.find_later_maker(self._claim.token.job_id, inode, version)

    @property
    def _ours(self) -> bool:
        """Whether the path belongs to this job, or to an earlier one for the same source and recipe."""
        return self._owner is not None and self._same_work(self._owner)

    def _same_work(self, owner: PathOwner) -> bool:
        return owner.job_id == self._claim.token.job_id or (
            owner.source == self._claim.source and owner.recipe_name == self._recipe.name
        )

    @cached_property
    def is_our_file(self) -> bool:
        """Whether this job made it, or an earlier one for the same source and recipe; be it by another ledger."""
        if self._owner is None:
            return self.exists and self._is_sealed()
        return self._ours and (self.version in self._owner.versions or self._is_whole_output())

    def _is_whole_output(self) -> bool:
        """Whether the recipe made what stands there, and nobody has changed it since, whatever the ledger knows of it.

        It has another time after a restore or a sync; and a loss of power may have taken from the ledger what it knew.
        """
        mark = read_mark(self.path)
        if mark is None or mark.recipe_digest != digest_of_recipe(self._recipe.mark_name):
            return False
        return is_whole(self.path, mark.text)

    def _is_sealed(self) -> bool:
        mark = mark_of(self._recipe.mark_name, replaces=self._recipe.replace)
        return is_sealed(self.path, mark, self._claim.location, os.path.basename(self._claim.source))

    @property
    def _anothers_output(self) -> bool:
        if self._owner is None or self._ours:
            return False
        if self._owner.state.is_final and self.replaces_source:
            return False  # an earlier recipe had its output in this place, and the source is that by now
        return self.exists or not self._owner.state.is_final

    @property
    def _foreign(self) -> bool:
        if self._recipe.on_conflict == "overwrite" or self.replaces_source:
            return False
        return self.exists and not self.is_our_file

    @property
    def replaces_source(self) -> bool:
        """Whether the output is to take the place of the job's own source."""
        return self._recipe.replace and self.is_own_source

    @cached_property
    def is_own_source(self) -> bool:
        """Whether it is the job's own source, by whichever way the path leads there: a look at each folder of both."""
        return os.path.realpath(self.path) == os.path.realpath(self._claim.location)

    @property
    def _original(self) -> bool:
        """Whether a source stands there: this job's, or another's that fileq didn't make itself."""
        if self._recipe.replace:
            return False
        if self.is_own_source:
            return True
        return self.exists and not self.is_our_file and self._ledger.outputs.is_source(self.path)

    def refuse_if_taken(self) -> None:
        """Raise JobError (conflict, changed) where the output may not be put there."""
        if self.replaces_source and self.version != self.replaceable:
            raise JobError(
                ErrorKind.CHANGED,
                f"{self.path} has changed since it was added.",
                f"Try the job again: it is then read as it is now (fileq retry {self._claim.token.job_id}).",
            )
        if self._original:
            raise JobError(
                ErrorKind.CONFLICT,
                f"The output {self.path} would take the place of an original.",
                "Choose another folder or name, or set replace = true in the recipe.",
            )
        if self._later_maker is not None:
            raise JobError(
                ErrorKind.CONFLICT,
                f"{self.path} is what a later command has made of this file by now (job {self._later_maker}).",
                "To have this one instead, run its command again.",
            )
        if self._anothers_output:
            assert self._owner is not None
            owner, is_own = self._owner, self._owner.source == self._claim.source
            raise name_conflict(self.path, owner.source, owner.recipe_name, is_own=is_own)
        if self._foreign:
            raise JobError(
                ErrorKind.CONFLICT,
                f"{self.path} exists, and fileq did not make it from this source.",
                TAKEN_HINT,
            )


def prepare_folder(ledger: Ledger, path: str) -> None:
    """Make the folder of an output where it is missing, and remember it. Raises JobError.

    Done inside the transaction that reserves the output: retention removes no folder meanwhile, nor afterwards.
    What is known is asked of the ledger, at 3 µs: retention in another process may have removed the folder, and the
    next folder at that path may have the same inode.
    """
    with translate_os_errors(path):
        known = ledger.folders.find_folder(path)
        if known is not None and _is_away(known):
            raise _drive_away(path, "choose another folder, or put any file there.")
        made = set(_make(path))
        status = os.stat(path)
        if made or known is None or not known.is_same_folder(status):
            for one in made | {path}:
                ledger.folders.upsert_folder(one, created_by_fileq=one in made)


def find_source_drive_away(ledger: Ledger, source: str) -> FolderUnavailable | None:
    """Return what to say of a source that is missing as its folder's drive, or its root, is; None where that is there.

    The folder is known from when the source was queued. It is nobody's loss that it isn't known of older jobs. A root
    that is empty is not there: it had at least this source.
    """
    if os.path.lexists(source):
        return None
    folder = os.path.dirname(source)
    root = this_hosts_roots().find_root_of(source)
    if root is not None and _is_empty_or_gone(root):
        message = f"The root {root} is not there: it is empty, or no folder."
        hint = "Mount it, or put it back. If it is not to come back, cancel its jobs."
        return FolderUnavailable(ErrorKind.MISSING, message, hint, folder)
    known = ledger.folders.find_folder(folder)
    return _drive_away(folder, "cancel its jobs.") if known is not None and _is_away(known) else None


def _drive_away(path: str, instead: str) -> FolderUnavailable:
    hint = f"Mount it. If it is not to come back, {instead}"
    return FolderUnavailable(ErrorKind.MISSING, f"The drive of {path} is not there.", hint, path)


def _is_away(known: FolderRecord) -> bool:
    """Whether its drive was taken out: then it is missing, or an empty mount point that is on the drive below."""
    if not is_drive_missing(known.real_path, known.device):
        return False
    return not os.path.ismount(known.real_path) and _is_empty_or_gone(known.real_path)


def _is_empty_or_gone(folder: str) -> bool:
    try:
        return not os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return True


def _make(path: str) -> list[str]:
    try:
        return make_folders(path)
    except (FileExistsError, NotADirectoryError) as error:
        raise JobError(
            ErrorKind.CONFLICT,
            f"The folder {path} can't be made: a file stands in its place, or in that of a folder above it.",
            "Move that file away and retry, or choose another folder.",
        ) from error
