"""CMYK without a profile: what the inks of a common offset press look like, and not Pillow's 255 minus ink.

The solid inks and their overprints are those of US Web Coated (SWOP), in sRGB; where an ink covers a part, the colors
mix by that part (Demichel's equations). Mixed in sRGB's numbers and not in light, which is close to the dot gain of
paper (Yule and Nielsen's n = 2.2): half black is 144 here, 147 by the profile, and 128 by Pillow.
"""

from __future__ import annotations

from PIL import Image

_PAPER = (255, 255, 255)
_OVERPRINTS = {
    "": _PAPER,
    "C": (0, 174, 239),
    "M": (236, 0, 140),
    "Y": (255, 242, 0),
    "MY": (237, 28, 36),
    "CY": (0, 166, 81),
    "CM": (46, 49, 146),
    "CMY": (54, 53, 52),
}
_BLACK = (35, 31, 32)


def cmyk_to_srgb(image: Image.Image) -> Image.Image:
    """Return an image of mode CMYK as RGB."""
    return _print_inks(dict(zip("CMYK", image.split(), strict=True)), "CMYK", "")


def _print_inks(plates: dict[str, Image.Image], inks: str, below: str) -> Image.Image:
    """Return the image that these inks make on paper that is covered all over with those `below`."""
    if not inks:
        return Image.new("RGB", plates["K"].size, _overprint_color(below))
    ink, rest = inks[0], inks[1:]
    return Image.composite(_print_inks(plates, rest, below + ink), _print_inks(plates, rest, below), plates[ink])


def _overprint_color(inks: str) -> tuple[int, int, int]:
    red, green, blue = _OVERPRINTS[inks.removesuffix("K")]
    if not inks.endswith("K"):
        return red, green, blue
    return red * _BLACK[0] // 255, green * _BLACK[1] // 255, blue * _BLACK[2] // 255
