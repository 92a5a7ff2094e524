"""What processes did to some folders, in order: every write, name and sync, as `power_loss_log.c` wrote it down."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import mkdtemp


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One call that succeeded. `inode` is "device-inode", `mtime_ns` the file's time after it.

    `kind` is one of create, write, truncate, times; sync (of a file or folder); link, rename, exchange,
    unlink, mkdir, rmdir;
    and said, where a process was about to write to its standard output.
    """

    kind: str
    inode: str
    path: str
    other: str
    offset: int
    size: int
    mtime_ns: int
    data: bytes

    def __str__(self) -> str:
        names = " → ".join(os.path.basename(path) for path in (self.path, self.other) if path)
        return f"{self.kind} {names}" + (f" {self.offset}+{self.size}" if self.kind == "write" else "")


@dataclass(frozen=True, kw_only=True)
class Disk:
    """Files by their paths, as inodes; the content and the time of each inode; and folders."""

    names: dict[str, str]
    contents: dict[str, tuple[bytes, int]]
    folders: frozenset[str]

    def read(self, path: str) -> bytes | None:
        return self.contents[self.names[path]][0] if path in self.names else None

    def below(self, folder: str) -> dict[str, bytes]:
        """Path → content, of all files below a folder."""
        return {path: self.contents[inode][0] for path, inode in self.names.items() if path.startswith(folder + os.sep)}


@dataclass(frozen=True, kw_only=True)
class Log:
    """A disk, and what was done to it."""

    before: Disk
    changes: Sequence[Change]

    def has_said(self, cut: int) -> bool:
        """Whether a command had answered, so many changes after the start."""
        return any(change.kind == "said" for change in self.changes[:cut])


@dataclass
class Recorder:
    """Logs what commands do below `roots`. Next to each root, on its device, is a stash that keeps inodes alive."""

    roots: Sequence[Path]
    log: Path
    stashes: dict[str, Path] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for root in self.roots:
            root.mkdir(exist_ok=True)
            stash = root.with_name(root.name + ".stash")
            stash.mkdir()
            self.stashes[str(root)] = stash

    @property
    def hiding(self) -> dict[str, str]:
        """The environment in which nothing is logged, and the names in the stash aren't seen."""
        roots = ":".join(f"{root}={stash}" for root, stash in self.stashes.items())
        return {"LD_PRELOAD": str(library()), "POWER_ROOTS": roots}

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which changes are logged."""
        return self.hiding | {"POWER_LOG": str(self.log)}

    def stashed(self, path: str, inode: str) -> Path:
        """Where the inode of a file at this path is kept."""
        root = next(root for root in self.stashes if path.startswith(root + os.sep))
        return self.stashes[root] / inode

    def disk(self) -> Disk:
        """All that is there now; each file's inode is kept from now on."""
        names, contents, folders = {}, {}, set()
        for root in self.roots:
            for where, _, files in os.walk(root):
                folders.add(where)
                for path in (os.path.join(where, name) for name in files if not name.endswith("-shm")):
                    status = os.stat(path)
                    names[path] = inode = f"{status.st_dev}-{status.st_ino}"
                    contents[inode] = (Path(path).read_bytes(), status.st_mtime_ns)
                    if not self.stashed(path, inode).exists():
                        os.link(path, self.stashed(path, inode))
        return Disk(names=names, contents=contents, folders=frozenset(folders))

    def changes(self) -> list[Change]:
        content = self.log.read_bytes()
        changes, at = [], 0
        while at < len(content):
            end = content.index(b"\n", at)
            kind, inode, offset, size, mtime_ns, length, path, other = os.fsdecode(content[at:end]).split("\t")
            at = end + 1 + int(length)
            changes.append(
                Change(
                    kind=kind,
                    inode=inode,
                    path=os.path.normpath(path) if path else "",
                    other=os.path.normpath(other) if other else "",
                    offset=int(offset),
                    size=int(size),
                    mtime_ns=int(mtime_ns),
                    data=content[end + 1 : at],
                )
            )
        return changes


@cache
def library() -> Path:
    """Build what is to be preloaded."""
    built = Path(mkdtemp(prefix="fileq-power-")) / "power_loss_log.so"
    source = Path(__file__).with_name("power_loss_log.c")
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", built, source, "-ldl"], check=True)
    return built


def restore(recorder: Recorder, disk: Disk) -> None:
    """Make the real folders what the disk says, at the same paths and with the same inodes."""
    for root in recorder.roots:
        for where, folders, files in os.walk(root, topdown=False):
            for name in files:
                os.unlink(os.path.join(where, name))
            for name in folders:
                folder = os.path.join(where, name)
                if folder not in disk.folders:  # the ledger knows folders by their inodes too: keep those that stay
                    shutil.rmtree(folder)
    for folder in sorted(disk.folders):
        os.makedirs(folder, exist_ok=True)
    for path, inode in disk.names.items():
        content, mtime_ns = disk.contents[inode]
        kept = recorder.stashed(path, inode)
        kept.write_bytes(content)
        os.utime(kept, ns=(mtime_ns, mtime_ns))
        os.link(kept, path)
