"""What decoders are asked for where fewer pixels are wanted than a file has, and which of them do that well."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

    from fileq.images.geometry import Scaling

_SMALL = 400  # px: below, a decoder's own reduction is seen (46 dB against 49 at 1.5 x), and costs next to nothing
_SPARE_OF_JPEG_2000 = 4


def ask_for_fewer_pixels(image: ImageFile, stored: Scaling) -> tuple[float, float] | None:
    """Have an image that is open be decoded with no more pixels than are wanted, where its decoder can.

    Returns how many of these pixels show the whole, where that is told: a last column or row is shown in part.
    """
    if image.format in {"JPEG", "MPO", "PDF"}:
        whole = stored.whole_size
        factor = 1.5 if max(stored.target) <= _SMALL else 1.0
        drafted = image.draft(None, (round(whole.width * factor), round(whole.height * factor)))
        return None if drafted is None else drafted[1][2:]
    if image.format == "JPEG2000":
        image.reduce = _halvings(stored)  # type: ignore[method-assign, assignment]  # a property of this plugin
    return None


def _halvings(stored: Scaling) -> int:
    """Return how often JPEG 2000 may halve the picture and still have so many times what the target needs.

    Its halvings let through what becomes steps and moiré: at 1, 2 and 4 times the target, 21 to 48, 35 to 48 and 43 to
    52 dB from the whole picture resized (of noise).
    """
    ratio = min(stored.full.width // stored.whole_size.width, stored.full.height // stored.whole_size.height)
    return min(max((ratio // _SPARE_OF_JPEG_2000).bit_length() - 1, 0), 5)
