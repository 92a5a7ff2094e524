"""What a slot and its child say to each other of a job: the request, reserved places, and encoded outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from fileq.files.temp_file import TempIdentity
from fileq.job import OutputInfo

if TYPE_CHECKING:
    from fileq.recipes.recipe import Recipe


class PipelineRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What one attempt must do. It is pickled to the child."""

    source: str  # an absolute path, which may hold surrogate escapes: by it the outputs are named
    size: int  # the source's when it was added; -1: any
    mtime_ns: int  # the same
    recipe: Recipe
    folder: str  # the absolute destination folder
    relative: str  # the source's folder below the one that was added, "" at its top
    max_pixels: int
    counter: int = 1  # the source's number, for names that have one
    inode: int | None = None  # the source's when it was added, where that must not be another file's; None: any
    location: str | None = None  # where the source is read, where it was put elsewhere since
    marks_outputs: bool = True  # by which another database knows them for fileq's
    wants_digest: bool = False  # of the source: a watcher sees by it that a file was only touched

    @property
    def path(self) -> str:
        """Return the path at which the source is read."""
        return self.location or self.source


class MemoryNeed(msgspec.Struct, frozen=True):
    """How many bytes a child is about to use, more than it would without asking: it waits for an answer."""

    bytes: int


class Reservation(msgspec.Struct, frozen=True, kw_only=True):
    """A final path that is this attempt's now, and the temp file in the same folder that is to get that name."""

    path: str
    temp: str
    replaces: bool = False
    """Whether a file may stand there that goes."""
    version: str | None = None
    """The one version of it that may go; None: whichever it is."""
    is_source: bool = False
    """Whether that is the job's own source."""
    kept: str | None = None
    """The second path that the file gets which goes, so that it can be put back; None where fileq has made it."""


class EncodedOutput(msgspec.Struct, frozen=True):
    """One temp file: complete, checked, and safe on the disk; and what it is to be under its final name."""

    info: OutputInfo
    identity: TempIdentity


class EncodeResult(msgspec.Struct, frozen=True):
    """What a child has encoded, None for an output that was not asked for, and sentences to be said on the job."""

    outputs: tuple[EncodedOutput | None, ...]
    notes: tuple[str, ...]
    digest: str | None
    """The SHA-256 of the source, where it was asked for."""
