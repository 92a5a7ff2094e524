"""Judges that are not Pillow: ImageMagick, libvips, OpenJPEG, and a CMYK profile of Ghostscript's. Debian has all.

`apt-get install imagemagick libvips-tools libgs-common libopenjp2-tools`; where one is missing its tests say so, and
in CI they fail.
"""

from __future__ import annotations

import math
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

CMYK_PROFILE = Path("/usr/share/color/icc/ghostscript/default_cmyk.icc")
"""A press profile with tables in both directions, of the package libgs-common."""


def is_there(found: object, what: str) -> pytest.MarkDecorator:
    assert found or "CI" not in os.environ, f"the judge {what} is missing, and CI needs it"
    return pytest.mark.skipif(not found, reason=f"the judge {what} is not installed")


_CONVERT = shutil.which("convert-im6.q16") or shutil.which("magick")
_VIPS = shutil.which("vips")

needs_imagemagick = is_there(_CONVERT, "imagemagick")
needs_vips = is_there(_VIPS and shutil.which("vipsthumbnail"), "libvips-tools")
needs_openjpeg = is_there(shutil.which("opj_compress"), "libopenjp2-tools")
needs_cmyk_profile = is_there(CMYK_PROFILE.exists(), "libgs-common")


def convert(source: Path, *arguments: str, to: Path) -> Path:
    """ImageMagick's result of the same job."""
    _run(str(_CONVERT), str(source), *arguments, str(to))
    return to


def vips(*arguments: str | Path) -> None:
    _run(str(_VIPS), *map(str, arguments))


def vipsthumbnail(source: Path, *arguments: str, to: Path) -> Path:
    _run("vipsthumbnail", str(source), *arguments, "-o", str(to))
    return to


def _run(*argv: str) -> None:
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, f"{' '.join(argv)}: {done.stderr}"


def pixels(path: Path, mode: str = "RGB") -> Image.Image:
    with Image.open(path) as image:
        return image.convert(mode)


def psnr(one: Image.Image, other: Image.Image, inset: int = 0) -> float:
    """Peak signal to noise ratio in dB; infinite for equal pictures. `inset`: edge pixels that are not looked at."""
    assert one.size == other.size
    assert one.mode == other.mode
    box = (inset, inset, one.width - inset, one.height - inset)
    squares = ImageStat.Stat(ImageChops.difference(one.crop(box), other.crop(box))).sum2
    error = sum(squares) / (len(squares) * (one.width - 2 * inset) * (one.height - 2 * inset))
    return math.inf if error == 0 else 10 * math.log10(255**2 / error)
