"""Damage that decoders don't see: they fill what is missing with gray or black, and say nothing."""

from __future__ import annotations

import os
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import BinaryIO

_BLOCK = 4096  # bytes: what file systems allocate, and leave empty when a copy breaks off
_MOST_ZEROS = 2**24  # bytes: with so many at its end, a file is damaged whatever stands before
_AT_ONCE = 2**20  # bytes
_ZEROS = "its end is nothing but zeros, as after a copy that broke off"


def damage(file: BinaryIO, format_: str) -> str | None:
    """What is wrong with an open file in one of Pillow's formats; None where nothing is found without decoding it."""
    place = file.tell()
    try:
        if format_ in {"JPEG", "MPO"}:
            return _ZEROS if _ends_in_zeros(file, b"\xff\xd9") else None
        if format_ == "WEBP":
            return _ZEROS if _ends_in_zeros(file) and _last_chunk(file) not in {b"EXIF", b"XMP "} else None
        return _png(file) if format_ == "PNG" else None
    finally:
        file.seek(place)


def _ends_in_zeros(file: BinaryIO, end_mark: bytes | None = None) -> bool:
    """Whether a file's last block is empty, and no end mark stands before."""
    end = file.seek(0, os.SEEK_END)
    tail, length = b"", _BLOCK
    while not tail.strip(b"\0") and len(tail) < min(end, _MOST_ZEROS):
        file.seek(max(0, end - length))
        tail = file.read(length)
        length *= 8
    written = tail.rstrip(b"\0")
    return len(tail) - len(written) >= _BLOCK and not (end_mark and written.endswith(end_mark))


def _last_chunk(file: BinaryIO) -> bytes:
    """The name of the last chunk of a RIFF file: metadata may well end in zeros, coded pixels don't."""
    end, at, name = file.seek(0, os.SEEK_END), 12, b""
    while at + 8 <= end:
        file.seek(at)
        head = file.read(8)
        name, length = head[:4], int.from_bytes(head[4:], "little")
        at += 8 + length + length % 2
    return name


def _png(file: BinaryIO) -> str | None:
    """Pillow leaves the checksums of the pixels alone (PNG third edition, 5.3)."""
    file.seek(8)
    while len(head := file.read(8)) == 8:
        length, name = int.from_bytes(head[:4], "big"), head[4:]
        if name == b"IEND":
            return None
        if name not in {b"IDAT", b"fdAT"}:
            file.seek(length + 4, os.SEEK_CUR)
        elif _checksum(file, name, length) != int.from_bytes(file.read(4), "big"):
            return "the checksum of its pixels is wrong"
    return None  # it is cut off, which decoders do see


def _checksum(file: BinaryIO, name: bytes, length: int) -> int:
    checksum = zlib.crc32(name)
    while length > 0 and (part := file.read(min(length, _AT_ONCE))):
        checksum = zlib.crc32(part, checksum)
        length -= len(part)
    return checksum
