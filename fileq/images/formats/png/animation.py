"""Animated PNG (PNG third edition, section 8): its frames on their canvas as browsers draw them.

Pillow puts what is half transparent over a frame in another way, begins with the still picture where that is no
frame, and gives the whole file up where the animation has errors.
"""

from __future__ import annotations

import struct
from io import BytesIO
from typing import TYPE_CHECKING, NamedTuple

from PIL.PngImagePlugin import PngImageFile

from fileq.files import containers
from fileq.images.color import modes
from fileq.images.formats.canvas import CanvasImageFile
from fileq.images.formats.png import rows, transparency
from fileq.images.formats.png.chunks import drop_damaged, join_parts
from fileq.images.formats.png.sequence import Animation, ApngFrame, ApngReader
from fileq.operations.base import to_8_bit

if TYPE_CHECKING:
    from typing import BinaryIO

    from PIL import Image

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_OF_STILL = {"transparency", "interlace"}  # in Pillow's info


class ApngImageFile(CanvasImageFile[ApngFrame]):
    """An animated PNG. Its `text` is the still picture's."""

    format = "PNG"
    format_description = "Animated PNG"

    def __init__(self, file: BinaryIO, animation: Animation, still: PngImageFile) -> None:
        self._animation = animation
        self._still = still
        info = {key: value for key, value in still.info.items() if key not in _OF_STILL}
        super().__init__(file, animation.frames, still.size, info | {"loop": animation.play_count})
        self.text: dict[str, str] = {}

    def load_still(self) -> None:
        """Add what stands behind the pixels, too, to `info` and `text`. Raises what Pillow raises."""
        self.text = dict(self._still.text)
        self.info |= {key: value for key, value in self._still.info.items() if key not in _OF_STILL | self.info.keys()}

    @property
    def is_deep(self) -> bool:
        """Whether it has 16 bits a channel, of which the canvas keeps 8."""
        return self._animation.header[8] == 16

    def _has_alpha(self) -> bool:
        return bool(self._animation.header[9] & 4 or b"tRNS" in self._animation.pixel_chunks)

    def _draw(self, frame: ApngFrame) -> None:
        drawn = self._decode(frame).convert(self.mode)
        if frame.is_over and self.mode == "RGBA":
            self.canvas.alpha_composite(drawn, frame.place)
        else:
            self.canvas.paste(drawn, frame.place)

    def _decode(self, frame: ApngFrame) -> Image.Image:
        assert self.fp is not None
        header = struct.pack(">II", *frame.size) + self._animation.header[8:]
        parts = [_SIGNATURE, containers.png_chunk(b"IHDR", header), self._animation.pixel_chunks]
        for part in frame.data:
            self.fp.seek(part.start)
            parts.append(containers.png_chunk(b"IDAT", self.fp.read(part.stop - part.start)))
        whole = b"".join((*parts, containers.png_chunk(b"IEND", b"")))
        return to_8_bit(modes.normalize_mode(_decode_still(BytesIO(whole), whole)))


def _decode_still(file: BinaryIO, start: bytes) -> Image.Image:
    """Return the pixels of a PNG with one picture. Raises what Pillow raises; ValueError where rows are missing."""
    image = PngImageFile(file)
    rows.load_whole(image, file)
    transparency.prepare_transparent_color(image, file, start)
    return transparency.apply_transparent_color(image) if transparency.has_transparent_color(image) else image


class PreparedPng(NamedTuple):
    """A PNG that decoders take: its still picture, the whole file, its animation, and what to say on the job."""

    still: BinaryIO
    whole: BinaryIO
    animation: Animation | None
    notes: tuple[str, ...]


def prepare(file: BinaryIO) -> PreparedPng:
    """Return an open PNG without what is damaged beside its pixels, its animation apart. Raises OSError."""
    whole, dropped, has_long_transparency = drop_damaged(file)
    notes = (
        [f"Data beside its pixels is damaged or too long, and was left out: {', '.join(dropped)}."] if dropped else []
    )
    if has_long_transparency:
        notes.append("It says how transparent more colours are than it has. That was heeded; some programs don't.")
    reader = ApngReader(whole)
    animation = reader.read()
    whole.seek(0)
    if not reader.has_chunks:
        return PreparedPng(whole, whole, None, tuple(notes))
    still = join_parts(whole, reader.still)
    if animation is None and reader.is_animated:
        notes.append("The still picture was kept: its animation is damaged.")
    return PreparedPng(still, whole if animation else still, animation, tuple(notes))
