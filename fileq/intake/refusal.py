"""What to say of files that nothing is made of: why no recipe takes one, and what a walk has skipped."""

import os
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from fileq.files.output_mark import read_mark
from fileq.ledger import Ledger
from fileq.recipes.recipe import Recipe
from fileq.sources import RecipeScope, SourceFinder
from fileq.units import describe_count

if TYPE_CHECKING:
    from fileq.intake.add_request import AddResult

_CAMERA_RAW = re.compile(
    r"\.(3fr|arw|cr2|cr3|crw|dcr|dng|erf|fff|gpr|iiq|kdc|mef|mos|mrw|nef|nrw|orf|pef|ptx|raf|raw|rw2|rwl|sr2|srf|srw|x3f)",
    re.IGNORECASE,
)
_MOST_PATTERNS = 6
_SAMPLE = 20


def is_camera_raw(name: str) -> bool:
    """Return whether a file's ending is one of those that cameras give to raw data."""
    return _CAMERA_RAW.fullmatch(os.path.splitext(name)[1]) is not None


def describe_refusal(name: str, recipes: Sequence[Recipe]) -> str:
    """Return why none of the recipes takes a file of this name, and what would help: the rest of a sentence."""
    if is_camera_raw(name):
        return "it is a camera raw file, which fileq does not develop; export it as JPEG or TIFF first"
    names = " or ".join(recipe.name for recipe in recipes)
    taken = list(dict.fromkeys(pattern for recipe in recipes for pattern in recipe.match))
    some = ", ".join(taken) if len(taken) <= _MOST_PATTERNS else f"see: fileq recipes {recipes[0].name}"
    return f"it is not for the recipe {names}, by its name ({some})"


def conclude(result: "AddResult", finder: SourceFinder, scope: RecipeScope, ledger: Ledger, found: int) -> None:
    """Write into the result what the finder has to say once all files are found: `found` is how many."""
    result.problems += finder.problems
    result.notices += finder.filter.unused()
    for path, recipe_name in finder.output_folders.items():
        names = [name for name in _listed(path) if scope.takes(name)]
        if not names or _is_ours(ledger, path, names):
            result.own_outputs += len(names)
        else:
            of_whom = f"outputs of the recipe {recipe_name} go there" if recipe_name else "the outputs go there (-o)"
            result.notices.append(f"Skipped {path}: {of_whom}. Name it itself to take what is in it.")
    if finder.ignored:
        result.notices.append(
            f"Skipped {describe_count(finder.ignored, 'name')} of a pattern or list, as a walk does: hidden, linked"
            " folders, or what programs keep for themselves."
        )
    if result.raw_files:
        result.notices.append(
            f"Skipped {describe_count(result.raw_files, 'camera raw file')}, which fileq does not develop. Export"
            " JPEG or TIFF first."
        )
    if finder.names_files and found == result.unmatched > len(result.problems):
        result.problems.append(f"of {describe_count(found, 'file')} none is for the recipe, by its name")
    if not found and not result.own_outputs and not result.problems:
        result.notices.append(_describe_nothing(finder))


def _describe_nothing(finder: SourceFinder) -> str:
    """Return why there was no file at all."""
    if finder.named_folders:
        return f"No files were found in {_name_some(finder.named_folders)}."
    if finder.names_files:
        return "None of the files that were named is meant, by --include and --exclude."
    return "The list of files is empty."


def _name_some(folders: Sequence[str]) -> str:
    """Return /a/photos, or /a/photos and 2 other folders."""
    others = len(folders) - 1
    return folders[0] if not others else f"{folders[0]} and {describe_count(others, 'other folder')}"


def note_superseded(result: "AddResult", count: int) -> None:
    """Say that older jobs have been superseded by those that were queued now."""
    if count:
        what = describe_count(count, "older job")
        result.notices.append(f"Superseded {what}, about the same files. See: fileq list --state superseded")


def note_changed(result: "AddResult", outputs: Sequence[str]) -> None:
    """Say of outputs that somebody has changed since that they stay so."""
    if not outputs:
        return
    others = f" and {len(outputs) - 1:,} more" if len(outputs) > 1 else ""
    result.notices.append(
        f"Kept {outputs[0]}{others}: somebody has changed {'them' if others else 'it'} since."
        " To have one made again, delete it and run this again."
    )


def _is_ours(ledger: Ledger, path: str, names: Sequence[str]) -> bool:
    """Whether fileq made the folder, or one of some files in it."""
    known = ledger.folders.find_folder(path)
    if known is not None and known.created_by_fileq:
        return True
    some = [os.path.join(path, name) for name in names[:_SAMPLE]]
    return any(ledger.outputs.is_published(one) or read_mark(one) for one in some)


def _listed(path: str) -> list[str]:
    try:
        return os.listdir(path)
    except OSError:  # it is gone, or shut: nothing of it was asked for
        return []
