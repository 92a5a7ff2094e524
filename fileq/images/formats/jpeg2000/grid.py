"""The reference grid of JPEG 2000 (ISO/IEC 15444-1, annex B), where no component has a sample at each of its points.

Pillow takes the grid for the picture then, and gets its rows wrong. With a grid of the components' own the file has the
same samples, and is the picture that OpenJPEG and ImageMagick show.
"""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING, NamedTuple

from fileq.files import containers
from fileq.images.errors import UnsupportedContentError

if TYPE_CHECKING:
    from typing import BinaryIO

_SIZ = b"\xff\x51"
_GRID = struct.Struct(">8I")
_GRID_START, _COMPONENTS_START = 6, 40  # bytes after the marker
_HINT = "Export it without subsampling."


class _Axis(NamedTuple):
    """One axis of the grid: where the picture ends and begins, how long a tile is, and where the first begins."""

    end: int
    start: int
    tile_length: int
    tile_start: int

    def divide(self, step: int) -> _Axis:
        """Return the axis in steps of so many points. Raises UnsupportedContentError where tiles begin between them."""
        end, start, tile_start = (-(-place // step) for place in (self.end, self.start, self.tile_start))
        if not (self.tile_length % step or self.tile_start % step):
            return _Axis(end, start, self.tile_length // step, tile_start)
        if self.tile_start + self.tile_length < self.end:
            raise UnsupportedContentError("is a JPEG 2000 picture whose tiles don't fit its subsampling", _HINT)
        return _Axis(end, start, end - tile_start, tile_start)


def on_own_grid(file: BinaryIO, codestream: int) -> BinaryIO:
    """Return an open picture, in memory, on the grid of its components; the file itself where one has that grid.

    `codestream` is where it begins in the file. Raises UnsupportedContentError where that can't be done; ValueError or
    struct.error where its header is damaged.
    """
    file.seek(codestream + 2)
    marker, length = file.read(2), file.read(2)
    segment = marker + length + file.read(int.from_bytes(length, "big") - 2)
    if marker != _SIZ:  # a decoder gives up
        return file
    steps = {tuple(segment[at + 1 : at + 3]) for at in range(_COMPONENTS_START, len(segment), 3)}
    if len(steps) != 1:
        if len(segment) == _COMPONENTS_START + 6:
            raise UnsupportedContentError("is a JPEG 2000 picture whose gray and opacity differ in size", _HINT)
        return file
    across, down = steps.pop()
    if (across, down) == (1, 1):
        return file
    numbers = _GRID.unpack_from(segment, _GRID_START)
    columns, rows = _Axis(*numbers[::2]).divide(across), _Axis(*numbers[1::2]).divide(down)
    file.seek(0)
    content = bytearray(file.read())
    siz = codestream + 2
    _GRID.pack_into(content, siz + _GRID_START, *(place for pair in zip(columns, rows, strict=True) for place in pair))
    for at in range(siz + _COMPONENTS_START, siz + len(segment), 3):
        content[at + 1 : at + 3] = b"\1\1"
    if codestream:
        _write_size(content, columns.end - columns.start, rows.end - rows.start)
    return io.BytesIO(content)


def _write_size(content: bytearray, width: int, height: int) -> None:
    """Write a picture's size to its image header box (annex I)."""
    file = io.BytesIO(content)
    for outer in containers.boxes(file):
        if outer.name == b"jp2h":
            for box in containers.boxes(file, outer.payload, outer.end):
                if box.name == b"ihdr":
                    struct.pack_into(">II", content, box.payload, height, width)
