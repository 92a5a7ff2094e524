"""Frames of a GIF on their canvas as browsers draw them (GIF89a, sections 18 to 23).

What no frame covers is transparent, a later frame is cut at the canvas, and a disposal is that of its own frame.
Pillow fills with the background colour, lets the picture grow, and takes over what the frame before said.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image

from fileq.images.formats.canvas import CanvasFrame, CanvasImageFile, Disposal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from PIL import ImageFile

_SCREEN = 13  # bytes: signature and logical screen descriptor
_EXTENSION, _IMAGE, _TRAILER = b"!", b",", b";"
_GRAPHIC_CONTROL, _APPLICATION = 0xF9, 0xFF
_LOOPING = (b"NETSCAPE2.0", b"ANIMEXTS1.0")
_HAS_PALETTE = 0x80
_DISPOSALS = {2: Disposal.CLEAR, 3: Disposal.RESTORE, 4: Disposal.RESTORE}
"""By their numbers; 4 is that of programs that count bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GifFrame(CanvasFrame):
    """A frame, and where its data lies in the file, in bytes.

    `flags` are those of its descriptor; `palette` is its own or that of the file, empty where there is none.
    """

    transparent: int | None
    flags: int
    palette: bytes
    start: int
    end: int


class GifReader:
    """The blocks of an open GIF in their order."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        file.seek(0)
        head = self._read(_SCREEN)
        self.screen: tuple[int, int] = struct.unpack_from("<HH", head, 6)
        self.loop: int | None = None
        self._palette = self._read_palette(head[10])

    def frames(self) -> Iterator[GifFrame]:
        """Yield all frames; `loop` is known after the last. Raises OSError where one is cut off."""
        control = bytes(4)
        while (kind := self._file.read(1)) not in {b"", _TRAILER}:
            if kind == _EXTENSION:
                label, content = self._read(1)[0], self._read_blocks()
                if label == _GRAPHIC_CONTROL and len(content) >= 4:
                    control = content
                if label == _APPLICATION and content.startswith(_LOOPING) and content[11:12] == b"\1":
                    (self.loop,) = struct.unpack("<H", content[12:14].ljust(2, b"\0"))
            elif kind == _IMAGE:
                yield self._read_frame(control)
                control = bytes(4)

    def _read_frame(self, control: bytes) -> GifFrame:
        left, top, width, height, flags = struct.unpack("<HHHHB", self._read(9))
        palette = self._read_palette(flags) or self._palette
        start = self._file.tell()
        self._read(1)
        self._skip_blocks()
        return GifFrame(
            place=(left, top),
            size=(width, height),
            duration=10 * int.from_bytes(control[1:3], "little"),
            disposal=_DISPOSALS.get(control[0] >> 2 & 7, Disposal.KEEP),
            transparent=control[3] if control[0] & 1 else None,
            flags=flags,
            palette=palette,
            start=start,
            end=self._file.tell(),
        )

    def _read_palette(self, flags: int) -> bytes:
        return self._read(3 << (flags & 7) + 1) if flags & _HAS_PALETTE else b""

    def _read_blocks(self) -> bytes:
        blocks = []
        while length := self._read(1)[0]:
            blocks.append(self._read(length))
        return b"".join(blocks)

    def _skip_blocks(self) -> None:
        while length := self._read(1)[0]:
            self._file.seek(length, io.SEEK_CUR)

    def _read(self, count: int) -> bytes:
        content = self._file.read(count)
        if len(content) < count:
            raise OSError("image file is truncated")
        return content


class ComposedGifFile(CanvasImageFile[GifFrame]):
    """A GIF whose frames lie on a canvas."""

    format = "GIF"
    format_description = "Compuserve GIF"

    def _has_alpha(self) -> bool:
        return any(frame.transparent is not None for frame in self._frames)

    def _draw(self, frame: GifFrame) -> None:
        drawn = self._decode(frame)
        mask = drawn.getchannel("A") if drawn.mode == "RGBA" else None
        self.canvas.paste(drawn.convert(self.mode), frame.place, mask)

    def _decode(self, frame: GifFrame) -> Image.Image:
        assert self.fp is not None
        self.fp.seek(frame.start)
        data = self.fp.read(frame.end - frame.start)
        flags = frame.flags & 0x7F | (_HAS_PALETTE if frame.palette else 0)
        if frame.palette:
            flags = flags & ~7 | (len(frame.palette) // 3).bit_length() - 2
        screen = struct.pack("<HHBBB", *frame.size, 0, 0, 0)
        descriptor = struct.pack("<HHHHB", 0, 0, *frame.size, flags)
        alone = b"".join((b"GIF89a", screen, _IMAGE, descriptor, frame.palette, data, _TRAILER))
        with Image.open(io.BytesIO(alone), formats=("GIF",)) as image:
            image.load()
            drawn = image.convert("RGB")
            if frame.transparent is not None:
                indexes = Image.frombytes("L", image.size, image.tobytes())
                drawn.putalpha(indexes.point([255 * (index != frame.transparent) for index in range(256)]))
            return drawn


def compose(image: ImageFile.ImageFile, file: BinaryIO) -> ImageFile.ImageFile:
    """Return an opened GIF with its frames on their canvas; as it is where one frame is all of the picture.

    Raises OSError where a frame is cut off.
    """
    reader = GifReader(file)
    frames = list(reader.frames())
    if not frames or (len(frames) == 1 and frames[0].box == (0, 0, *reader.screen)):
        file.seek(0)
        return Image.open(file, formats=("GIF",))
    size = max(reader.screen[0], frames[0].box[2]), max(reader.screen[1], frames[0].box[3])
    info = {key: value for key, value in image.info.items() if key not in {"transparency", "loop"}}
    return ComposedGifFile(file, frames, size, info if reader.loop is None else info | {"loop": reader.loop})
