"""How picture files are laid out: their segments, chunks and boxes, and by what one sees that their end is there.

Nothing here decodes a pixel. Offsets are in bytes from the beginning of the file.
"""

import os
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

END_MARKS = {
    "jpeg": b"\xff\xd9",  # EOI
    "png": b"\0\0\0\0IEND\xae\x42\x60\x82",
    "gif": b";",
    "qoi": b"\0\0\0\0\0\0\0\1",
}
"""The last bytes of a whole file, by format."""

MAX_JPEG_PAYLOAD = 65533
"""Bytes in one segment of a JPEG file, behind its marker and its length."""

_SIGNATURES = {b"\xff\xd8": "jpeg", b"\x89PNG": "png", b"GIF8": "gif", b"qoif": "qoi"}
_PDF_TAIL = 1024  # bytes: readers allow something after the %%EOF (PDF 1.7, appendix H)
_HEAD = 16
_MOST_BOXES = 1000
_BOXED = (b"ftyp", b"jP  ", b"JXL ")
_CONTENT = (b"mdat", b"jp2c", b"jxlc", b"jxlp")

_EOI, _SOS = 0xD9, 0xDA
_MARKER = re.compile(rb"\xff[^\x00\xff]")
_END_OF_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # a marker that is neither a stuffed byte nor a restart


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A chunk or box: its name of 4 bytes, where its header and its payload begin, and where the next one does.

    `length` is the payload's, in bytes. `is_open_ended`: it goes on to the end of the file, wherever that is.
    """

    name: bytes
    start: int
    payload: int
    length: int
    end: int
    is_open_ended: bool = False


class Segment(NamedTuple):
    """A segment of a JPEG file with its marker; a scan belongs to the segment that begins it."""

    marker: int
    start: int
    end: int


def png_chunks(file: BinaryIO) -> Iterator[Chunk]:
    """Yield the chunks of an open PNG up to IEND or the file's end, the file at each payload (PNG third edition, 5.3).

    The checksum follows the payload. Raises OSError.
    """
    at, name = 8, b""
    while name != b"IEND" and len(head := _read(file, at, 8)) == 8:
        name, length = head[4:], int.from_bytes(head[:4], "big")
        yield Chunk(name=name, start=at, payload=at + 8, length=length, end=at + 12 + length)
        at += 12 + length


def riff_chunks(file: BinaryIO) -> Iterator[Chunk]:
    """Yield the chunks of an open RIFF file such as WebP, the file at each payload; an odd one is padded by a byte.

    Raises OSError.
    """
    at = 12
    while len(head := _read(file, at, 8)) == 8:
        length = int.from_bytes(head[4:], "little")
        end = at + 8 + length + length % 2
        yield Chunk(name=head[:4], start=at, payload=at + 8, length=length, end=end)
        at = end


def boxes(file: BinaryIO, at: int = 0, until: int | None = None) -> Iterator[Chunk]:
    """Yield the boxes from one place of an open file to another, the file at each payload (ISO/IEC 14496-12, 4.2).

    By default, those at the top of it all.

    HEIF, AVIF, JPEG 2000 and JPEG XL are made of them. Raises ValueError for a length that can't be; OSError.
    """
    while (until is None or at < until) and len(head := _read(file, at, 8)) == 8:
        name, length, header = head[4:], int.from_bytes(head[:4], "big"), 8
        if length == 0:
            end = file.seek(0, os.SEEK_END)
            file.seek(at + header)
            payload = at + header
            yield Chunk(name=name, start=at, payload=payload, length=end - payload, end=end, is_open_ended=True)
            return
        if length == 1:
            length, header = int.from_bytes(file.read(8), "big"), 16
        if length < header:
            raise ValueError("a box has an impossible length")
        yield Chunk(name=name, start=at, payload=at + header, length=length - header, end=at + length)
        at += length


def jpeg_segments(content: bytes) -> Iterator[Segment]:
    """Yield the segments of a JPEG file from behind SOI up to EOI (ITU-T T.81, annex B).

    What lies between them belongs to none, and decoders pass over it. Raises ValueError where it is not laid out so.
    """
    at = _find_marker(content, 2)
    while content[at + 1] != _EOI:
        marker, end = content[at + 1], at + 2 + int.from_bytes(content[at + 2 : at + 4], "big")
        if end < at + 4:
            raise ValueError("a segment has no length")
        if marker == _SOS:
            scan = _END_OF_SCAN.search(content, end)
            if scan is None:
                raise ValueError("the last scan has no end")
            end = scan.start()
        yield Segment(marker, at, end)
        at = _find_marker(content, end)


def _find_marker(content: bytes, at: int) -> int:
    """Return the place of the next marker of a JPEG file. Raises ValueError where there is none."""
    found = _MARKER.search(content, at)
    if found is None:
        raise ValueError("a JPEG has no end")
    return found.start()


def jpeg_segment(marker: int, payload: bytes) -> bytes:
    """Return a segment of a JPEG file. Raises ValueError for a payload that is longer than MAX_JPEG_PAYLOAD."""
    if len(payload) > MAX_JPEG_PAYLOAD:
        raise ValueError(f"a segment has no room for {len(payload)} bytes")
    return bytes((0xFF, marker)) + (len(payload) + 2).to_bytes(2, "big") + payload


def png_chunk(name: bytes, payload: bytes) -> bytes:
    """Return a chunk of a PNG file with its checksum."""
    return len(payload).to_bytes(4, "big") + name + payload + png_checksum(name + payload)


def png_checksum(content: bytes) -> bytes:
    """Return what follows the name and the payload of a chunk."""
    return zlib.crc32(content).to_bytes(4, "big")


def riff_chunk(name: bytes, payload: bytes) -> bytes:
    """Return a chunk of a RIFF file, padded to an even length."""
    return name + len(payload).to_bytes(4, "little") + payload + b"\0" * (len(payload) % 2)


def box_of(name: bytes, payload: bytes) -> bytes:
    """Return a box, as `boxes` finds it."""
    return (len(payload) + 8).to_bytes(4, "big") + name + payload


def read_brands(start: bytes) -> tuple[bytes, ...]:
    """Return the brands of a file that begins with `start`, the major one first; none where it has no ftyp box."""
    if start[4:8] != b"ftyp":
        return ()
    end = min(int.from_bytes(start[:4], "big"), 512)
    return (start[8:12], *(start[at : at + 4] for at in range(16, end - 3, 4)))


def has_end(file: BinaryIO, size: int) -> bool | None:
    """Return whether the end of an open file of `size` bytes is there, by its content and not its name.

    None for a format that has no mark. Raises OSError.
    """
    head = _read(file, 0, _HEAD)
    for signature, format_ in _SIGNATURES.items():
        if head.startswith(signature):
            mark = END_MARKS[format_]
            return _tail(file, size, len(mark)) == mark
    if head.startswith(b"RIFF") and len(head) >= 8:  # WebP: the header has the size of what follows it
        return size >= 8 + int.from_bytes(head[4:8], "little")
    if head.startswith(b"%PDF"):
        return b"%%EOF" in _tail(file, size, _PDF_TAIL)
    if head[4:8] in _BOXED:
        return _has_all_boxes(file, size)
    return None if head.strip(b"\0") else False  # zeros: room was made for it, and nothing was written


def _has_all_boxes(file: BinaryIO, size: int) -> bool | None:
    """Return whether the boxes at the top end where the file does, one with the content among them."""
    end, has_content = 0, False
    try:
        for number, box in enumerate(boxes(file)):
            if number == _MOST_BOXES or box.is_open_ended:  # up to the end of the file, wherever that may be
                return None
            has_content = has_content or box.name in _CONTENT
            end = box.end
    except ValueError:
        return False
    return has_content and end == size


def _tail(file: BinaryIO, size: int, count: int) -> bytes:
    return _read(file, max(0, size - count), count)


def _read(file: BinaryIO, at: int, count: int) -> bytes:
    file.seek(at, os.SEEK_SET)
    return file.read(count)
