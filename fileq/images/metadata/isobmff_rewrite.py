"""AVIF and HEIC files with other metadata, everything else left as it is, bit for bit.

All parts of such a file are known by their offsets, which follow (ISO/IEC 14496-12, 8.11, and 23008-12, annex A).
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from fileq.files.containers import boxes
from fileq.files.output_mark import is_mark
from fileq.images.formats.isobmff import XMP, item_entries, read_items
from fileq.images.formats.isobmff_splice import Edit, splice
from fileq.images.gain_maps import apple
from fileq.images.metadata.xmp import without_wrapper

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fileq.files.containers import Chunk
    from fileq.images.formats.isobmff import ItemPart, ItemTable
    from fileq.images.metadata.selection import Metadata

_KEPT_BOXES = {b"ftyp", b"meta", b"mdat"}
_META_BOXES = {b"hdlr", b"pitm", b"iloc", b"iinf", b"iref", b"iprp", b"idat", b"grpl", b"dinf"}
_PROPERTY_BOXES = {b"ipco", b"ipma"}
_PROPERTIES = {
    b"ispe", b"pixi", b"colr", b"pasp", b"clap", b"irot", b"imir", b"auxC", b"av1C", b"hvcC", b"avcC", b"vvcC", b"j2kH",
    b"jpgC", b"rloc", b"lsel", b"a1op", b"a1lx", b"clli", b"mdcv", b"cclv", b"amve", b"uncC", b"cmpd", b"cmpC", b"icef",
    b"tols", b"oinf", b"lhvC", b"iscl", b"rref",
}  # fmt: skip
"""What tells a decoder how items are to be shown; udes and uuid, for example, tell people of the place."""

_ITEM_NAMES = {b"", b"color", b"alpha", b"exif", b"xmp", b"image", b"thumbnail", b"gainmap", b"tmap", b"grid"}
_PICTURES = {b"av01", b"hvc1", b"avc1", b"jpeg", b"j2k1", b"vvc1", b"unci", b"grid", b"iden", b"iovl", b"tmap"}
_NO_EXIF = bytes(4) + b"MM\0*\0\0\0\x08\0\0\0\0\0\0"
"""An item with a directory without entries."""

_NO_XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>'
_PREFIX = 6  # bytes of Exif\0\0, which Pillow writes before a directory


def rewrite(content: bytes, exif: bytes, data: Metadata) -> bytes:
    """Return the file with `exif` and the XMP of `data` in place of its own, as far as it had some.

    Raises ValueError or IndexError where the file is not laid out so.
    """
    new, edits = bytearray(content), []
    for box in boxes(io.BytesIO(content)):
        if box.name in {b"moov", b"moof"}:
            raise ValueError("it has tracks, whose metadata lies elsewhere")
        if box.name not in _KEPT_BOXES and not is_mark(content[box.payload : box.end]):
            edits.append(Edit(box.start, box.end, b""))
    items = read_items(content)
    if items is not None:
        _clear_unknown_parts(content, new, items)
    for places, payload, padding in _replacements(content, items, exif, data.xmp):
        if len(places) == 1:
            edits += _edits_of(content, places[0], payload)
        else:
            _overwrite(new, places, payload, padding)
    return splice(bytes(new), items, edits)


def _clear_unknown_parts(content: bytes, new: bytearray, items: ItemTable) -> None:
    """Overwrite what no decoder asks for: unknown boxes, names of items, and what is no part of an item.

    All keeps its length and its place: properties are known by their number.
    """
    unknown = [box for box in _children(content, items.meta, 4) if box.name not in _META_BOXES]
    if b"iprp" in items.boxes:
        unknown += [box for box in _children(content, items.boxes[b"iprp"]) if box.name not in _PROPERTY_BOXES]
    unknown += [box for box in items.properties if box.name not in _PROPERTIES]
    for box in unknown:
        _clear(new, box.payload, box.end)
        new[box.start + 4 : box.start + 8] = b"free"
    for entry in item_entries(content, items.boxes[b"iinf"]) if b"iinf" in items.boxes else ():
        start = entry.payload + (12 if content[entry.payload] == 2 else 14)
        name = content[start : entry.end].partition(b"\0")[0]
        if name.lower() not in _ITEM_NAMES:
            new[start : start + len(name)] = b" " * len(name)
    _clear_gaps(content, new, items)


def _children(content: bytes, box: Chunk, header: int = 0) -> Iterator[Chunk]:
    return boxes(io.BytesIO(content), box.payload + header, box.end)


def _clear_gaps(content: bytes, new: bytearray, items: ItemTable) -> None:
    """Overwrite what lies between and behind the parts of items."""
    parts = sorted(part for places in items.parts(content).values() for part in places)
    if any(not part.length for part in parts):  # of no length stated: up to the end of the file
        return
    holders = [box for box in boxes(io.BytesIO(content)) if box.name == b"mdat"]
    for box in [*holders, *(items.boxes[name] for name in (b"idat",) if name in items.boxes)]:
        at = box.payload
        for start, length in parts:
            if start < box.end and at < start + length:
                _clear(new, at, min(start, box.end))
                at = max(at, start + length)
        _clear(new, at, box.end)


def _clear(new: bytearray, start: int, end: int) -> None:
    if start < end:
        new[start:end] = bytes(end - start)


def _replacements(
    content: bytes, items: ItemTable | None, exif: bytes, xmp: bytes
) -> Iterator[tuple[list[ItemPart], bytes, bytes]]:
    """Yield where the parts of each item with metadata lie, what comes in their place, and what fills up the rest."""
    if items is None:
        return
    for item_id, places in items.parts(content).items():
        kind = items.kinds.get(item_id)
        if kind == b"Exif":
            yield places, _PREFIX.to_bytes(4, "big") + exif if exif else _NO_EXIF, b"\0"
        elif kind == XMP and _belongs_to_gain_map(content, items, item_id):
            yield places, apple.strip_packet(items.read(content, item_id), _read_exif(content, items)) or _NO_XMP, b" "
        elif kind == XMP:
            room = sum(place.length for place in places)
            yield places, (xmp if len(xmp) <= room else without_wrapper(xmp)) or _NO_XMP, b" "
        elif kind not in _PICTURES:
            yield places, bytes(sum(place.length for place in places)), b"\0"


def _belongs_to_gain_map(content: bytes, items: ItemTable, item_id: int) -> bool:
    """Return whether an XMP packet is that of an iPhone's gain map, and not of the picture."""
    return items.primary not in items.targets(b"cdsc", item_id) and apple.XMP_HINT in items.read(content, item_id)


def _read_exif(content: bytes, items: ItemTable) -> bytes:
    """Return the file's own EXIF from its first directory on, b"" for none."""
    payload = next((items.read(content, one) for one, kind in items.kinds.items() if kind == b"Exif"), b"")
    return payload[4 + int.from_bytes(payload[:4], "big") :]


def _edits_of(content: bytes, place: ItemPart, payload: bytes) -> list[Edit]:
    start, end = place.start, place.start + place.length
    if end > len(content):
        raise ValueError("an item lies outside of the file")
    return [Edit(start, end, payload)] if content[start:end] != payload else []


def _overwrite(new: bytearray, places: list[ItemPart], payload: bytes, padding: bytes) -> None:
    room = sum(place.length for place in places)
    if len(payload) > room:
        raise ValueError("there is no room for the metadata that stays")
    payload = payload.ljust(room, padding)
    for start, length in places:
        if start + length > len(new):
            raise ValueError("an item lies outside of the file")
        new[start : start + length], payload = payload[:length], payload[length:]
