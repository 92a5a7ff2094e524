"""What people name → absolute paths: files, folders and patterns, each with the folder that its tree begins at."""

import glob
import os
import re
import shlex
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from fileq.braces import expand_braces
from fileq.errors import MissingPathsError, UsageError
from fileq.files.identity import relative_within


class NamedPath(msgspec.Struct, frozen=True, kw_only=True):
    """An absolute path that was named, or that a pattern matches.

    `root` is where its tree begins: a folder itself, the folder of a file, the part of a pattern that has no wildcards,
    what all paths of a list have in common. `by_hand` says that neither a pattern nor a list named it; `spelled` are
    parts of the path that a pattern has letter by letter.
    """

    path: str
    root: str
    is_folder: bool
    by_hand: bool = True
    spelled: frozenset[str] = frozenset()


def expand_paths(paths: Sequence[str], listed: Sequence[str] = ()) -> list[NamedPath]:
    """Return what people name, patterns expanded and each path once; `listed` comes from a list.

    Raises MissingPathsError.
    """
    missing: list[str] = []
    named = list(_expand_all(paths, missing))
    from_list = list(_expand_all(listed, missing))
    if missing:
        raise MissingPathsError(missing, _bracket_hint(missing))
    if from_list:
        root = common_folder({one.root for one in from_list})
        named += [msgspec.structs.replace(one, root=root, by_hand=False) for one in from_list]
    return _each_once(named)


def _each_once(named: Iterable[NamedPath]) -> list[NamedPath]:
    """Return each path once, in order. One that was named by hand is, whatever a pattern or a list says of it."""
    by_path: dict[str, NamedPath] = {}
    for one in named:
        if one.path not in by_path or (one.by_hand and not by_path[one.path].by_hand):
            by_path[one.path] = one
    return list(by_path.values())


def common_folder(folders: Iterable[str]) -> str:
    """Return the folder that all of these lie in: the only one itself. On several drives it is that of the first."""
    folders = list(folders)
    if len(folders) == 1 and not folders[0].endswith(os.sep):
        return folders[0]
    try:
        return os.path.commonpath(folders)
    except ValueError:  # drives of Windows have nothing in common
        return folders[0]


def tree_base(named: Sequence[NamedPath], base: str | None) -> str:
    """Return the folder as seen from which the tree of all is kept: `base` where it is given.

    Raises UsageError where something lies outside `base`.
    """
    roots = {one.root: one for one in named}
    if base is None:
        return common_folder(roots) if roots else os.sep
    for root, one in roots.items():
        if relative_within(root, base) is None:
            raise UsageError(
                f"{one.path} lies outside {base} (--base).", "Name a folder that all files lie in, or leave out --base."
            )
    return base


def relative_to(folder: str, base: str) -> str:
    """Return the path of a folder as seen from the base of the tree, "" for the base itself."""
    if folder == base:
        return ""
    inside = base if base.endswith(os.sep) else base + os.sep
    if folder.startswith(inside):
        return folder[len(inside) :]
    return relative_within(folder, base) or ""


def _expand_all(paths: Sequence[str], missing: list[str]) -> Iterator[NamedPath]:
    for path in paths:
        empty = True
        for named in _expand(path):
            empty = False
            yield named
        if empty:
            missing.append(path or '""')


def _expand(path: str) -> Iterator[NamedPath]:
    if not path:  # an empty variable of a script; it does not mean the working directory
        return
    path = os.path.expanduser(path)
    absolute = os.path.abspath(path)
    if os.path.lexists(absolute) or _is_barred(absolute):
        is_folder = os.path.isdir(absolute)
        yield NamedPath(path=absolute, root=absolute if is_folder else os.path.dirname(absolute), is_folder=is_folder)
        return
    choices = expand_braces(path)
    for choice in choices:
        if len(choices) > 1 and os.path.lexists(choice):
            yield from _expand(choice)
        else:
            yield from _matches(choice)


def _matches(path: str) -> Iterator[NamedPath]:
    """Yield what a pattern matches, in order."""
    pattern = os.path.join(glob.escape(os.getcwd()), path)  # which may have brackets in its name
    parts = pattern.split(os.sep)
    magic = [bool(glob.has_magic(part)) and not _is_escaped(part) for part in parts]
    if not any(magic):
        return
    pattern = os.sep.join([*parts[:-1], _in_any_case(parts[-1])])
    root = os.path.normpath(os.sep.join(map(_unescape, parts[: magic.index(True)])) or os.sep)
    spelled = frozenset(_unescape(part) for part, is_magic in zip(parts, magic, strict=True) if not is_magic)
    found = {*glob.iglob(pattern, recursive=True), *_barred_folders(parts, magic)}
    for match in sorted(map(os.path.normpath, found)):
        yield NamedPath(path=match, root=root, is_folder=os.path.isdir(match), by_hand=False, spelled=spelled)


def _in_any_case(name: str) -> str:
    """Return the pattern of a name with its ending in capital and small letters alike: *.jpg is about IMG.JPG, too."""
    stem, dot, ending = name.rpartition(".")
    if not dot or not glob.has_magic(stem) or glob.has_magic(ending):
        return name
    letters = (f"[{letter.lower()}{letter.upper()}]" if letter.isalpha() else letter for letter in ending)
    return f"{stem}.{''.join(letters)}"


def _barred_folders(parts: Sequence[str], magic: Sequence[bool]) -> Iterator[str]:
    """Yield the folders that a pattern leads into and that can't be read: whoever walks them says so."""
    for number in range(magic.index(True), len(parts)):
        needed = os.X_OK | (os.R_OK if magic[number] else 0)
        for folder in glob.iglob(os.sep.join(parts[:number]) + os.sep, recursive=True):
            if not os.access(folder, needed):
                yield folder


def _is_barred(path: str) -> bool:
    """Whether nobody can tell if a file is there, for want of rights."""
    try:
        os.lstat(path)
    except PermissionError:
        return True
    except (OSError, ValueError):  # a null byte is no name
        return False
    return False


def _is_escaped(part: str) -> bool:
    """Whether all wildcards of a part stand for themselves."""
    return glob.escape(_unescape(part)) == part


def _unescape(part: str) -> str:
    for letter in "*?[":
        part = part.replace(f"[{letter}]", letter)
    return part


def _bracket_hint(missing: Sequence[str]) -> str:
    """Return what to say to those who wrote brackets and may have meant themselves; "" where nobody did."""
    written = next((path for path in missing if re.search(r"\[.+\]", path)), None)
    if written is None:
        return ""
    return (
        f"In a pattern, brackets stand for one of the letters between them. Write [[] for a [ itself:"
        f" {shlex.quote(written.replace('[', '[[]'))}"
    )
