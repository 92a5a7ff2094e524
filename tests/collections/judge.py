"""What ImageMagick and libvips make of a file: whether they open it, its pixels, and how it looks."""

from __future__ import annotations

import hashlib
import io
import shutil
import subprocess
from typing import TYPE_CHECKING

from PIL import Image, ImageChops, ImageStat

if TYPE_CHECKING:
    from collections.abc import Sequence

_CONVERT = shutil.which("convert-im6.q16") or shutil.which("magick") or "convert"
_LOOK = (64, 64)
_PATIENCE = 60  # s
_ALIKE = 3  # of 255 levels: where one judge sees no more, the other isn't asked
_GRAY = (119, 119, 119)
_ANIMATED = (".gif", ".webp")
_EMBEDDED_SRGB = ("--export-profile", "srgb")


def opened_by_others(path: str) -> list[str]:
    """Return which of ImageMagick and libvips decode a file without a complaint."""
    judges = {"ImageMagick": [_CONVERT, path, "null:"], "libvips": ["vips", "avg", path]}
    return [name for name, command in judges.items() if _is_content(command)]


def pixels_of(path: str) -> str | None:
    """Return a digest of all pixels of all frames as ImageMagick decodes them; None where it doesn't."""
    canvas = "-coalesce" if path.lower().endswith(_ANIMATED) else "+repage"
    done = _run([_CONVERT, path, "-auto-orient", canvas, "-alpha", "on", "-depth", "16", "rgba:-"])
    return hashlib.sha256(done.stdout).hexdigest() if done is not None and done.stdout else None


def difference(source: str, output: str) -> float | None:
    """Return by how many of 255 levels a small copy of the output differs from one of the source, on average.

    The source is drawn by ImageMagick and by libvips; the nearer of the two counts. None where neither draws it.
    """
    own = _look_by_vips(output) or _look_by_imagemagick(output)
    least = None
    for draw in (_look_by_vips, _look_by_imagemagick):
        look = draw(source) if own is not None and (least is None or least > _ALIKE) else None
        if own is not None and look is not None:
            by = _mean(ImageStat.Stat(ImageChops.difference(own, look)).mean)
            least = by if least is None else min(least, by)
    return least


def _look_by_imagemagick(path: str) -> Image.Image | None:
    size = f"{_LOOK[0]}x{_LOOK[1]}!"
    return _read(_run([_CONVERT, f"{path}[0]", "-auto-orient", "-colorspace", "sRGB", "-resize", size, "png32:-"]))


def _look_by_vips(path: str) -> Image.Image | None:
    size = f"{_LOOK[0]}x{_LOOK[1]}!"
    return _read(_run(["vipsthumbnail", path, "--size", size, *_EMBEDDED_SRGB, "-o", ".png"]))


def _read(done: subprocess.CompletedProcess[bytes] | None) -> Image.Image | None:
    if done is None or done.returncode != 0 or not done.stdout:
        return None
    try:
        with Image.open(io.BytesIO(done.stdout)) as image:
            content = image.convert("RGBA")
    except (OSError, ValueError):  # a text that is too long for Pillow came along
        return None
    ground = Image.new("RGBA", content.size, _GRAY)
    return Image.alpha_composite(ground, content).convert("RGB")


def _mean(levels: Sequence[float]) -> float:
    return sum(levels) / len(levels)


def _is_content(command: Sequence[str]) -> bool:
    done = _run(command)
    return done is not None and done.returncode == 0 and not done.stderr


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[bytes] | None:
    try:
        return subprocess.run(command, capture_output=True, check=False, timeout=_PATIENCE)
    except subprocess.TimeoutExpired:
        return None
