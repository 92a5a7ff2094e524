"""Animated WebP (RFC 9649, 2.7.1) that says it is opaque, and has frames that leave some of its canvas uncovered.

Browsers show what no frame covers as transparent whatever it says; Pillow makes it black.
"""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from fileq.files import containers
from fileq.units import Size

if TYPE_CHECKING:
    from typing import BinaryIO

_HEADER = 30  # bytes: up to the end of VP8X
_FLAGS_AT = 20  # the place of VP8X's flags in the file, where it is the first chunk
_ANIMATION, _ALPHA = 0x02, 0x10
_14_BITS = 0x3FFF
_DISPOSES = 0x01  # a flag of a frame

_USUAL_METHOD, _MOST_METHOD, _MOST_EFFORT = 2, 6, 10
_LARGE = 2**27  # pixels: with 44 bytes each they fill the 6 GiB that a job may have by default


def choose_method(effort: int | None, pixels: int, *, lossless: bool) -> int:
    """Return libwebp's method, from 0 to 6, for a picture of so many pixels. 2 takes half the time of Pillow's 4.

    Without loss, 0 takes two thirds of the memory, and is chosen for large pictures where no effort is asked for.
    """
    if effort is not None:
        return round(effort * _MOST_METHOD / _MOST_EFFORT)
    return 0 if lossless and pixels > _LARGE else _USUAL_METHOD


def say_transparent(file: BinaryIO, start: bytes) -> BinaryIO:
    """Return an open WebP that begins with `start`, saying that it is transparent where browsers show it so.

    It is the file itself where nothing is to be said. Raises OSError.
    """
    if start[:4] != b"RIFF" or start[8:16] != b"WEBPVP8X" or start[_FLAGS_AT] & (_ANIMATION | _ALPHA) != _ANIMATION:
        return file
    shows_canvas = _shows_canvas(file, start[24:30])
    file.seek(0)
    if not shows_canvas:
        return file
    content = bytearray(file.read())
    content[_FLAGS_AT] |= _ALPHA
    return BytesIO(content)


def read_size(start: bytes) -> Size | None:
    """Return the size in pixels that a WebP beginning with `start` says it has (RFC 9649, 2.5 to 2.7); else None."""
    if start[:4] != b"RIFF" or start[8:12] != b"WEBP" or len(start) < _HEADER:
        return None
    kind = start[12:16]
    if kind == b"VP8X":
        return Size(int.from_bytes(start[24:27], "little") + 1, int.from_bytes(start[27:30], "little") + 1)
    if kind == b"VP8L":
        packed = int.from_bytes(start[21:25], "little")
        return Size((packed & _14_BITS) + 1, (packed >> 14 & _14_BITS) + 1)
    if kind == b"VP8 ":
        return Size(*(int.from_bytes(start[at : at + 2], "little") & _14_BITS for at in (26, 28)))
    return None


def read_stray_xmp(file: BinaryIO) -> bytes:
    """Return the XMP packet of an open WebP from the chunk that ImageMagick writes, b"" for none. Raises OSError."""
    for chunk in containers.riff_chunks(file):
        if chunk.name == b"XMP\0":
            return file.read(chunk.length)
    return b""


def may_be_transparent(start: bytes) -> bool:
    """Return whether a WebP beginning with `start` leaves transparent pixels possible."""
    return start[12:16] == b"VP8L" or (start[12:16] == b"VP8X" and bool(start[_FLAGS_AT] & _ALPHA))


def build_header(content: bytes) -> bytes:
    """Return the VP8X chunk for a still WebP that has none (RFC 9649, 2.7). Raises ValueError."""
    size = read_size(content)
    if size is None:
        raise ValueError("it says no size")
    flags = _ALPHA if may_be_transparent(content) else 0
    sides = b"".join((side - 1).to_bytes(3, "little") for side in size)
    return containers.riff_chunk(b"VP8X", bytes((flags, 0, 0, 0)) + sides)


def write_transparent(file: BinaryIO) -> None:
    """Have a new WebP say what `say_transparent` says of it: libwebp looks at frames alone. Raises OSError."""
    said = say_transparent(file, file.read(_HEADER))
    if said is not file:
        file.seek(0)
        file.write(said.read())


def _shows_canvas(file: BinaryIO, canvas: bytes) -> bool:
    """Return whether the first frame is smaller than a canvas of this width and height, less 1 each, or one is gone."""
    frames = (file.read(16) for chunk in containers.riff_chunks(file) if chunk.name == b"ANMF")
    for number, frame in enumerate(frames):
        covers = frame[:6] == bytes(6) and frame[6:12] == canvas
        if (number == 0 and not covers) or frame[15] & _DISPOSES:
            return True
    return False
