"""The quality that a JPEG was saved with, told from its quantization tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

_SUM_AT_50 = 3688  # of the luminance table that libjpeg scales (ITU-T T.81, table K.1)


def estimate_quality(image: Image) -> int | None:
    """Return the quality of an open JPEG in libjpeg's numbers, 1 to 100; None of a picture of another format.

    Tables of other make than libjpeg's get the number whose table has the same sum. Below 20 it is a little too high:
    values end at 255 there (10 gives 15).
    """
    tables: dict[int, list[int]] = getattr(image, "quantization", {})
    if not tables.get(0):
        return None
    percent = 100 * sum(tables[0]) / _SUM_AT_50
    quality = (200 - percent) / 2 if percent <= 100 else 5000 / percent  # jpeg_quality_scaling() the other way round
    return max(1, min(100, round(quality)))
