"""JPEG 2000 with more than 8 bits a channel, by the library imagecodecs: the upper 8 bits of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import imagecodecs
import numpy as np
from PIL import Image

from fileq.images.formats.jpeg2000.channels import unsupported_channels

if TYPE_CHECKING:
    from collections.abc import Sequence


def decode(content: bytes, size: tuple[int, int], mode: str, depths: Sequence[int]) -> Image.Image:
    """Return the pixels of a file, of `size` and in a mode of Pillow's with 8 bits; `depths` are those of the channels.

    Raises ValueError where it is damaged; JobError (unsupported) where its channels are not as its header says.
    """
    try:
        samples = imagecodecs.jpeg2k_decode(content)
    except imagecodecs.Jpeg2kError as error:
        raise ValueError(str(error)) from error
    if samples.shape != (size[1], size[0], Image.getmodebands(mode)) or samples.shape[2] != len(depths):
        raise unsupported_channels(f"{max(depths)} bits a channel, whose colors can't be read")
    levels = [
        np.round(samples[..., number].astype(np.float32) * (255 / (2**depth - 1))).clip(0, 255).astype(np.uint8)
        for number, depth in enumerate(depths)
    ]
    return Image.merge(mode, [Image.fromarray(channel) for channel in levels])
