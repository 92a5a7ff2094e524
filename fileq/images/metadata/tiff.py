"""EXIF and GPS directories in a TIFF: Pillow can't write them where the pixels are compressed.

They are put at the end of the finished file (TIFF 6.0, section 2): the directories, then a copy of the first directory
with an entry for each, to which the header then points.
"""

from __future__ import annotations

import os
import struct
from typing import IO, TYPE_CHECKING, Any

from PIL.TiffImagePlugin import ImageFileDirectory_v2

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONG = 4
_ENTRY = 12  # bytes


def add_directories(file: IO[bytes], directories: Mapping[int, Mapping[int, Any]]) -> None:
    """Add to the first page of an open TIFF, at its beginning, a directory for each tag of `directories`."""
    header = file.read(8)
    order = "<" if header.startswith(b"II") else ">"
    (first,) = struct.unpack(f"{order}L", header[4:])
    entries, following = _entries(file, first, order)
    for tag, values in directories.items():
        at = _append(file, header, values)
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


def _append(file: IO[bytes], header: bytes, values: Mapping[int, Any]) -> int:
    directory = ImageFileDirectory_v2(ifh=header)
    for tag, value in values.items():
        directory[tag] = value
    at = _end(file)
    file.write(directory.tobytes(at))
    return at


def _end(file: IO[bytes]) -> int:
    """Return the end of the file, made even: directories begin at a word."""
    at = file.seek(0, os.SEEK_END)
    return at + file.write(b"\0" * (at % 2))
