"""The flattened picture of a Photoshop document, as Photoshop shows it (Adobe Photoshop File Formats Specification)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image, ImageChops

if TYPE_CHECKING:
    from typing import BinaryIO

    from PIL import ImageFile

_HEADER = 26  # bytes
_CHANNELS, _PACKED = 12, "packbits"  # a place in it, and Pillow's name of a codec

_LARGE = 2  # the version of PSB
_COLOR_MODES = {
    0: "bitmap", 1: "gray", 2: "indexed colour", 3: "RGB", 4: "CMYK", 7: "multichannel", 8: "duotone", 9: "Lab",
}  # fmt: skip
_READ = {(1, 8), (2, 8), (3, 8), (4, 8), (8, 8), (9, 8)}
"""Color modes and bits a channel that Pillow reads right.

Its bitmaps come out as negatives with noise below, and of the inks of a multichannel document only the first is seen.
"""


def describe_rare_kind(start: bytes) -> str | None:
    """Return what is rare in a document that begins with `start`: the end of a sentence. None for a usual one."""
    version, depth, mode = (int.from_bytes(start[at : at + 2], "big") for at in (4, 22, 24))
    if version == _LARGE:
        return "of the large kind (PSB)"
    if mode not in _COLOR_MODES or (mode, depth) in _READ:
        return None
    return f"in {_COLOR_MODES[mode]} with {depth} {'bit' if depth == 1 else 'bits'} a channel"


def skip_lengths_of_all_rows(image: ImageFile.ImageFile, file: BinaryIO) -> None:
    """Have an opened PSD begin with its pixels where they do, behind the lengths of packed rows of all its channels.

    Pillow takes these to be of the channels alone that it reads: saved selections shift what it decodes.
    """
    place = file.tell()
    file.seek(_CHANNELS)
    channels = int.from_bytes(file.read(2), "big")
    file.seek(place)
    if image.tile and all(tile.codec_name == _PACKED for tile in image.tile):
        left_out = 2 * image.height * (channels - len(image.tile))
        image.tile = [tile._replace(offset=tile.offset + left_out) for tile in image.tile]


def has_transparency(file: BinaryIO) -> bool:
    """Return whether the fourth channel of an open PSD is transparency, which a negative number of layers says.

    Else it is a selection.
    """
    place = file.tell()
    file.seek(_HEADER)
    for _ in range(2):  # color mode data, image resources
        file.seek(int.from_bytes(file.read(4), "big"), 1)
    section, layers = (int.from_bytes(file.read(4), "big") for _ in range(2))
    count = int.from_bytes(file.read(2), "big", signed=True) if section and layers else 0
    file.seek(place)
    return count < 0


def remove_white_matte(image: Image.Image, *, transparent: bool) -> Image.Image:
    """Return an image of mode RGBA as it is meant: Photoshop lays it over white, and that is taken out again.

    Pillow hands it out as it lies in the file, lighter than it is.
    """
    if not transparent:
        return image.convert("RGB")
    red, green, blue, alpha = image.split()
    white = ImageChops.invert(alpha)
    premultiplied = [ImageChops.subtract(band, white) for band in (red, green, blue)]
    return Image.merge("RGBa", (*premultiplied, alpha)).convert("RGBA")
