"""JPEG 2000 (ISO/IEC 15444-1): decoded smaller only where that is safe, and with the levels that are meant.

At less than 8 bits Pillow leaves white gray, reads palettes without regard to what their columns are, and cuts more
than 8 bits a channel so that white becomes black; a decoder of its own then takes over, where one is installed.
"""

from __future__ import annotations

import struct
from io import BytesIO
from typing import TYPE_CHECKING, Any, NamedTuple

from PIL import Image
from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile

from fileq.files import containers
from fileq.images.formats import optional_codecs
from fileq.images.formats.jpeg2000.channels import read_channels, unsupported_channels
from fileq.images.formats.jpeg2000.grid import on_own_grid

if TYPE_CHECKING:
    from typing import BinaryIO

SIGNATURES = (b"\xff\x4f\xff\x51", b"\0\0\0\x0cjP  \r\n\x87\n")
"""The first bytes of a codestream, and of one in boxes."""

_CODESTREAM = SIGNATURES[0]
_SIZE, _CODING, _CODING_OF_COMPONENT, _START_OF_TILE = 0xFF51, 0xFF52, 0xFF53, 0xFF90  # markers (annex A)
_MANY_COMPONENTS = 256  # from which on their numbers take two bytes
_SIGNED = 0x80


class Codestream(NamedTuple):
    """What the main header of a codestream says: how many bits each component has, and how often all can be halved."""

    depths: tuple[int, ...]
    halvings: int


_UNKNOWN = Codestream((), 0)  # whatever it is, it is decoded whole


def read_codestream(file: BinaryIO) -> Codestream:
    """Return what the main header of the codestream in an open file says, raw or in boxes; nothing where it is odd."""
    try:
        return _read_main_header(file)
    except (ValueError, IndexError, struct.error):
        return _UNKNOWN


def _read_main_header(file: BinaryIO) -> Codestream:
    file.seek(_find_codestream(file) + 2)
    depths: tuple[int, ...] = ()
    halvings = levels = 32
    while (marker := int.from_bytes(file.read(2), "big")) not in {0, _START_OF_TILE}:
        content = file.read(int.from_bytes(file.read(2), "big") - 2)
        if marker == _SIZE:
            depths, halvings = _read_size(content)
        elif marker == _CODING:
            levels = min(levels, content[5])
        elif marker == _CODING_OF_COMPONENT:
            levels = min(levels, content[3 if len(depths) > _MANY_COMPONENTS else 2])
    return Codestream(depths, min(halvings, levels))


def _read_size(content: bytes) -> tuple[tuple[int, ...], int]:
    """Return the depths of all components, and how often their grid can be halved and still be one grid."""
    _, *grid, count = struct.unpack_from(">H8IH", content)
    width, height, left, top, tile_width, tile_height, tile_left, tile_top = grid
    components = [content[36 + 3 * number : 39 + 3 * number] for number in range(count)]
    depths = tuple((component[0] & ~_SIGNED) + 1 for component in components)
    if any((left, top, tile_left, tile_top)) or any(component[1:] != b"\1\1" for component in components):
        return depths, 0
    sides = [side for side, whole in ((tile_width, width), (tile_height, height)) if side < whole]
    return depths, min([(side & -side).bit_length() - 1 for side in sides], default=32)


def _find_codestream(file: BinaryIO) -> int:
    file.seek(0)
    if file.read(4) == _CODESTREAM:
        return 0
    for box in containers.boxes(file):
        if box.name == b"jp2c":
            return box.payload
    raise ValueError("it has no codestream")


