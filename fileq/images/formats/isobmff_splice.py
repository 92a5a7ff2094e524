"""Bytes of another length in a file of items: all sizes and offsets follow (ISO/IEC 14496-12, 8.11.3)."""

from __future__ import annotations

import io
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from fileq.files.containers import boxes
from fileq.images.formats.isobmff import IN_BOX, Reader

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fileq.files.containers import Chunk
    from fileq.images.formats.isobmff import ItemTable


class Edit(NamedTuple):
    """What comes in the place of the bytes from `start` to before `end`."""

    start: int
    end: int
    new: bytes

    @property
    def growth(self) -> int:
        """How many bytes more there are."""
        return len(self.new) - (self.end - self.start)


class _Field(NamedTuple):
    """A number in the file: where it stands, in how many bytes, and its value."""

    at: int
    width: int
    value: int

    def put(self, new: bytearray, value: int) -> None:
        """Write another value in its place. Raises ValueError where it has no room."""
        if value < 0 or (value != self.value and value >= 1 << (8 * self.width)):
            raise ValueError("an offset has no room for what it would be")
        new[self.at : self.at + self.width] = value.to_bytes(self.width, "big") if self.width else b""


class _ItemPlaces(NamedTuple):
    """Where an item lies: whether in the box for items, what its offsets are counted from, and each part's place."""

    is_in_box: bool
    base: _Field
    extents: list[tuple[_Field, _Field]]
    """Offset and length."""


def splice(content: bytes, items: ItemTable | None, edits: Sequence[Edit]) -> bytes:
    """Return the file with these edits, each of a whole part of an item or of a whole box at the top.

    Raises ValueError or IndexError where the file is not laid out so that all can follow.
    """
    edits = sorted(edits)
    if any(before.end > after.start for before, after in pairwise(edits)):
        raise ValueError("what is to change lies in the same place")
    new = bytearray(content)
    for box in _resized_boxes(content, items):
        inside = [edit for edit in edits if box.payload <= edit.start < box.end and edit.end <= box.end]
        _resize(new, box, sum(edit.growth for edit in inside))
    if items is not None and b"iloc" in items.boxes:
        idat = items.boxes.get(b"idat")
        for item in _item_places(content, items.boxes[b"iloc"]):
            _move(new, item, edits, idat.payload if idat is not None and item.is_in_box else 0)
    for edit in reversed(edits):
        new[edit.start : edit.end] = edit.new
    return bytes(new)


def _resized_boxes(content: bytes, items: ItemTable | None) -> Iterator[Chunk]:
    yield from boxes(io.BytesIO(content))
    if items is not None and b"idat" in items.boxes:
        yield items.boxes[b"idat"]


def _resize(new: bytearray, box: Chunk, growth: int) -> None:
    if not growth or box.is_open_ended:
        return
    size = box.end - box.start + growth
    is_long = int.from_bytes(new[box.start : box.start + 4], "big") == 1
    _Field(box.start + 8, 8, 0).put(new, size) if is_long else _Field(box.start, 4, 0).put(new, size)


def _move(new: bytearray, item: _ItemPlaces, edits: Sequence[Edit], origin: int) -> None:
    """Have the places of an item follow the edits. They are counted from `origin`, which moves, too."""
    moved = []
    for offset, length in item.extents:
        start = origin + item.base.value + offset.value
        end = start + length.value
        growth = sum(edit.growth for edit in edits if edit.end <= start and edit.start < start)
        growth -= sum(edit.growth for edit in edits if edit.end <= origin)
        moved.append(start - origin + growth)
        for edit in edits:
            if (edit.start, edit.end) == (start, end):
                length.put(new, len(edit.new))
            elif edit.start < end and start < edit.end:
                raise ValueError("what is to change is a part of something else")
    base = item.base.value
    if moved and (min(moved) < base or not item.extents[0][0].width):  # some write all of a place into the base
        base = min(moved)
        item.base.put(new, base)
    for (offset, _), place in zip(item.extents, moved, strict=True):
        if place - base != offset.value:
            offset.put(new, place - base)


def _item_places(content: bytes, iloc: Chunk) -> Iterator[_ItemPlaces]:
    reader = Reader(content, iloc.payload)

    def take(width: int) -> _Field:
        return _Field(reader.place, width, reader.take(width))

    version = reader.take(1)
    reader.take(3)
    sizes = reader.take(2)
    offset_size, length_size, base_size, index_size = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    for _ in range(reader.take(2 if version < 2 else 4)):
        reader.take(2 if version < 2 else 4)
        is_in_box = version > 0 and reader.take(2) & 15 == IN_BOX
        reader.take(2)
        base, count = take(base_size), reader.take(2)
        if count > 1 and not offset_size:
            raise ValueError("parts of an item have no offsets")
        extents = []
        for _ in range(count):
            reader.take(index_size if version else 0)
            extents.append((take(offset_size), take(length_size)))
        yield _ItemPlaces(is_in_box, base, extents)
