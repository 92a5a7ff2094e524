"""What this installation can read and write beside the formats that every Pillow has, and what it lacks."""

import functools
import importlib.util
import os

from PIL import ImageFont, features

_PILLOW = "Install Pillow anew, from a wheel: pip install --force-reinstall pillow"
_REMEDIES = {
    "jxl": "Install it: pip install 'fileq[jxl]'",
    "pdf": "Install it: pip install 'fileq[pdf]'",
    "heic": "Install it: pip install pi-heif",
    "avif": _PILLOW,
    "webp": _PILLOW,
}
_PACKAGES = {"jxl": "pillow_jxl", "pdf": "pypdfium2", "heic": "pi_heif"}
_NAMES = {"jxl": "JPEG XL", "pdf": "PDF pages", "heic": "HEIC", "avif": "AVIF", "webp": "WebP"}

READ_CODECS = {
    "pdf": "pdf", "jxl": "jxl", "heic": "heic", "heif": "heic", "hif": "heic", "avif": "avif", "avifs": "avif",
    "webp": "webp",
}  # fmt: skip
"""The codec that reads files of each ending, where it may be missing."""

WRITE_CODECS = {"jxl": "jxl", "avif": "avif", "webp": "webp"}
"""The same for formats of outputs. Pillow itself writes PDF."""


@functools.cache
def codec_problem(codec: str) -> tuple[str, str] | None:
    """What is missing for this codec, and the remedy; None where it is there."""
    package = _PACKAGES.get(codec)
    there = importlib.util.find_spec(package) is not None if package else features.check(codec)
    return None if there else (f"{_NAMES[codec]} is not installed here", _REMEDIES[codec])


def font_problem(font: str) -> str | None:
    """Why a watermark's font, a file or a name of the system's, can't be used; None where it can."""
    try:
        ImageFont.truetype(os.path.expanduser(font), 12)
    except OSError as error:
        return f"the font {font} can't be opened: {error}"
    return None
