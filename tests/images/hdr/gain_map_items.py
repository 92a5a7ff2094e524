"""AVIF and HEIC with a gain map, put together by hand from two files with one picture each.

The brighter rendition comes first wherever it can, its PQ colours too: a reader that takes the first of everything is
wrong.
"""

from __future__ import annotations

import io
import struct
from pathlib import Path

from PIL import Image

from fileq.images.formats.isobmff import read_items
from tests.images.hdr import ultra_hdr

BASE, MAP, TONE = 7, 5, 2
"""The numbers of the items."""

_PQ_COLORS = struct.pack(">I4s4sHHHB", 19, b"colr", b"nclx", 9, 16, 9, 0x80)


def avif(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "AVIF", quality=90)
    return file.getvalue()


def write(path: Path, base: bytes, gain_map: bytes, numbers: bytes | None = None) -> Path:
    """Write a file of the kind of `base`, its map with 2 stops or what `numbers` says; both files have one picture."""
    kind = b"hvc1" if base[8:12] == b"heic" else b"av01"
    pictures = [_take(base), _take(gain_map)]
    tone = b"\0" + (numbers or ultra_hdr.iso_numbers())
    datas = {BASE: pictures[0][1], MAP: pictures[1][1], TONE: tone}
    ftyp = _box(b"ftyp", base[8:12] + bytes(4) + b"mif1tmap" + base[8:12])
    meta = _meta(kind, pictures, {item: (0, len(data)) for item, data in datas.items()})
    at, places = len(ftyp) + len(meta) + 8, {}
    for item, data in datas.items():
        places[item] = (at, len(data))
        at += len(data)
    path.write_bytes(ftyp + _meta(kind, pictures, places) + _box(b"mdat", b"".join(datas.values())))
    return path


def _take(content: bytes) -> tuple[list[bytes], bytes]:
    """The properties and the coded pixels of the picture in a file."""
    items = read_items(content)
    assert items is not None
    boxes = [content[box.start : box.end] for box in items.properties_of(items.primary)]
    return boxes, items.read(content, items.primary)


def _meta(kind: bytes, pictures: list[tuple[list[bytes], bytes]], places: dict[int, tuple[int, int]]) -> bytes:
    base, other = (boxes for boxes, _ in pictures)
    size = next(box for box in base if box[4:8] == b"ispe")
    tone = [_PQ_COLORS, size, _full(b"pixi", b"\x03\x0a\x0a\x0a")]
    groups, first = {}, 1
    for item, boxes in ((TONE, tone), (BASE, base), (MAP, other)):
        groups[item] = [(first + at) | 0x80 * (box[4:8] in {b"hvcC", b"av1C"}) for at, box in enumerate(boxes)]
        first += len(boxes)
    listed = b"".join(struct.pack(">HB", item, len(group)) + bytes(group) for item, group in sorted(groups.items()))
    ipma = _full(b"ipma", struct.pack(">I", 3) + listed)
    located = b"".join(struct.pack(">HHHII", item, 0, 1, *place) for item, place in places.items())
    entries = [(TONE, b"tmap", 0), (BASE, kind, 0), (MAP, kind, 1)]
    infes = b"".join(
        _box(b"infe", bytes((2, 0, 0, hidden)) + struct.pack(">HH4s", item, 0, name) + b"\0")
        for item, name, hidden in entries
    )
    return _full(
        b"meta",
        _full(b"hdlr", bytes(4) + b"pict" + bytes(13))
        + _full(b"pitm", struct.pack(">H", BASE))
        + _full(b"iloc", b"\x44\0" + struct.pack(">H", 3) + located)
        + _full(b"iinf", struct.pack(">H", 3) + infes)
        + _full(b"iref", _box(b"dimg", struct.pack(">HHHH", TONE, 2, BASE, MAP)))
        + _box(b"iprp", _box(b"ipco", b"".join((*tone, *base, *other))) + ipma)
        + _box(b"grpl", _full(b"altr", struct.pack(">IIII", 100, 2, TONE, BASE))),
    )


def _full(name: bytes, payload: bytes) -> bytes:
    return _box(name, bytes(4) + payload)


def _box(name: bytes, payload: bytes) -> bytes:
    return struct.pack(">I4s", len(payload) + 8, name) + payload
