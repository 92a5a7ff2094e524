"""The picture for ordinary screens of a file whose own picture is for HDR screens, with a gain map that darkens it.

Each channel depends on itself and on its value in the map alone: 256 times 256 cases, of which a table is made.
"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING

from PIL import Image

from fileq.images.hdr.transfer import WHITE, light_to_srgb, pq_to_light

if TYPE_CHECKING:
    from fileq.images.gain_maps.parameters import GainMapParameters

_ROWS = 256  # that are made at once: the numbers of the cases take 12 bytes a pixel

_Numbers = tuple[float, ...]
"""Those of one channel, in the order of `GainMapParameters.by_channel`."""


def take_standard_rendition(image: Image.Image, gain_map: Image.Image, parameters: GainMapParameters) -> Image.Image:
    """Return a picture in PQ, of mode L, LA, RGB or RGBA, as ordinary screens show it, with sRGB's curve; alpha stays.

    `gain_map` has its size, and mode L or RGB; `parameters` say how it is applied in full.
    """
    colors = image if image.mode in {"RGB", "RGBA"} else image.convert("RGB")
    channels = [tuple(map(float, numbers)) for numbers in parameters.by_channel]
    bands = len(gain_map.getbands())
    mapped = [
        _map_channel(colors.getchannel(at), gain_map.getchannel(at % bands), channels[at % len(channels)])
        for at in range(3)
    ]
    made = Image.merge("RGB", mapped)
    if image.mode in {"LA", "RGBA"}:
        made.putalpha(image.getchannel("A"))
    return made


def _map_channel(color: Image.Image, value: Image.Image, numbers: _Numbers) -> Image.Image:
    table, made = _table(numbers), Image.new("L", color.size)
    for top in range(0, color.height, _ROWS):
        box = (0, top, color.width, min(top + _ROWS, color.height))
        cases = Image.merge("LA", (color.crop(box), value.crop(box)))  # the low byte, and the high one
        made.paste(Image.frombytes("I;16", cases.size, cases.tobytes()).convert("I").point(table, "L"), box)
    return made


@functools.lru_cache(maxsize=6)
def _table(numbers: _Numbers) -> list[int]:
    """Return the number of sRGB for each of PQ, once for each value of the map. Building one takes 0.1 s."""
    minimum, maximum, gamma, offset, other_offset = numbers
    light = [pq_to_light(number / 255) / WHITE for number in range(256)]
    table: list[int] = []
    for value in range(256):
        gain = 2 ** (minimum + (maximum - minimum) * math.pow(value / 255, 1 / gamma))
        mapped = (max(0.0, (each + offset) * gain - other_offset) for each in light)
        table += (round(255 * light_to_srgb(each)) for each in mapped)
    return table