class Jpeg2000File(Jpeg2KImageFile):
    """A JPEG 2000 picture; its `reduce` is how often it may be halved, and is no more than is safe."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file = on_own_grid(file, _find_codestream(file))
        self._stream = read_codestream(file)
        file.seek(0)
        is_raw = file.read(4) == _CODESTREAM
        self._channels = None if is_raw else read_channels(file, len(self._stream.depths))
        file.seek(0)
        super().__init__(file)

    @property
    def depths(self) -> tuple[int, ...]:
        """The bits of each channel."""
        return self._channels.palette_depths if self._has_palette else self._stream.depths  # type: ignore[union-attr]

    @property
    def is_deep(self) -> bool:
        """Whether a channel has more than 8 bits, and it isn't the only one."""
        return max(self.depths, default=8) > 8 and self.mode != "I;16"

    @property
    def _has_palette(self) -> bool:
        return self._channels is not None and bool(self._channels.columns)

    def _open(self) -> None:
        super()._open()
        if self._has_palette:
            self.palette = None
        if self._channels is not None and self.mode != "CMYK":
            self._mode = self._channels.mode
        elif self.mode == "L" and max(self.depths, default=8) > 8:
            self._mode = "I;16"

    def load(self) -> Any:
        if not self.tile:
            return Image.Image.load(self)
        full = self.size
        self._reduce = 0 if self._has_palette or self.is_deep else min(self._reduce, self._stream.halvings)
        if self.is_deep:
            self._load_deep()
        elif self._has_palette:
            self._load_indexes()
        else:
            self._load_safely()
            self._stretch()
            self._set_pixels(self)
            if self._reduce:
                self._center(full)
        return Image.Image.load(self)

    def _set_pixels(self, components: Image.Image) -> None:
        if self._channels is not None and self.mode != "CMYK":
            self.im = self._channels.apply(components, self._stream.depths).im

    def _load_indexes(self) -> None:
        """Decode the components alone, without a word on what they are, and look up their colors."""
        self._file.seek(_find_codestream(self._file))
        with Jpeg2KImageFile(BytesIO(self._file.read())) as components:
            if components.mode == "I;16":
                raise unsupported_channels("a palette of more than 256 colors")
            components.load()
            self._set_pixels(components)
        self.tile = []

    def _load_safely(self) -> None:
        """Decode it; whole, where a tile can't be halved as often as the main header says."""
        size, tiles = self.size, self.tile
        try:
            super().load()
        except OSError:
            if not self._reduce:
                raise
            self._reduce, self._size, self.tile, self.fp, self._im = 0, size, tiles, self._file, None
            self._file.seek(0)
            super().load()

    def _stretch(self) -> None:
        """Have the highest level be white: Pillow has shifted all to the left."""
        full = 16 if self.mode == "I;16" else 8
        channels = len(self.getbands())
        factors = [(2**full - 1) / (2**full - 2 ** (full - depth)) for depth in self.depths[:channels]]
        if len(factors) < channels or max(factors) == 1:
            return
        if full == 16:
            self.im = self.point(lambda value: value * factors[0] + 0.5).im
        else:
            tables = [min(255, round(level * factor)) for factor in factors for level in range(256)]
            self.im = self.point(tables).im

    def _center(self, full: tuple[int, int]) -> None:
        """Have each pixel show the middle of its part of the whole picture, of this size in pixels.

        Each halving keeps every second sample, from the first on, smoothed: what is left lies up to half a pixel too
        far to the left and the top.
        """
        factor = 1 << self._reduce
        edge = 0.5 - 0.5 / factor
        padded = Image.new(self.mode, (self.width + 1, self.height + 1))
        for place in ((1, 1), (1, 0), (0, 1), (0, 0)):  # the last row and column are there twice
            padded.paste(self, place)
        box = (edge, edge, edge + full[0] / factor, edge + full[1] / factor)
        self.im = padded.resize(self.size, Image.Resampling.LANCZOS, box).im

    def _load_deep(self) -> None:
        """Decode more than 8 bits a channel, and keep the upper 8. Raises ValueError where the decoder gives up."""
        decoder = optional_codecs.deep_jpeg_2000()
        assert decoder is not None  # else the file was refused
        self._file.seek(0)
        self.im = decoder.decode(self._file.read(), self.size, self.mode, self.depths).im
        self.tile = []
