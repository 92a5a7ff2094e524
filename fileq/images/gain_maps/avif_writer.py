"""AVIF with a gain map: two more items, the map, and what is made of it and the picture (ISO/IEC 23008-12, 6.6.2.4).

An encoder's own file of the picture and one of the map are put together, and nothing that is coded is changed.
"""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING, NamedTuple

from fileq.files.containers import box_of, boxes
from fileq.images.formats.isobmff import ItemProperty, ItemReference, ItemTable, item_entries, read_items
from fileq.images.gain_maps import iso21496

if TYPE_CHECKING:
    from fileq.files.containers import Chunk
    from fileq.images.formats.isobmff import ItemPart
    from fileq.images.gain_maps.parameters import GainMapParameters

BRAND = b"tmap"
_PQ, _UNSPECIFIED, _FULL_RANGE = 16, 2, 0x80
_HIDDEN = 1
_DEPTH = 10  # bits of the brighter rendition


class _Source(NamedTuple):
    """A file and its items."""

    content: bytes
    items: ItemTable

    def take(self, box: Chunk) -> bytes:
        return self.content[box.start : box.end]

    def property_of_primary(self, name: bytes) -> bytes:
        """Return the box of a property, b"" for one that the picture hasn't got."""
        found = (self.take(box) for box in self.items.properties_of(self.items.primary) if box.name == name)
        return next(found, b"")


def add_gain_map(picture: bytes, gain_map: bytes, parameters: GainMapParameters) -> bytes:
    """Return the AVIF file `picture` with the picture of the AVIF file `gain_map` as its map.

    Raises ValueError, IndexError or KeyError where one of them is not laid out as libavif does it.
    """
    base, other = _source(picture), _source(gain_map)
    map_id = max(base.items.kinds) + 1
    coded = other.items.read(gain_map, other.items.primary)
    numbers = b"\0" + iso21496.write_parameters(parameters)
    data = box_of(b"mdat", coded + numbers)
    head, rest = _file_type(picture), picture[base.items.meta.end :]
    others = _static_boxes(base, other, map_id)
    length = len(_meta(base, others, [(0, 0)] * (len(base.items.kinds) + 2)))  # whatever the offsets are
    before = len(head) + length
    grown = before + len(data) - base.items.meta.end
    places = [(parts[0].start + grown, parts[0].length) for parts in _parts_in_order(base)]
    places += [(before + 8, len(coded)), (before + 8 + len(coded), len(numbers))]
    return head + _meta(base, others, places) + data + rest


def _source(content: bytes) -> _Source:
    items = read_items(content)
    if items is None:
        raise ValueError("an AVIF has no items")
    return _Source(content, items)


def _parts_in_order(base: _Source) -> list[list[ItemPart]]:
    """Return the parts of all items by their numbers. Raises ValueError where one has several, or lies elsewhere."""
    parts = base.items.parts(base.content)
    if sorted(parts) != sorted(base.items.kinds) or any(len(each) != 1 for each in parts.values()):
        raise ValueError("an item lies in several places")
    if b"idat" in base.items.boxes:
        raise ValueError("an item lies among the boxes")
    return [parts[item_id] for item_id in sorted(parts)]


def _file_type(content: bytes) -> bytes:
    ftyp = next(iter(boxes(io.BytesIO(content))))
    return box_of(b"ftyp", content[ftyp.payload : ftyp.end] + BRAND)


def _meta(base: _Source, others: bytes, places: list[tuple[int, int]]) -> bytes:
    """Return the box meta, its items at these places with these lengths, by their numbers."""
    ids = [*sorted(base.items.kinds), *_new_ids(base)]
    entries = b"".join(struct.pack(">HHHII", item_id, 0, 1, *place) for item_id, place in zip(ids, places, strict=True))
    locations = box_of(b"iloc", bytes(4) + b"\x44\0" + struct.pack(">H", len(ids)) + entries)
    return box_of(b"meta", bytes(4) + base.take(base.items.boxes[b"hdlr"]) + locations + others)


def _new_ids(base: _Source) -> tuple[int, int]:
    """Return the numbers of the map, and of what is made of it."""
    first = max(base.items.kinds) + 1
    return first, first + 1


def _static_boxes(base: _Source, other: _Source, map_id: int) -> bytes:
    """Return all boxes in meta that have no offsets in them."""
    items, tone_id = base.items, map_id + 1
    pitm = base.take(items.boxes[b"pitm"])
    group = struct.pack(">IIIII", 0, tone_id + 1, 2, tone_id, items.primary)
    return b"".join([
        pitm, _entries(base, map_id), _references(base, map_id), _properties(base, other, map_id),
        box_of(b"grpl", box_of(b"altr", group)),
    ])  # fmt: skip


def _entries(base: _Source, map_id: int) -> bytes:
    own = [base.take(entry) for entry in item_entries(base.content, base.items.boxes[b"iinf"])]
    own += [
        box_of(b"infe", bytes((2, 0, 0, flags)) + struct.pack(">HH4s", item_id, 0, kind) + b"\0")
        for item_id, kind, flags in ((map_id, b"av01", _HIDDEN), (map_id + 1, BRAND, 0))
    ]
    return box_of(b"iinf", bytes(4) + struct.pack(">H", len(own)) + b"".join(own))


def _references(base: _Source, map_id: int) -> bytes:
    made_of = ItemReference(b"dimg", map_id + 1, (base.items.primary, map_id))
    written = [
        box_of(each.kind, struct.pack(f">HH{len(each.targets)}H", each.item_id, len(each.targets), *each.targets))
        for each in (*base.items.references, made_of)
    ]
    return box_of(b"iref", bytes(4) + b"".join(written))


def _properties(base: _Source, other: _Source, map_id: int) -> bytes:
    """Return the box of all properties: the picture's and the map's own, and those of the brighter rendition."""
    own = other.items.associations[other.items.primary]
    count = len(base.items.properties)
    tone = [base.property_of_primary(b"ispe"), _depth(), _colors(base)]
    values = [base.take(box) for box in base.items.properties] + [
        *(other.take(other.items.properties[each.number - 1]) for each in own), *tone,
    ]  # fmt: skip
    wanted = dict(base.items.associations)
    wanted[map_id] = [ItemProperty(count + 1 + at, each.is_essential) for at, each in enumerate(own)]
    wanted[map_id + 1] = [ItemProperty(count + len(own) + 1 + at, is_essential=False) for at in range(len(tone))]
    if len(values) > 127:
        raise ValueError("an AVIF has too many properties")
    listed = b"".join(
        struct.pack(">HB", item_id, len(each)) + bytes(one.number | one.is_essential << 7 for one in each)
        for item_id, each in sorted(wanted.items())
    )
    associations = box_of(b"ipma", bytes(4) + struct.pack(">I", len(wanted)) + listed)
    return box_of(b"iprp", box_of(b"ipco", b"".join(values)) + associations)


def _depth() -> bytes:
    return box_of(b"pixi", bytes(4) + bytes((3, _DEPTH, _DEPTH, _DEPTH)))


def _colors(base: _Source) -> bytes:
    """Return the colors of the brighter rendition: those of the picture, but for their range."""
    own = base.property_of_primary(b"colr")
    primaries = int.from_bytes(own[12:14], "big") if own[8:12] == b"nclx" else _UNSPECIFIED
    return box_of(b"colr", b"nclx" + struct.pack(">HHHB", primaries, _PQ, 0, _FULL_RANGE))
