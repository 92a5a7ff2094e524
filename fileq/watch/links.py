"""Which links in a watched folder are no sources: those by which somebody hands in a file that isn't theirs.

Whoever may put names into a folder may put links there, to files that they may not read: the worker reads them, and
its outputs show them. So unless the watch says `follow_links`:

- A symbolic link, or a folder on the way that became one, must not lead out of the watched folder.
- A file with several names (hard links) must lie in a folder to which nobody but the file's owner, and root, can add
  names. It is not enough that the file is ours, nor that we are root: Eve links Ada's file into the folder in which
  Ada's worker, or root's, looks for Eve's. Nor that the folder is the file's owner's, where others may write to it.
  Making a hard link takes no right to its file unless Linux has fs.protected_hardlinks = 1, and no sticky bit stops it.

What is looked at is what is taken: the file's folder is reached from the root by its handle, no link on the way, and
the inode that is queued is that of its entry there. A link whose other names have gone looks like any file: that can't
be told.
"""

import os
import stat
import sys
from collections import Counter
from enum import StrEnum

from fileq.files.directory import open_without_links
from fileq.units import describe_count

MAX_LINKS = 10_000
"""Of more links it is only known that they are more."""

FRESH = 5.0
"""Seconds. Some programs, fileq too, give a file its name by a link, and take the other name away at once."""

HOW_TO_FOLLOW = "To take them: follow_links = true in its [[watch]], or --follow-links."

_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH


class LinkKind(StrEnum):
    """Why a link is left alone."""

    OUTSIDE = "outside"
    HARD = "hard_link"


class LinkRefused(Exception):
    """The file is no source, for `kind`."""

    def __init__(self, kind: LinkKind) -> None:
        super().__init__(kind)
        self.kind = kind


def check_link(path: str, top: str) -> os.stat_result:
    """Return the status of the file that `path` leads to, if it is a source in the watched folder; `top` is resolved.

    Raises LinkRefused; FolderMissing or OSError where it is being moved, and is to be looked at again.
    """
    real = os.path.realpath(path)
    if not _is_below(real, top):
        raise LinkRefused(LinkKind.OUTSIDE)
    folder, name = os.path.split(real)
    with open_without_links(folder, 0) as directory:
        status = directory.lstat(name)
        around = directory.lstat(os.curdir)
    if status is None or around is None or not stat.S_ISREG(status.st_mode):
        raise FileNotFoundError(path)
    if status.st_nlink > 1 and not _is_owners_alone(around, status.st_uid):
        raise LinkRefused(LinkKind.HARD)
    return status


def _is_below(real: str, top: str) -> bool:
    return os.path.normcase(real).startswith(os.path.normcase(top).rstrip(os.sep) + os.sep)


def _is_owners_alone(folder: os.stat_result, owner: int) -> bool:
    """Whether only this user, and root, can put names into a folder. An access list shows in the group's bits."""
    takes_rights = sys.platform == "win32"  # there a hard link takes the right to write to its file
    return takes_rights or (folder.st_uid == owner and not folder.st_mode & _OTHERS_MAY_WRITE)


class RefusedLinks:
    """The links of one watched folder that are left alone, by path."""

    def __init__(self) -> None:
        self._kinds: dict[str, LinkKind] = {}

    def __contains__(self, path: str) -> bool:
        return path in self._kinds

    def __len__(self) -> int:
        return len(self._kinds)

    def add(self, path: str, kind: LinkKind) -> None:
        """Add a link, or its kind now; one more than MAX_LINKS is dropped."""
        if len(self._kinds) < MAX_LINKS or path in self._kinds:
            self._kinds[path] = kind

    def count_by_kind(self) -> dict[str, int]:
        """Return how many links there are of each kind."""
        return dict(Counter(self._kinds.values()))

    def describe(self) -> str:
        """Return, in words, how many links are left alone, why, and how to have them taken."""
        more = " or more" if len(self._kinds) >= MAX_LINKS else ""
        left = f"{describe_count(len(self._kinds), 'link')}{more} left alone: {describe_counts(self.count_by_kind())}"
        return f"{left}. {HOW_TO_FOLLOW}"


def describe_counts(counts: dict[str, int]) -> str:
    """Return what `RefusedLinks.count_by_kind` says, in words; "" where there are none."""
    outside, hard = counts.get(LinkKind.OUTSIDE, 0), counts.get(LinkKind.HARD, 0)
    parts = [
        f"{outside:,} lead{'s' * (outside == 1)} out of the folder" if outside else "",
        f"{hard:,} {'is a hard link' if hard == 1 else 'are hard links'} that another user may have made"
        if hard
        else "",
    ]
    return ", ".join(filter(None, parts))
