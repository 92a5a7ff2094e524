"""Pictures of few colours, each the number of one in a palette: by libimagequant where it is there, else by Pillow."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

from PIL import Image, ImageChops

from fileq.images.color import modes
from fileq.operations.base import to_8_bit

MOST_COLORS = 256


def restore_palette(image: Image.Image, *, lossless: bool) -> Image.Image:
    """Return the image of a source that had a palette with one again: with its own colors, else with the 256 nearest.

    It stays as it is where a palette would change it, and is to be `lossless` or has few enough colors for none to go.
    """
    exact = quantize_losslessly(image)
    if exact is not image or lossless or image.mode not in {"RGB", "RGBA"} or image.getcolors(MOST_COLORS) is not None:
        return exact
    return _quantize(image, MOST_COLORS, dither=0.0)


def reduce_colors(image: Image.Image, colors: int, *, dither: float = 1.0) -> Image.Image:
    """Return the image in mode P with at most so many colors, 2 to 256, as it is where it is gray with 256.

    `dither`, from 0 to 1, is how much of what a pixel loses goes to its neighbours. It looks finer, and a still picture
    has room for it; in an animation it would flicker.
    """
    if image.mode == "L" and colors == MOST_COLORS:
        return image
    colored = to_8_bit(image).convert("RGBA" if modes.has_alpha(image) else "RGB")
    exact = quantize_losslessly(colored, colors)
    return exact if exact is not colored else _quantize(colored, colors, dither=dither)


def reduce_colors_of_gif(image: Image.Image, colors: int, *, dither: float) -> Image.Image:
    """Return the image in mode P, with one colour that is transparent where it has such pixels: all that GIF knows."""
    if not modes.has_alpha(image):
        return reduce_colors(image, colors, dither=dither)
    hidden = image.getchannel("A").point([255] * 128 + [0] * 128)
    reduced = reduce_colors(image.convert("RGB"), colors - 1, dither=dither)
    palette = reduced.getpalette() or []
    reduced.putpalette([*palette, 0, 0, 0])
    reduced.paste(len(palette) // 3, mask=hidden)
    reduced.info["transparency"] = len(palette) // 3
    return reduced


def quantize_losslessly(image: Image.Image, most: int = MOST_COLORS) -> Image.Image:
    """Return an RGB image with a palette where it has few colors and no pixel changes: a third of the bytes."""
    colors = image.getcolors(most) if image.mode == "RGB" else None
    if colors is None:
        return image
    indexed = image.quantize(len(colors), Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    return indexed if ImageChops.difference(indexed.convert("RGB"), image).getbbox() is None else image


def has_libimagequant() -> bool:
    """Return whether libimagequant is here, an extra; it is not loaded for that."""
    return importlib.util.find_spec("imagequant") is not None


def _quantize(image: Image.Image, colors: int, *, dither: float) -> Image.Image:
    if has_libimagequant():
        return _by_libimagequant(image, colors, dither)
    if image.mode == "RGBA":
        shares = image.getchannel("A").histogram()
        if not any(shares[1:255]):  # the octree would make opaque pixels transparent here and there
            return reduce_colors_of_gif(image, colors, dither=dither)
        return image.quantize(colors, Image.Quantize.FASTOCTREE)
    indexed = image.quantize(colors, Image.Quantize.MEDIANCUT)
    return image.quantize(palette=indexed, dither=Image.Dither.FLOYDSTEINBERG) if dither else indexed


def _by_libimagequant(image: Image.Image, colors: int, dither: float) -> Image.Image:
    """Return the image with the palette that libimagequant finds: better ones, and 20 times as fast (measured)."""
    imagequant: Any = importlib.import_module("imagequant")
    indices, palette = imagequant.quantize_raw_rgba_bytes(
        image.convert("RGBA").tobytes(), *image.size, dithering_level=dither, max_colors=colors
    )
    indexed = Image.frombytes("P", image.size, indices)
    used = indexed.getextrema()[1] + 1  # type: ignore[operator]  # one channel
    if image.mode == "RGBA":
        indexed.putpalette(bytes(palette[: 4 * used]), "RGBA")
    else:
        indexed.putpalette(bytes(value for place, value in enumerate(palette[: 4 * used]) if place % 4 < 3))
    return indexed
