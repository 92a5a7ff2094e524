"""Frames of an animation that are drawn on one canvas, each over what those before have left."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from PIL import Image, ImageFile

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import BinaryIO


class Disposal(enum.Enum):
    """What becomes of a frame before the next is drawn."""

    KEEP = enum.auto()
    CLEAR = enum.auto()
    RESTORE = enum.auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class CanvasFrame:
    """A frame: its place and size on the canvas in pixels, and how long it stays in ms."""

    place: tuple[int, int]
    size: tuple[int, int]
    duration: float
    disposal: Disposal

    @property
    def box(self) -> tuple[int, int, int, int]:
        return (*self.place, self.place[0] + self.size[0], self.place[1] + self.size[1])


FrameT = TypeVar("FrameT", bound=CanvasFrame)


class CanvasImageFile(ImageFile.ImageFile, Generic[FrameT]):
    """An animation: at each frame, what one sees once it is drawn. The canvas is transparent before the first."""

    def __init__(self, file: BinaryIO, frames: Sequence[FrameT], size: tuple[int, int], info: dict[Any, Any]) -> None:
        self._frames = frames
        self._canvas_size = size
        super().__init__(file)
        self.info = info
        self.seek(0)

    def _has_alpha(self) -> bool:
        """Return whether a frame may have transparent pixels of its own."""
        raise NotImplementedError

    def _draw(self, frame: FrameT) -> None:
        """Decode a frame, and draw it on the canvas, which cuts it. Raises what Pillow raises."""
        raise NotImplementedError

    def _open(self) -> None:
        self._size = self._canvas_size
        self._mode = "RGBA" if self._may_be_transparent() else "RGB"
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
            raise EOFError("the animation has no more frames")
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
            self.im = self.canvas.copy().im
        return Image.Image.load(self)

    def _may_be_transparent(self) -> bool:
        first = self._frames[0]
        covers = first.box == (0, 0, *self._canvas_size)
        return self._has_alpha() or not covers or any(frame.disposal is not Disposal.KEEP for frame in self._frames)

    def _rewind(self) -> None:
        self.canvas = Image.new(self.mode, self._canvas_size)
        self._before = self.canvas
        self._drawn = 0  # frames on the canvas

    def _draw_next(self) -> None:
        if self._drawn:
            self._dispose(self._frames[self._drawn - 1])
        frame = self._frames[self._drawn]
        if frame.disposal is Disposal.RESTORE:
            self._before = self.canvas.copy()
        if all(frame.size):
            self._draw(frame)
        self._drawn += 1

    def _dispose(self, frame: FrameT) -> None:
        if frame.disposal is Disposal.CLEAR:
            self.canvas.paste(0, frame.box)
        elif frame.disposal is Disposal.RESTORE:
            self.canvas = self._before
