"""Pixel modes: from what decoders give to the few that operations and encoders take."""

from __future__ import annotations

from PIL import Image, ImageFile

from fileq.images.errors import UnsupportedContentError

_PLAIN = {"L", "LA", "RGB", "RGBA", "CMYK", "LAB", "I;16"}
_SIMPLE = {"1": "L", "PA": "RGBA", "La": "LA", "RGBa": "RGBA", "RGBX": "RGB", "YCbCr": "RGB", "HSV": "RGB"}


def normalize_mode(image: Image.Image) -> Image.Image:
    """Return the image in mode L, LA, RGB, RGBA, CMYK, LAB or I;16, its palette and transparent color resolved.

    Raises JobError (unsupported) for pixel values whose range can't be known.
    """
    if image.mode in {"I", "F"}:
        return _narrow(image)
    if image.mode.startswith("I;16"):
        return image if image.mode == "I;16" else image.convert("I").convert("I;16")
    if "transparency" in image.info and image.mode in {"1", "L", "RGB", "P"}:
        return image.convert("RGBA")
    if image.mode == "P":
        return image.convert("RGBA" if image.has_transparency_data else "RGB")
    return image if image.mode in _PLAIN else image.convert(_SIMPLE.get(image.mode, "RGB"))


def is_16_bit(image: Image.Image) -> bool:
    """Return whether a decoded image has 16 bits a channel."""
    return image.mode in {"I;16", "RGB;16", "RGBA;16"}


def is_stored_in_16_bits(image: ImageFile.ImageFile) -> bool:
    """Return whether the file of an image has 16 bits a channel, whatever Pillow makes of it; before it is decoded."""
    return image.mode.startswith("I;16") or any(";16" in str(tile.args) for tile in image.tile)


def may_be_transparent(image: Image.Image) -> bool:
    """Return whether the header of an opened image leaves transparent pixels possible."""
    return image.has_transparency_data or image.mode in {"LA", "RGBA", "PA", "La", "RGBa"}


def has_alpha(image: Image.Image) -> bool:
    """Return whether an image in one of our modes has an alpha channel."""
    return image.mode in {"LA", "RGBA", "RGBA;16"}


def drop_opaque_alpha(image: Image.Image) -> Image.Image:
    """Return the image without its alpha channel where no pixel is transparent; else as it is."""
    if image.mode not in {"LA", "RGBA"} or image.getchannel("A").getextrema() != (255, 255):
        return image
    return image.convert("L" if image.mode == "LA" else "RGB")


def restore_bilevel(image: Image.Image) -> Image.Image:
    """Return a gray image with one bit a pixel where all are black or white: an eighth of the bytes; else as it is."""
    if image.mode != "L" or any(image.histogram()[1:255]):
        return image
    return image.convert("1", dither=Image.Dither.NONE)


def flatten_alpha(image: Image.Image, background: str) -> Image.Image:
    """Return the image in RGB on a background of a CSS color; as it is where it has no alpha channel."""
    if not has_alpha(image):
        return image
    below = Image.new("RGB", image.size, background)
    below.paste(image.convert("RGB"), mask=image.getchannel("A"))
    return below


def _narrow(image: Image.Image) -> Image.Image:
    """Return 32-bit integers as I;16, floats as L or I;16: by the range that their values show."""
    extrema = image.getextrema()
    low, high = float(extrema[0]), float(extrema[1])  # type: ignore[arg-type]  # one band: two numbers
    if low < 0 or high > 65535:
        what = f"has pixels with values from {low:g} to {high:g}, which have no known black and white"
        raise UnsupportedContentError(what, "Save it with 8 or 16 bits a channel.")
    if image.mode == "I":
        return image.convert("I;16")
    factor = 65535.0 if high <= 1 else 257.0 if high <= 255 else 1.0
    return image.point(lambda value: value * factor + 0.0).convert("I").convert("I;16")
