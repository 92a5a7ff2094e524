"""JPEGs with a gain map behind them: "Ultra HDR" 1.1 and ISO 21496-1 at once, so that old and new readers find it.

The order is that of libultrahdr: EXIF, XMP, profile, ISO's version, and the directory of pictures last, which has all
lengths.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fileq.files.containers import jpeg_segment, jpeg_segments
from fileq.images.gain_maps import iso21496, xmp
from fileq.images.gain_maps.jpeg import mpf
from fileq.images.gain_maps.jpeg.reader import APP1

if TYPE_CHECKING:
    from fileq.files.containers import Segment
    from fileq.images.gain_maps.parameters import GainMapParameters

_JFIF, _EXIF, _LAST_APP = 0xE0, b"Exif\0", 0xEF


def add_gain_map(picture: bytes, gain_map: bytes) -> bytes:
    """Return the JPEG file `picture` with the JPEG of a gain map behind it, which carries its numbers.

    They are told of in the way that the map has them: by XMP, by ISO 21496-1, or by both. Raises ValueError or
    IndexError where `picture` is no JPEG, or its XMP takes no directory.
    """
    packet, segments = _take_packet(picture)
    tells_xmp, tells_iso = xmp.HINT in gain_map, iso21496.JPEG_NAME in gain_map
    if tells_xmp:
        packet = xmp.add_directory(packet, len(gain_map))
    about = jpeg_segment(APP1, xmp.JPEG_NAME + packet) if packet else b""
    version = jpeg_segment(mpf.APP2, iso21496.JPEG_NAME + iso21496.VERSION) if tells_iso else b""
    first = [picture[start:end] for _, start, end in segments if _stands_first(picture, start)]
    other = [picture[start:end] for _, start, end in segments if not _stands_first(picture, start)]
    at = next((at for at, segment in enumerate(other) if not _JFIF <= segment[1] <= _LAST_APP), len(other))
    before = b"".join([picture[:2], *first, about, *other[:at], version])
    after = b"".join([*other[at:], picture[_end(segments) :]])
    place = len(before)
    primary = place + len(mpf.build_segment(0, 0, 0)) + len(after)
    return before + mpf.build_segment(primary, primary - place - 8, len(gain_map)) + after + gain_map


def remove_gain_map(content: bytes) -> bytes:
    """Return a JPEG file without what lies behind its first picture, and without what tells of that.

    Raises ValueError or IndexError where it is no JPEG.
    """
    packet, segments = _take_packet(content)
    rest = xmp.remove_directory(packet)
    kept = [content[start:end] for _, start, end in segments]
    if rest:
        kept.insert(1 if kept and kept[0][1] == _JFIF else 0, jpeg_segment(APP1, xmp.JPEG_NAME + rest))
    end = _end(segments)
    return b"".join([content[:2], *kept, content[end : end + 2]])


def write_parameters(picture: bytes, parameters: GainMapParameters) -> bytes:
    """Return the JPEG of a gain map, as an encoder made it, with its numbers."""
    start = jpeg_segment(APP1, xmp.JPEG_NAME + xmp.build_map_packet(parameters))
    start += jpeg_segment(mpf.APP2, iso21496.JPEG_NAME + iso21496.write_parameters(parameters))
    return picture[:2] + start + picture[2:]


def _take_packet(content: bytes) -> tuple[bytes, list[Segment]]:
    """Return the XMP packet of a JPEG, and its segments but that, and but those that are about gain maps."""
    packet, kept = b"", []
    for segment in jpeg_segments(content):
        payload = content[segment.start + 4 : segment.end]
        if segment.marker == APP1 and payload.startswith(xmp.JPEG_NAME):
            packet = payload.removeprefix(xmp.JPEG_NAME)
        elif segment.marker != mpf.APP2 or not payload.startswith((mpf.NAME, iso21496.JPEG_NAME)):
            kept.append(segment)
    return packet, kept


def _stands_first(content: bytes, start: int) -> bool:
    return content[start + 1] == _JFIF or content.startswith(_EXIF, start + 4)


def _end(segments: list[Segment]) -> int:
    """Return where the end mark stands."""
    return segments[-1].end
