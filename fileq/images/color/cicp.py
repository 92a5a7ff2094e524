"""Coding-independent code points (ITU-T H.273): what AVIF, HEIF and PNG say of their colors without a profile.

They stand in the `colr` box of AVIF and HEIF (ISO 23008-12) and in the cICP chunk of PNG.
"""

from __future__ import annotations

import io
from contextlib import suppress
from typing import NamedTuple

from fileq.files.containers import png_chunks
from fileq.images.color import chromaticity, icc, transfers
from fileq.images.formats.isobmff import read_items

HDR = {16: "PQ", 18: "HLG"}
"""Transfer functions of high dynamic range (ITU-R BT.2100): they number light in another way than all else here."""

_UNSPECIFIED, _BT_2020 = 2, 9
_RESERVED_TRANSFERS = {0, 3}
_TRANSFERS_IN_PNG = {1, 4, 5, 6, 7, 8, 11, 13, 14, 15, 16, 17, 18}
"""Those that browsers heed; the other curves are no display's."""

_D65, _C = (0.3127, 0.329), (0.31, 0.316)
_NIL = 1e-6  # the corners of XYZ have a y of 0, by which nothing can be divided
_CORNERS = {
    4: (*_C, 0.67, 0.33, 0.21, 0.71, 0.14, 0.08),
    5: (*_D65, 0.64, 0.33, 0.29, 0.6, 0.15, 0.06),
    8: (*_C, 0.681, 0.319, 0.243, 0.692, 0.145, 0.049),
    10: (1 / 3, 1 / 3, 1, _NIL, _NIL, 1, _NIL, _NIL),
    11: (0.314, 0.351, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06),
    22: (*_D65, 0.63, 0.34, 0.295, 0.605, 0.155, 0.077),
}
"""The x and y of white, red, green and blue (ITU-T H.273, table 2).

Chromium takes 6 and 7 for sRGB's, and so does this.
"""

_PRIMARIES = {9: icc.BT_2020, 12: icc.DISPLAY_P3} | {
    number: chromaticity.build_primaries(corners) for number, corners in _CORNERS.items()
}
_PRIMARIES_OF_SRGB = {1, 6, 7}


class CodePoints(NamedTuple):
    """What the numbers of a picture's pixels mean, by the numbers of the standard.

    The curve of video, 1 and those like it, is a screen's in PNG (ITU-R BT.1886), and sRGB's in AVIF and HEIF, whose
    cameras write it for that: so Chromium shows them.
    """

    primaries: int = _UNSPECIFIED
    transfer: int = _UNSPECIFIED
    is_for_screens: bool = False
    """Whether the curve of video is a screen's."""

    @property
    def is_specified(self) -> bool:
        """Whether they name any colors."""
        return (self.primaries, self.transfer) != (_UNSPECIFIED, _UNSPECIFIED)

    @property
    def is_hdr(self) -> bool:
        """Whether the picture has a high dynamic range; taken for sRGB's, it would look washed out."""
        return self.transfer in HDR


def read_code_points(start: bytes) -> CodePoints:
    """Return the code points in an AVIF, HEIF or PNG that begins with `start`; unspecified ones where it names none."""
    if start[4:8] == b"ftyp":
        return _read_item_code_points(start)
    if start.startswith(b"\x89PNG"):
        for chunk in png_chunks(io.BytesIO(start)):
            if chunk.name == b"cICP":
                return _png_code_points(start[chunk.payload : chunk.end - 4])
            if chunk.name == b"IDAT":
                break
    return CodePoints()


def _png_code_points(value: bytes) -> CodePoints:
    """Return those of a chunk cICP; unspecified ones where browsers go by the chunks beside it, as it makes no sense.

    That is where it names colors that nobody knows, or says that they are YCbCr or of a narrow range (PNG third
    edition, 11.3.2.6).
    """
    points = CodePoints(value[0], value[1], is_for_screens=True) if len(value) == 4 else CodePoints()
    is_known = points.primaries in _PRIMARIES_OF_SRGB | set(_PRIMARIES) and points.transfer in _TRANSFERS_IN_PNG
    return points if is_known and value[2:] == b"\0\x01" else CodePoints()


def _read_item_code_points(start: bytes) -> CodePoints:
    """Return those of the main picture, or of its tiles; where it has none, of what stands first.

    In films of AVIF that lies eight boxes deep. It is not asked where a brighter rendition has its own.
    """
    with suppress(ValueError, IndexError):
        items = read_items(start)
        if items is not None:
            for item_id in (items.primary, *items.targets(b"dimg", items.primary)):
                for box in items.properties_of(item_id):
                    if start.startswith(b"colrnclx", box.start + 4):
                        return _code_points_at(start, box.start + 4)
            if b"tmap" in items.kinds.values():
                return CodePoints()
    at = start.find(b"colrnclx")
    return _code_points_at(start, at) if at >= 0 else CodePoints()


def _code_points_at(start: bytes, at: int) -> CodePoints:
    primaries, transfer = (int.from_bytes(start[place : place + 2], "big") for place in (at + 8, at + 10))
    is_none = primaries == 0 or transfer in _RESERVED_TRANSFERS
    return CodePoints() if is_none else CodePoints(primaries, transfer)


def read_icc_code_points(profile: bytes) -> CodePoints:
    """Return the code points that an ICC profile names in its tag cicp (ICC.1:2022, 9.2.17)."""
    value = icc.read_tag(profile, b"cicp")
    return CodePoints(value[8], value[9]) if len(value) >= 10 else CodePoints()


def build_profile(points: CodePoints) -> bytes | None:
    """Return an ICC profile for primaries or a curve other than sRGB's; None for all others.

    Where a picture of high dynamic range names no primaries, they are those of BT.2020.
    """
    number = _BT_2020 if points.is_hdr and points.primaries == _UNSPECIFIED else points.primaries
    primaries, curve = _PRIMARIES.get(number), transfers.curve_of(points.transfer, for_screens=points.is_for_screens)
    if primaries is None and curve is None:
        return None
    return icc.build_matrix_profile(primaries or icc.SRGB, curve)
