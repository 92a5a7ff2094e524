"""Kinds of JPEG that decoders leave out, by the marker of their frame (ITU-T T.81, table B.1; T.87, C.2.2)."""

from __future__ import annotations

from fileq.images.recognition.families import Family, FileType

_SIGNATURE = b"\xff\xd8\xff"
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_LS = 0xF7
_LOSSLESS = {0xC3, 0xCB}
_HIERARCHICAL = {0xC5, 0xC6, 0xC7, 0xCD, 0xCE, 0xCF}
_USUAL = 8  # bits a channel


def find_jpeg(start: bytes) -> FileType | None:
    """Return what is rare in a JPEG that begins with `start`; None for other files and for usual ones."""
    marker, precision = _read_frame(start)
    if marker == _JPEG_LS:
        return FileType(Family.PICTURE, "a JPEG-LS picture")
    if marker in _HIERARCHICAL:
        return FileType(Family.PICTURE, "a hierarchical JPEG")
    if marker and precision != _USUAL:
        lossless = "lossless " if marker in _LOSSLESS else ""
        return FileType(Family.PICTURE, f"a {lossless}JPEG with {precision} bits a channel")
    return None


def _read_frame(start: bytes) -> tuple[int, int]:
    """Return the marker of the first frame and its bits a channel; zeros where there is none."""
    at = 2
    while start.startswith(_SIGNATURE) and start[at : at + 1] == b"\xff" and at + 5 < len(start):
        marker = start[at + 1]
        if marker in _FRAMES or marker == _JPEG_LS:
            return marker, start[at + 4]
        at += 1 if marker == 0xFF else 2 + int.from_bytes(start[at + 2 : at + 4], "big")
    return 0, 0
