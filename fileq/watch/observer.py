"""The events of one folder, as hints in a queue, and whether its file system tells of all that happens there."""

import errno
import logging
import os
import sys
import threading
from queue import SimpleQueue
from typing import Any

from watchdog import events
from watchdog.events import FileSystemEvent, FileSystemEventHandler

logging.getLogger("watchdog").addHandler(logging.NullHandler())  # what matters of its warnings, we say ourselves

_PLATFORM: str = sys.platform

# Each kind that isn't asked for leaves room in the kernel's queue. No modifications: a burst of 20,000 files overflowed
# it in 5 runs of 5 with them, and in 1 of 5 without.
_HINTS: list[type[FileSystemEvent]] = [
    events.FileCreatedEvent, events.FileClosedEvent, events.FileMovedEvent,
    events.DirCreatedEvent, events.DirMovedEvent, events.DirDeletedEvent,
]  # fmt: skip
if _PLATFORM != "linux":
    _HINTS.append(events.FileModifiedEvent)  # elsewhere nothing says that a file was closed

LIMITS = {
    errno.ENOSPC: "max_user_watches",
    errno.EMFILE: "max_user_instances",
}


class ObserverTrouble(str):
    """What is wrong with an observer."""

    __slots__ = ()


Hint = tuple["FolderObserver", FileSystemEvent | ObserverTrouble]


class _Handler(FileSystemEventHandler):
    """Puts events into the queue and does nothing else: an error here would end watchdog's thread."""

    def __init__(self, observer: "FolderObserver", hints: SimpleQueue[Any]) -> None:
        self._folder_observer = observer
        self._hints = hints

    def dispatch(self, event: FileSystemEvent) -> None:
        """Put an event into the queue."""
        self._hints.put((self._folder_observer, event))


class FolderObserver:
    """An observer of one folder. When anything is wrong with it, leave it and make another."""

    def __init__(self, path: str, hints: SimpleQueue[Any], *, recursive: bool) -> None:
        """`path` is resolved: no link. Raises OSError where the system has no watches or queues left."""
        self.path = path
        self._hints = hints
        self._observer = self._new_observer()
        self._observer.schedule(_Handler(self, hints), path, recursive=recursive, event_filter=_HINTS)
        try:
            self._observer.start()
        except OSError:
            self.abandon()
            raise

    def _new_observer(self) -> Any:
        if _PLATFORM == "linux":
            from fileq.watch.inotify import InotifyObserver  # noqa: PLC0415  # elsewhere it can't be imported

            return InotifyObserver(self._put_trouble)
        from watchdog.observers import Observer  # noqa: PLC0415  # it chooses by platform when it is imported

        return Observer()

    def _put_trouble(self, trouble: str) -> None:
        self._hints.put((self, ObserverTrouble(trouble)))

    @property
    def trouble(self) -> str:
        """Return what is wrong with its threads; "" where they live."""
        reader = getattr(self._observer, "reader", None)
        threads = [self._observer, *self._observer.emitters, *([reader] if reader else [])]
        return "" if all(thread.is_alive() for thread in threads) else "one of its threads has ended"

    @property
    def watches(self) -> int | None:
        """Return how many of the system's watches it uses; None where the system doesn't count them."""
        reader = getattr(self._observer, "reader", None)
        return reader.watches if reader else None

    @property
    def limit_reached(self) -> bool:
        """Return whether the system had no watch left for one of the folders."""
        reader = getattr(self._observer, "reader", None)
        return bool(reader and reader.limit_reached)

    def abandon(self) -> None:
        """Stop the observer without waiting: its threads may hang, and we have another one to start."""
        threading.Thread(target=self._stop, daemon=True, name="fileq-leaving").start()

    def _stop(self) -> None:
        if self._observer.is_alive():
            self._observer.stop()
        elif reader := getattr(self._observer, "reader", None):
            reader.stop()


def describe_limit(name: str) -> str:
    """Return what to do about a limit of the system's that is reached."""
    try:
        with open(f"/proc/sys/fs/inotify/{name}", encoding="ascii") as file:
            now = f" (now {file.read().strip()})"
    except OSError:
        now = ""
    return (
        f"The system lets fileq watch no more folders: raise fs.inotify.{name}{now} with sysctl."
        " Until then fileq compares listings."
    )


def resolve_folder(path: str) -> str:
    """Return the path of the folder itself: watchdog hears nothing through a link."""
    return os.path.realpath(path)


_FILE_SYSTEMS_WITHOUT_EVENTS = {
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "virtiofs", "vboxsf", "ceph", "glusterfs", "lustre", "afs", "davfs",
}  # fmt: skip
"""Network and virtual file systems: what other machines do there raises no event here. All of FUSE too."""

_MOUNT_TABLE = "/proc/self/mountinfo"


def file_system_type(path: str, table: str = _MOUNT_TABLE) -> str | None:
    """Return the type of the file system at an absolute path, as proc(5) names it; None where there is no table."""
    try:
        with open(table, encoding="utf-8", errors="surrogateescape") as mounts:
            lines = mounts.read().splitlines()
    except OSError:
        return None
    best, kind = "", None
    for line in lines:
        mount, _, about = line.partition(" - ")
        point = _plain(mount.split(" ")[4])
        if len(point) >= len(best) and (path + "/").startswith(point.rstrip("/") + "/"):
            best, kind = point, about.split(" ")[0]
    return kind


def lacks_events(path: str, table: str = _MOUNT_TABLE) -> bool:
    """Return whether events don't tell all that happens below `path`."""
    kind = file_system_type(os.path.realpath(path), table)
    return kind is not None and (kind in _FILE_SYSTEMS_WITHOUT_EVENTS or kind.startswith("fuse"))


def _plain(point: str) -> str:
    """A mount point without the table's octal escapes."""
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        point = point.replace(code, character)
    return point
