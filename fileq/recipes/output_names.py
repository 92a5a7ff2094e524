"""Where outputs go: templates for their names and folders, and what keeps them apart. Nothing here looks at a disk.

A name's fields are those in `NAME_FIELDS`, written as Python's format strings have them: `{stem}-{page:03}.{ext}`.
A `/` in a template makes sub-folders. Whatever the values are, a name can't leave its output folder.
"""

import datetime as dt
import difflib
import functools
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from string import Formatter

from fileq.recipes.formats import EXTENSIONS, format_of_name
from fileq.recipes.recipe import Output, Recipe

_DIRECTIVE = re.compile(r"%[aAbBdHIjmMpSuUVwWyYGf%]")
"""The directives of strftime that mean the same on every platform."""


class NameDate(dt.datetime):
    """When a picture was taken, as {date} has it: 2026-05-17, or in a format of strftime: {date:%Y}."""

    _usual = "%Y-%m-%d"

    def __format__(self, spec: str) -> str:
        if "%" in _DIRECTIVE.sub("", spec) or (spec and "%" not in spec):
            raise ValueError(f"{spec!r} is no date format")
        return self.strftime(spec or self._usual)


class NameTime(NameDate):
    """The same, as {time} has it: 20-15-30."""

    _usual = "%H-%M-%S"


NameValue = str | int | NameDate

NAME_FIELDS: dict[str, NameValue] = {
    "stem": "IMG_1234",  # the source's name without its ending
    "ext": "jpg",  # the ending of the output's format
    "name": "IMG_1234.jpg",  # the source's whole name
    "folder": "2026",  # the name of the source's folder
    "relative": "trips/2026",  # that folder, below the one that was added
    "recipe": "web",
    "width": 1600,
    "height": 1067,
    "page": 1,
    "date": NameDate(2026, 5, 17, 20, 15, 30),  # when the picture was taken, else when the file was last changed
    "time": NameTime(2026, 5, 17, 20, 15, 30),  # the time of day of that
    "counter": 1,  # the source's number among those of its folder of outputs, which it keeps
    "hash": "9f86d081884c7d65",  # 16 hex digits of the source's SHA-256
}
"""Every field of a name, with an example of its value."""

_OF_ONE_SOURCE = frozenset({"name", "hash", "counter"})
"""The fields that no two sources of a folder have the same of."""

_WRITTEN_AS_JPEG = frozenset({"heic", "heif", "hif", "mpo", "jp2", "j2k", "jpx"})
"""The endings of files that stay in no format of theirs."""

FOLDER_FIELDS = ("folder", "recipe", "relative")
"""The fields of a folder; there, `folder` is the whole path of the source's folder."""

MAX_PART_BYTES = 255
"""What file systems allow for one part of a path, in bytes."""

_PLAIN_SPEC = re.compile(r"(0?[1-9]?\d)?(\.\d{1,2})?d?\Z")
"""How numbers and texts can be written: to a width of at most 99, which a name has room for."""

_UNSAFE = str.maketrans(dict.fromkeys("/\0" if os.sep == "/" else '/\0\\:*?"<>|', "_"))


def check_name(template: str) -> None:
    """Raise ValueError, with the remedy, where `template` can't name an output."""
    if template.startswith(("/", os.sep)):
        raise ValueError(
            f"{template!r} begins with a {template[0]}, but a name lies in its folder; see the recipe's out"
        )
    examples = dict(NAME_FIELDS)
    _check_fields(template, examples)
    _split_parts(template.format_map(examples))


def check_folder(template: str) -> None:
    """Raise ValueError, with the remedy, where `template` can't be a destination folder."""
    _check_fields(template, {name: NAME_FIELDS[name] for name in FOLDER_FIELDS})
    if not template.strip():
        raise ValueError('an empty folder is none; write it like "{folder}/{recipe}"')


@functools.cache
def template_fields(template: str) -> frozenset[str]:
    """Return the fields that `template` uses."""
    return frozenset(name for name, _, _ in _placeholders(template))


def uses_counter(recipe: Recipe) -> bool:
    """Return whether a name of the recipe's outputs has the number of its source."""
    return any("counter" in template_fields(output.name) for output in recipe.outputs)


def fill_name(template: str, values: Mapping[str, NameValue]) -> str:
    """Return the name of an output, relative to its folder, with `/` between the parts.

    `values` has the fields that `fields(template)` names. Raises ValueError where the name would be empty or
    leave its folder. A part over 255 bytes is shortened before its ending.
    """
    safe = {name: _sanitize(name, value) for name, value in values.items()}
    return "/".join(_shorten(part) for part in _split_parts(template.format_map(safe)))


def fill_folder(out: str, folder: str, recipe_name: str, relative: str) -> str:
    """Return the folder that `out` names for a source in `folder`, `relative` to the folder that was added."""
    values = {"folder": folder, "recipe": _sanitize("recipe", recipe_name), "relative": relative}
    return os.path.normpath(os.path.join(folder, os.path.expanduser(out).format_map(values)))


def name_apart(path: str, source: str) -> str | None:
    """Return an output's path with its source's ending in it, `IMG.png.jpg`; None where the source has no ending."""
    root, ending = os.path.splitext(path)
    folder, stem = os.path.split(root)
    own = os.path.splitext(source)[1]
    return os.path.join(folder, _shorten(f"{stem}{own}{ending}")) if own else None


def may_be_named(recipe: Recipe, source: str, path: str) -> bool:
    """Return whether an output of a source could have a name like `path`, as far as its ending and template say."""
    wanted = os.path.splitext(path)[1][1:].lower()
    return any(
        wanted in _possible_endings(recipe, output, source)
        for output in recipe.outputs
        if _OF_ONE_SOURCE.isdisjoint(template_fields(output.name))
    )


