"""AVIF and HEIC with a gain map, put together by hand from two files with one picture each.

The brighter rendition comes first wherever it can, its PQ colours too: a reader that takes the first of everything is
wrong.
"""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from fileq.images.formats.isobmff import read_items
from tests.images.gain_maps import ultra_hdr

BASE, MAP, TONE = 7, 5, 2
"""The numbers of the items."""

_PQ_COLORS = struct.pack(">I4s4sHHHB", 19, b"colr", b"nclx", 9, 16, 9, 0x80)


def avif(image: Image.Image, orientation: int = 1) -> bytes:
    """The file of a picture that is to be shown in this EXIF orientation, which AVIF says by irot and imir."""
    file, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = orientation
    image.save(file, "AVIF", quality=90, exif=exif)
    return file.getvalue()


class Item(NamedTuple):
    """An item: its number, its type (with a media type behind it), its bytes and its properties."""

    number: int
    kind: bytes
    data: bytes
    boxes: list[bytes]
    is_hidden: bool = False


def write(path: Path, base: bytes, gain_map: bytes, numbers: bytes | None = None) -> Path:
    """Write a file of the kind of `base`, its map with 2 stops or what `numbers` says; both files have one picture."""
    picture, own = _take(BASE, base), _take(MAP, gain_map, is_hidden=True)
    size = next(box for box in picture.boxes if box[4:8] == b"ispe")
    tone = [_PQ_COLORS, size, _full(b"pixi", b"\x03\x0a\x0a\x0a")]
    items = [Item(TONE, b"tmap\0", b"\0" + (numbers or ultra_hdr.iso_numbers()), tone), picture, own]
    made_of = _box(b"dimg", struct.pack(">HHHH", TONE, 2, BASE, MAP))
    group = _box(b"grpl", _full(b"altr", struct.pack(">IIII", 100, 2, TONE, BASE)))
    return _write(path, base[8:12], items, made_of, group)


def write_auxiliary(path: Path, base: bytes, gain_map: bytes, packet: bytes, exif: Image.Exif | None) -> Path:
    """Write a file as iPhones do, its map an auxiliary picture with XMP of its own."""
    own = _take(MAP, gain_map, is_hidden=True)
    kind = _full(b"auxC", b"urn:com:apple:photo:2020:aux:hdrgainmap\0")
    items = [_take(BASE, base), own._replace(boxes=[*own.boxes, kind])]
    items.append(Item(8, b"mime\0application/rdf+xml\0", packet, []))
    references = _box(b"auxl", struct.pack(">HHH", MAP, 1, BASE)) + _box(b"cdsc", struct.pack(">HHH", 8, 1, MAP))
    if exif is not None:
        items.append(Item(9, b"Exif\0", struct.pack(">I", 6) + exif.tobytes(), []))
        references += _box(b"cdsc", struct.pack(">HHH", 9, 1, BASE))
    return _write(path, base[8:12], items, references)


def _take(number: int, content: bytes, *, is_hidden: bool = False) -> Item:
    """The picture in a file, with its properties."""
    items = read_items(content)
    assert items is not None
    boxes = [content[box.start : box.end] for box in items.properties_of(items.primary)]
    kind = items.kinds[items.primary] + b"\0"
    return Item(number, kind, items.read(content, items.primary), boxes, is_hidden)


def _write(path: Path, brand: bytes, items: list[Item], references: bytes, groups: bytes = b"") -> Path:
    ftyp = _box(b"ftyp", brand + bytes(4) + b"mif1tmap" + brand)
    at = len(ftyp) + len(_meta(items, [0] * len(items), references, groups)) + 8
    starts = [at + sum(len(item.data) for item in items[:number]) for number in range(len(items))]
    data = _box(b"mdat", b"".join(item.data for item in items))
    path.write_bytes(ftyp + _meta(items, starts, references, groups) + data)
    return path


def _meta(items: list[Item], starts: list[int], references: bytes, groups: bytes) -> bytes:
    listed, first = {}, 1
    for item in items:
        essential = [0x80 * (box[4:8] in {b"hvcC", b"av1C", b"irot", b"imir"}) for box in item.boxes]
        listed[item.number] = bytes(first + at | flag for at, flag in enumerate(essential))
        first += len(item.boxes)
    ipma = b"".join(struct.pack(">HB", number, len(boxes)) + boxes for number, boxes in sorted(listed.items()) if boxes)
    count = sum(map(bool, listed.values()))
    located = b"".join(
        struct.pack(">HHHII", item.number, 0, 1, start, len(item.data))
        for item, start in zip(items, starts, strict=True)
    )
    infes = b"".join(
        _box(
            b"infe",
            bytes((2, 0, 0, item.is_hidden))
            + struct.pack(">HH", item.number, 0)
            + item.kind[:4]
            + b"\0"
            + item.kind[5:],
        )
        for item in items
    )
    ipco = _box(b"ipco", b"".join(box for item in items for box in item.boxes))
    return _full(
        b"meta",
        _full(b"hdlr", bytes(4) + b"pict" + bytes(13))
        + _full(b"pitm", struct.pack(">H", BASE))
        + _full(b"iloc", b"\x44\0" + struct.pack(">H", len(items)) + located)
        + _full(b"iinf", struct.pack(">H", len(items)) + infes)
        + _full(b"iref", references)
        + _box(b"iprp", ipco + _full(b"ipma", struct.pack(">I", count) + ipma))
        + groups,
    )


def _full(name: bytes, payload: bytes) -> bytes:
    return _box(name, bytes(4) + payload)


def _box(name: bytes, payload: bytes) -> bytes:
    return struct.pack(">I4s", len(payload) + 8, name) + payload
