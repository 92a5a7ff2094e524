"""The result of a cleanup: what it did, or would do."""

import os
from collections.abc import Iterator

import msgspec

from fileq.units import describe_count


class PathList:
    """Many absolute paths in little memory: they are kept as their bytes."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._count = 0

    def append(self, path: str) -> None:
        """Add a path at the end."""
        self._bytes += os.fsencode(path) + b"\0"
        self._count += 1

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[str]:
        start = 0
        while (end := self._bytes.find(b"\0", start)) >= 0:
            yield os.fsdecode(bytes(self._bytes[start:end]))
            start = end + 1


class CleanupResult(msgspec.Struct, kw_only=True):
    """The figures of a cleanup; in a dry run what they would be, but `folders_removed`, which is 0 then.

    `kept` are outputs that were due and are no longer what fileq wrote; `failed` counts those that could not be
    removed. `paths` are the outputs that went, or would go. `stopped`: it was asked to stop before it was through.
    `elsewhere` counts the outputs that were due and lie in a root which this host lacks, by its name.
    """

    outputs_removed: int = 0
    bytes_freed: int = 0
    jobs_purged: int = 0
    folders_removed: int = 0
    failed: int = 0
    stopped: bool = False
    paths: PathList = msgspec.field(default_factory=PathList)
    kept: PathList = msgspec.field(default_factory=PathList)
    reasons: dict[tuple[str, str], int] = {}
    elsewhere: dict[str, int] = {}

    @property
    def kept_changed(self) -> int:
        """How many outputs were due and are no longer what fileq wrote."""
        return len(self.kept)

    @property
    def problems(self) -> list[str]:
        """Why outputs could not be removed, one sentence for each folder and reason."""
        return [
            f"{folder}: {describe_count(count, 'output')} can't be removed: {reason}."
            for (folder, reason), count in self.reasons.items()
        ]

    @property
    def left_to_others(self) -> list[str]:
        """Return which outputs only a host with more roots can remove, one sentence for each root."""
        return [
            f"{describe_count(count, 'output')} in the root {root} left to a host that has it."
            for root, count in sorted(self.elsewhere.items())
        ]

    def add_elsewhere(self, root: str) -> None:
        """Count an output in a root that this host lacks."""
        self.elsewhere[root] = self.elsewhere.get(root, 0) + 1

    def add_removed(self, path: str, size: int) -> None:
        """Count an output of `size` bytes that was removed."""
        self.outputs_removed += 1
        self.bytes_freed += size
        self.paths.append(path)

    def add_failure(self, path: str, reason: str) -> None:
        """Count an output that could not be removed, for this reason."""
        self.failed += 1
        key = (os.path.dirname(path), reason)
        self.reasons[key] = self.reasons.get(key, 0) + 1
