"""What a disk may hold after a loss of power: of what was not synced, anything may be gone, and in any order.

Always kept is the data of a file up to its last sync, and what the rule on names says:

- `journal`: any sync writes all names there are. So do ext4, XFS and Btrfs, but for bugs.
- `own`: the sync of a folder writes its names; that of a file its own name too, and any sync the folders above.
- `strict`: the sync of a folder writes its names, and nothing else does. So much POSIX says.
"""

import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from tests.chaos.power_loss_log import Change, Disk, Log

NAMING = {"create", "link", "rename", "exchange", "unlink", "mkdir", "rmdir"}
_SECTOR, _PAGE = 512, 4096


class Rule(StrEnum):
    JOURNAL = "journal"
    OWN = "own"
    STRICT = "strict"


class Model(StrEnum):
    """What becomes of what was not synced."""

    KILLED = "killed"  # all is kept: the power has not failed
    JOURNAL = "journal"
    OWN = "own"
    STRICT = "strict"
    RANDOM = "random"


Keeps = Callable[[int, Change], bool]
Part = tuple[int, bytes]
"""Some bytes at an offset."""


@dataclass(frozen=True, kw_only=True)
class Fate:
    """What happens to changes that nothing has made durable."""

    rule: Rule
    name: Keeps
    data: Keeps
    parts: Callable[[Change], Iterator[Part]]


def crashed(log: Log, cut: int, model: Model, chance: random.Random) -> Disk:
    """The disk where the power fails after so many changes."""
    if model is Model.KILLED:
        fate = Fate(rule=Rule.JOURNAL, name=_always, data=_always, parts=_whole)
    elif model is Model.RANDOM:
        fate = _random(log, cut, chance)
    else:
        fate = Fate(rule=Rule(model.value), name=_never, data=_never, parts=_whole)
    return _replay(log, cut, fate)


def _always(position: int, change: Change) -> bool:
    return True


def _never(position: int, change: Change) -> bool:
    return False


def _whole(change: Change) -> Iterator[Part]:
    yield change.offset, change.data


def _random(log: Log, cut: int, chance: random.Random) -> Fate:
    """Names: a prefix of all, a prefix in each folder, or any. Data of each file: nothing, all, a prefix, or any."""
    limits: dict[str, int] = {}

    def within(key: str, position: int) -> bool:
        return position < limits.setdefault(key, chance.randint(0, cut))

    def coin(position: int, change: Change) -> bool:
        return chance.random() < 0.5

    ways: dict[str, Keeps] = {}

    def data(position: int, change: Change) -> bool:
        prefix: Keeps = lambda position, change: within(change.inode, position)  # noqa: E731  # one of four
        way = ways.setdefault(change.inode, chance.choice((_never, _always, coin, prefix)))
        return way(position, change)

    names: tuple[Keeps, ...] = (
        lambda position, change: within("", position),
        lambda position, change: within(os.path.dirname(change.other or change.path), position),
        coin,
    )
    torn = chance.choice((0, _SECTOR, _PAGE))
    parts = (lambda change: _torn(change, torn, chance)) if torn else _whole
    return Fate(rule=chance.choice(list(Rule)), name=chance.choice(names), data=data, parts=parts)


