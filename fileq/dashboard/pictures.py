"""Pictures before and after, small enough for a page. Only files that a job names are shown."""

import os
import threading
from collections import OrderedDict

from fileq.errors import EnvironmentFailure, NotFoundError
from fileq.files.identity import version_of
from fileq.images.thumbnails import THUMBNAIL_FORMAT, Thumbnail, make_thumbnail
from fileq.job import Job
from fileq.process.isolated import run_isolated

MEDIA_TYPE = f"image/{THUMBNAIL_FORMAT}"

_SIDE = 480
_KEPT = 128
_AT_ONCE = 2
_SECONDS = 30.0


class Pictures:
    """Thumbnails, each made in a process of its own, and the last ones kept. Safe to share between threads."""

    def __init__(self, max_pixels: int) -> None:
        self._max_pixels = max_pixels
        self._made: OrderedDict[tuple[str, int, int], bytes] = OrderedDict()
        self._lock = threading.Lock()
        self._turns = threading.Semaphore(_AT_ONCE)
        self._stop = threading.Event()

    def close(self) -> None:
        """End what is being made."""
        self._stop.set()

    def find_source(self, job: Job, version: str) -> bytes:
        """Return the thumbnail of a job's source, of the version that it was made of: none of what is there since.

        Raises NotFoundError where there is none to show.
        """
        return self._find(job.moved_to or job.source, version=version)

    def find_output(self, job: Job, number: int) -> bytes:
        """Return the thumbnail of the output of this number, from 0 on. Raises NotFoundError."""
        if not 0 <= number < len(job.outputs):
            raise NotFoundError(f"Job {job.id} has no output {number}.")
        output = job.outputs[number]
        return self._find(output.path, output.bytes)

    def _find(self, path: str, size: int = -1, version: str | None = None) -> bytes:
        try:
            status = os.stat(path)
        except (OSError, ValueError) as error:
            raise NotFoundError("The file is not there.") from error
        if version not in (None, version_of(status)):  # perhaps a link to what is none of a reader's business
            raise NotFoundError("The source is another one by now.")
        key = (path, status.st_size, status.st_mtime_ns)
        with self._lock:
            if key in self._made:
                self._made.move_to_end(key)
                return self._made[key]
        content = self._make(path, size)
        with self._lock:
            self._made[key] = content
            while len(self._made) > _KEPT:
                self._made.popitem(last=False)
        return content

    def _make(self, path: str, size: int) -> bytes:
        with self._turns:
            try:
                made: Thumbnail = run_isolated(
                    _make_thumbnail, path, self._max_pixels, size, seconds=_SECONDS, stop=self._stop
                )
            except EnvironmentFailure as error:  # so the other process tells of what can't be shown
                raise NotFoundError(error.message) from error
        return made.content


def _make_thumbnail(path: str, max_pixels: int, size: int) -> Thumbnail:
    return make_thumbnail(path, _SIDE, max_pixels, size=size)
