"""Ultra HDR JPEGs made by hand, as phones write them: a picture, and behind it the map that brightens it.

The map brightens the top left quarter alone, so that one sees how it lies.
"""

from __future__ import annotations

import io
import struct
from pathlib import Path

from PIL import Image

from tests.support.images import photo

BRIGHT, STOPS = 255, 2.0
XMP, ISO = b"http://ns.adobe.com/xap/1.0/\0", b"urn:iso:std:iso:ts:21496:-1\0"

_RDF = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" %s</rdf:RDF></x:xmpmeta>'
)
_MAP = f'hdrgm:Version="1.0" hdrgm:GainMapMax="{STOPS}" hdrgm:HDRCapacityMax="{STOPS}"/>'
_MAPS = (
    f'hdrgm:Version="1.0" hdrgm:HDRCapacityMax="{STOPS}"><hdrgm:GainMapMax><rdf:Seq><rdf:li>2</rdf:li>'
    "<rdf:li>1.5</rdf:li><rdf:li>1</rdf:li></rdf:Seq></hdrgm:GainMapMax></rdf:Description>"
)
_DIRECTORY = (
    'xmlns:Container="http://ns.google.com/photos/1.0/container/"'
    ' xmlns:Item="http://ns.google.com/photos/1.0/container/item/" hdrgm:Version="1.0" {more}><Container:Directory>'
    '<rdf:Seq><rdf:li rdf:parseType="Resource"><Container:Item Item:Semantic="Primary" Item:Mime="image/jpeg"/>'
    "</rdf:li>"
    '<rdf:li rdf:parseType="Resource"><Container:Item Item:Semantic="GainMap" Item:Mime="image/jpeg"'
    ' Item:Length="{length}"/></rdf:li></rdf:Seq></Container:Directory></rdf:Description>'
)
CREDIT = 'xmlns:dc="http://purl.org/dc/elements/1.1/" dc:rights="Ann Smith" xmlns:GPano="urn:x" GPano:Place="Ulm"'


def gain_map(size: tuple[int, int] = (60, 40), mode: str = "L") -> Image.Image:
    """Bright in the top left quarter, black elsewhere."""
    image = Image.new("L", size)
    image.paste(BRIGHT, (0, 0, size[0] // 2, size[1] // 2))
    return image.convert(mode)


def write(
    path: Path,
    picture: Image.Image | None = None,
    map_image: Image.Image | None = None,
    *,
    by_xmp: bool = True,
    by_iso: bool = True,
    channels: int = 1,
    more: str = "",
    map_exif: bytes = b"",
    **save: object,
) -> Path:
    """Write a picture of 240x160, or this one, with a map, or this one, of 2 stops, told by XMP, ISO 21496-1, or both.

    With three `channels`, green has 1.5 stops and blue 1. `more`: attributes in the XMP of the picture; `map_exif`:
    EXIF of the map.
    """
    map_file = map_jpeg(map_image or gain_map(), by_xmp=by_xmp, by_iso=by_iso, channels=channels)
    map_file = map_file[:2] + (_segment(0xE1, map_exif) if map_exif else b"") + map_file[2:]
    base = _jpeg(picture or photo((240, 160)), **save)
    directory = (_RDF % _DIRECTORY.format(length=len(map_file), more=more)).encode()
    segments = _segment(0xE1, XMP + directory) if by_xmp else b""
    segments += _segment(0xE2, ISO + bytes(4)) if by_iso else b""
    path.write_bytes(join(base, segments, map_file))
    return path


def join(base: bytes, segments: bytes, map_file: bytes) -> bytes:
    """A JPEG with these segments more, another one behind it, and the directory of both."""
    at = _after_exif(base)
    start = base[:at] + segments
    header = len(start) + 8
    length = len(start) + 90 + len(base) - at
    mpf = _mpf(length, length - header, len(map_file))
    assert len(mpf) == 90
    return start + mpf + base[at:] + map_file


def map_jpeg(image: Image.Image, *, by_xmp: bool = True, by_iso: bool = True, channels: int = 1) -> bytes:
    """The JPEG of a map of 2 stops."""
    content = _jpeg(image, quality=95, subsampling=0)
    segments = _segment(0xE1, XMP + (_RDF % (_MAP if channels == 1 else _MAPS)).encode()) if by_xmp else b""
    segments += _segment(0xE2, ISO + iso_numbers(channels)) if by_iso else b""
    return content[:2] + segments + content[2:]


def iso_numbers(channels: int = 1) -> bytes:
    """2 stops for all channels, or for red alone."""
    pairs = [(0, 1), (2, 1)]
    for stops in ((2, 1), (3, 2), (1, 1))[:channels]:
        pairs += [(0, 1), stops, (1, 1), (1, 64), (1, 64)]
    return struct.pack(">HHB", 0, 0, 0x40 if channels == 1 else 0xC0) + b"".join(
        struct.pack(">iI", *pair) for pair in pairs
    )


def _mpf(primary: int, offset: int, length: int) -> bytes:
    directory = bytes.fromhex("0003B00000070000000430313030B00100040000000100000002B002000700000020")
    directory += struct.pack(">II", 50, 0)
    entries = struct.pack(">IIII", 0x030000, primary, 0, 0) + struct.pack(">IIII", 0, length, offset, 0)
    return _segment(0xE2, b"MPF\0MM\0\x2a\0\0\0\x08" + directory + entries)


def _jpeg(image: Image.Image, **save: object) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", **({"quality": 90} | save))
    return file.getvalue()


def _after_exif(content: bytes) -> int:
    at = 2
    while content[at + 1] in {0xE0, 0xE1}:
        at += 2 + int.from_bytes(content[at + 2 : at + 4], "big")
    return at


def _segment(marker: int, payload: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(payload) + 2) + payload
