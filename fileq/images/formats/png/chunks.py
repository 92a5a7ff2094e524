"""Chunks beside the pixels of a PNG that are damaged (PNG third edition, 5.3 and 11.3): browsers go on without them.

Pillow gives up at the first. What decides on pixels stays: the palette, and transparency with a wrong checksum.
"""

from __future__ import annotations

import io
import os
import zlib
from typing import TYPE_CHECKING, NamedTuple

from fileq.files import containers
from fileq.images.errors import UnsupportedContentError

if TYPE_CHECKING:
    from typing import BinaryIO

    from fileq.files.containers import Chunk

_SIGNATURE = 8  # bytes
_LONGEST = 2**20  # bytes of a text or a profile, unpacked: Pillow takes no more
_MOST_TEXT = 2**26  # bytes of all texts together: the same
_LENGTHS = {b"gAMA": 4, b"cHRM": 32, b"sRGB": 1, b"pHYs": 9, b"acTL": 8, b"fcTL": 26}
_ALPHA_LENGTHS = {0: 2, 2: 6}  # of tRNS, by color type
_INDEXED, _MOST_COLORS = 3, 256
_BEFORE_PIXELS = {b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"cICP", b"tRNS", b"bKGD", b"acTL"}
_TEXTS = {b"tEXt", b"zTXt", b"iTXt"}
_REST = "all after its pixels"


_CRITICAL = {b"IHDR", b"PLTE", b"IDAT", b"IEND"}
_BY_APPLE = b"CgBI"
_CHANGED_BY_APPLE = "is a PNG as Xcode packs it into apps for iPhones, whose pixels are laid out in another way"


class UndamagedPng(NamedTuple):
    """A PNG without its damaged chunks, at its beginning, the names of those, and whether programs differ about it."""

    file: BinaryIO
    dropped: tuple[str, ...]
    has_long_transparency: bool


def drop_damaged(file: BinaryIO) -> UndamagedPng:
    """Return an open PNG without the damaged chunks that no pixel needs: the file itself where it has none.

    Raises OSError; ValueError where its transparency is damaged; UnsupportedContentError where a chunk says that its
    pixels are of a kind that is not known.
    """
    end = file.seek(0, os.SEEK_END)
    survey, kept, dropped = _Survey(file, end), [slice(0, _SIGNATURE)], []
    for chunk in containers.png_chunks(file):
        if survey.is_lost(chunk):
            dropped.append(_REST)
            break
        if survey.is_damaged(chunk):
            dropped.append(chunk.name.decode("latin-1"))
        else:
            kept.append(slice(chunk.start, chunk.end))
    file.seek(0)
    whole = join_parts(file, kept, ends=_REST in dropped) if dropped else file
    return UndamagedPng(whole, tuple(dict.fromkeys(dropped)), survey.has_long_transparency)


def join_parts(file: BinaryIO, parts: list[slice], *, ends: bool = False) -> BinaryIO:
    """Return these parts of an open PNG as a file; with an end of its own where it `ends` before the file's."""
    file.seek(0)
    content = file.read()
    whole = b"".join(content[part] for part in parts)
    return io.BytesIO(whole + (containers.png_chunk(b"IEND", b"") if ends else b""))


class _Survey:
    """What is known of a PNG from the chunks up to one."""

    def __init__(self, file: BinaryIO, end: int) -> None:
        self._file = file
        self._end = end
        self._color_type = 0
        self._has_pixels = self._is_animated = False
        self._text = 0  # bytes
        self._colors = 0  # of the palette
        self.has_long_transparency = False
        """Whether transparency is told of more colours than there are: Chromium heeds it, and libpng doesn't."""

    def is_lost(self, chunk: Chunk) -> bool:
        """Return whether nothing from this chunk on can be told any more, and all pixels stand before it."""
        known = chunk.name.isalpha() and chunk.name.isascii() and chunk.end <= self._end
        return self._has_pixels and not self._is_animated and not known and chunk.name != b"IDAT"

    def is_damaged(self, chunk: Chunk) -> bool:
        """Return whether a chunk is damaged, and no pixel needs it. Raises as `drop_damaged` does."""
        if chunk.name == b"IHDR":
            self._color_type = self._file.read(10)[-1]
        self._has_pixels = self._has_pixels or chunk.name == b"IDAT"
        self._is_animated = self._is_animated or (chunk.name == b"acTL" and not self._has_pixels)
        if chunk.name == b"PLTE":
            self._colors = chunk.length // 3
        self._refuse_unknown(chunk)
        if not chunk.name[0] & 0x20 or chunk.name == b"fdAT" or chunk.end > self._end:
            return False
        if self._has_pixels and chunk.name in _BEFORE_PIXELS:  # so that viewers don't heed them
            return True
        content, checksum = self._file.read(chunk.length), self._file.read(4)
        if containers.png_checksum(chunk.name + content) != checksum:
            if chunk.name == b"tRNS":
                raise ValueError("the checksum of its transparency is wrong")
            return True
        return not chunk.name.isalpha() or self._is_unusable(chunk.name, content)

    def _refuse_unknown(self, chunk: Chunk) -> None:
        """Raise UnsupportedContentError where a chunk decides on the pixels behind it, and is not known (14.2)."""
        is_known = (
            chunk.name in _CRITICAL or chunk.name[0] & 0x20 or not (chunk.name.isalpha() and chunk.name.isascii())
        )
        if is_known or self._has_pixels or chunk.end > self._end:
            return
        content, checksum = self._file.read(chunk.length), self._file.read(4)
        if containers.png_checksum(chunk.name + content) == checksum:
            unknown = f"is a PNG that needs a reader who knows its part {chunk.name.decode()}, as no browser does"
            hint = "Save it as PNG with the program that it comes from."
            raise UnsupportedContentError(_CHANGED_BY_APPLE if chunk.name == _BY_APPLE else unknown, hint)

    def _is_unusable(self, name: bytes, content: bytes) -> bool:
        if name == b"tRNS" and self._color_type == _INDEXED:
            self.has_long_transparency = self._colors < len(content) <= _MOST_COLORS
            return len(content) > _MOST_COLORS
        if name == b"tRNS":
            return len(content) < _ALPHA_LENGTHS.get(self._color_type, 0)
        if name in _TEXTS:
            return self._is_unusable_text(name, content)
        if name == b"iCCP":
            _, _, rest = content.partition(b"\0")
            return rest[:1] != b"\0" or _unpacked_length(rest[1:]) > _LONGEST
        return len(content) < _LENGTHS.get(name, 0)

    def _is_unusable_text(self, name: bytes, content: bytes) -> bool:
        """Return whether Pillow can't take a text, whose length counts where it can."""
        _, _, rest = content.partition(b"\0")
        length, packed = len(content), b""
        if name == b"zTXt":
            if rest[:1] not in {b"", b"\0"}:
                return True
            packed = rest[1:]
        elif name == b"iTXt" and rest[:1] not in {b"", b"\0"}:
            packed = rest[2:].split(b"\0", 2)[-1]
        if packed:
            length = _unpacked_length(packed)
        if (length > _LONGEST and packed) or self._text + length > _MOST_TEXT:
            return True
        self._text += length
        return False


def _unpacked_length(packed: bytes) -> int:
    """Return how many bytes are in a deflated text, counted up to one too many; 0 where it is damaged."""
    try:
        return len(zlib.decompressobj().decompress(packed, _LONGEST + 1))
    except zlib.error:
        return 0