def have_collisions(recipes: Sequence[Recipe]) -> bool:
    """Return whether outputs of any two of these recipes would need the same name in one folder."""
    return any(_share_a_name(one, other) for one, other in combinations(recipes, 2))


def folder_templates(recipes: Sequence[Recipe], out: str | None) -> dict[str, str]:
    """Return by recipe name the template of its outputs' folder: its own, or one below `out`, a path.

    There the tree of what is processed is kept, and recipes that collide have a folder each.
    """
    if out is None:
        return {recipe.name: recipe.out for recipe in recipes}
    literal = os.path.abspath(out).replace("{", "{{").replace("}", "}}")
    template = os.path.join(literal, "{recipe}" if have_collisions(recipes) else "", "{relative}")
    return {recipe.name: template for recipe in recipes}


def _placeholders(template: str) -> Iterator[tuple[str, str, str | None]]:
    for _, name, spec, conversion in Formatter().parse(template):
        if name is not None:
            yield name, spec or "", conversion


def _check_fields(template: str, examples: Mapping[str, NameValue]) -> None:
    try:
        placeholders = list(_placeholders(template))
    except ValueError as error:
        raise ValueError(f"{template!r} has a brace without its partner; write {{{{ for a brace itself") from error
    for name, spec, conversion in placeholders:
        if name not in examples:
            raise ValueError(f"{template!r} has an unknown field {{{name}}}; {_remedy(name, examples)}")
        _check_spec(template, name, spec, conversion, examples[name])


def _check_spec(template: str, name: str, spec: str, conversion: str | None, example: NameValue) -> None:
    wrong = conversion is not None or "{" in spec or not (isinstance(example, NameDate) or _PLAIN_SPEC.match(spec))
    if not wrong:
        try:
            format(example, spec)
        except ValueError:
            wrong = True
    if wrong:
        works = f"{{{name}:%Y}}" if isinstance(example, NameDate) else "{page:03}"
        raise ValueError(f"{template!r}: {{{name}}} can't be written that way; {works} is an example that works")


def _remedy(name: str, examples: Mapping[str, NameValue]) -> str:
    nearest = difflib.get_close_matches(name, examples, 3)
    nearest.sort(key=lambda field: sorted(field) != sorted(name))  # two letters that changed places come first
    known = ", ".join(f"{{{field}}}" for field in examples)
    return f"did you mean {{{nearest[0]}}}?" if nearest else f"the fields are {known}"


def _sanitize(name: str, value: NameValue) -> NameValue:
    if isinstance(value, int | NameDate):
        return value
    if name == "relative":
        return "/".join(part.translate(_UNSAFE) for part in value.replace(os.sep, "/").split("/"))
    return value.translate(_UNSAFE)


def _split_parts(name: str) -> list[str]:
    """Return the parts of a relative path. Empty ones go: `{relative}` is empty at the top of what was added."""
    if os.path.splitdrive(name)[0] or "\0" in name:
        raise ValueError(f"{name!r} is no name below the output folder")
    parts = [part for part in name.replace(os.sep, "/").split("/") if part not in ("", ".")]
    if ".." in parts:
        raise ValueError(f"{name!r} would leave the output folder; take out the ..")
    if not parts or name.endswith("/"):
        raise ValueError(f"{name!r} names no file; a name is like {{stem}}.{{ext}}")
    return parts


def _shorten(part: str) -> str:
    """Return `part` in at most 255 bytes. Whole characters go from before the extension, so that it stays valid."""
    stem, extension = os.path.splitext(part)
    if len(os.fsencode(extension)) > MAX_PART_BYTES // 2:
        stem, extension = part, ""
    while len(os.fsencode(stem + extension)) > MAX_PART_BYTES:
        stem = stem[:-1]
    return stem + extension


def _possible_endings(recipe: Recipe, output: Output, source: str) -> set[str]:
    """Return what an output's ending can be, in small letters and without a dot."""
    own = os.path.splitext(source)[1][1:].lower()
    if not output.name.endswith("{ext}"):
        return {os.path.splitext(output.name)[1][1:].lower()}
    formats: set[str] = set(output.named_formats or ("same",))
    if own not in EXTENSIONS["jpeg"]:
        formats.update(output.other_formats)
    if recipe.only_program is not None and formats == {"same"}:
        return {own}
    endings = {_ending_of(format_, own) for format_ in formats}
    return endings | ({own} if output.lossless and "same" in formats and own in _WRITTEN_AS_JPEG else set())


def _ending_of(format_: str, own: str) -> str:
    if format_ == "same":
        return own if format_of_name(f"x.{own}") else "jpg" if own in _WRITTEN_AS_JPEG else "png"
    return own if own in EXTENSIONS[format_] else EXTENSIONS[format_][0]


def _share_a_name(one: Recipe, other: Recipe) -> bool:
    return any(
        mine.name.replace("{recipe}", one.name) == theirs.name.replace("{recipe}", other.name)
        and ("{ext}" not in mine.name or _share_an_extension(mine, theirs))
        for mine in one.outputs
        for theirs in other.outputs
    )


def _share_an_extension(mine: Output, theirs: Output) -> bool:
    extensions = _extensions(mine), _extensions(theirs)
    return None in extensions[0] | extensions[1] or bool(extensions[0] & extensions[1])


def _extensions(output: Output) -> set[str | None]:
    """Return what {ext} can become; None: whatever the source's is."""
    named = (*(output.named_formats or (None,)), *output.other_formats)
    return {EXTENSIONS[format_][0] if format_ in EXTENSIONS else None for format_ in named}
