"""What goes into the pipeline, and what comes out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from fileq.files.temp_file import TempIdentity

if TYPE_CHECKING:
    from fileq.recipes.recipe import Recipe


class PipelineRequest(msgspec.Struct, frozen=True):
    """What one attempt must do. It is pickled to the child."""

    source: str  # an absolute path, which may hold surrogate escapes
    size: int  # the source's when it was added; -1: any
    mtime_ns: int  # the same
    recipe: Recipe
    folder: str  # the absolute destination folder
    relative: str  # the source's folder below the one that was added, "" at its top
    max_pixels: int
    inode: int | None = None  # the source's when it was added, where that must not be another file's; None: any
    wants_digest: bool = False  # of the source: a watcher sees by it that a file was only touched


class OutputTarget(msgspec.Struct, frozen=True):
    """Where to make an output: its temp file's path, and whether the finished file takes the source's place."""

    temp: str
    replaces_source: bool = False


class PlannedOutput(msgspec.Struct, frozen=True):
    """One output before any of it is encoded: its absolute final path, format, and size in pixels (0: not known)."""

    path: str
    format: str
    width: int
    height: int


class EncodedOutput(msgspec.Struct, frozen=True):
    """One temp file: complete, checked, and safe on the disk. Sizes in pixels (0: no picture) and bytes."""

    format: str
    width: int
    height: int
    bytes: int
    identity: TempIdentity
