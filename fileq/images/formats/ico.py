"""Windows icons: of several pictures of one size the one with the most colours, as browsers take it.

Pillow takes the one with the fewest, for Windows 3.1's screens.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import BinaryIO

    from PIL.IcoImagePlugin import IcoImageFile

_PNG = b"\x89PNG"
_HEADER = 26  # bytes: up to the depth in both kinds of header
_DEPTH, _OS2_DEPTH, _OS2_HEADER = 14, 10, 12  # places in the header of a bitmap; the length of the old one
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # of a PNG, by its type of colours


def take_most_colors(image: IcoImageFile, file: BinaryIO) -> None:
    """Have an opened icon show the largest picture, and of these the one with the most bits a pixel.

    Raises what Pillow raises.
    """
    entries = image.ico.entry
    largest = [entry for entry in entries if entry.dim == entries[0].dim]
    if len(largest) < 2:
        return
    others = [entry for entry in entries if entry.dim != entries[0].dim]
    best = max(largest, key=lambda entry: _read_depth(file, entry))
    image.ico.entry = [best, *(entry for entry in largest if entry is not best), *others]
    image._im = None  # noqa: SLF001  # it has decoded the other one
    image.load()


def _read_depth(file: BinaryIO, entry: Any) -> int:
    """Return the bits a pixel of a picture in an icon, by its own header: the list's may say nothing."""
    file.seek(entry.offset)
    header = file.read(_HEADER)
    if len(header) < _HEADER:
        return 0
    if header.startswith(_PNG):
        return header[24] * _CHANNELS.get(header[25], 0)
    at = _OS2_DEPTH if int.from_bytes(header[:4], "little") == _OS2_HEADER else _DEPTH
    return int(struct.unpack_from("<H", header, at)[0])
