"""Names apart for outputs of sources that differ by their endings alone: IMG.jpg and IMG.png both make IMG.jpg.

The source with the output's own ending has the usual name, else the one that came first; each other one gets a name
with its own ending in it: IMG.png.jpg. Whose a name is doesn't depend on which job is done first, nor on whether it
goes well; and once an output stands, its name stays so at every run.
"""

import os
from collections.abc import Iterable, Sequence

from fileq.errors import ErrorKind, JobError
from fileq.files.names import free_names
from fileq.ledger import Ledger
from fileq.ledger.queries.output_names import NameOwner
from fileq.recipes.output_names import may_be_named, name_apart, uses_counter
from fileq.recipes.recipe import Recipe


class OutputNaming:
    """The paths of the outputs of one source, which goes through a recipe into a folder."""

    def __init__(self, ledger: Ledger, recipe: Recipe, source: str, folder: str) -> None:
        self._ledger = ledger
        self._recipe = recipe
        self._source = source
        self._folder = folder

    def settle(self, path: str, rivals: Iterable[str] = ()) -> str:
        """Return the path that an output gets whose usual one is `path`.

        `rivals` are sources that the ledger doesn't know yet and that could want the usual name, or the one apart, the
        source itself among them, in their order. Raises LedgerError.
        """
        rivals = list(rivals)
        apart = name_apart(path, self._source)
        if apart is None or self._recipe.on_conflict == "rename":
            return path
        owners = self._ledger.output_names.find_owners(path, apart)
        if self._is_own(path, owners):
            return path
        if not (self._is_anothers(path, owners) or self._another_comes_first(path, rivals)):
            return apart if self._is_own(apart, owners) else path
        return next(name for name in free_names(apart) if self._can_have(name, rivals))

    def _can_have(self, path: str, rivals: Sequence[str]) -> bool:
        """Whether the path is free or the output's own: of IMG.JPG, Img.jpg and img.jpg two want the same apart."""
        owners = self._ledger.output_names.find_owners(path)
        if self._is_own(path, owners):
            return True
        return not (self._is_anothers(path, owners) or self._is_usual_of_another(path, rivals))

    def _is_usual_of_another(self, path: str, rivals: Sequence[str]) -> bool:
        """Whether a file beside the source has this as its usual name: IMG.png.jpg has the name apart of IMG.png."""
        stem = os.path.join(os.path.dirname(self._source), os.path.splitext(os.path.basename(path))[0])
        known = self._ledger.output_names.find_siblings(stem, self._folder, self._recipe.name)
        return any(
            rival != self._source and self._could_want(rival, stem, path) for rival in dict.fromkeys((*known, *rivals))
        )

    def _is_own(self, path: str, owners: Iterable[NameOwner]) -> bool:
        return any((one.path, one.source, one.recipe_name) == (path, self._source, self._recipe.name) for one in owners)

    def _is_anothers(self, path: str, owners: Iterable[NameOwner]) -> bool:
        """Whether an output of a namesake of the source has this path, or a namesake itself stands there."""
        for owner in owners:
            has_path = owner.path.lower() == path.lower() and are_namesakes(owner.source, self._source)
            if has_path and (not owner.state.is_final or os.path.lexists(owner.path)):
                return True
        return are_namesakes(path, self._source) and os.path.lexists(path) and self._ledger.outputs.is_source(path)

    def _another_comes_first(self, path: str, rivals: Iterable[str]) -> bool:
        stem = os.path.splitext(self._source)[0]
        known = self._ledger.output_names.find_siblings(stem, self._folder, self._recipe.name)
        wanting = [
            rival
            for rival in dict.fromkeys((*known, *rivals, self._source))
            if rival == self._source or self._could_want(rival, stem, path)
        ]
        ending = os.path.splitext(path)[1].lower()
        first = min(wanting, key=lambda rival: os.path.splitext(rival)[1].lower() != ending)
        return first != self._source

    def _could_want(self, rival: str, stem: str, path: str) -> bool:
        """Whether this file is there, has this path without its ending, and makes outputs with the ending of `path`."""
        is_of_stem = os.path.splitext(rival)[0] == stem
        return is_of_stem and may_be_named(self._recipe, rival, path) and os.path.lexists(rival)


