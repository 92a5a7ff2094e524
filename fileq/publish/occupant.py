"""What stands at a path, and whether an output may be put there."""

import os

from fileq.errors import ErrorKind, JobError, translate_os_errors
from fileq.files.identity import format_version, version_at
from fileq.ledger import Ledger
from fileq.ledger.tables.jobs import Claim
from fileq.ledger.tables.outputs import PathOwner
from fileq.recipes.recipe import Recipe


class Placing:
    """What stands at a path, seen from one job that wants to put its output there."""

    def __init__(self, ledger: Ledger, claim: Claim, recipe: Recipe, path: str) -> None:
        self.path = path
        self._ledger = ledger
        self._claim = claim
        self._recipe = recipe
        self._owner = ledger.outputs.find_owner(path)
        with translate_os_errors(path):
            self.version = version_at(path)

    @property
    def exists(self) -> bool:
        return self.version is not None

    @property
    def replaceable(self) -> str | None:
        """The version that was looked at, and may go; None where any may. Of the source, only the one that was read."""
        if self.replaces_source:
            return format_version(self._claim.size, self._claim.mtime_ns)
        return None if self._recipe.on_conflict == "overwrite" else self.version

    @property
    def is_taken(self) -> bool:
        return self._anothers_output or self._foreign or self._original

    @property
    def _ours(self) -> bool:
        """Whether the path belongs to this job, or to an earlier one for the same source and recipe."""
        return self._owner is not None and self._same_work(self._owner)

    def _same_work(self, owner: PathOwner) -> bool:
        return owner.job == self._claim.token.job or (
            owner.source == self._claim.source and owner.recipe == self._recipe.name
        )

    @property
    def _our_file(self) -> bool:
        return self._ours and self._owner is not None and self.version in self._owner.versions

    @property
    def _anothers_output(self) -> bool:
        if self._owner is None or self._ours:
            return False
        return self.exists or not self._owner.state.is_final

    @property
    def _foreign(self) -> bool:
        if self._recipe.on_conflict == "overwrite" or self.replaces_source:
            return False
        return self.exists and not self._our_file

    @property
    def replaces_source(self) -> bool:
        """Whether the output is to take the place of the job's own source."""
        return self._recipe.replace and self.is_own_source

    @property
    def is_own_source(self) -> bool:
        return os.path.realpath(self.path) == os.path.realpath(self._claim.source)

    @property
    def _original(self) -> bool:
        """Whether a source stands there: this job's, or another's that fileq didn't make itself."""
        if self._recipe.replace:
            return False
        if self.is_own_source:
            return True
        return self.exists and not self._our_file and self._ledger.outputs.is_source(self.path)

    def refuse_if_taken(self) -> None:
        if self.replaces_source and self.version != self.replaceable:
            raise JobError(ErrorKind.CHANGED, f"{self.path} has changed since it was added.", "Add it again.")
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
