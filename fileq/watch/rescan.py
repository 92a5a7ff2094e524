"""The scans of one watched folder, a piece at a time: what is in it now, and what of that is new."""

import time
from collections import deque
from collections.abc import Iterator
from itertools import islice

from fileq.errors import LedgerError
from fileq.intake import WatchIntake
from fileq.sources import SourceFile
from fileq.watch.folder import WatchSpec
from fileq.watch.scan import Scan

_AT_ONCE = 64
"""Files between two looks at the clock."""

_RETRY = 1.0


class Rescan:
    """`last_at` is when the last scan ended, in seconds since the epoch, `last_seconds` how long it took."""

    def __init__(self, folder: WatchSpec, intake: WatchIntake) -> None:
        self.overrun = False
        """Whether more came than is kept: a scan is to find it."""
        self.last_ended_at: float | None = None
        self.last_seconds: float | None = None
        self.last_scan: Scan | None = None
        self._spec = folder
        self._intake = intake
        self._scan: Scan | None = None
        self._files: Iterator[SourceFile] = iter(())
        self._catching_up = False
        self._took = 0.0
        self._at = 0.0
        self._new_folders: deque[str] = deque()

    def begin(self, *, catching_up: bool) -> None:
        """Scan it all; `catching_up` where events could not tell what is found."""
        self._scan = Scan(self._spec)
        self._files = iter(self._scan)
        self._catching_up, self.overrun, self._took = catching_up, False, 0.0

    def cancel(self) -> None:
        self._scan = None
        self._new_folders.clear()

    def schedule_at(self, moment: float) -> None:
        """The next scan is to begin then."""
        self._at = moment

    def is_due(self, now: float) -> bool:
        return self._scan is None and (now >= self._at or self.overrun)

    @property
    def is_running(self) -> bool:
        return self._scan is not None or bool(self._new_folders)

    def add_folder(self, path: str) -> None:
        """A folder has come: what is in it may have come before anybody listened."""
        self._new_folders.append(path)

    @property
    def folder_count(self) -> int:
        """How many folders the last scan went through."""
        return self.last_scan.folder_count if self.last_scan else 0

    def advance(self, now: float, seconds: float) -> Iterator[tuple[SourceFile, bool]]:
        """Go on for so long: new files, each with whether the scan had to find it. `last` is new where one has ended.

        Raises LedgerError, and then begins again soon; OSError where the folder can't be read.
        """
        begun = time.monotonic()
        try:
            while self._new_folders and time.monotonic() - begun < seconds:
                files = list(Scan(self._spec, self._new_folders.popleft()))
                yield from ((one, True) for one in self._intake.find_new(files))
            while self._scan is not None and time.monotonic() - begun < seconds:
                some = list(islice(self._files, _AT_ONCE))
                yield from ((one, self._catching_up) for one in self._intake.find_new(some))
                if len(some) < _AT_ONCE:
                    self._end(self._took + time.monotonic() - begun)
        except LedgerError:
            self._scan, self._at = None, now + _RETRY
            raise
        self._took += time.monotonic() - begun

    def _end(self, took: float) -> None:
        self.last_scan, self._scan = self._scan, None
        self.last_ended_at, self.last_seconds = time.time(), round(took, 3)
