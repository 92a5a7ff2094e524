"""The gain map in AVIF and HEIF: an item tmap is made of the main picture and of it (ISO/IEC 23008-12, 6.6.2.4).

Decoders give the main picture alone. So that they give the map, the file is told that this is its main picture.
"""

from __future__ import annotations

import struct
from contextlib import suppress
from typing import TYPE_CHECKING

from fileq.images.formats.isobmff import XMP, item_entries, read_items
from fileq.images.gain_maps import apple, iso21496
from fileq.images.gain_maps.gain_map import GainMap

if TYPE_CHECKING:
    from PIL.Image import Exif

    from fileq.images.formats.isobmff import ItemTable

_TONE_MAPPED = b"tmap"  # an item's type
_HIDDEN = 1  # a flag of an item


def names_gain_map(start: bytes) -> bool:
    """Return whether a file that begins so has an item that is a gain map, or is made with one."""
    if apple.KIND in start:
        return True
    if _TONE_MAPPED not in start:
        return False
    with suppress(ValueError, IndexError):
        items = read_items(start)
        return items is not None and _TONE_MAPPED in items.kinds.values()
    return False


def find_gain_map(content: bytes, format_: str, exif: Exif) -> GainMap | None:
    """Return the gain map in a file of this format of Pillow's; None where it has none whose numbers are known here.

    `exif` is the picture's: of older iPhones, it tells how bright the map makes it.
    """
    with suppress(ValueError, IndexError, struct.error, ZeroDivisionError):
        items = read_items(content)
        if items is not None:
            return _find_tone_mapped(content, items, format_) or _find_auxiliary(content, items, format_, exif)
    return None


def _find_tone_mapped(content: bytes, items: ItemTable, format_: str) -> GainMap | None:
    """Return the map from which another item is made together with the main picture. Raises what damage raises."""
    for item_id, kind in items.kinds.items():
        sources = items.targets(b"dimg", item_id)
        if kind == _TONE_MAPPED and len(sources) == 2 and sources[0] == items.primary:
            parameters = iso21496.read_parameters(items.read(content, item_id)[1:])  # behind a version of its own
            if parameters.is_on_standard or parameters.leads_to_standard:
                own = with_primary(content, items, sources[1])
                return GainMap(content=own, format=format_, parameters=parameters)
    return None


def _find_auxiliary(content: bytes, items: ItemTable, format_: str, exif: Exif) -> GainMap | None:
    """Return the map that an iPhone has put beside the main picture. Raises what damage raises."""
    for item_id in items.kinds:
        is_map = any(apple.KIND in content[box.start : box.end] for box in items.properties_of(item_id))
        if is_map and items.primary in items.targets(b"auxl", item_id):
            headroom = apple.read_headroom(_read_packet(content, items, item_id), exif)
            own = with_primary(content, items, item_id)
            numbers = apple.build_parameters(headroom)
            return GainMap(content=own, format=format_, parameters=numbers, headroom=headroom)
    return None


def _read_packet(content: bytes, items: ItemTable, item_id: int) -> bytes:
    """Return the XMP of an item, b"" for none."""
    packets = (one for one, kind in items.kinds.items() if kind == XMP and item_id in items.targets(b"cdsc", one))
    return next((items.read(content, one) for one in packets), b"")


def with_primary(content: bytes, items: ItemTable, item_id: int) -> bytes:
    """Return the file with another item as its main picture. Raises ValueError or IndexError."""
    new = bytearray(content)
    pitm = items.boxes[b"pitm"].payload
    width = 4 if content[pitm] else 2
    new[pitm + 4 : pitm + 4 + width] = item_id.to_bytes(width, "big")
    for entry in item_entries(content, items.boxes[b"iinf"]):
        length = 2 if content[entry.payload] == 2 else 4
        if int.from_bytes(content[entry.payload + 4 : entry.payload + 4 + length], "big") == item_id:
            new[entry.payload + 3] &= ~_HIDDEN
    for box in items.reference_boxes:
        if box.name == b"auxl":  # of a map that belongs to another picture, decoders make no main one
            new[box.start + 4 : box.start + 8] = b"free"
    return bytes(new)
