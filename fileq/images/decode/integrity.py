"""Damage that decoders don't see: they fill what is missing with gray or black, and say nothing."""

from __future__ import annotations

import os
import zlib
from typing import TYPE_CHECKING

from fileq.files import containers

if TYPE_CHECKING:
    from typing import BinaryIO

_BLOCK = 4096  # bytes: what file systems allocate, and leave empty when a copy breaks off
_MOST_ZEROS = 2**24  # bytes: with so many at its end, a file is damaged whatever stands before
_AT_ONCE = 2**20  # bytes
_ZEROS = "its end is nothing but zeros, as after a copy that broke off"


def find_damage(file: BinaryIO, format_: str) -> str | None:
    """Return what is wrong with an open file in a format of Pillow's, by its name there.

    None where nothing is found without decoding it. The file stays where it is. Raises OSError.
    """
    place = file.tell()
    try:
        if format_ in {"JPEG", "MPO"}:
            return _ZEROS if _ends_in_zeros(file, containers.END_MARKS["jpeg"]) else None
        if format_ == "WEBP":
            return _ZEROS if _ends_in_zeros(file) and _last_chunk(file) not in {b"EXIF", b"XMP "} else None
        return _find_wrong_checksum(file) if format_ == "PNG" else None
    finally:
        file.seek(place)


def _ends_in_zeros(file: BinaryIO, end_mark: bytes | None = None) -> bool:
    """Return whether a file's last block is empty, and no end mark stands before."""
    end = file.seek(0, os.SEEK_END)
    tail, length = b"", _BLOCK
    while not tail.strip(b"\0") and len(tail) < min(end, _MOST_ZEROS):
        file.seek(max(0, end - length))
        tail = file.read(length)
        length *= 8
    written = tail.rstrip(b"\0")
    return len(tail) - len(written) >= _BLOCK and not (end_mark and written.endswith(end_mark))


def _last_chunk(file: BinaryIO) -> bytes:
    """Return the name of the last chunk of a WebP: metadata may well end in zeros, coded pixels don't."""
    name = b""
    for chunk in containers.riff_chunks(file):
        name = chunk.name
    return name


def _find_wrong_checksum(file: BinaryIO) -> str | None:
    """Return what is wrong where a checksum of pixels is, which Pillow leaves alone (PNG third edition, 5.3)."""
    for chunk in containers.png_chunks(file):
        if chunk.name in {b"IDAT", b"fdAT"}:
            checksum = _checksum(file, chunk.name, chunk.length)
            if checksum != int.from_bytes(file.read(4), "big"):
                return "the checksum of its pixels is wrong"
    return None  # where it is cut off, decoders do see it


def _checksum(file: BinaryIO, name: bytes, length: int) -> int:
    checksum = zlib.crc32(name)
    while length > 0 and (part := file.read(min(length, _AT_ONCE))):
        checksum = zlib.crc32(part, checksum)
        length -= len(part)
    return checksum
