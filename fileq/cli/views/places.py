"""Where files are, as people say it: from the working folder, and folders summed up."""

import os
import re
from collections.abc import Mapping

from fileq.display import Text
from fileq.units import describe_count

_BEGINS = r"(?<![\w./\\-])"
_ENDS = r"(?![\w/\\-]|\.\w)"
"""Where a path begins and ends in a sentence: /data is not in /backup/data, nor a.jpg in a.jpg.webp."""

_MOST_LINES = 3
_MOST_PARENTS = 2
"""So many `..` are read more easily than the whole path."""


def relative_path(path: str) -> str:
    """Return an absolute path from the working folder, where that is a short way; else as it is."""
    here = _working_folder()
    if not here:
        return path
    try:
        near = os.path.relpath(path, here)
    except ValueError:  # on another drive
        return path
    parents = near.split(os.sep).count("..")
    return near if not parents or (parents <= _MOST_PARENTS and len(near) < len(path)) else path


def relative_paths_in(sentence: str) -> str:
    """Return a sentence in which paths below the working folder begin there."""
    here = _working_folder()
    return re.sub(_BEGINS + re.escape(os.path.join(here, "")), "", sentence) if here else sentence


def replace_path(sentence: str, path: str, word: str) -> str:
    """Return a sentence in which a word stands for a path, and for no path that only begins or ends like it."""
    return re.sub(_BEGINS + re.escape(path) + _ENDS, lambda _: word, sentence)


def _working_folder() -> str:
    """Return the working folder; "" where somebody removed it, or it is the root: from there, all is as far."""
    try:
        here = os.getcwd()
    except OSError:
        return ""
    return "" if here == os.path.dirname(here) else here


def describe_places(folders: Mapping[str, int], noun: str, *, before: str = "") -> list[Text]:
    """Return a line for each folder with how many files are in it; of many folders, one line for what is above all.

    `folders` are absolute paths, `noun` is what is counted, and `before` begins each line.
    """
    counts = {folder: count for folder, count in folders.items() if count}
    if len(counts) <= _MOST_LINES:
        by_count = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
        return [_place(f"{before}{describe_count(count, noun)} in ", folder) for folder, count in by_count]
    total = describe_count(sum(counts.values()), noun)
    above = os.path.commonpath(counts)
    return [_place(f"{before}{total} in {describe_count(len(counts), 'folder')} below ", above)]


def _place(before: str, folder: str) -> Text:
    near = relative_path(folder)
    return Text(f"{before}this folder") if near == os.curdir else Text(before, path=near)
