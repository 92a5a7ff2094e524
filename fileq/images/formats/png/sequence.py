"""The animation in a PNG as it lies in the file (PNG third edition, 11.3.6): its frames, or that it has errors."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from fileq.files import containers
from fileq.images.formats.canvas import CanvasFrame, Disposal

if TYPE_CHECKING:
    from typing import BinaryIO

_SIGNATURE = 8  # bytes
_CHUNKS = {b"acTL", b"fcTL", b"fdAT"}
_FOR_PIXELS = {b"PLTE", b"tRNS"}
_DISPOSALS = (Disposal.KEEP, Disposal.CLEAR, Disposal.RESTORE)
_OVER = 1  # 0 is for a frame that takes the place of what is there
_MOST_FRAMES = 2**31 - 1
_HUNDREDTHS = 100
_CUT_OFF = "image file is truncated"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApngFrame(CanvasFrame):
    """A frame: whether it is laid over what is there or takes its place, and where its data lies in the file."""

    is_over: bool
    data: list[slice]


class Animation(NamedTuple):
    """An animation as it lies in a file: its frames, how often they play, and what all need to be decoded."""

    frames: list[ApngFrame]
    play_count: int
    header: bytes
    pixel_chunks: bytes


class _Broken(Exception):
    """An animation has errors, so that only the still picture can be shown."""


class ApngReader:
    """The chunks of an open PNG in their order, as far as they belong to an animation."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.has_chunks = self.is_animated = False
        self.still: list[slice] = [slice(0, _SIGNATURE)]
        self._size = (0, 0)
        self._header = self._pixel_chunks = b""
        self._control = bytes(8)
        self._number = 0  # of the next chunk of the sequence
        self._has_pixels = self._begins_with_still = self._is_broken = False
        self._frames: list[ApngFrame] = []

    def read(self) -> Animation | None:
        """Return the animation; None where there is none, or it has errors. Raises OSError where it is cut off."""
        name = b""
        for chunk in containers.png_chunks(self._file):
            name = chunk.name
            if name in _CHUNKS:
                self.has_chunks = True
            else:
                self.still.append(slice(chunk.start, chunk.end))
            try:
                self._read_chunk(chunk)
            except _Broken:
                self._is_broken = True
        count, play_count = struct.unpack(">II", self._control)
        self.is_animated = 0 < count <= _MOST_FRAMES
        frames = self._frames[:count]
        if self.is_animated and name != b"IEND" and len(frames) < count:
            raise OSError(_CUT_OFF)
        if self._is_broken or not frames or any(not frame.data for frame in frames):
            return None
        return Animation(frames, play_count, self._header, self._pixel_chunks)

    def _read_chunk(self, chunk: containers.Chunk) -> None:
        if chunk.name == b"IHDR":
            self._header = self._read(13)
            self._size = struct.unpack_from(">II", self._header)
        elif chunk.name in _FOR_PIXELS:
            self._pixel_chunks += containers.png_chunk(chunk.name, self._file.read(chunk.length))
        elif chunk.name == b"acTL" and not any(self._control):
            self._control = self._read(8)
        elif chunk.name == b"fcTL" and not self._is_broken:
            self._check_number()
            self._frames.append(self._read_frame())
        elif chunk.name == b"fdAT" and not self._is_broken:
            self._check_number()
            if len(self._frames) <= self._begins_with_still or not self._has_pixels:
                raise _Broken
            self._frames[-1].data.append(slice(chunk.payload + 4, chunk.payload + chunk.length))
        elif chunk.name == b"IDAT":
            self._has_pixels = True
            if self._frames:
                self._begins_with_still = True
                if self._frames[0].box != (0, 0, *self._size) or len(self._frames) > 1:
                    raise _Broken
                self._frames[0].data.append(slice(chunk.payload, chunk.payload + chunk.length))

    def _read(self, count: int) -> bytes:
        content = self._file.read(count)
        if len(content) < count:
            raise OSError(_CUT_OFF)
        return content

    def _check_number(self) -> None:
        if int.from_bytes(self._read(4), "big") != self._number:
            raise _Broken
        self._number += 1

    def _read_frame(self) -> ApngFrame:
        width, height, left, top, numerator, denominator, disposal, blend = struct.unpack(">IIIIHHBB", self._read(22))
        outside = left + width > self._size[0] or top + height > self._size[1]
        if outside or not width or not height or disposal >= len(_DISPOSALS) or blend > _OVER:
            raise _Broken
        return ApngFrame(
            place=(left, top),
            size=(width, height),
            duration=1000 * numerator / (denominator or _HUNDREDTHS),
            disposal=_DISPOSALS[disposal],
            is_over=blend == _OVER,
            data=[],
        )
