"""A second reader of Ultra HDR JPEGs, which trusts no length: each has to be right to the byte.

It walks through the entropy-coded data itself, and shares nothing with what it judges.
"""

from __future__ import annotations

import io
import re
import struct
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

_ITEM = "{http://ns.google.com/photos/1.0/container/item/}"
_CONTAINER_ITEM = "{http://ns.google.com/photos/1.0/container/}Item"
_MAP = "{http://ns.adobe.com/hdr-gain-map/1.0/}"


@dataclass(frozen=True)
class UltraHdr:
    """A file with all of its parts: the picture's and the map's bytes, and what the map says by XMP and by ISO."""

    picture: bytes
    map_file: bytes
    xmp: dict[str, str]
    iso: tuple[int, ...]
    packet: bytes

    @property
    def map_image(self) -> Image.Image:
        image = Image.open(io.BytesIO(self.map_file), formats=["JPEG"])
        image.load()
        return image


def parse(path: Path) -> UltraHdr:
    """Read a file, and assert that every offset and length in it is right."""
    content = path.read_bytes()
    end = _end_of_jpeg(content, 0)
    assert _end_of_jpeg(content, end) == len(content), "the map ends where the file does"
    picture, map_file = content[:end], content[end:]
    packets = _payloads(picture, 0xE1, b"http://ns.adobe.com/xap/1.0/\0")
    assert len(packets) == 1
    root = ET.fromstring(packets[0])
    items = [dict(item.attrib) for item in root.iter(_CONTAINER_ITEM)]
    assert items == [
        {f"{_ITEM}Semantic": "Primary", f"{_ITEM}Mime": "image/jpeg"},
        {f"{_ITEM}Semantic": "GainMap", f"{_ITEM}Mime": "image/jpeg", f"{_ITEM}Length": str(len(map_file))},
    ]
    assert b'hdrgm:Version="1.0"' in packets[0]
    assert _payloads(picture, 0xE2, b"urn:iso:std:iso:ts:21496:-1\0") == [bytes(4)]
    _check_directory(content, picture, map_file)
    (map_packet,) = _payloads(map_file, 0xE1, b"http://ns.adobe.com/xap/1.0/\0")
    (numbers,) = _payloads(map_file, 0xE2, b"urn:iso:std:iso:ts:21496:-1\0")
    return UltraHdr(picture, map_file, _map_properties(map_packet), _iso_numbers(numbers), packets[0])


def _check_directory(content: bytes, picture: bytes, map_file: bytes) -> None:
    (found,) = re.finditer(rb"\xff\xe2(..)MPF\0", picture, re.DOTALL)
    header = found.end()
    assert int.from_bytes(found[1], "big") == 88, "the segment is as long as its content"
    assert content[header : header + 8] == b"MM\0*\0\0\0\x08"
    count, version, number, entries = struct.unpack_from(">H12s12s12s", content, header + 8)
    assert (count, version) == (3, b"\xb0\0\0\x07\0\0\0\x040100")
    assert number == b"\xb0\x01\0\x04\0\0\0\x01\0\0\0\x02"
    assert entries[:8] == b"\xb0\x02\0\x07\0\0\0\x20"
    at = header + int.from_bytes(entries[8:], "big")
    assert at + 32 == found.start() + 2 + 88, "the entries end where the segment does"
    first, second = struct.unpack_from(">IIIHH", content, at), struct.unpack_from(">IIIHH", content, at + 16)
    assert first == (0x030000, len(picture), 0, 0, 0)
    assert second == (0, len(map_file), len(picture) - header, 0, 0)


def _map_properties(packet: bytes) -> dict[str, str]:
    root = ET.fromstring(packet)
    found = {}
    for element in root.iter():
        found.update({name.removeprefix(_MAP): text for name, text in element.attrib.items() if name.startswith(_MAP)})
        if element.tag.startswith(_MAP):
            found[element.tag.removeprefix(_MAP)] = " ".join(item.text or "" for item in element[0])
    return found


def _iso_numbers(payload: bytes) -> tuple[int, ...]:
    count = 3 if payload[4] & 0x80 else 1
    assert len(payload) == 5 + 16 + 40 * count
    return struct.unpack(f">HHB{'iI' * (2 + 5 * count)}", payload)


def _payloads(content: bytes, wanted: int, name: bytes) -> list[bytes]:
    found, at = [], 2
    while content[at + 1] != 0xDA:
        length = int.from_bytes(content[at + 2 : at + 4], "big")
        payload = content[at + 4 : at + 2 + length]
        if content[at + 1] == wanted and payload.startswith(name):
            found.append(payload.removeprefix(name))
        at += 2 + length
    return found


def _end_of_jpeg(content: bytes, at: int) -> int:
    assert content[at : at + 2] == b"\xff\xd8", "a picture begins here"
    at += 2
    while content[at + 1] != 0xD9:
        assert content[at] == 0xFF
        marker = content[at + 1]
        at += 2 + int.from_bytes(content[at + 2 : at + 4], "big")
        while marker == 0xDA and not (content[at] == 0xFF and content[at + 1] not in {0, *range(0xD0, 0xD8)}):
            at += 1
    return at + 2
