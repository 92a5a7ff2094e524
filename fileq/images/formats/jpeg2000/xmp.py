"""The XMP of a JPEG 2000 file: in a box with a number of its own (XMP Specification, part 3, 1.1.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fileq.files.containers import boxes

if TYPE_CHECKING:
    from typing import BinaryIO

CODESTREAM = b"\xff\x4f"
"""What a file begins with that has no boxes."""

XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")

_LONGEST_PACKET = 2**24  # bytes


def read_xmp(file: BinaryIO) -> bytes:
    """Return the XMP packet of an open JPEG 2000 file, b"" where it has none. Raises ValueError."""
    file.seek(0)
    if file.read(2) == CODESTREAM:
        return b""
    for box in boxes(file):
        if box.name == b"uuid" and file.read(len(XMP_UUID)) == XMP_UUID:
            return file.read(min(box.length - len(XMP_UUID), _LONGEST_PACKET))
    return b""
