"""PQ and HLG for ordinary screens: tone mapping by the EETF of ITU-R BT.2390-10, 5.4.1, on the brightest channel.

White of an ordinary picture is 203 cd/m² (BT.2408-7). What is darker than about 91 cd/m² stays as it is; from there up
to 1000 cd/m², the peak that BT.2408 reckons with, light is rolled off. All channels are scaled alike: hues stay. The
result has the picture's own primaries and sRGB's curve: a profile says so, and the way to sRGB is that of others.

Pillow has 8 bits a channel, and all is done at once by a table of colours, between which it interpolates.
"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING

from PIL import ImageFilter

from fileq.images.hdr.transfer import HLG, HLG_PEAK, WHITE, hlg_to_scene, light_to_pq, light_to_srgb, pq_to_light

if TYPE_CHECKING:
    from PIL import Image

_PEAK = 1000.0  # cd/m²
_PQ_SIZE, _HLG_SIZE = 65, 33  # of the tables, each way
_LUMA = (0.2627, 0.6780, 0.0593)  # of BT.2020's red, green and blue
_SYSTEM_GAMMA = 1.2  # of HLG's screens


def tone_map(image: Image.Image, transfer: int) -> Image.Image:
    """Return a picture of mode L, LA, RGB or RGBA in PQ or HLG with sRGB's curve; gray stays gray, and alpha stays.

    `transfer` is the number of the transfer function (ITU-T H.273).
    """
    if image.mode in {"L", "LA"}:
        gray = image.getchannel("L").convert("RGB").filter(_table(transfer)).getchannel("G")
        return _with_alpha(gray, image) if image.mode == "LA" else gray
    colors = image if image.mode == "RGB" else image.convert("RGB")  # which would copy
    mapped = colors.filter(_table(transfer))
    return _with_alpha(mapped, image) if image.mode == "RGBA" else mapped


def _with_alpha(mapped: Image.Image, image: Image.Image) -> Image.Image:
    mapped.putalpha(image.getchannel("A"))
    return mapped


@functools.cache
def _table(transfer: int) -> ImageFilter.Color3DLUT:
    """Return the table of a transfer function, blue outermost. Building one takes 0.2 to 0.4 s."""
    if transfer == HLG:
        return ImageFilter.Color3DLUT(_HLG_SIZE, _hlg_values(), target_mode="RGB")
    return ImageFilter.Color3DLUT(_PQ_SIZE, _pq_values(), target_mode="RGB")


def _pq_values() -> list[float]:
    """Return the colors of the table of PQ: each channel depends on itself and on the brightest alone."""
    light = [pq_to_light(number) for number in _numbers(_PQ_SIZE)]
    by_brightest = [[light_to_srgb(channel * _gain(brightest) / WHITE) for channel in light] for brightest in light]
    steps = range(_PQ_SIZE)
    values: list[float] = []
    for blue in steps:
        for green in steps:
            for red in steps:
                mapped = by_brightest[max(red, green, blue)]
                values += (mapped[red], mapped[green], mapped[blue])
    return values


def _hlg_values() -> list[float]:
    """Return the colors of the table of HLG, whose screens brighten a scene by its luma."""
    light = [hlg_to_scene(number) for number in _numbers(_HLG_SIZE)]
    values: list[float] = []
    for blue in light:
        for green in light:
            for red in light:
                luma = _LUMA[0] * red + _LUMA[1] * green + _LUMA[2] * blue
                shown = HLG_PEAK * math.pow(luma, _SYSTEM_GAMMA - 1)
                shown *= _gain(max(red, green, blue) * shown) / WHITE
                values += (light_to_srgb(red * shown), light_to_srgb(green * shown), light_to_srgb(blue * shown))
    return values


def _numbers(count: int) -> list[float]:
    return [step / (count - 1) for step in range(count)]


def _gain(brightest: float) -> float:
    """Return by what the light of a color is multiplied whose brightest channel has so many cd/m²."""
    return pq_to_light(_roll_off(light_to_pq(brightest))) / brightest if brightest > 0 else 1.0


def _roll_off(value: float) -> float:
    """Return the number of PQ that a screen of 203 cd/m² shows for another (BT.2390-10, 5.4.1, steps 2 and 3)."""
    peak = light_to_pq(_PEAK)
    scaled, most = min(1.0, value / peak), light_to_pq(WHITE) / peak
    knee = 1.5 * most - 0.5
    if scaled < knee:
        return value
    t = (scaled - knee) / (1 - knee)
    spline = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (3 * t**2 - 2 * t**3) * most
    return spline * peak
