"""Bytes of another length in a file of items: all sizes and offsets follow (ISO/IEC 14496-12, 8.11.3)."""

from __future__ import annotations

import io
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from fileq.files.containers import boxes
from fileq.images.formats.isobmff import Number, read_locations

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fileq.files.containers import Chunk
    from fileq.images.formats.isobmff import ItemLocation, ItemTable


class Edit(NamedTuple):
    """What comes in the place of the bytes from `start` to before `end`."""

    start: int
    end: int
    new: bytes

    @property
    def growth(self) -> int:
        """How many bytes more there are."""
        return len(self.new) - (self.end - self.start)


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
        for item in read_locations(content, items.boxes[b"iloc"]):
            _move(new, item, edits, items.origin(item))
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
    _put(new, Number(box.start + 8, 8, 0) if is_long else Number(box.start, 4, 0), size)


def _move(new: bytearray, item: ItemLocation, edits: Sequence[Edit], origin: int) -> None:
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
                _put(new, length, len(edit.new))
            elif edit.start < end and start < edit.end:
                raise ValueError("what is to change is a part of something else")
    base = item.base.value
    if moved and (min(moved) < base or not item.extents[0][0].width):  # some write all of a place into the base
        base = min(moved)
        _put(new, item.base, base)
    for (offset, _), place in zip(item.extents, moved, strict=True):
        if place - base != offset.value:
            _put(new, offset, place - base)


def _put(new: bytearray, number: Number, value: int) -> None:
    """Write another value in the place of a number. Raises ValueError where it has no room."""
    if value < 0 or (value != number.value and value >= 1 << (8 * number.width)):
        raise ValueError("an offset has no room for what it would be")
    new[number.at : number.at + number.width] = value.to_bytes(number.width, "big") if number.width else b""
