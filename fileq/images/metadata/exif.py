"""EXIF: which of a source's tags its outputs carry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PIL import ExifTags, Image

from fileq.images.errors import DAMAGE
from fileq.images.metadata import iptc
from fileq.images.metadata.exif_types import register_exif_types

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fileq.images.decode.source import DecodedSource

_BASE, _IFD = ExifTags.Base, ExifTags.IFD
_CREDITS = (_BASE.Artist, _BASE.Copyright, _BASE.XPAuthor)
_DESCRIPTIVE = (
    *_CREDITS, _BASE.ImageDescription, _BASE.Make, _BASE.Model, _BASE.Software, _BASE.DateTime, _BASE.HostComputer,
    _BASE.DocumentName, _BASE.PageName, _BASE.CameraSerialNumber, _BASE.UniqueCameraModel,
    _BASE.XPTitle, _BASE.XPComment, _BASE.XPKeywords, _BASE.XPSubject, _BASE.Rating, _BASE.RatingPercent,
)  # fmt: skip
"""All of a picture's first EXIF directory that is not about how its own bytes are laid out."""

_PRIVATE = (*_CREDITS, _BASE.Make, _BASE.Model, _BASE.Software, _BASE.DateTime)
_PRIVATE_CAMERA = frozenset({
    _BASE.DateTimeOriginal, _BASE.DateTimeDigitized, _BASE.OffsetTime, _BASE.OffsetTimeOriginal,
    _BASE.OffsetTimeDigitized, _BASE.SubsecTime, _BASE.SubsecTimeOriginal, _BASE.SubsecTimeDigitized,
    _BASE.ExposureTime, _BASE.FNumber, _BASE.ExposureProgram, _BASE.ISOSpeedRatings, _BASE.ShutterSpeedValue,
    _BASE.ApertureValue, _BASE.BrightnessValue, _BASE.ExposureBiasValue, _BASE.MaxApertureValue, _BASE.MeteringMode,
    _BASE.LightSource, _BASE.Flash, _BASE.FocalLength, _BASE.FocalLengthIn35mmFilm, _BASE.ExposureMode,
    _BASE.WhiteBalance, _BASE.DigitalZoomRatio, _BASE.SceneCaptureType, _BASE.LensSpecification, _BASE.LensMake,
    _BASE.LensModel, _BASE.ExifVersion,
})  # fmt: skip
"""What tells date, camera and lens, and neither the place, nor whose camera it is, nor which one of its kind.

A list of what stays: what cameras write of their own accord, in notes of their makers above all, is not known.
"""


register_exif_types()


def pick_credits(exif: Image.Exif) -> dict[int, Any]:
    """Return the tags that say whose picture it is."""
    return _pick_tags(exif, _CREDITS)


def pick_all(source: DecodedSource) -> dict[int, Any]:
    """Return all tags but those about how the file is laid out, and the thumbnail."""
    picked = _pick_tags(source.exif, _DESCRIPTIVE)
    for directory in (_IFD.Exif, _IFD.GPSInfo):
        values = source.exif.get_ifd(directory)
        if values:
            picked[int(directory)] = _in_bytes({tag: value for tag, value in values.items() if tag != _IFD.Interop})
    return _keep_writable(picked, source)


def pick_private(source: DecodedSource) -> dict[int, Any]:
    """Return credits, date, camera and lens."""
    picked = _pick_tags(source.exif, _PRIVATE)
    camera = source.exif.get_ifd(_IFD.Exif)
    kept = _in_bytes({tag: value for tag, value in camera.items() if tag in _PRIVATE_CAMERA})
    return _keep_writable(picked | ({int(_IFD.Exif): kept} if kept else {}), source)


def with_iptc_credits(exif: dict[int, Any], datasets: bytes) -> dict[int, Any]:
    """Return EXIF with who made it by IPTC, which not every format has a place for."""
    return _with_texts(exif, iptc.read_text(datasets, iptc.BY_LINE), iptc.read_text(datasets, iptc.COPYRIGHT_NOTICE))


def with_png_credits(exif: dict[int, Any], info: Mapping[Any, Any]) -> dict[int, Any]:
    """Return EXIF with who made it by the keywords that PNG itself has for that (PNG 1.2, section 4.2.3)."""
    return _with_texts(exif, info.get("Author"), info.get("Copyright"))


def _with_texts(exif: dict[int, Any], artist: object, rights: object) -> dict[int, Any]:
    given = {int(_BASE.Artist): artist, int(_BASE.Copyright): rights}
    texts = {tag: value.encode() for tag, value in given.items() if isinstance(value, str) and value}
    return texts | exif


def _pick_tags(exif: Image.Exif, tags: tuple[int, ...]) -> dict[int, Any]:
    return _in_bytes({int(tag): exif[tag] for tag in tags if tag in exif})


def _in_bytes(values: dict[int, Any]) -> dict[int, Any]:
    """Return values as they are, but texts as their bytes: Pillow would write ? for what is not ASCII."""
    return {tag: value.encode("latin-1") if isinstance(value, str) else value for tag, value in values.items()}


def _keep_writable(exif: dict[int, Any], source: DecodedSource) -> dict[int, Any]:
    """Return all of it where Pillow can write it again, else credits: some cameras give tags of the wrong type."""
    try:
        _pack_exif(exif)
    except DAMAGE as error:
        source.add_note(f"Of its EXIF data only credits were kept: the rest is damaged ({error}).")
        return pick_credits(source.exif)
    return exif


def _pack_exif(exif: dict[int, Any]) -> bytes:
    whole = Image.Exif()
    for tag, value in exif.items():
        whole[tag] = value
    return whole.tobytes()
