"""The way from any profile to sRGB, on the small picture."""

from __future__ import annotations

import functools
import io

from PIL import Image, ImageChops, ImageCms

from fileq.images.color import cmyk

INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC
FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION  # as Photoshop does, so that shadows keep their detail

_SPACES = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK", "Lab ": "LAB"}
_SAME = 2  # of 255: profiles that are sRGB but for their makers' rounding stay below (measured: at most 1)


class ProfileError(ValueError):
    """A profile that is damaged, or made for another kind of picture."""


def to_srgb(image: Image.Image, icc: bytes | None) -> Image.Image:
    """Return an image of mode L, LA, RGB, RGBA, CMYK or LAB with sRGB's colors, as L, LA, RGB or RGBA; alpha stays.

    Without a profile RGB and gray are taken for sRGB, CMYK for offset print. Raises ProfileError where `icc`
    is of no use.
    """
    if icc is None:
        return _convert_without_profile(image)
    space = color_space(icc)
    if image.mode in {"CMYK", "LAB"} and space != image.mode:
        raise ProfileError(f"it is made for {space} pictures")
    if space in {"CMYK", "LAB"} and image.mode != space:
        raise ProfileError(f"it is made for {space} pictures")
    if is_srgb(icc):
        return image
    if image.mode in {"L", "LA"}:
        return _gray_to_srgb(image, icc, space)
    if space == "L":
        raise ProfileError("it is made for gray pictures")
    return _transform(icc, image.mode, "RGBA" if image.mode == "RGBA" else "RGB").apply(image)


@functools.lru_cache(maxsize=64)
def color_space(icc: bytes) -> str:
    """Return the mode of the pixels that a profile is for: RGB, L, CMYK or LAB. Raises ProfileError."""
    space = _profile(icc).profile.xcolor_space
    if space not in _SPACES:
        raise ProfileError(f"its colour space is {space.strip()}")
    return _SPACES[space]


@functools.lru_cache(maxsize=64)
def is_srgb(icc: bytes) -> bool:
    """Return whether a profile gives the colors that sRGB gives: tried on a grid of colors, not by its name.

    Raises ProfileError.
    """
    if color_space(icc) != "RGB":
        return False
    grid = _grid()
    difference = ImageChops.difference(grid, _transform(icc, "RGB", "RGB").apply(grid))
    return max(high for _, high in difference.getextrema()) <= _SAME  # type: ignore[misc]  # one pair a band


@functools.cache
def _grid() -> Image.Image:
    """Return 9 x 9 x 9 colors in all of the cube."""
    steps = [round(step * 255 / 8) for step in range(9)]
    colors = bytes(channel for r in steps for g in steps for b in steps for channel in (r, g, b))
    return Image.frombytes("RGB", (81, 9), colors)


@functools.cache
def srgb_profile() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


@functools.lru_cache(maxsize=16)
def _profile(icc: bytes) -> ImageCms.ImageCmsProfile:
    try:
        return ImageCms.ImageCmsProfile(io.BytesIO(icc))
    except (OSError, ValueError, ImageCms.PyCMSError) as error:
        raise ProfileError("it is damaged") from error


@functools.lru_cache(maxsize=16)
def _transform(icc: bytes, source: str, target: str) -> ImageCms.ImageCmsTransform:
    """Return a transform to sRGB. Building one takes 2.5 ms: it is kept for the next picture from the same camera.

    Raises ProfileError.
    """
    try:
        return ImageCms.ImageCmsTransform(_profile(icc), srgb_profile(), source, target, INTENT, flags=FLAGS)
    except (OSError, ValueError, ImageCms.PyCMSError) as error:
        raise ProfileError("it is damaged") from error


def _gray_to_srgb(image: Image.Image, icc: bytes, space: str) -> Image.Image:
    gray = image.getchannel("L") if image.mode == "LA" else image
    if space == "RGB":
        gray = gray.convert("RGB")
    converted = _transform(icc, gray.mode, "RGB").apply(gray).convert("L")
    return Image.merge("LA", (converted, image.getchannel("A"))) if image.mode == "LA" else converted


def _convert_without_profile(image: Image.Image) -> Image.Image:
    if image.mode == "LAB":
        lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
        return ImageCms.ImageCmsTransform(lab, srgb_profile(), "LAB", "RGB", INTENT, flags=FLAGS).apply(image)
    return cmyk.cmyk_to_srgb(image) if image.mode == "CMYK" else image
