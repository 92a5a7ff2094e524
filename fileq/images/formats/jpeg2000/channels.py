"""What the components of a JPEG 2000 picture are (ISO/IEC 15444-1, annex I): columns of a palette, colors, opacity.

Pillow takes the columns of a palette and the components for red, green and blue as they come, and merges colors of a
palette that are equal, so that those behind them are others.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from PIL import Image

from fileq.files import containers
from fileq.images.errors import UnsupportedContentError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import BinaryIO

_SIGNED = 0x80
_COLOR, _OPACITIES = 0, {1, 2}  # types of channels: opacity, and opacity that colors are multiplied with
_SYCC = 18  # an enumerated color space
_READ = {b"pclr", b"cmap", b"cdef", b"colr"}
_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}


def unsupported_channels(what: str) -> UnsupportedContentError:
    """Return the error of a picture whose channels can't be read; `what` is the rest of a sentence about it."""
    return UnsupportedContentError(f"is a JPEG 2000 picture with {what}", "Export it as RGB or gray.")


class Mapping(NamedTuple):
    """Where a channel comes from: its component, and a column of the palette by its number; None for no palette."""

    component: int
    column: int | None


class Channels(NamedTuple):
    """The channels of a picture, colors first and opacity last, and the palette they come from, with 8 bits.

    `palette_depths` are the bits that its columns have in the file.
    """

    mappings: tuple[Mapping, ...]
    columns: tuple[bytes, ...]
    palette_depths: tuple[int, ...]
    is_ycc: bool

    @property
    def mode(self) -> str:
        """Pillow's mode for the channels. Raises UnsupportedContentError where they are too many."""
        if len(self.mappings) not in _MODES:
            raise unsupported_channels(f"{len(self.mappings)} channels, which have no known colors")
        return _MODES[len(self.mappings)]

    def apply(self, image: Image.Image, depths: Sequence[int]) -> Image.Image:
        """Return the channels from decoded components, which have these bits in the file."""
        components = image.split()
        bands = [self._channel(components[mapping.component], mapping, depths) for mapping in self.mappings]
        if not self.is_ycc or len(bands) < 3:
            return Image.merge(self.mode, bands)
        colors = Image.merge("YCbCr", bands[:3]).convert("RGB")
        return Image.merge(self.mode, [*colors.split(), *bands[3:]])

    def _channel(self, component: Image.Image, mapping: Mapping, depths: Sequence[int]) -> Image.Image:
        if mapping.column is None:
            return component
        levels = self.columns[mapping.column]
        shift = 8 - depths[mapping.component]  # by which Pillow has made indexes of fewer bits larger
        return component.point([levels[min(index >> shift, len(levels) - 1)] for index in range(256)])


def read_channels(file: BinaryIO, component_count: int) -> Channels | None:
    """Return what the channels of an open file in boxes are; None where they are its components as they come.

    Raises ValueError, struct.error or IndexError where its boxes are damaged.
    """
    found = _read_header(file)
    columns, depths = _read_palette(found[b"pclr"]) if b"pclr" in found else ((), ())
    as_they_come = [Mapping(number, None) for number in range(component_count)]
    mappings = _read_mappings(found[b"cmap"]) if columns and b"cmap" in found else as_they_come
    if columns and b"cmap" not in found:
        mappings = [Mapping(0, number) for number in range(len(columns))]
    order = _read_order(found[b"cdef"], len(mappings)) if b"cdef" in found else list(range(len(mappings)))
    if not columns and order == list(range(component_count)):
        return None
    is_ycc = bool(columns) and found.get(b"colr", b"")[:1] == b"\1" and found[b"colr"][3:7] == struct.pack(">I", _SYCC)
    return Channels(tuple(mappings[number] for number in order), columns, depths, is_ycc)


def _read_header(file: BinaryIO) -> dict[bytes, bytes]:
    """Return what stands in the boxes about channels, by their names; of several of a name, in the first."""
    found: dict[bytes, bytes] = {}
    for outer in containers.boxes(file):
        if outer.name == b"jp2h":
            for box in containers.boxes(file, outer.payload, outer.end):
                found.setdefault(box.name, file.read(box.length) if box.name in _READ else b"")
            break
    return found


def _read_palette(content: bytes) -> tuple[tuple[bytes, ...], tuple[int, ...]]:
    """Return the columns of a palette with 8 bits, and how deep they were."""
    entries, count = struct.unpack_from(">HB", content)
    depths = tuple((depth & ~_SIGNED) + 1 for depth in content[3 : 3 + count])
    columns: list[list[int]] = [[] for _ in depths]
    at = 3 + count
    for _ in range(entries):
        for column, depth in zip(columns, depths, strict=True):
            length = (depth + 7) // 8
            level = int.from_bytes(content[at : at + length], "big")
            column.append(min(255, round(level * 255 / (2**depth - 1))))
            at += length
    if at > len(content) or not entries:
        raise ValueError("its palette is cut off")
    return tuple(map(bytes, columns)), depths


def _read_mappings(content: bytes) -> list[Mapping]:
    return [
        Mapping(component, column if is_palette else None)
        for component, is_palette, column in struct.iter_unpack(">HBB", content)
    ]


def _read_order(content: bytes, count: int) -> list[int]:
    """Return the numbers of the channels, by the color that each is for and opacity last; as they come in doubt."""
    definitions = list(struct.iter_unpack(">HHH", content[2:]))
    colors = {color: channel for channel, kind, color in definitions if kind == _COLOR}
    opacity = [channel for channel, kind, _ in definitions if kind in _OPACITIES]
    order = [*(colors[color] for color in sorted(colors)), *opacity]
    return order if sorted(order) == list(range(count)) else list(range(count))
