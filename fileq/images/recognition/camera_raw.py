"""Camera raw files that are TIFFs: their first directory says so, or whose camera it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PIL.TiffImagePlugin import ImageFileDirectory_v2

from fileq.images.errors import DAMAGE
from fileq.images.recognition.families import Family, FileType

if TYPE_CHECKING:
    from typing import BinaryIO

_BIG_TIFF = b"II+\0"
_SIGNATURES = (b"II*\0", b"MM\0*", _BIG_TIFF)
_NEW_SUBFILE_TYPE, _COMPRESSION, _PHOTOMETRIC, _MAKE, _SUB_IFDS, _DNG_VERSION = 254, 259, 262, 271, 330, 50706  # tags
_REDUCED_PAGE = 1  # the bit of NewSubfileType that marks a thumbnail of another page
_SENSOR = {32803, 34892}  # photometric interpretations: a color filter array, and linear raw
_PACKINGS = {32767: "Sony ARW", 34713: "Nikon NEF", 65535: "Pentax PEF", 65000: "Kodak DCR", 32770: "Samsung SRW"}

_MAKERS = {
    "sony": "Sony ARW",
    "nikon": "Nikon NEF",
    "pentax": "Pentax PEF",
    "ricoh": "Pentax PEF",
    "samsung": "Samsung SRW",
    "kodak": "Kodak",
    "eastman kodak": "Kodak",
    "canon": "Canon",
    "hasselblad": "Hasselblad 3FR",
    "seiko epson": "Epson ERF",
    "leaf": "Leaf MOS",
    "mamiya": "Mamiya MEF",
    "phase one": "Phase One IIQ",
    "panasonic": "Panasonic",
}
"""By the beginning of the camera's maker, in small letters."""


def find_camera_raw(file: BinaryIO, start: bytes) -> FileType | None:
    """Return whose raw file an open TIFF is; None for other files, and for pictures. `start`: its first bytes."""
    if not start.startswith(_SIGNATURES):
        return None
    place = file.tell()
    try:
        directory = ImageFileDirectory_v2(start[: 16 if start.startswith(_BIG_TIFF) else 8])
        file.seek(directory.next)
        directory.load(file)
        return FileType(Family.RAW, _name_of(directory)) if _is_raw(directory) else None
    except (*DAMAGE, OSError):
        return None
    finally:
        file.seek(place)


def _is_raw(tags: Any) -> bool:
    """Return whether the first directory of a TIFF is that of a raw file: it has what the sensor saw, or a preview."""
    is_preview = int(tags.get(_NEW_SUBFILE_TYPE, 0)) & _REDUCED_PAGE and _SUB_IFDS in tags
    is_sensor = tags.get(_PHOTOMETRIC) in _SENSOR or tags.get(_COMPRESSION) in _PACKINGS
    return _DNG_VERSION in tags or bool(is_preview) or is_sensor


def _name_of(tags: Any) -> str:
    """Return the name of a raw file's format by the tags of its first directory."""
    if _DNG_VERSION in tags:
        return "DNG"
    maker = str(tags.get(_MAKE, "")).lower()
    by_maker = next((name for beginning, name in _MAKERS.items() if maker.startswith(beginning)), None)
    return by_maker or _PACKINGS.get(tags.get(_COMPRESSION, 0), "in TIFF")
