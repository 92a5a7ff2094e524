"""Files made of boxes (ISO/IEC 14496-12): films, camera raw files, and HEIF (23008-12) coded as nobody here decodes."""

from __future__ import annotations

from fileq.files.containers import read_brands
from fileq.images.recognition.families import Family, FileType

_SOUND = FileType(Family.OTHER, "a sound")
_OTHERS = {
    b"crx ": FileType(Family.RAW, "Canon CR3"),
    b"M4A ": _SOUND,
    b"M4B ": _SOUND,
    b"M4P ": _SOUND,
    b"qt  ": FileType(Family.FILM, "a film (QuickTime)"),
}
_FILM_BEGINNINGS = (b"iso", b"mp4", b"mp7", b"avc", b"M4V", b"3g", b"dash", b"MSNV", b"f4v", b"F4V", b"XAVC", b"hvc1")
_MP4 = {b"mp41", b"mp42", b"isom"}
_PICTURES = {
    b"mif1", b"mif2", b"mif3", b"miaf", b"msf1", b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs",
    b"avif", b"avis", b"avci", b"avcs", b"vvic", b"vvis", b"evbi", b"evbs", b"jpeg", b"jpgs", b"j2ki", b"j2is", b"unif",
}  # fmt: skip

_CODECS = {
    b"unci": "without compression (unci)",
    b"vvc1": "by VVC (H.266)",
    b"avc1": "by AVC (H.264)",
    b"evc1": "by EVC",
    b"lhv1": "by layered HEVC",
    b"jpeg": "by JPEG",
    b"j2k1": "by JPEG 2000",
    b"jxs1": "by JPEG XS",
}
"""How pictures in HEIF are coded beside HEVC and AV1, by the type of their items."""

_READ = {b"hvc1", b"av01"}
_NO_CODECS = {*_READ, b"grid", b"iovl", b"iden", b"tmap", b"Exif", b"mime", b"uri "}
"""Items that are made of others, or are no pictures."""

_HEADER = 8  # bytes of a box before its version and flags, and of those with its name: what follows is the payload


def find_iso_media(start: bytes) -> FileType | None:
    """Return the type of a file of boxes that begins with `start`; None for others, and for one that may be read."""
    brands = read_brands(start)
    if not brands:
        return None
    if _PICTURES.intersection(brands):
        return _find_codec(start)
    if brands[0] in _OTHERS:
        return _OTHERS[brands[0]]
    is_film = brands[0].startswith(_FILM_BEGINNINGS) or not _MP4.isdisjoint(brands)
    return FileType(Family.FILM, "a film (MP4)") if is_film else None


def _find_codec(start: bytes) -> FileType | None:
    """Return what is rare in a HEIF file that begins with `start`; None where its picture is coded by HEVC or AV1."""
    after_brands = int.from_bytes(start[:4], "big")
    if start[after_brands + 4 : after_brands + 8] == b"mini":
        return FileType(Family.PICTURE, "a HEIF picture with the short header (mini)")
    types = _item_types(start)
    primary = types.get(_primary_item(start), b"")
    coded = primary if primary in _CODECS else next((one for one in types.values() if one in _CODECS), b"")
    if coded and (coded == primary or not _READ.intersection(types.values())):
        return FileType(Family.PICTURE, f"a HEIF picture that is coded {_CODECS[coded]}")
    if primary.isalnum() and primary not in _NO_CODECS:
        return FileType(Family.PICTURE, f"a HEIF picture that is coded in a way called {primary.decode()}")
    return None


def _primary_item(start: bytes) -> int:
    at = start.find(b"pitm")
    if at < 0:
        return -1
    length = 4 if start[at + 4 : at + 5] == b"\1" else 2
    return int.from_bytes(start[at + _HEADER : at + _HEADER + length], "big")


def _item_types(start: bytes) -> dict[int, bytes]:
    """Return the types of all items by their numbers (8.11.6); those that the first bytes don't name are left out."""
    types = {}
    at = start.find(b"infe")
    while at >= 0:
        length = 4 if start[at + 4 : at + 5] >= b"\3" else 2
        number = int.from_bytes(start[at + _HEADER : at + _HEADER + length], "big")
        types[number] = start[at + _HEADER + length + 2 : at + _HEADER + length + 6]
        at = start.find(b"infe", at + 4)
    return types
