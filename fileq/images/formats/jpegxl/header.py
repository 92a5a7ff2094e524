"""The header and the metadata of a JPEG XL file: the decoder that fileq has decodes all of it before it tells the size.

Boxes are those of ISO/IEC 18181-2, the codestream's header that of ISO/IEC 18181-1, annex D.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from fileq.files.containers import boxes
from fileq.images.formats import optional_codecs
from fileq.units import Size

if TYPE_CHECKING:
    from typing import BinaryIO

CODESTREAM, CONTAINER = b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n"

_HEADER = 64  # bytes: more than size and metadata take up to what is read here
_LONGEST_PACKET = 2**24  # bytes of metadata
_METADATA = {b"Exif": "exif", b"xml ": "xmp"}
"""Boxes; the first begins with 4 bytes that say where EXIF begins, which some programs leave out."""

_TIFF = (b"II*\0", b"MM\0*")

_SIDE = ((9, 1), (13, 1), (18, 1), (30, 1))  # bits, and what is added to them
_PREVIEW_8 = ((0, 16), (0, 32), (5, 1), (9, 33))
_PREVIEW = ((6, 1), (8, 65), (10, 321), (12, 1345))
_RATIOS = {1: (1, 1), 2: (12, 10), 3: (4, 3), 4: (3, 2), 5: (16, 9), 6: (5, 4), 7: (2, 1)}


class JpegXlHeader(NamedTuple):
    """The stored size in pixels, the orientation in EXIF's numbers, and whether there are frames that play."""

    size: Size
    orientation: int
    is_animation: bool


def read_header(file: BinaryIO) -> JpegXlHeader:
    """Read the header of an open JPEG XL file. Raises ValueError where it is damaged."""
    bits = _Bits(_codestream(file))
    size = _size(bits)
    if bits.take(1):  # all of the image's metadata has its default
        return JpegXlHeader(size, orientation=1, is_animation=False)
    if not bits.take(1):  # no extra fields
        return JpegXlHeader(size, orientation=1, is_animation=False)
    return JpegXlHeader(size, orientation=bits.take(3) + 1, is_animation=_has_animation(bits))


def read_metadata(file: BinaryIO) -> dict[str, bytes]:
    """Return EXIF and XMP of an open JPEG XL file, under "exif" and "xmp", also those that are packed by Brotli.

    Raises ValueError where it is damaged.
    """
    found = {}
    for box in boxes(file):
        name, packed = box.name, b""
        if name == b"brob":
            name = file.read(4)
            packed = file.read(min(box.length - 4, _LONGEST_PACKET)) if name in _METADATA else b""
        if name in _METADATA:
            content = optional_codecs.unpack_brotli(packed, _LONGEST_PACKET) if packed else file.read(box.length)
            is_bare = name != b"Exif" or content.startswith(_TIFF)
            found[_METADATA[name]] = content if is_bare else content[4 + int.from_bytes(content[:4], "big") :]
    return found


def _codestream(file: BinaryIO) -> bytes:
    file.seek(0)
    if file.read(2) == CODESTREAM:
        return file.read(_HEADER)
    for box in boxes(file):
        if box.name in {b"jxlc", b"jxlp"}:
            start = file.read(_HEADER)
            return start.removeprefix(start[:4] if box.name == b"jxlp" else b"").removeprefix(CODESTREAM)
    raise ValueError("it has no picture")


class _Bits:
    """Numbers of any length from bytes, the lowest bits first."""

    def __init__(self, content: bytes) -> None:
        self._left = int.from_bytes(content, "little")
        self._count = len(content) * 8

    def take(self, count: int) -> int:
        """Return the number in the next `count` bits. Raises ValueError where there are fewer."""
        if count > self._count:
            raise ValueError("its header is cut off")
        value = self._left & ((1 << count) - 1)
        self._left >>= count
        self._count -= count
        return value

    def one_of(self, ways: tuple[tuple[int, int], ...]) -> int:
        """Return a number written in one of four ways, named by two bits: in so many bits, and so much more."""
        count, plus = ways[self.take(2)]
        return self.take(count) + plus


def _size(bits: _Bits) -> Size:
    by_8 = bits.take(1)

    def side() -> int:
        """Return the next side in pixels."""
        return (bits.take(5) + 1) * 8 if by_8 else bits.one_of(_SIDE)

    height = side()
    across, down = _RATIOS.get(bits.take(3), (0, 1))
    return Size(height * across // down if across else side(), height)


def _has_animation(bits: _Bits) -> bool:
    if bits.take(1):
        _size(bits)  # the intrinsic size
    if bits.take(1):
        _skip_preview(bits)
    return bool(bits.take(1))


def _skip_preview(bits: _Bits) -> None:
    by_8 = bits.take(1)
    ways = _PREVIEW_8 if by_8 else _PREVIEW
    bits.one_of(ways)
    if not bits.take(3):
        bits.one_of(ways)
