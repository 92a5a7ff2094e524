"""Frames of a GIF on their canvas as browsers draw them (GIF89a, sections 18 to 23).

What no frame covers is transparent, a later frame is cut at the canvas, and a disposal is that of its own frame.
Pillow fills with the background colour, lets the picture grow, and takes over what the frame before said.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

_SCREEN = 13  # bytes: signature and logical screen descriptor
_EXTENSION, _IMAGE, _TRAILER = b"!", b",", b";"
_GRAPHIC_CONTROL, _APPLICATION = 0xF9, 0xFF
_LOOPING = (b"NETSCAPE2.0", b"ANIMEXTS1.0")
_HAS_PALETTE = 0x80
_TO_BACKGROUND = 2
_TO_PREVIOUS = (3, 4)  # by the standard, and by programs that count from 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A frame: its place and size in pixels, how long it stays in ms, and where its data lies in the file.

    `flags` are those of its descriptor; `palette` is its own or that of the file, empty where there is none.
    """

    place: tuple[int, int]
    size: tuple[int, int]
    duration: int
    disposal: int
    transparent: int | None
    flags: int
    palette: bytes
    start: int
    end: int

    @property
    def box(self) -> tuple[int, int, int, int]:
        return (*self.place, self.place[0] + self.size[0], self.place[1] + self.size[1])


class GifReader:
    """The blocks of an open GIF in their order."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        file.seek(0)
        head = self._read(_SCREEN)
        self.screen: tuple[int, int] = struct.unpack_from("<HH", head, 6)
        self.loop: int | None = None
        self._palette = self._read_palette(head[10])

    def frames(self) -> Iterator[Frame]:
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

    def _read_frame(self, control: bytes) -> Frame:
        left, top, width, height, flags = struct.unpack("<HHHHB", self._read(9))
        palette = self._read_palette(flags) or self._palette
        start = self._file.tell()
        self._read(1)
        self._skip_blocks()
        return Frame(
            place=(left, top),
            size=(width, height),
            duration=10 * int.from_bytes(control[1:3], "little"),
            disposal=control[0] >> 2 & 7,
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


class ComposedGifFile(ImageFile.ImageFile):
    """A GIF whose frames lie on a canvas: each is what one sees once it is drawn."""

    format = "GIF"
    format_description = "Compuserve GIF"

    def __init__(self, file: BinaryIO, frames: list[Frame], reader: GifReader, info: dict[Any, Any]) -> None:
        self._frames = frames
        self._screen = reader.screen
        super().__init__(file)
        self.info = {key: value for key, value in info.items() if key not in {"transparency", "loop"}}
        if reader.loop is not None:
            self.info["loop"] = reader.loop
        self.seek(0)

    def _open(self) -> None:
        first = self._frames[0].box
        self._size = max(self._screen[0], first[2]), max(self._screen[1], first[3])
        self._mode = "RGB" if self._is_opaque() else "RGBA"
        self._frame = 0
        self._rewind()

    @property
    def n_frames(self) -> int:
        return len(self._frames)

    @property
    def is_animated(self) -> bool:
        return self.n_frames > 1

    def seek(self, frame: int) -> None:
        """Have the pixels be those of this frame, from 0. Raises EOFError where there is none."""
        if not 0 <= frame < self.n_frames:
            raise EOFError("no more images in GIF file")
        if frame != self._frame:
            self._im = None
        self._frame = frame
        self.info["duration"] = self._frames[frame].duration

    def tell(self) -> int:
        return self._frame

    def load(self) -> Any:
        if self._im is None:
            if self._frame < self._drawn:
                self._rewind()
            while self._drawn <= self._frame:
                self._draw_next()
            self.im = self._canvas.copy().im
        return Image.Image.load(self)

    def _is_opaque(self) -> bool:
        covers = self._frames[0].box == (0, 0, *self._size) and self._frames[0].size == self._size
        keeps = all(frame.disposal not in {_TO_BACKGROUND, *_TO_PREVIOUS} for frame in self._frames)
        return covers and keeps and all(frame.transparent is None for frame in self._frames)

    def _rewind(self) -> None:
        self._canvas = Image.new(self.mode, self._size)
        self._before = self._canvas
        self._drawn = 0  # frames on the canvas

    def _draw_next(self) -> None:
        if self._drawn:
            self._dispose(self._frames[self._drawn - 1])
        frame = self._frames[self._drawn]
        if frame.disposal in _TO_PREVIOUS:
            self._before = self._canvas.copy()
        if all(frame.size):
            image, mask = self._decode(frame)
            self._canvas.paste(image.convert(self.mode), frame.place, mask)
        self._drawn += 1

    def _dispose(self, frame: Frame) -> None:
        if frame.disposal == _TO_BACKGROUND:
            self._canvas.paste(0, frame.box)
        elif frame.disposal in _TO_PREVIOUS:
            self._canvas = self._before

    def _decode(self, frame: Frame) -> tuple[Image.Image, Image.Image | None]:
        """Return the pixels of a frame in RGB, and where they are seen; None for everywhere."""
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
            if frame.transparent is None:
                return image.convert("RGB"), None
            indexes = Image.frombytes("L", image.size, image.tobytes())
            return image.convert("RGB"), indexes.point([255 * (index != frame.transparent) for index in range(256)])


def compose(image: ImageFile.ImageFile, file: BinaryIO) -> ImageFile.ImageFile:
    """Return an opened GIF with its frames on their canvas; as it is where one frame is all of the picture.

    Raises OSError where a frame is cut off.
    """
    reader = GifReader(file)
    frames = list(reader.frames())
    if not frames or (len(frames) == 1 and frames[0].box == (0, 0, *reader.screen)):
        file.seek(0)
        return Image.open(file, formats=("GIF",))
    return ComposedGifFile(file, frames, reader, image.info)
