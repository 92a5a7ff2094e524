"""What would become of outputs that nobody has begun to make: for plans. Nothing is reserved, made or written."""

import os
from enum import StrEnum

import msgspec

from fileq.errors import ErrorKind, JobError
from fileq.job import Token
from fileq.ledger import Ledger
from fileq.ledger.tables.attempts import Claim
from fileq.publish.reservation import PathOccupant
from fileq.recipes.recipe import Recipe


class OutputFate(StrEnum):
    """What would become of one planned output."""

    NEW = "new"
    REPLACES_OWN = "replaces its own"
    REPLACES_SOURCE = "replaces its source"
    OVERWRITES = "overwrites"
    RENAMED = "gets another name"
    SKIPPED = "skipped"
    CONFLICT = "conflict"
    REFUSED = "would fail"


class OutputForecast(msgspec.Struct, frozen=True, kw_only=True):
    """A planned output's path, whether something stands there, what would become of it, and the problem if any."""

    path: str
    exists: bool
    fate: OutputFate
    problem: JobError | None = None


class Forecaster:
    """Foresees what would become of outputs; what it finds out of folders, it asks once."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._folder_problems: dict[str, JobError | None] = {}

    def forecast(self, path: str, recipe: Recipe, source: str, version: tuple[int, int], job_id: int) -> OutputForecast:
        """Return what would become of the output at `path` of a source of this size and mtime in ns.

        `job_id` is that of an earlier job of the same work, 0 where there is none. Raises LedgerError.
        """
        problem = self._folder_problem(os.path.dirname(path))
        occupant = PathOccupant(self._ledger, _claim(source, version, job_id), recipe, path)
        if problem is not None:
            fate = OutputFate.CONFLICT if problem.kind is ErrorKind.CONFLICT else OutputFate.REFUSED
            return OutputForecast(path=path, exists=occupant.exists, fate=fate, problem=problem)
        if not occupant.exists and not occupant.has_owner:
            return OutputForecast(path=path, exists=False, fate=OutputFate.NEW)
        return _forecast_of(occupant, recipe)

    def _folder_problem(self, folder: str) -> JobError | None:
        if folder not in self._folder_problems:
            self._folder_problems[folder] = find_folder_problem(folder)
        return self._folder_problems[folder]


def _forecast_of(occupant: PathOccupant, recipe: Recipe) -> OutputForecast:
    path, exists = occupant.path, occupant.exists
    if occupant.is_taken and recipe.on_conflict == "skip":
        return OutputForecast(path=path, exists=exists, fate=OutputFate.SKIPPED)
    if occupant.is_taken and recipe.on_conflict == "rename":
        return OutputForecast(path=path, exists=exists, fate=OutputFate.RENAMED)
    try:
        occupant.refuse_if_taken()
    except JobError as error:
        return OutputForecast(path=path, exists=exists, fate=OutputFate.CONFLICT, problem=error)
    if not exists:
        fate = OutputFate.NEW
    elif occupant.replaces_source:
        fate = OutputFate.REPLACES_SOURCE
    else:
        fate = OutputFate.REPLACES_OWN if occupant.is_own_output else OutputFate.OVERWRITES
    return OutputForecast(path=path, exists=exists, fate=fate)


def _claim(source: str, version: tuple[int, int], job_id: int) -> Claim:
    size, mtime_ns = version
    return Claim(
        token=Token(job_id, 0), worker_id=0, tries=0, deaths=0, priority=0, source=source, size=size, mtime_ns=mtime_ns,
        recipe_json="", folder="", relative="", watched=False,
    )  # fmt: skip


def find_folder_problem(folder: str) -> JobError | None:
    """Return why no output could be put into a folder, which may not be there yet; None where it could."""
    above = folder
    while not os.path.lexists(above) and above != os.path.dirname(above):
        above = os.path.dirname(above)
    if not os.path.isdir(above):
        return JobError(
            ErrorKind.CONFLICT,
            f"The folder {folder} can't be made: {above} is no folder.",
            "Move that file away, or choose another folder.",
        )
    if not os.access(above, os.W_OK | os.X_OK):
        return JobError(
            ErrorKind.PERMISSION, f"No file may be written in {above}.", "Change the permissions, or choose --out."
        )
    return None