def are_namesakes(one: str, other: str) -> bool:
    """Return whether the names of two files differ by their endings, or by small and capital letters, and no more.

    IMG.png and IMG.png.jpg do, too: the first could have its output named like that of the second.
    """
    names = [os.path.basename(path).lower() for path in (one, other)]
    stems = [os.path.splitext(name)[0] for name in names]
    return os.path.basename(one) != os.path.basename(other) and (
        stems[0] == stems[1] or names[0] == stems[1] or names[1] == stems[0]
    )


TAKEN_HINT = (
    "Move it away. Or keep both with --on-conflict rename, or replace it with --overwrite; in a recipe: on_conflict."
)
"""What to do about a file that stands where an output is to go, and may stay or go as people say."""


def name_conflict(path: str, source: str, recipe_name: str, *, is_own: bool = False) -> JobError:
    """Return the error of an output whose path belongs to that of another source; `is_own`: of this, by a recipe."""
    name = "{stem}-{recipe}.{ext}" if is_own else "{stem}-{hash:.8}.{ext}"
    return JobError(
        ErrorKind.CONFLICT,
        f"{path} is already what the recipe {recipe_name} made of {source}.",
        f"Choose another folder with -o, a name that tells them apart with --name '{name}',"
        " or have one found with --on-conflict rename.",
    )


class PlannedNames:
    """The paths of outputs in a plan, of which nothing is in the ledger yet: each job is asked for in its turn.

    Before, all that could want the same name are to be expected.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._rivals: dict[tuple[str, str, str], list[str]] = {}
        self._sources: dict[str, str] = {}
        self._numbers: dict[tuple[str, str], int] = {}

    def expect(self, recipe: Recipe, source: str, folder: str) -> None:
        """Note that a source is going through a recipe, into a folder."""
        self._rivals.setdefault((folder, recipe.name, os.path.splitext(source)[0]), []).append(source)

    def settle(self, recipe: Recipe, source: str, folder: str, paths: Iterable[str]) -> list[str]:
        """Return the paths that the outputs get whose usual ones are `paths`. Raises LedgerError."""
        naming = OutputNaming(self._ledger, recipe, source, folder)
        stems = (os.path.splitext(source)[0], source)  # IMG.png has the stem of IMG.png.jpg for a name
        rivals = [rival for stem in stems for rival in self._rivals.get((folder, recipe.name, stem), [])]
        settled = []
        for path in paths:
            wanted = naming.settle(path, rivals)
            rival = self._find_rival(wanted, source)
            apart = name_apart(path, source)
            if rival is not None and apart is not None and are_namesakes(rival, source):
                wanted = next(name for name in free_names(apart) if self._find_rival(name, source) is None)
            settled.append(wanted)
        for path in settled:
            self._sources.setdefault(path.lower(), source)
        return settled

    def find_conflict(self, recipe: Recipe, source: str, path: str) -> JobError | None:
        """Return the error of an output whose path another source of this plan has; None where it is its own."""
        rival = self._find_rival(path, source) if recipe.on_conflict in ("fail", "overwrite") else None
        return None if rival is None else name_conflict(path, rival, recipe.name)

    def find_number(self, recipe: Recipe, source: str, folder: str) -> int:
        """Return the number that a source has, or is the next to get, where names have one. Raises LedgerError."""
        if not uses_counter(recipe):
            return 1
        known = self._ledger.counters.find_number(folder, recipe.name, source)
        if known is None:
            key = (folder, recipe.name)
            last = self._numbers.get(key) or self._ledger.counters.find_last_number(*key)
            known = self._numbers[key] = last + 1
        return known

    def _find_rival(self, path: str, source: str) -> str | None:
        """Return the other source that has a path in this plan already; None where there is none."""
        rival = self._sources.get(path.lower())
        return None if rival == source else rival
