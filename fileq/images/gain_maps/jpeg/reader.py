"""The gain map behind a JPEG: as "Ultra HDR" and ISO 21496-1 have it, by the directory of its pictures."""

from __future__ import annotations

import struct
from contextlib import suppress
from typing import TYPE_CHECKING

from fileq.files.containers import END_MARKS, jpeg_segments
from fileq.images.gain_maps import apple, iso21496, xmp
from fileq.images.gain_maps.gain_map import GainMap
from fileq.images.gain_maps.jpeg import mpf

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from PIL.Image import Exif

_SOI = b"\xff\xd8\xff"
APP1 = 0xE1
_HINTS = (mpf.NAME, iso21496.JPEG_NAME)


def may_have_gain_map(segments: Iterable[tuple[str, bytes]]) -> bool:
    """Return whether the application segments of a JPEG, as Pillow lists them, leave a gain map behind it possible."""
    return any(content.startswith(_HINTS) or xmp.HINT in content for _, content in segments)


def names_gain_map(segments: Iterable[tuple[str, bytes]]) -> bool:
    """Return whether the segments say that there is one."""
    return any(content.startswith(iso21496.JPEG_NAME) or xmp.HINT in content for _, content in segments)


def find_gain_map(content: bytes, exif: Exif) -> GainMap | None:
    """Return the gain map in a JPEG file; None where it has none, or one whose numbers have no meaning here.

    `exif` is the picture's: of older iPhones, it tells how bright the map makes it.
    """
    try:
        places = list(_find_pictures(content))
    except (ValueError, IndexError, struct.error):
        return None
    for start, length in places:
        picture = content[start : start + length]
        with suppress(ValueError, IndexError, struct.error, ZeroDivisionError):
            gain_map = _read_map(picture, exif)
            if gain_map is not None:
                return gain_map
    return None


def _read_map(picture: bytes, exif: Exif) -> GainMap | None:
    """Return a JPEG as a gain map with the numbers that it carries, ISO's first; None where it is another picture.

    Raises ValueError, IndexError, struct.error or ZeroDivisionError for damaged ones.
    """
    packet, numbers = b"", b""
    for marker, start, end in jpeg_segments(picture):  # up to its end, which is to be there
        payload = picture[start + 4 : end]
        if marker == mpf.APP2 and payload.startswith(iso21496.JPEG_NAME):
            numbers = payload.removeprefix(iso21496.JPEG_NAME)
        elif marker == APP1 and payload.startswith(xmp.JPEG_NAME):
            packet = payload.removeprefix(xmp.JPEG_NAME)
    if apple.XMP_HINT in packet and not numbers:
        headroom = apple.read_headroom(packet, exif)
        return GainMap(content=picture, format="JPEG", parameters=apple.build_parameters(headroom), headroom=headroom)
    if not numbers and xmp.HINT not in packet:
        return None
    parameters = iso21496.read_parameters(numbers) if numbers else xmp.read_parameters(packet)
    return GainMap(content=picture, format="JPEG", parameters=parameters) if parameters.is_on_standard else None


def _find_pictures(content: bytes) -> Iterator[mpf.Place]:
    """Yield the places of the pictures behind the first one: by their directory, else where the first one ends.

    Raises ValueError, IndexError or struct.error.
    """
    segments = list(jpeg_segments(content))
    for marker, start, _ in segments:
        if marker == mpf.APP2 and content.startswith(mpf.NAME, start + 4):
            listed = [place for place in mpf.read_places(content, start)[1:] if content.startswith(_SOI, place.start)]
            if listed:
                yield from listed
                return
    end = segments[-1].end + len(END_MARKS["jpeg"])
    if content.startswith(_SOI, end):
        yield mpf.Place(end, len(content) - end)
