"""AVIF and HEIC files with other metadata, everything else left as it is, bit for bit.

All parts of such a file are known by their offsets, which follow (ISO/IEC 14496-12, 8.11, and 23008-12, annex A).
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from fileq.files.containers import boxes
from fileq.files.output_mark import is_mark
from fileq.images.formats.isobmff import XMP, read_items
from fileq.images.formats.isobmff_splice import Edit, splice
from fileq.images.gain_maps import apple
from fileq.images.metadata.xmp import without_wrapper

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fileq.images.formats.isobmff import ItemPart, ItemTable
    from fileq.images.metadata.selection import Metadata

_KEPT_BOXES = {b"ftyp", b"meta", b"mdat"}
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
    for places, payload, padding in _replacements(content, items, exif, data.xmp):
        if len(places) == 1:
            edits += _edits_of(content, places[0], payload)
        else:
            _overwrite(new, places, payload, padding)
    return splice(bytes(new), items, edits)


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
