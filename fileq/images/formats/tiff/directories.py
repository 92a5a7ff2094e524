"""TIFF (TIFF 6.0): its pages, what of it Pillow can't read, and the directories that Pillow can't write."""

from __future__ import annotations

import os
import struct
from typing import IO, TYPE_CHECKING, Any, BinaryIO

from PIL.TiffImagePlugin import ImageFileDirectory_v2, TiffImageFile

from fileq.images.errors import DAMAGE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from PIL.Image import Image

BIG_ENDIAN_BIG_TIFF = b"MM\0+"
SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", BIG_ENDIAN_BIG_TIFF)
"""What a file begins with: TIFF and BigTIFF, each in both byte orders."""

_NEW_SUBFILE_TYPE = 254  # a tag
_STRIP_OFFSETS, _STRIP_LENGTHS, _TILE_OFFSETS, _TILE_LENGTHS = 273, 279, 324, 325
_REDUCED_PAGE = 1  # the bit of NewSubfileType that marks a thumbnail of another page

_LONG = 4
_VALUE_LENGTHS = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
"""Bytes of a value by its type (section 2; BigTIFF)."""

_MOST_TAGS = 4096
_ENTRY = 12  # bytes
_FAR = 2**40  # bytes: beyond the end of any TIFF


def find_pages(image: Image, count: int) -> list[int]:
    """Return the pages of an open TIFF of `count` images, without the small copies that some programs add."""
    pages = []
    for page in range(count):
        image.seek(page)
        if not int(_tags(image).get(_NEW_SUBFILE_TYPE, 0)) & _REDUCED_PAGE:
            pages.append(page)
    image.seek(0)
    return pages or [0]


def has_unknown_pixels(file: BinaryIO) -> bool:
    """Return whether Pillow understands a TIFF's header, and has no mode for what it describes."""
    file.seek(0)
    try:
        TiffImageFile(file)
    except (SyntaxError, NotImplementedError) as error:
        return "pixel mode" in str(error)
    except DAMAGE:
        return False
    return False


def is_cut_off(file: BinaryIO) -> bool:
    """Return whether a directory of an open TIFF, or pixels of a page after the first, would lie beyond its end.

    The first page's own are its decoder's to see. The file stays where it is.
    """
    place, end = file.tell(), file.seek(0, os.SEEK_END)
    try:
        return any(
            at >= end or (number > 0 and _end_of_page(file, at) > end)
            for number, at in enumerate(_directory_places(file))
        )
    except struct.error:  # one begins before the end, and ends after it
        return True
    finally:
        file.seek(place)


def _directory_places(file: BinaryIO) -> Iterator[int]:
    """Yield where each directory begins (section 2; BigTIFF: libtiff's specification). Raises struct.error."""
    file.seek(0)
    header = file.read(16)
    order, is_big = "<" if header.startswith(b"II") else ">", header[2:4] in {b"+\0", b"\0+"}
    number, count, entry = ("Q", "Q", 20) if is_big else ("L", "H", _ENTRY)
    (at,) = struct.unpack_from(f"{order}{number}", header, 8 if is_big else 4)
    seen = set()
    while at and at not in seen:
        yield at
        seen.add(at)
        file.seek(at)
        (entries,) = struct.unpack(f"{order}{count}", file.read(struct.calcsize(f"={count}")))
        file.seek(min(entries * entry, _FAR), os.SEEK_CUR)
        following = file.read(struct.calcsize(f"={number}"))
        at = struct.unpack(f"{order}{number}", following)[0] if following else 0  # some writers leave it out


def _end_of_page(file: BinaryIO, at: int) -> int:
    """Return where what the directory at this place points to ends in the file: its pixels, and values of its tags.

    Raises struct.error where it is cut off itself.
    """
    file.seek(0)
    start = file.read(16)
    order, is_big = "<" if start.startswith(b"II") else ">", start[2:4] in {b"+\0", b"\0+"}
    entry = struct.Struct(f"{order}HHQQ" if is_big else f"{order}HHLL")
    file.seek(at)
    (count,) = struct.unpack(f"{order}{'Q' if is_big else 'H'}", file.read(8 if is_big else 2))
    ends = [0]
    for _ in range(min(count, _MOST_TAGS)):
        _, kind, values, place = entry.unpack(file.read(entry.size))
        length = _VALUE_LENGTHS.get(kind, 0) * values
        ends.append(place + length if length > (8 if is_big else 4) else 0)
    return max(*ends, _end_of_pixels(file, start if is_big else start[:8], at))


def _end_of_pixels(file: BinaryIO, header: bytes, at: int) -> int:
    """Return where the pixels of the directory at this place end in the file, 0 where that can't be told."""
    try:
        tags: Any = ImageFileDirectory_v2(header)
        file.seek(at)
        tags.load(file)
        ends = [
            offset + length
            for offsets, lengths in ((_STRIP_OFFSETS, _STRIP_LENGTHS), (_TILE_OFFSETS, _TILE_LENGTHS))
            for offset, length in zip(tags.get(offsets, ()), tags.get(lengths, ()), strict=True)
        ]
    except (*DAMAGE, OSError):
        return 0
    return max(ends, default=0)


def check_strips(file: BinaryIO, image: Image) -> None:
    """Raise ValueError where the pixels of an open TIFF lie beyond its end."""
    tags = _tags(image)
    ends = (offset + length for offset, length in zip(tags[_STRIP_OFFSETS], tags[_STRIP_LENGTHS], strict=True))
    if max(ends) > file.seek(0, os.SEEK_END):
        raise ValueError("the file that was written is cut off")


def _tags(image: Image) -> Any:
    return image.tag_v2  # type: ignore[attr-defined]  # a TIFF's


def add_directories(file: IO[bytes], directories: Mapping[int, Mapping[int, Any]]) -> None:
    """Add to the first page of an open TIFF, at its beginning, a directory for each tag of `directories`: EXIF, GPS.

    Pillow can't write them where the pixels are compressed. They are put at the end of the finished file (section 2):
    the directories, then a copy of the first directory with an entry for each, to which the header then points.
    """
    if not directories:
        return
    header = file.read(8)
    order = "<" if header.startswith(b"II") else ">"
    (first,) = struct.unpack(f"{order}L", header[4:])
    entries, following = _entries(file, first, order)
    for tag, values in directories.items():
        at = _append(file, header, tag, values)
        entries.append(struct.pack(f"{order}HHLL", tag, _LONG, 1, at))
    entries.sort(key=lambda entry: struct.unpack(f"{order}H", entry[:2]))
    at = _end(file)
    file.write(struct.pack(f"{order}H", len(entries)) + b"".join(entries) + following)
    file.seek(4)
    file.write(struct.pack(f"{order}L", at))


def _entries(file: IO[bytes], at: int, order: str) -> tuple[list[bytes], bytes]:
    """Return the entries of the directory at this place, and where the next page's is."""
    file.seek(at)
    (count,) = struct.unpack(f"{order}H", file.read(2))
    return [file.read(_ENTRY) for _ in range(count)], file.read(4)


def _append(file: IO[bytes], header: bytes, group: int, values: Mapping[int, Any]) -> int:
    directory = ImageFileDirectory_v2(ifh=header, group=group)
    for tag, value in values.items():
        directory[tag] = value
    at = _end(file)
    file.write(directory.tobytes(at))
    return at


def _end(file: IO[bytes]) -> int:
    """Return the end of the file, made even: directories begin at a word."""
    at = file.seek(0, os.SEEK_END)
    return at + file.write(b"\0" * (at % 2))
