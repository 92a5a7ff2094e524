"""watchdog's inotify, but so that it says when it has lost something. Linux only.

watchdog 7.1 tells no handler of a queue that overflowed; it takes all watches away and adds them again, which on a
large tree overflows again; an error ends its reading thread while the observer says that it is alive.
"""

import errno
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from watchdog.observers.api import BaseObserver
from watchdog.observers.inotify import InotifyEmitter, InotifyWatchGroup
from watchdog.observers.inotify_c import CallbackId, InotifyEvent, InotifyFD, Mask, WatchCallback, WatchDescriptor
from watchdog.observers.inotify_move_event_grouper import InotifyMoveEventGrouper

if TYPE_CHECKING:
    from watchdog.utils import Seconds

# How long a file that left the tree may stop all that comes behind it (0.5 s else). The two halves of a rename are put
# into the kernel's queue together, and read together.
InotifyMoveEventGrouper.delay = 0.02

_NO_WATCH = -1  # what watchdog would keep for every folder that it may not read


class InotifyReader(InotifyFD):
    """Reads the kernel's queue, and tells of trouble."""

    def __init__(self, on_trouble: Callable[[str], None]) -> None:
        super().__init__()
        self.on_trouble = on_trouble
        self.limit_reached = False

    @property
    def watches(self) -> int:
        """Return how many watches are in use."""
        return len(self._watch_for_wd)

    def run(self) -> None:
        """Read until it is stopped."""
        try:
            super().run()
        except Exception as error:  # noqa: BLE001  # whatever it is: it is told, and everything is built anew
            self.on_trouble(f"reading events went wrong ({type(error).__name__}: {error})")

    def handle_event(self, event: InotifyEvent) -> None:
        """Hand on an event, or tell that the queue overflowed."""
        if event.is_queue_overflow:
            self.on_trouble("more events came than the system's queue holds")
        else:
            super().handle_event(event)

    def _add_callback(self, path: bytes, mask: Mask, callback: WatchCallback, id_: CallbackId) -> WatchDescriptor:
        """A folder that is told of twice, as one that comes with its sub-folders is, is no reason for a warning."""
        try:
            watch = self._get_or_create_watch(path, mask)
        except OSError as error:
            self.limit_reached = self.limit_reached or error.errno == errno.ENOSPC
            raise
        if watch.wd == _NO_WATCH:
            del self._watch_for_wd[watch.wd]
            raise PermissionError(errno.EACCES, "it may not be read", path)
        watch.callbacks[id_] = callback
        return watch.wd

    def _remove_callback(self, wd: WatchDescriptor, id_: CallbackId) -> None:
        """Nor is one that has gone before."""
        watch = self._watch_for_wd.get(wd)
        if watch is not None and id_ in watch.callbacks:
            super()._remove_callback(wd, id_)


class InotifyTree(InotifyWatchGroup):
    """The watches of a tree.

    Those of a folder that leaves its place go at once; it gets new ones where it comes in again, and is scanned then.
    watchdog keeps them: folders that were moved out and back were not heard of any more.
    """

    def on_event(self, event: InotifyEvent) -> None:
        """Hand on an event; before, take away the watches of a folder that leaves its place."""
        if event.is_moved_from and event.is_directory and self.is_recursive:
            with self._lock:
                self._forget(self._build_event_source_path(event))
        super().on_event(event)

    def _forget(self, path: bytes | None) -> None:
        if path is not None:
            below = path + b"/"
            watches = self._active_callbacks_by_path.items()
            self._remove_callbacks([wd for known, wd in watches if known == path or known.startswith(below)])


class InotifyTreeEmitter(InotifyEmitter):
    """Makes watchdog's events of those of a tree, and tells of trouble."""

    def on_thread_start(self) -> None:
        """Add the watches of the tree."""
        self._inotify = InotifyTree(
            self._inotify_fd,
            os.fsencode(self.watch.path),
            is_recursive=self.watch.is_recursive,
            event_mask=self.get_event_mask_from_filter(),
        )

    def run(self) -> None:
        """Sort events until it is stopped."""
        try:
            super().run()
        except Exception as error:  # noqa: BLE001  # see InotifyReader
            assert isinstance(self._inotify_fd, InotifyReader)
            self._inotify_fd.on_trouble(f"sorting events went wrong ({type(error).__name__}: {error})")


class InotifyObserver(BaseObserver):
    """An observer with a kernel queue of its own. Raises OSError where the system has none left."""

    def __init__(self, on_trouble: Callable[[str], None], timeout: "Seconds" = 1.0) -> None:
        self.reader = InotifyReader(on_trouble)
        self.reader.start()
        super().__init__(InotifyTreeEmitter, timeout=timeout, inotify_fd=self.reader)

    def on_thread_stop(self) -> None:
        """Stop the reader too."""
        super().on_thread_stop()
        self.reader.stop()
        self.reader.join()
