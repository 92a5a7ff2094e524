"""Animations in JPEG XL (ISO/IEC 18181-1, annex F): their frames as they are shown, how long, and how often."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image

from fileq.images.formats import optional_codecs
from fileq.images.formats.canvas import CanvasFrame, CanvasImageFile, Disposal
from fileq.images.formats.jpegxl import libjxl

if TYPE_CHECKING:
    from typing import BinaryIO

    from fileq.units import Size

JXL_ANIMATION = "JXL animation"
"""Its name among Pillow's formats: unlike a still it can be read, and not be written."""

_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
_PAGE = 0xFFFFFFFF  # ticks: what stays until one turns the page
_PAGE_STAYS = 10_000  # ms


class JpegXlAnimationFile(CanvasImageFile[CanvasFrame]):
    """An animated JPEG XL; its pixels are turned by its orientation already."""

    format = JXL_ANIMATION
    format_description = "Animated JPEG XL"

    def __init__(self, file: BinaryIO, content: bytes) -> None:
        """Read all headers of a file with this `content`, and no pixels. Raises ValueError where it is damaged."""
        self._content = content
        headers = libjxl.AnimationDecoder(content, draws=False)
        self._channels_mode = _MODES[headers.channels]
        self.is_deep = headers.info.bits_per_sample > 8
        size = headers.info.width, headers.info.height
        tick = 1000 * headers.info.per_seconds / max(1, headers.info.ticks)  # ms
        frames = [
            CanvasFrame(place=(0, 0), size=size, duration=_milliseconds(ticks, tick), disposal=Disposal.KEEP)
            for ticks in headers.durations()
        ]
        if not frames:
            raise ValueError("an animation in JPEG XL without a frame")
        info = {"loop": headers.info.loops} | ({"icc_profile": headers.icc} if headers.icc else {})
        super().__init__(file, frames, size, info)

    def _open(self) -> None:
        super()._open()
        self._mode = self._channels_mode

    def _has_alpha(self) -> bool:
        return self._channels_mode in {"LA", "RGBA"}

    def _rewind(self) -> None:
        super()._rewind()
        self._pass: libjxl.AnimationDecoder | None = None

    def _draw(self, frame: CanvasFrame) -> None:
        if self._pass is None:
            self._pass = libjxl.AnimationDecoder(self._content, draws=True)
        self.canvas = Image.frombytes(self.mode, frame.size, self._pass.next_pixels())


def decode_first_frame(content: bytes, mode: str, size: Size) -> bytes | None:
    """Return the pixels of an animation's first frame in a mode of Pillow's; None where what decodes it isn't there.

    Pillow's decoder gives the last frame. Raises ValueError where the file is damaged, or the frame isn't as its header
    says.
    """
    codecs = optional_codecs.jpeg_xl_frames()
    if codecs is None:
        return None
    try:
        samples = codecs.jpegxl_decode(content, index=0)
    except codecs.JpegxlError as error:
        raise ValueError(str(error)) from error
    if samples.dtype == "uint16" and mode != "I;16":
        samples = ((samples.astype("uint32") + 128) // 257).astype("uint8")
    channels, depth = {"I;16": (1, "uint16"), "F": (1, "float32")}.get(mode, (len(mode), "uint8"))
    if samples.dtype != depth or samples.shape[:2] != (size.height, size.width) or samples[0, 0].size != channels:
        raise ValueError("the first frame of its animation has pixels of another kind than its header says")
    pixels: bytes = samples.tobytes()
    return pixels


def _milliseconds(ticks: int, tick: float) -> float:
    return _PAGE_STAYS if ticks == _PAGE else ticks * tick
