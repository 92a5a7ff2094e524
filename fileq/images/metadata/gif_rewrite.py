"""GIF files with other metadata, the frames left as they are (GIF89a, 12 to 26)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fileq.files.containers import END_MARKS
from fileq.files.output_mark import is_mark
from fileq.images.formats.gif_codes import without_stray_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from fileq.images.metadata.selection import Metadata

HEAD = 13  # bytes of signature and screen descriptor
_IMAGE = 10  # bytes of an image descriptor
_EXTENSION, FRAME, _TRAILER = 0x21, 0x2C, 0x3B
_CONTROL, _PLAIN_TEXT, _COMMENT, _APPLICATION = 0xF9, 0x01, 0xFE, 0xFF
_PLAY_COUNTS = {b"NETSCAPE2.0", b"ANIMEXTS1.0"}
_KEPT_APPLICATIONS = {*_PLAY_COUNTS, b"ICCRGBG1012"}
"""How often all frames play, and the colour profile."""

_MARK = b"fileqmark01"
_XMP_START = b"\x21\xff\x0bXMP DataXMP"
_XMP_END = b"\1" + bytes(range(255, -1, -1)) + b"\0"
"""Behind a packet, which is in no sub-blocks: whatever of its bytes is taken for a length leads to the end of this
(XMP part 3, 1.1.2)."""


def rewrite(content: bytes, _exif: bytes, data: Metadata) -> bytes:
    """Return the file with the comment and the XMP of `data` in place of its own. Raises ValueError or IndexError.

    What follows its end goes.
    """
    at = HEAD + table_length(content[10])
    kept = [content[:at]]
    if data.comment:
        kept.append(bytes((_EXTENSION, _COMMENT)) + _sub_blocks(data.comment))
    if data.xmp:
        kept.append(_xmp_block(data.xmp))
    while content[at] != _TRAILER:
        end = end_of_block(content, at)
        if _stays(content, at):
            kept.append(_cut_block(content[at:end]))
        elif content[at + 1] == _PLAIN_TEXT and kept[-1][:2] == bytes((_EXTENSION, _CONTROL)):
            kept.pop()  # it is about the text, and would be taken for one of the next frame
        at = end
    return b"".join([*kept, END_MARKS["gif"]])


def add_xmp(file: BinaryIO, packet: bytes) -> None:
    """Add an XMP packet to a finished file, which is open for reading and writing at its start."""
    content = file.read()
    at = HEAD + table_length(content[10])
    file.seek(0)
    file.write(b"GIF89a" + content[6:at] + _xmp_block(packet) + content[at:])  # older ones have no extensions


def _xmp_block(packet: bytes) -> bytes:
    return _XMP_START + packet + _XMP_END


def read_xmp(content: bytes) -> bytes:
    """Return the XMP packet of a GIF, b"" where it has none."""
    _, _, rest = content.partition(_XMP_START)
    packet, end, _ = rest.partition(_XMP_END[:16])
    return packet if end else b""


def _stays(content: bytes, at: int) -> bool:
    if content[at] != _EXTENSION or content[at + 1] == _CONTROL:
        return True
    name = content[at + 3 : at + 14]
    is_own = name == _MARK and is_mark(content[at + 15 : end_of_block(content, at) - 1])
    return content[at + 1] == _APPLICATION and (name in _KEPT_APPLICATIONS or is_own)


def _cut_block(block: bytes) -> bytes:
    """Return a block without what may lie behind its pixels, how often all frames play, or how a frame is shown."""
    if block[0] == FRAME:
        return without_stray_bytes(block, _IMAGE + table_length(block[_IMAGE - 1]))
    is_play_count = block[:1] == b"\x21" and block[3:14] in _PLAY_COUNTS and block[14] == 3
    is_control = block[:3] == bytes((_EXTENSION, _CONTROL, 4))
    known = 18 if is_play_count else 7 if is_control else len(block)
    return block[:known] + b"\0" if len(block) > known + 1 else block


def end_of_block(content: bytes, at: int) -> int:
    """Return where the next block begins. Raises ValueError or IndexError."""
    if content[at] == _EXTENSION:
        at += 2
    elif content[at] == FRAME:
        at += _IMAGE + table_length(content[at + _IMAGE - 1]) + 1
    else:
        raise ValueError("a block is of no known kind")
    while content[at]:
        at += content[at] + 1
    return at + 1


def table_length(flags: int) -> int:
    """Return how many bytes the colour table has that the flags of a descriptor tell of."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _sub_blocks(text: bytes) -> bytes:
    parts: Iterator[bytes] = (text[at : at + 255] for at in range(0, len(text), 255))
    return b"".join(bytes((len(part),)) + part for part in parts) + b"\0"
