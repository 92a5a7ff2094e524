"""The items of AVIF and HEIF: pictures, metadata, and what is made of others (ISO/IEC 14496-12, 8.11, and 23008-12)."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from fileq.files.containers import boxes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fileq.files.containers import Chunk

XMP = b"application/rdf+xml"
"""The kind of an item that is an XMP packet."""

_IN_FILE, _IN_BOX = 0, 1  # how an item is found
_LONG_NUMBERS = 1  # a flag of ipma: two bytes for each property


class ItemPart(NamedTuple):
    """Where a part of an item lies in the file."""

    start: int
    length: int


class Number(NamedTuple):
    """A number in the file: where it stands, in how many bytes, and its value."""

    at: int
    width: int
    value: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemLocation:
    """How an item is found, what the offsets of its parts are counted from, and the offset and length of each."""

    item_id: int
    method: int
    base: Number
    extents: list[tuple[Number, Number]]


class ItemReference(NamedTuple):
    """What an item says of others, in a kind of 4 letters."""

    kind: bytes
    item_id: int
    targets: tuple[int, ...]


class ItemProperty(NamedTuple):
    """A property by its number in ipco, from 1, and whether a reader must know it."""

    number: int
    is_essential: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemTable:
    """What the box meta says. The boxes are those in it, by their names; the kind of one with a media type is that."""

    meta: Chunk
    boxes: dict[bytes, Chunk]
    primary: int = 0
    kinds: dict[int, bytes] = field(default_factory=dict)
    references: list[ItemReference] = field(default_factory=list)
    reference_boxes: list[Chunk] = field(default_factory=list)
    properties: list[Chunk] = field(default_factory=list)
    associations: dict[int, list[ItemProperty]] = field(default_factory=dict)

    def targets(self, kind: bytes, item_id: int) -> tuple[int, ...]:
        """Return the items that an item refers to in this way, in their order."""
        return next((each.targets for each in self.references if each[:2] == (kind, item_id)), ())

    def properties_of(self, item_id: int) -> list[Chunk]:
        """Return the properties of an item. Raises IndexError for one that is not there."""
        return [self.properties[each.number - 1] for each in self.associations.get(item_id, ()) if each.number]

    def parts(self, content: bytes) -> dict[int, list[ItemPart]]:
        """Return where all parts of each item lie. Raises ValueError, and IndexError where the box is cut off."""
        if b"iloc" not in self.boxes:
            return {}
        return {each.item_id: self._parts_at(each) for each in read_locations(content, self.boxes[b"iloc"])}

    def _parts_at(self, location: ItemLocation) -> list[ItemPart]:
        if location.method > _IN_BOX or (location.method == _IN_BOX and b"idat" not in self.boxes):
            raise ValueError("an item is made of others")
        origin = self.origin(location) + location.base.value
        return [ItemPart(origin + offset.value, length.value) for offset, length in location.extents]

    def origin(self, location: ItemLocation) -> int:
        """Return the place in the file that an item is counted from: its beginning, or the box for items."""
        return self.boxes[b"idat"].payload if location.method == _IN_BOX and b"idat" in self.boxes else 0

    def read(self, content: bytes, item_id: int) -> bytes:
        """Return the bytes of an item. Raises ValueError or IndexError."""
        return b"".join(content[start : start + length] for start, length in self.parts(content).get(item_id, ()))


def read_items(content: bytes) -> ItemTable | None:
    """Return the items of a file, or of as much of its beginning as holds the box meta; None where it has none.

    Raises ValueError or IndexError where it is not laid out so.
    """
    meta = next((box for box in boxes(io.BytesIO(content)) if box.name == b"meta"), None)
    if meta is None or meta.end > len(content):
        return None
    inner = {box.name: box for box in _inside(content, meta.payload + 4, meta.end)}
    table = ItemTable(
        meta=meta,
        boxes=inner,
        primary=_read_primary(content, inner[b"pitm"]) if b"pitm" in inner else 0,
        kinds=dict(_read_kinds(content, inner[b"iinf"])) if b"iinf" in inner else {},
        references=list(_read_references(content, inner[b"iref"])) if b"iref" in inner else [],
    )
    if b"iref" in inner:
        table.reference_boxes.extend(_inside(content, inner[b"iref"].payload + 4, inner[b"iref"].end))
    if b"iprp" in inner:
        for box in _inside(content, inner[b"iprp"].payload, inner[b"iprp"].end):
            if box.name == b"ipco":
                table.properties.extend(_inside(content, box.payload, box.end))
            elif box.name == b"ipma":
                table.associations.update(_read_associations(content, box))
    return table


def item_entries(content: bytes, iinf: Chunk) -> Iterator[Chunk]:
    """Yield the boxes infe of all items."""
    yield from _inside(content, iinf.payload + (6 if content[iinf.payload] == 0 else 8), iinf.end)


def _inside(content: bytes, start: int, end: int) -> list[Chunk]:
    return list(boxes(io.BytesIO(content), start, end))


def _read_primary(content: bytes, pitm: Chunk) -> int:
    width = 4 if content[pitm.payload] else 2
    return int.from_bytes(content[pitm.payload + 4 : pitm.payload + 4 + width], "big")


def _read_kinds(content: bytes, iinf: Chunk) -> Iterator[tuple[int, bytes]]:
    """Yield the ids of items with their types; of one with a media type, that."""
    for box in item_entries(content, iinf):
        version = content[box.payload]
        if version < 2:
            raise ValueError("an item has no type")
        width = 2 if version == 2 else 4
        at = box.payload + 4
        item_id = int.from_bytes(content[at : at + width], "big")
        kind, *names = content[at + width + 2 : at + width + 6], *content[at + width + 6 : box.end].split(b"\0")
        yield item_id, names[1] if kind == b"mime" and len(names) > 1 else kind


def _read_references(content: bytes, iref: Chunk) -> Iterator[ItemReference]:
    width = 4 if content[iref.payload] else 2
    for box in _inside(content, iref.payload + 4, iref.end):
        reader = _Reader(content, box.payload)
        item_id, count = reader.take(width), reader.take(2)
        yield ItemReference(box.name, item_id, tuple(reader.take(width) for _ in range(count)))


def _read_associations(content: bytes, ipma: Chunk) -> Iterator[tuple[int, list[ItemProperty]]]:
    reader = _Reader(content, ipma.payload)
    version, flags = reader.take(1), reader.take(3)
    bits = 15 if flags & _LONG_NUMBERS else 7
    for _ in range(reader.take(4)):
        item_id = reader.take(4 if version else 2)
        values = [reader.take((bits + 1) // 8) for _ in range(reader.take(1))]
        yield item_id, [ItemProperty(value & (1 << bits) - 1, bool(value >> bits)) for value in values]


def read_locations(content: bytes, iloc: Chunk) -> Iterator[ItemLocation]:
    """Yield where the box iloc says that each item lies. Raises ValueError, and IndexError where it is cut off."""
    reader = _Reader(content, iloc.payload)
    version = reader.take(1)
    reader.take(3)
    sizes = reader.take(2)
    offset_size, length_size, base_size, index_size = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    for _ in range(reader.take(2 if version < 2 else 4)):
        item_id = reader.take(2 if version < 2 else 4)
        method = reader.take(2) & 15 if version else _IN_FILE
        reader.take(2)
        base, count, extents = reader.take_number(base_size), reader.take(2), []
        if count > 1 and not offset_size:  # thousands could stand in no bytes
            raise ValueError("parts of an item have no offsets")
        for _ in range(count):
            reader.take(index_size if version else 0)
            extents.append((reader.take_number(offset_size), reader.take_number(length_size)))
        yield ItemLocation(item_id=item_id, method=method, base=base, extents=extents)


class _Reader:
    """Reads big-endian numbers, one after another. Raises IndexError at the end."""

    def __init__(self, content: bytes, at: int) -> None:
        self._content, self._at = content, at

    def take(self, count: int) -> int:
        """Return the number in the next bytes; 0 of none."""
        if self._at + count > len(self._content):
            raise IndexError("it is cut off")
        self._at += count
        return int.from_bytes(self._content[self._at - count : self._at], "big")

    def take_number(self, width: int) -> Number:
        """Return the number in the next bytes with its place."""
        return Number(self._at, width, self.take(width))
