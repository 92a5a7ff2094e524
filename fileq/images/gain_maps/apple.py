"""The gain maps of iPhones: other numbers than ISO 21496-1's ("Applying Apple HDR effect to your photos", Apple).

    brighter = picture * (1 + (headroom - 1) * light), in linear light, with light by the curve of Rec. 709

So a map is given other values, by which the formula of ISO says the same; 8 bits are enough for that.
"""

from __future__ import annotations

import math
import re
import struct
from contextlib import suppress
from fractions import Fraction
from typing import TYPE_CHECKING

from PIL import Image

from fileq.images.errors import DAMAGE
from fileq.images.gain_maps.parameters import GainMapParameters

if TYPE_CHECKING:
    from PIL.Image import Exif

KIND = b"urn:com:apple:photo:2020:aux:hdrgainmap"
"""What an auxiliary picture is called that is such a map."""

XMP_HINT = b"HDRGainMapVersion"
"""What its XMP has, whatever else it says."""

_HEADROOM = re.compile(rb"HDRGainMapHeadroom\s*(?:=\s*[\"']|>)\s*([0-9.]+)")
_MAKER = b"Apple iOS\0"
_DIRECTORY = 14  # bytes of the maker note before its tags
_SIGNED_RATIONAL = 10
_EXIF_IFD, _MAKER_NOTE, _HDR_HEADROOM, _HDR_GAIN = 0x8769, 0x927C, 33, 48
_MOST = 64.0  # no headroom is larger: 8 is what screens have
_PACKET = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:HDRGainMap="http://ns.apple.com/HDRGainMap/1.0/"'
    ' xmlns:apdi="http://ns.apple.com/pixeldatainfo/1.0/" apdi:AuxiliaryImageType="{kind}"'
    ' HDRGainMap:HDRGainMapVersion="131072" HDRGainMap:HDRGainMapHeadroom="{headroom:.6g}"/></rdf:RDF></x:xmpmeta>'
)


def read_headroom(packet: bytes, exif: Exif) -> float:
    """Return the headroom that the XMP of a map, or else the EXIF of its picture, tells. Raises ValueError for none."""
    found = _HEADROOM.search(packet)
    headroom = float(found[1]) if found else 0.0
    if headroom <= 0:
        with suppress(*DAMAGE):
            headroom = _headroom_of_camera(exif)
    if not 1 < headroom <= _MOST:
        raise ValueError("a gain map has no headroom")
    return headroom


def build_parameters(headroom: float) -> GainMapParameters:
    """Return the numbers by ISO 21496-1 of a map of this headroom, once `convert_values` has given it other values."""
    stops, none = (Fraction(math.log2(headroom)).limit_denominator(10**6),), (Fraction(0),)
    return GainMapParameters(
        minimum=none,
        maximum=stops,
        gamma=(Fraction(1),),
        base_offset=none,
        alternate_offset=none,
        base_headroom=Fraction(0),
        alternate_headroom=stops[0],
    )


def convert_values(image: Image.Image, headroom: float) -> Image.Image:
    """Return the map in mode L as ISO 21496-1 numbers it, for `build_parameters`."""
    stops = math.log2(headroom)
    return image.convert("L").point([
        round(255 * math.log2(1 + (headroom - 1) * _to_light(value / 255)) / stops) for value in range(256)
    ])  # fmt: skip


def build_packet(headroom: float) -> bytes:
    """Return XMP of a map whose values are Apple's, with nothing that is only in the EXIF of its picture."""
    return _PACKET.format(kind=KIND.decode(), headroom=headroom).encode()


def strip_packet(packet: bytes, exif: bytes) -> bytes:
    """Return the XMP of a map with nothing but its headroom, which may be told by its picture's EXIF; b"" for none."""
    whole = Image.Exif()
    try:
        whole.load(b"Exif\0\0" + exif)
        return build_packet(read_headroom(packet, whole))
    except (OSError, *DAMAGE):
        return b""


def _headroom_of_camera(exif: Exif) -> float:
    """Return the headroom by the maker note. Raises what damage raises."""
    note = exif.get_ifd(_EXIF_IFD)[_MAKER_NOTE]
    tags = dict(_read_ratios(bytes(note))) if note.startswith(_MAKER) else {}
    first, second = tags[_HDR_HEADROOM], tags[_HDR_GAIN]
    if first < 1:
        stops = -20.0 * second + 1.8 if second <= 0.01 else -0.101 * second + 1.601
    else:
        stops = -70.0 * second + 3.0 if second <= 0.01 else -0.303 * second + 2.303
    return float(2 ** max(stops, 0.0))


def _read_ratios(note: bytes) -> list[tuple[int, float]]:
    """Return the tags with one ratio each, and their values."""
    order = "<" if note[12:14] == b"II" else ">"
    (count,) = struct.unpack_from(f"{order}H", note, _DIRECTORY)
    found = []
    for number in range(count):
        tag, kind, length, at = struct.unpack_from(f"{order}HHII", note, _DIRECTORY + 2 + 12 * number)
        if kind == _SIGNED_RATIONAL and length == 1:
            numerator, denominator = struct.unpack_from(f"{order}ii", note, at)
            found.append((tag, numerator / denominator))
    return found


def _to_light(value: float) -> float:
    """Return the linear light of a number of Rec. 709, both from 0 to 1 (ITU-R BT.709-6, item 1.2, inverted)."""
    return value / 4.5 if value < 0.081 else math.pow((value + 0.099) / 1.099, 1 / 0.45)
