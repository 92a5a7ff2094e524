"""GIF whose pictures are packed again, with palettes and codes as short as their colours allow."""

from __future__ import annotations

import struct
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fileq.files.containers import END_MARKS
from fileq.images.formats.gif_codes import INTERLACED, encode_indices, encode_indices_closely, read_indices
from fileq.images.lossless.gif_changes import only_changes
from fileq.images.metadata.gif_rewrite import FRAME, HEAD, end_of_block, table_length
from fileq.units import Size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from PIL import Image

_SIZE_BITS = 7
_PALETTE = 0x80  # a flag of a descriptor
_CONTROL = b"\x21\xf9\x04"
_TRANSPARENT = 1  # a flag of a control block
_CLEAR = 2  # the first disposal that undoes what was drawn
_MOST_PIXELS = 2**21  # of all pictures that are packed closely, which takes 1.5 s


@dataclass(slots=True)
class GifPicture:
    """A picture of the file: what lies before it, its descriptor, palette and indices, and the block as it was."""

    before: list[bytes]
    descriptor: bytes
    palette: bytes
    indices: Image.Image
    block: bytes

    @property
    def transparent(self) -> int | None:
        """The index that shows nothing."""
        control = self._control
        return control[6] if control is not None and control[3] & _TRANSPARENT else None

    @property
    def _control(self) -> bytes | None:
        return next((block for block in reversed(self.before) if block.startswith(_CONTROL)), None)

    @property
    def used(self) -> set[int]:
        """The indices that the picture needs of its palette, beside the one that shows nothing."""
        return {index for index, count in enumerate(self.indices.histogram()) if count} - {self.transparent}

    def place(self, places: dict[int, int]) -> dict[int, int]:
        """Return the new place of each index, given those of all that are used: what shows nothing takes a free one."""
        own = {index: places[index] for index in self.used}
        if self.transparent is not None:
            own[self.transparent] = min(set(range(256)).difference(own.values()))
        return own

    @property
    def disposal(self) -> int:
        """What becomes of it when the next picture comes, by GIF's number."""
        return self._control[3] >> 2 & 7 if self._control is not None else 0

    def find_free_index(self, shared: bytes) -> int | None:
        """Return an index that no pixel has of its palette, or of the shared one; None where none is free.

        None as well where there is no block to say in that it shows nothing.
        """
        unused = set(range(len(self.palette or shared) // 3)) - self.used
        return min(unused) if unused and self._control is not None else None

    def with_each_color_once(self, shared: bytes) -> GifPicture:
        """Return the picture with one index for each color of its palette, or of the shared one."""
        palette, first = self.palette or shared, dict[bytes, int]()
        known = set(range(len(palette) // 3)) - {self.transparent}
        one = [
            first.setdefault(palette[3 * index : 3 * index + 3], index) if index in known else index
            for index in range(256)
        ]
        if all(one[index] == index for index in self.used):
            return self
        return replace(self, indices=self.indices.point(one), block=b"")

    def with_palette_shared(self, shared: bytes) -> GifPicture:
        """Return the picture without a palette of its own, where the shared one has all its colors in fewer bytes."""
        places = {shared[at : at + 3]: at // 3 for at in range(len(shared) - 3, -1, -3)}
        colors = {index: self.palette[3 * index : 3 * index + 3] for index in self.used}
        if not self.palette or not places.keys() >= set(colors.values()):
            return self
        new = self.place({index: places[color] for index, color in colors.items()})
        if max(new.values(), default=0) >= len(shared) // 3:  # nothing is free
            return self
        alone, sharing = self.with_palette_cut(), self.with_indices(new, b"")
        return sharing if len(sharing.write()) < len(alone.write()) else self

    def with_palette_cut(self) -> GifPicture:
        """Return the picture with those colors of its own palette that it uses."""
        used = sorted(self.used)
        new = self.place({index: place for place, index in enumerate(used)})
        return self.with_indices(new, _cut_palette(self.palette, used, new))

    def without_needless_control(self, canvas: Size, *, is_first: bool, is_only: bool) -> GifPicture:
        """Return the picture without a transparent index that no pixel has, and, of one, without an idle block.

        Programs ask for that index also where they clear the canvas, or where a picture leaves some of it bare.
        """
        covers = self.descriptor[1:9] == struct.pack("<4H", 0, 0, *canvas)
        stays = covers if is_only else (covers or not is_first) and self.disposal < _CLEAR
        control = self._control
        if control is None or not stays or (self.indices.histogram()[control[6]] and control[3] & _TRANSPARENT):
            return self
        if is_only and control[4:6] == b"\0\0":  # 1/100 s
            return replace(self, before=[block for block in self.before if not block.startswith(_CONTROL)])
        return self._with_control(control[:3] + bytes((control[3] & ~_TRANSPARENT,)) + control[4:])

    def with_transparent(self, index: int) -> GifPicture:
        """Return the picture with an index that shows nothing."""
        assert self._control is not None
        flags, rest = self._control[3] | _TRANSPARENT, self._control[7:]
        return self._with_control(self._control[:3] + bytes((flags,)) + self._control[4:6] + bytes((index,)) + rest)

    def _with_control(self, control: bytes) -> GifPicture:
        at = max(place for place, block in enumerate(self.before) if block.startswith(_CONTROL))
        return replace(self, before=[*self.before[:at], control, *self.before[at + 1 :]])

    def cropped(self, box: tuple[int, int, int, int]) -> GifPicture:
        """Return the picture cut to a box of its own."""
        if box == (0, 0, *self.indices.size):
            return self
        left, top = struct.unpack("<2H", self.descriptor[1:5])
        place = struct.pack("<4H", left + box[0], top + box[1], box[2] - box[0], box[3] - box[1])
        descriptor = self.descriptor[:1] + place + self.descriptor[9:]
        return replace(self, descriptor=descriptor, indices=self.indices.crop(box), block=b"")

    def with_indices(self, new: dict[int, int], palette: bytes) -> GifPicture:
        """Return the picture with each index in place of another, for this palette of its own."""
        before = [_with_transparent(block, new) for block in self.before]
        flags = self.descriptor[9] & ~(_SIZE_BITS | _PALETTE) | (_PALETTE | _size_bits(palette) if palette else 0)
        indices = self.indices.point([new.get(index, 0) for index in range(256)])
        return GifPicture(before, self.descriptor[:9] + bytes((flags,)), palette, indices, b"")

    def write(self, encode: Callable[[Image.Image, int], bytes] = encode_indices) -> bytes:
        """Return the picture with what lies before it, as it was where that is shorter."""
        bits = max(2, max(self.indices.getextrema()).bit_length())  # type: ignore[union-attr]  # one channel
        head = self.descriptor[:9] + bytes((self.descriptor[9] & ~INTERLACED,)) + self.palette
        packed = head + bytes((bits,)) + encode(self.indices, bits)
        return b"".join(self.before) + min((packed, self.block or packed), key=len)


def smaller_forms(content: bytes, effort: int | None) -> Iterator[bytes]:
    """Yield the file `content` with the pixels of each picture in fewer bytes, then with fewer colours, too."""
    del effort
    start, pictures, rest = _read(content)
    end = b"".join(rest) + END_MARKS["gif"]
    yield start + b"".join(picture.write() for picture in pictures) + end
    pictures = [picture.with_each_color_once(start[HEAD:]).with_palette_shared(start[HEAD:]) for picture in pictures]
    size = Size(*struct.unpack("<2H", content[6:10]))
    with suppress(ValueError):
        pictures = list(only_changes(pictures, start[HEAD:], size)) if len(pictures) > 1 else pictures
    is_only = len(pictures) == 1
    pictures = [
        picture.without_needless_control(size, is_first=picture is pictures[0], is_only=is_only) for picture in pictures
    ]
    start, pictures = _with_short_palettes(start, pictures)
    closely = sum(picture.indices.width * picture.indices.height for picture in pictures) <= _MOST_PIXELS
    encode = encode_indices_closely if closely else encode_indices
    yield start + b"".join(picture.write(encode) for picture in pictures) + end


def _read(content: bytes) -> tuple[bytes, list[GifPicture], list[bytes]]:
    """Return what comes before all blocks, the pictures, and the blocks after them."""
    at = HEAD + table_length(content[10])
    start, pictures, before = content[:at], [], list[bytes]()
    while content[at:] != END_MARKS["gif"]:
        end = end_of_block(content, at)
        block = content[at:end]
        if block[0] == FRAME:
            palette_end = 10 + table_length(block[9])
            indices = read_indices(block, palette_end)
            pictures.append(GifPicture(before, block[:10], block[10:palette_end], indices, block))
            before = []
        else:
            before.append(block)
        at = end
    return start, pictures, before


def _with_short_palettes(start: bytes, pictures: list[GifPicture]) -> tuple[bytes, list[GifPicture]]:
    """Return start and pictures with the colours alone that are used, in the better of two orders."""
    sharing = [picture.used for picture in pictures if not picture.palette]
    orders = _by_pictures(sharing), _by_smallest_picture(sharing)
    forms = [_with_short_palette(start, pictures, order) for order in dict.fromkeys(orders)]
    return min(forms, key=lambda form: len(form[0]) + sum(len(picture.write()) for picture in form[1]))


def _by_pictures(sharing: list[set[int]]) -> tuple[int, ...]:
    """Return the indices of all pictures, those of most pictures first: small ones have short numbers then."""
    uses = Counter(index for used in sharing for index in used)
    return tuple(sorted(uses, key=lambda index: (-uses[index], index)))


def _by_smallest_picture(sharing: list[set[int]]) -> tuple[int, ...]:
    """Return the indices of all pictures, those of the picture with the fewest first."""
    return tuple(dict.fromkeys(index for used in sorted(sharing, key=len) for index in sorted(used)))


def _with_short_palette(
    start: bytes, pictures: list[GifPicture], shared: tuple[int, ...]
) -> tuple[bytes, list[GifPicture]]:  # fmt: skip
    places = {index: place for place, index in enumerate(shared)}
    new = [{} if picture.palette else picture.place(places) for picture in pictures]
    last = dict[int, int]()  # of an index that shows nothing, which has several places
    for one in new:
        last |= {index: max(place, last.get(index, 0)) for index, place in one.items()}
    table = _cut_palette(start[HEAD:], shared, last)
    flags = start[10] & ~_SIZE_BITS | _size_bits(table) if table else start[10] & _SIZE_BITS
    changed = [
        picture.with_palette_cut() if picture.palette else picture.with_indices(own, b"")
        for picture, own in zip(pictures, new, strict=True)
    ]
    return start[:10] + bytes((flags, places.get(start[11], 0))) + start[12:HEAD] + table, changed


def _cut_palette(palette: bytes, used: Sequence[int], new: dict[int, int]) -> bytes:
    """Return the used colours of a palette, and room for all new places of indices, in the next size that there is."""
    if not palette or not new:
        return b""
    hidden = [index for index, place in new.items() if place == len(used)]  # its colour is not seen
    colors = b"".join(palette[3 * index : 3 * index + 3] for index in (*used, *hidden))
    return colors.ljust(3 * max(2, 1 << max(new.values()).bit_length()), b"\0")


def _size_bits(palette: bytes) -> int:
    return max(0, (len(palette) // 3).bit_length() - 2)


def _with_transparent(block: bytes, new: dict[int, int]) -> bytes:
    return block[:6] + bytes((new.get(block[6], 0),)) + block[7:] if block.startswith(_CONTROL) else block
