"""The gain map behind a JPEG: as "Ultra HDR" and ISO 21496-1 have it, by the directory of its pictures."""

from __future__ import annotations

import struct
from contextlib import suppress
from typing import TYPE_CHECKING

from fileq.files.containers import END_MARKS, jpeg_segments
from fileq.images.hdr import apple, iso21496, mpf, xmp
from fileq.images.hdr.gain_map import GainMap

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from PIL.Image import Exif

    from fileq.images.hdr.parameters import GainMapParameters

_SOI = b"\xff\xd8\xff"
APP1 = 0xE1
_HINTS = (mpf.NAME, iso21496.JPEG_NAME)
_HINT = b"hdr-gain-map/"


def may_have_gain_map(segments: Iterable[tuple[str, bytes]]) -> bool:
    """Return whether the application segments of a JPEG, as Pillow lists them, leave a gain map behind it possible."""
    return any(content.startswith(_HINTS) or _HINT in content for _, content in segments)


def names_gain_map(segments: Iterable[tuple[str, bytes]]) -> bool:
    """Return whether the segments say that there is one."""
    return any(content.startswith(iso21496.JPEG_NAME) or _HINT in content for _, content in segments)


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
            packet = _read_packet(picture)
            if apple.XMP_HINT in packet:
                headroom = apple.read_headroom(packet, exif)
                numbers = apple.build_parameters(headroom)
                return GainMap(content=picture, format="JPEG", parameters=numbers, headroom=headroom)
            parameters = read_parameters(picture)
            if parameters is not None and parameters.is_on_standard:
                return GainMap(content=picture, format="JPEG", parameters=parameters)
    return None


def read_parameters(picture: bytes) -> GainMapParameters | None:
    """Return the numbers that the JPEG of a gain map carries, ISO's first; None where it is another picture.

    Raises ValueError, IndexError or struct.error for damaged ones.
    """
    by_xmp = None
    for marker, start, end in jpeg_segments(picture):
        payload = picture[start + 4 : end]
        if marker == mpf.APP2 and payload.startswith(iso21496.JPEG_NAME):
            return iso21496.read_parameters(payload.removeprefix(iso21496.JPEG_NAME))
        if marker == APP1 and payload.startswith(xmp.JPEG_NAME) and _HINT in payload:
            by_xmp = xmp.read_parameters(payload.removeprefix(xmp.JPEG_NAME))
    return by_xmp


def _read_packet(picture: bytes) -> bytes:
    """Return the XMP of a JPEG, b"" for none. Raises ValueError or IndexError."""
    payloads = (picture[start + 4 : end] for marker, start, end in jpeg_segments(picture) if marker == APP1)
    return next((one.removeprefix(xmp.JPEG_NAME) for one in payloads if one.startswith(xmp.JPEG_NAME)), b"")


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
