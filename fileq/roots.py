"""Roots: folders that several hosts share, each by one name, and by a path of its own on each host.

The ledger keeps `photos:2026/a.jpg`, and this host knows where `photos` is: paths of other programs and of people are
this host's, and only the ledger's columns have the other form. A host that has no such root can't use what lies in it:
there such a path stays as the ledger has it, which no file system takes for an absolute one.
"""

import os
import re
from collections.abc import Iterable, Mapping
from itertools import combinations

ROOT_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]+")
"""At least two letters: one alone is a drive of Windows."""

_SHARED = re.compile(rf"({ROOT_NAME.pattern}):(.*)", re.DOTALL)
_SEPARATOR = "/"  # in the ledger, whatever this host's is

ROOTS_FOLLOW = "@"
"""Stands in the name of one of Huey's queues before the roots that its jobs need."""

_MOST_TOGETHER = 3
"""A job's source, where that was put, and the folder of its outputs: each may lie in a root of its own."""


class Roots:
    """The roots that this host has: each one's absolute path by its name. No root lies in another one.

    Those that are `absent` just now, as nothing is mounted there, are known by their paths still.
    """

    def __init__(self, paths: Mapping[str, str] | None = None, absent: Iterable[str] = ()) -> None:
        self._paths = {name: path.rstrip(os.sep) for name, path in (paths or {}).items()}
        self.absent = frozenset(absent) & self._paths.keys()
        names = sorted(self.present)
        self._combinations = [
            ",".join(chosen) for count in range(_MOST_TOGETHER + 1) for chosen in combinations(names, count)
        ]

    @property
    def paths(self) -> Mapping[str, str]:
        """Where each root is on this host, by its name."""
        return self._paths

    @property
    def present(self) -> frozenset[str]:
        """The names of those that are there."""
        return frozenset(self._paths) - self.absent

    def find_root_of(self, path: str) -> str | None:
        """Return the folder of the root that a path of this host lies in; None where it lies in none."""
        return next((root or os.sep for root in self._paths.values() if _lies_in(path, root)), None)

    def to_shared(self, path: str) -> str:
        """Return a path of this host as the ledger has it."""
        for name, root in self._paths.items() if path else ():  # "" is none, and a root may be the whole disk
            if _lies_in(path, root):
                return f"{name}:{path[len(root) + 1 :].replace(os.sep, _SEPARATOR)}"
        return path

    def to_local(self, path: str) -> str:
        """Return a path of the ledger as this host has it; unchanged where this host has no such root."""
        shared = None if path.startswith(os.sep) else _SHARED.fullmatch(path)
        root = None if shared is None else self._paths.get(shared[1])
        if shared is None or root is None:
            return path
        below = shared[2].replace(_SEPARATOR, os.sep)
        return f"{root}{os.sep}{below}" if below else root or os.sep

    def names_in(self, paths: Iterable[str]) -> str:
        """Return the names of the roots that these paths of the ledger lie in, in order, with commas; "" for none."""
        found = (None if path.startswith(os.sep) else _SHARED.fullmatch(path) for path in paths)
        return ",".join(sorted({one[1] for one in found if one is not None}))

    def needed_by(self, *paths: str) -> str:
        """Return the names of the roots that these paths of this host lie in, as `names_in` does."""
        return self.names_in(map(self.to_shared, paths)) if self._paths else ""

    def has_all(self, names: str) -> bool:
        """Return whether all these roots, of which `names_in` told, are there on this host."""
        return not names or self.present.issuperset(names.split(","))

    def combinations(self) -> list[str]:
        """Return all that `names_in` may say of a job which this host can do."""
        return self._combinations


def _lies_in(path: str, root: str) -> bool:
    """Whether a path is that of a root, or lies below it. The whole disk's is "" here."""
    return path.startswith(root) and (len(path) == len(root) or path[len(root)] == os.sep)


_here = Roots()


def use_roots(paths: Mapping[str, str]) -> None:
    """Have this process know these roots, which are a matter of its host, whatever ledgers it opens."""
    global _here  # noqa: PLW0603  # where a host's folders are is one fact for all of a process
    _here = Roots(paths)


def note_absent_roots(names: Iterable[str]) -> None:
    """Have this process take no jobs that need these of its roots, until they are no longer among what is noted."""
    global _here  # noqa: PLW0603  # the same
    if frozenset(names) != _here.absent:
        _here = Roots(_here.paths, names)


def this_hosts_roots() -> Roots:
    """Return the roots that this process knows."""
    return _here


def part_for_roots(queue: str, roots: str) -> str:
    """Return Huey's name for the part of a queue whose jobs need these roots, of which `names_in` told.

    So each worker finds what it can do, and nothing else.
    """
    return f"{queue}{ROOTS_FOLLOW}{roots}" if roots else queue


def parts_here(queue: str) -> list[str]:
    """Return Huey's names for the parts of a queue whose jobs this host can do."""
    return [part_for_roots(queue, roots) for roots in _here.combinations()]


def whole_queue(name: str) -> str:
    """Return the queue that Huey's one of this name is a part of."""
    return name.partition(ROOTS_FOLLOW)[0]


def range_with_roots(queue: str) -> tuple[str, str]:
    """Return between which names those lie of a queue's parts that need roots: the first one, and one behind all."""
    return f"{queue}{ROOTS_FOLLOW}", f"{queue}{chr(ord(ROOTS_FOLLOW) + 1)}"


def is_here(path: str) -> bool:
    """Return whether a path that came from the ledger is one of this host, and not of a root that it hasn't."""
    return not missing_root(path)


def missing_root(path: str) -> str:
    """Return the name of the root that a path from the ledger lies in, and that this host hasn't; "" for none."""
    shared = None if path.startswith(os.sep) else _SHARED.fullmatch(path)
    return "" if shared is None else shared[1]
