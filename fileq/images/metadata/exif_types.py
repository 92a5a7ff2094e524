"""The types of EXIF's values where Pillow doesn't know them: it would write bytes as numbers, and texts with "?"."""

from __future__ import annotations

from PIL import ExifTags, TiffTags
from PIL.TiffTags import TagInfo

_BASE = ExifTags.Base
_ASCII_IN_FIRST = (_BASE.HostComputer, _BASE.CameraSerialNumber, _BASE.UniqueCameraModel)
_UNDEFINED = (
    _BASE.ComponentsConfiguration, _BASE.MakerNote, _BASE.UserComment, _BASE.OECF, _BASE.SpatialFrequencyResponse,
    _BASE.FileSource, _BASE.SceneType, _BASE.DeviceSettingDescription,
)  # fmt: skip
_ASCII = (
    _BASE.DateTimeOriginal, _BASE.DateTimeDigitized, _BASE.OffsetTime, _BASE.OffsetTimeOriginal,
    _BASE.OffsetTimeDigitized, _BASE.SubsecTime, _BASE.SubsecTimeOriginal, _BASE.SubsecTimeDigitized,
    _BASE.SpectralSensitivity, _BASE.RelatedSoundFile, _BASE.ImageUniqueID, _BASE.CameraOwnerName,
    _BASE.BodySerialNumber, _BASE.LensMake, _BASE.LensModel, _BASE.LensSerialNumber,
)  # fmt: skip


def register_exif_types() -> None:
    """Tell Pillow the types of values in the directories of EXIF (TIFF 6.0; DNG 1.7; CIPA DC-008, 4.6.6)."""
    first, inner = TiffTags.TAGS_V2, TiffTags.TAGS_V2_GROUPS[ExifTags.IFD.Exif]
    for known, type_, tags in (
        (first, TiffTags.ASCII, _ASCII_IN_FIRST),
        (inner, TiffTags.UNDEFINED, _UNDEFINED),
        (inner, TiffTags.ASCII, _ASCII),
    ):
        known.update({int(tag): TagInfo(int(tag), tag.name, type_, 1) for tag in tags})
