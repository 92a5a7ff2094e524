"""The flattened picture of a Photoshop document, as Photoshop shows it (Adobe Photoshop File Formats Specification)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image, ImageChops

if TYPE_CHECKING:
    from typing import BinaryIO

_HEADER = 26  # bytes


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
