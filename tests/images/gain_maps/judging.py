"""Where a gain map lies on its picture: both are of four quarters, and the map is bright where the picture is red.

So a map that has gone another way than its picture is seen, whatever the steps were.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PIL import Image, ImageChops, ImageFilter, ImageStat

from tests.images.gain_maps import ultra_hdr
from tests.support.images import quarters


def source(path: Path, size: tuple[int, int] = (240, 160), scale: int = 4, **keys: Any) -> Path:
    """Write an Ultra HDR JPEG of four quarters; its map brightens the red one."""
    map_image = ultra_hdr.gain_map((size[0] // scale, size[1] // scale), keys.pop("mode", "L"))
    return ultra_hdr.write(path, quarters(size), map_image, **keys)


def share_astray(picture: Image.Image, map_image: Image.Image) -> float:
    """The share of the map that is bright where the picture is not red, or dark where it is; a pixel off is free."""
    red, green, blue = picture.convert("RGB").resize(map_image.size, Image.Resampling.BOX).split()
    is_red = ImageChops.subtract(red, ImageChops.lighter(green, blue)).point([255 if x > 95 else 0 for x in range(256)])
    is_bright = map_image.convert("L").point([255 if x > 127 else 0 for x in range(256)])
    inside, around = is_red.filter(ImageFilter.MinFilter(3)), is_red.filter(ImageFilter.MaxFilter(3))
    astray = ImageChops.lighter(ImageChops.subtract(inside, is_bright), ImageChops.subtract(is_bright, around))
    return ImageStat.Stat(astray).mean[0] / 255


def share_bright(map_image: Image.Image) -> float:
    """The share of the map that brightens its picture."""
    return ImageStat.Stat(map_image.convert("L").point([255 if x > 127 else 0 for x in range(256)])).mean[0] / 255
