"""Which files carry the mark of fileq's outputs, where no ledger of ours knows them."""

from collections.abc import Iterable

from fileq.files.output_mark import digest_of_recipe, read_mark
from fileq.files.output_seal import is_whole
from fileq.sources import SourceFile

_EACH_OF_THE_FIRST = 2_000
"""Files that are looked at, whichever folder they lie in: at 7 µs each, and a seek where the disk has not read them."""


class MarkedFiles:
    """Looks for marks: in each of the first files, and of all others where outputs are likely.

    That is the first file of a folder, and all of one in which a mark was found. `thorough` looks at each file.
    """

    def __init__(self, recipe_names: Iterable[str], *, thorough: bool) -> None:
        self._own = frozenset(map(digest_of_recipe, recipe_names))
        self._left = _EACH_OF_THE_FIRST
        self._thorough = thorough
        self._folder: str | None = None
        self._found_in_folder = False

    def is_output(self, source: SourceFile, *, of_any_recipe: bool) -> bool:
        """Return whether one of these recipes made the file, by its mark; or any recipe did, beside its source."""
        is_first = source.folder != self._folder
        if is_first:
            self._folder, self._found_in_folder = source.folder, False
        if not (self._thorough or is_first or self._found_in_folder or self._left > 0):
            return False
        self._left -= 1
        mark = read_mark(source.path)
        if mark is None:
            return False
        self._found_in_folder = True
        if mark.recipe_digest not in self._own and (mark.replaces or not of_any_recipe):
            return False
        return is_whole(source.path, mark.text)  # what somebody has edited is an original again
