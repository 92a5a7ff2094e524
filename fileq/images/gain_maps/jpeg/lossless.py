"""Gain maps of files whose pixels stay as they are: the map stays so, too, or goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fileq.files.containers import END_MARKS, jpeg_segment, jpeg_segments
from fileq.images.gain_maps import apple, iso21496, xmp
from fileq.images.gain_maps.jpeg import mpf
from fileq.images.gain_maps.jpeg.reader import APP1
from fileq.images.gain_maps.jpeg.writer import add_gain_map
from fileq.images.metadata.lossless_rewrite import stays_in_jpeg

if TYPE_CHECKING:
    from fileq.images.decode.source import DecodedSource
    from fileq.images.gain_maps.gain_map import GainMap
    from fileq.recipes.recipe import MetadataPolicy

_STAYS = "Its HDR gain map stayed: it can't be taken out of the file without encoding the picture again."


def loses_gain_map(source: DecodedSource, format_: str) -> bool:
    """Return whether a file that keeps its pixels has a gain map that is to go, and can."""
    if not source.has_gain_map or source.keeps_gain_map:
        return False
    if format_ != "jpeg":
        source.add_note(_STAYS)
    return format_ == "jpeg"


def restore_gain_map(picture: bytes, source: DecodedSource, format_: str, policy: MetadataPolicy) -> bytes:
    """Return the JPEG of the source's picture, rewritten, with the source's own gain map behind it, bit for bit.

    Other formats have theirs still. Raises ValueError or IndexError where the picture is no JPEG.
    """
    if format_ != "jpeg" or not source.keeps_gain_map or source.gain_map is None:
        return picture
    return add_own_map(picture, source.gain_map, policy)


def add_own_map(picture: bytes, gain_map: GainMap, policy: MetadataPolicy) -> bytes:
    """Return a JPEG with the JPEG of a gain map behind it, bit for bit but for the metadata that goes.

    Raises ValueError or IndexError where the picture is no JPEG.
    """
    return add_gain_map(picture, gain_map.content if policy == "all" else _strip_map(gain_map))


def _strip_map(gain_map: GainMap) -> bytes:
    """Return the JPEG of a gain map with nothing but its pixels, its numbers, and its profile.

    With Apple's values, they are its headroom, which EXIF of its picture need not say any more.
    """
    content = gain_map.content
    kept = [content[:2]]
    for marker, start, end in jpeg_segments(content):
        payload = content[start + 4 : end]
        is_iso_numbers = marker == mpf.APP2 and payload.startswith(iso21496.JPEG_NAME)
        if marker == APP1 and payload.startswith(xmp.JPEG_NAME):
            packet = payload.removeprefix(xmp.JPEG_NAME)
            kept.append(jpeg_segment(APP1, xmp.JPEG_NAME + _strip_packet(packet, gain_map)))
        elif is_iso_numbers or stays_in_jpeg(marker, payload):
            kept.append(content[start:end])
    return b"".join([*kept, END_MARKS["jpeg"]])


def _strip_packet(packet: bytes, gain_map: GainMap) -> bytes:
    if gain_map.headroom is not None:
        return apple.build_packet(gain_map.headroom)
    if not xmp.remove_directory(packet):  # it holds nothing but the map's numbers
        return packet
    return xmp.build_map_packet(gain_map.parameters)