def _torn(change: Change, unit: int, chance: random.Random) -> Iterator[Part]:
    """Some sectors or pages of a write."""
    start, end = change.offset, change.offset + len(change.data)
    while start < end:
        stop = min(end, (start // unit + 1) * unit)
        if chance.random() < 0.5:
            yield start, change.data[start - change.offset : stop - change.offset]
        start = stop


@dataclass
class _Durable:
    """Up to which change things are on disk."""

    files: dict[str, int] = field(default_factory=dict)
    folders: dict[str, int] = field(default_factory=dict)
    beneath: dict[str, int] = field(default_factory=dict)
    """Per folder, the last sync of anything below it."""
    all: int = -1

    def note(self, position: int, change: Change, *, is_folder: bool) -> None:
        self.all = position
        self.files[change.inode] = position
        if is_folder:
            self.folders[change.path] = position
        above = os.path.dirname(change.path)
        self.beneath[change.path] = position
        while above not in self.beneath or self.beneath[above] < position:
            self.beneath[above] = position
            above = os.path.dirname(above)

    def has_name(self, position: int, change: Change, rule: Rule) -> bool:
        folders = {os.path.dirname(path) for path in (change.path, change.other) if path}
        syncs = [self.folders.get(folder, -1) for folder in folders]
        if rule is Rule.JOURNAL:
            syncs.append(self.all)
        elif rule is Rule.OWN and change.kind in {"create", "link", "rename", "exchange"}:
            syncs.append(self.files.get(change.inode, -1))
        elif rule is Rule.OWN and change.kind == "mkdir":
            syncs.append(self.beneath.get(change.path, -1))
        return max(syncs) > position


def _replay(log: Log, cut: int, fate: Fate) -> Disk:
    durable = _Durable()
    folders = set(log.before.folders) | {change.path for change in log.changes if change.kind == "mkdir"}
    for position, change in enumerate(log.changes[:cut]):
        if change.kind == "sync":
            durable.note(position, change, is_folder=change.path in folders)
    replay = _Replay(log.before)
    for position, change in enumerate(log.changes[:cut]):
        if change.kind in NAMING:
            replay.name(change, kept=durable.has_name(position, change, fate.rule) or fate.name(position, change))
        elif change.kind in {"write", "truncate", "times"}:
            synced = durable.files.get(change.inode, -1) > position
            if synced:
                replay.data(change, _whole(change))
            elif fate.data(position, change):
                replay.data(change, fate.parts(change))
    return replay.disk()


class _Replay:
    """A disk in the making."""

    def __init__(self, before: Disk) -> None:
        self._names = dict(before.names)
        self._folders = set(before.folders)
        self._roots = {folder for folder in before.folders if os.path.dirname(folder) not in before.folders}
        self._contents = {
            inode: (bytearray(content), mtime_ns) for inode, (content, mtime_ns) in before.contents.items()
        }

    def name(self, change: Change, *, kept: bool) -> None:
        if change.kind == "create":  # the file may get a name later on, even where this one is lost
            self._contents[change.inode] = (bytearray(), change.mtime_ns)
        if not kept:
            return
        if change.kind in {"create", "link"}:
            self._names[change.path] = change.inode
        elif change.kind == "rename":
            if self._names.get(change.path) == change.inode:
                del self._names[change.path]
            self._names[change.other] = change.inode
        elif change.kind == "exchange":
            other = self._names.pop(change.other, None)
            self._names.pop(change.path, None)
            self._names.update({change.other: change.inode} | ({change.path: other} if other else {}))
        elif change.kind == "unlink" and self._names.get(change.path) == change.inode:
            del self._names[change.path]
        elif change.kind == "mkdir":
            self._folders.add(change.path)
        elif change.kind == "rmdir" and not any(path.startswith(change.path + os.sep) for path in self._names):
            self._folders.discard(change.path)

    def data(self, change: Change, parts: Iterator[Part]) -> None:
        if change.inode not in self._contents:  # SQLite's -shm, or what has no name below the roots
            return
        content, _ = self._contents[change.inode]
        self._contents[change.inode] = (content, change.mtime_ns)
        if change.kind == "truncate":
            del content[change.size :]
            content.extend(bytes(change.size - len(content)))
        elif change.kind == "write":
            for offset, data in parts:
                content.extend(bytes(max(0, offset - len(content))))
                content[offset : offset + len(data)] = data

    def disk(self) -> Disk:
        """Without what lies in folders that are not there."""
        folders = {folder for folder in self._folders if self._stands(folder)}
        names = {path: inode for path, inode in self._names.items() if os.path.dirname(path) in folders}
        contents = {inode: (bytes(self._contents[inode][0]), self._contents[inode][1]) for inode in set(names.values())}
        return Disk(names=names, contents=contents, folders=frozenset(folders))

    def _stands(self, folder: str) -> bool:
        return folder in self._roots or (folder in self._folders and self._stands(os.path.dirname(folder)))
