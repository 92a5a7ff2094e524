"""What outputs carry of their source beside pixels: credits or all of it, density, profile."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from PIL import ExifTags, Image, TiffImagePlugin
from PIL.PngImagePlugin import PngInfo

from fileq.files.containers import MAX_JPEG_PAYLOAD
from fileq.files.output_mark import TIFF_TAG
from fileq.images.errors import DAMAGE, translate_decode_errors
from fileq.images.hdr import xmp as hdr_xmp
from fileq.images.metadata import iptc, tiff_rewrite, xmp

if TYPE_CHECKING:
    from fileq.images.decode.source import DecodedSource
    from fileq.recipes.recipe import MetadataPolicy
    from fileq.units import Size

_BASE, _IFD = ExifTags.Base, ExifTags.IFD
_CREDITS = (_BASE.Artist, _BASE.Copyright, _BASE.XPAuthor)
_DESCRIPTIVE = (
    *_CREDITS, _BASE.ImageDescription, _BASE.Make, _BASE.Model, _BASE.Software, _BASE.DateTime, _BASE.HostComputer,
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
    _BASE.LensModel,
})  # fmt: skip
"""What tells date, camera and lens, and neither the place, nor whose camera it is, nor which one of its kind.

A list of what stays: what cameras write of their own accord, in notes of their makers above all, is not known.
"""

_LAYOUT_OF_TIFF = {*tiff_rewrite.ABOUT_PIXELS, TIFF_TAG}
_XMP_IN_JPEG = MAX_JPEG_PAYLOAD - 29
_XMP_KEYWORD = "XML:com.adobe.xmp"
_NOT_TEXTS = (_XMP_KEYWORD, "Raw profile type")


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What an output carries beside pixels. Empty bytes are for nothing; the density is in dots per inch."""

    exif: dict[int, Any]
    xmp: bytes = b""
    iptc: bytes = b""
    comment: bytes = b""
    texts: tuple[tuple[str, str], ...] = ()  # keyword and value, as PNG has them
    density: tuple[float, float] | None = None
    orientation: int = 1

    def as_stored(self, source: DecodedSource) -> Metadata:
        """Return what a file carries whose pixels stay as they lie: EXIF says how to turn them, and the density.

        The density is in EXIF only where the file says it nowhere else, as some cameras' do.
        """
        is_said = source.format == "PNG" or bool(source.image.info.get("jfif_unit"))
        density = () if is_said else self.density or ()
        exif = self.exif | dict(zip((_BASE.XResolution, _BASE.YResolution), density, strict=False))
        return replace(self, exif=exif, orientation=source.stored_orientation)


def select_metadata(source: DecodedSource, wanted: MetadataPolicy) -> Metadata:
    """Return what the outputs of a source carry: never the thumbnail, the orientation only where nothing is turned."""
    info, density = source.image.info, _read_density(source)
    orientation = source.kept_orientation
    if wanted == "none":
        return Metadata(exif={}, density=density, orientation=orientation)
    packet, datasets = _read_xmp(source), _read_iptc(source)
    if wanted in ("copyright", "private"):
        tags = _pick_tags(source.exif, _CREDITS) if wanted == "copyright" else _pick_private(source)
        exif = _add_text_credits(_add_iptc_credits(tags, datasets), info)
        return Metadata(
            exif=exif,
            xmp=xmp.extract_credits(packet),
            iptc=iptc.extract_credits(datasets),
            density=density,
            orientation=orientation,
        )
    comment, texts = info.get("comment", b""), _read_texts(source)
    comment = comment if isinstance(comment, bytes) else str(comment).encode()
    return Metadata(
        exif=_add_text_credits(_keep_writable(_pick_all(source.exif), source), dict(texts)),
        xmp=xmp.clean_packet(packet),
        iptc=datasets,
        comment=comment,
        texts=texts,
        density=density,
        orientation=orientation,
    )


def has_no_metadata(source: DecodedSource) -> bool:
    """Return whether the file has nothing beside pixels, density and profile, so that nothing of it needs to go."""
    info = source.image.info
    tags = set(source.exif) - (_LAYOUT_OF_TIFF if source.format == "TIFF" else set())
    return not (tags or _read_xmp(source) or _read_iptc(source) or info.get("comment") or _read_texts(source))


def save_options(data: Metadata, format_: str, size: Size) -> dict[str, Any]:
    """Return the keyword arguments that make Pillow write `data` into a file of this format, of `size` pixels."""
    options: dict[str, Any] = {}
    if data.density and format_ in {"jpeg", "png", "tiff", "pdf"}:
        options["dpi"] = data.density
    exif = _exif_for(data, format_, size)
    if len(exif) and format_ in {"jpeg", "png", "webp", "avif", "heic", "tiff", "jxl"}:
        options["exif"] = exif
    if format_ == "jpeg":
        options.update(comment=data.comment[:MAX_JPEG_PAYLOAD], extra=iptc.build_jpeg_segment(data.iptc))
    if data.xmp and (format_ in {"webp", "avif", "jxl"} or (format_ == "jpeg" and len(data.xmp) <= _XMP_IN_JPEG)):
        options["xmp"] = data.xmp
    if (data.xmp or data.texts) and format_ == "png":
        options["pnginfo"] = _png_texts(data)
    return options


def describe_left_out(data: Metadata, format_: str, size: Size) -> list[str]:
    """Return what to say on the job of metadata that a format has no room for."""
    if format_ != "jpeg":
        return []
    notes = []
    if len(data.xmp) > _XMP_IN_JPEG:
        notes.append("Its XMP data was left out: it is longer than the 64 KB that JPEG has room for.")
    if data.exif and not _exif_for(data, format_, size):
        notes.append("Its EXIF data was left out: it is longer than the 64 KB that JPEG has room for.")
    if data.iptc and not iptc.build_jpeg_segment(data.iptc):
        notes.append("Its IPTC data was left out: it is longer than the 64 KB that JPEG has room for.")
    return notes


def exif_directories(data: Metadata, size: Size) -> dict[int, dict[int, Any]]:
    """Return the directories of EXIF beside the first by their tags, for a picture of this size in pixels."""
    inner = {tag: value for tag, value in data.exif.items() if isinstance(value, dict)}
    return {tag: _with_size(value, size) if tag == _IFD.Exif else value for tag, value in inner.items()}


def _exif_for(data: Metadata, format_: str, size: Size) -> Image.Exif | bytes:
    exif = Image.Exif()
    inner = {} if format_ == "tiff" else exif_directories(data, size)  # those of a TIFF are added when it is written
    for tag, value in (data.exif | inner).items():
        if tag in inner or not isinstance(value, dict):
            exif[tag] = value
    if data.orientation != 1:
        exif[_BASE.Orientation] = data.orientation
    if format_ == "tiff":
        _add_tiff_tags(exif, data)
        return exif  # as bytes, its texts would lose what is not ASCII
    packed = exif.tobytes() if len(exif) else b""
    if format_ == "jpeg" and len(packed) > MAX_JPEG_PAYLOAD and _IFD.Exif in exif:
        exif[_IFD.Exif] = {tag: value for tag, value in exif[_IFD.Exif].items() if tag != _BASE.MakerNote}
        packed = exif.tobytes()
    return b"" if format_ == "jpeg" and len(packed) > MAX_JPEG_PAYLOAD else packed


def _add_tiff_tags(exif: Image.Exif, data: Metadata) -> None:
    """Add what TIFF has in its first directory beside EXIF's tags."""
    if data.xmp:
        exif[TiffImagePlugin.XMP] = data.xmp
    if data.iptc:
        exif[TiffImagePlugin.IPTC_NAA_CHUNK] = data.iptc


def _with_size(directory: dict[int, Any], size: Size) -> dict[int, Any]:
    return directory | {_BASE.ExifImageWidth: size.width, _BASE.ExifImageHeight: size.height}


def _pick_tags(exif: Image.Exif, tags: tuple[int, ...]) -> dict[int, Any]:
    """Return these tags as they are; texts as bytes: Pillow would write ? for what is not ASCII."""
    values = {int(tag): exif[tag] for tag in tags if tag in exif}
    return {tag: value.encode("latin-1") if isinstance(value, str) else value for tag, value in values.items()}


def _pick_all(exif: Image.Exif) -> dict[int, Any]:
    picked = _pick_tags(exif, _DESCRIPTIVE)
    for directory in (_IFD.Exif, _IFD.GPSInfo):
        values = exif.get_ifd(directory)
        if values:
            picked[int(directory)] = {tag: value for tag, value in values.items() if tag != _IFD.Interop}
    return picked


def _pick_private(source: DecodedSource) -> dict[int, Any]:
    """Return credits, date, camera and lens."""
    picked = _pick_tags(source.exif, _PRIVATE)
    camera = source.exif.get_ifd(_IFD.Exif)
    kept = {tag: value for tag, value in camera.items() if tag in _PRIVATE_CAMERA}
    return _keep_writable(picked | ({int(_IFD.Exif): kept} if kept else {}), source)


def _keep_writable(exif: dict[int, Any], source: DecodedSource) -> dict[int, Any]:
    """Return all of it where Pillow can write it again, else credits: some cameras give tags of the wrong type."""
    try:
        _pack_exif(exif)
    except DAMAGE as error:
        source.add_note(f"Of its EXIF data only credits were kept: the rest is damaged ({error}).")
        return _pick_tags(source.exif, _CREDITS)
    return exif


def _pack_exif(exif: dict[int, Any]) -> bytes:
    whole = Image.Exif()
    for tag, value in exif.items():
        whole[tag] = value
    return whole.tobytes()


def _add_iptc_credits(exif: dict[int, Any], datasets: bytes) -> dict[int, Any]:
    """Add to EXIF who made it: PNG, WebP and AVIF have no place for IPTC."""
    for tag, wanted in ((_BASE.Artist, iptc.BY_LINE), (_BASE.Copyright, iptc.COPYRIGHT_NOTICE)):
        value = iptc.read_text(datasets, wanted)
        if value and tag not in exif:
            exif[int(tag)] = value.encode()
    return exif


def _add_text_credits(exif: dict[int, Any], info: dict[Any, Any]) -> dict[int, Any]:
    """Add to EXIF who made it by the keywords that PNG itself has for that (PNG 1.2, section 4.2.3)."""
    for tag, keyword in ((_BASE.Artist, "Author"), (_BASE.Copyright, "Copyright")):
        value = info.get(keyword)
        if isinstance(value, str) and value and tag not in exif:
            exif[int(tag)] = value.encode()
    return exif


def _read_density(source: DecodedSource) -> tuple[float, float] | None:
    """Return the dots per inch where the file says so: Pillow makes up 72 for a JPEG that doesn't."""
    info = source.image.info
    if source.format in {"JPEG", "MPO"} and not info.get("jfif_unit") and _BASE.XResolution not in source.exif:
        return None
    try:
        across, down = (float(value) for value in info["dpi"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    return (across, down) if 0 < across < 65535 and 0 < down < 65535 else None


def _read_xmp(source: DecodedSource) -> bytes:
    """Return the XMP packet, without what it says of a gain map, which is written anew."""
    packet = source.image.info.get("xmp") or b""
    packet = hdr_xmp.remove_directory(packet if isinstance(packet, bytes) else str(packet).encode())
    if source.gain_map is not None and not hdr_xmp.takes_directory(packet):
        source.add_note("Its XMP data was left out: it is damaged, or has no room for what tells of the gain map.")
        return b""
    return packet


def _read_iptc(source: DecodedSource) -> bytes:
    if source.format == "TIFF":
        value = source.image.tag_v2.get(TiffImagePlugin.IPTC_NAA_CHUNK, b"")  # type: ignore[attr-defined]  # a TIFF's
    else:
        blocks = source.image.info.get("photoshop")
        value = blocks.get(0x0404, b"") if isinstance(blocks, dict) else b""
    return value if isinstance(value, bytes) else b""


def _read_texts(source: DecodedSource) -> tuple[tuple[str, str], ...]:
    """Return the texts of a PNG under their keywords, without those that are EXIF or XMP in disguise."""
    if source.format != "PNG":
        return ()
    with translate_decode_errors(
        source.path
    ):  # some stand behind the pixels: a damaged animation may have none to find
        found = getattr(source.image, "text", {})
    return tuple((key, str(value)) for key, value in found.items() if not key.startswith(_NOT_TEXTS))


def _png_texts(data: Metadata) -> PngInfo:
    chunks = PngInfo()
    for keyword, value in data.texts:
        add = chunks.add_text if value.isascii() else chunks.add_itxt
        add(keyword, value)
    if data.xmp:
        chunks.add_itxt(_XMP_KEYWORD, data.xmp.decode("utf-8", "replace"))
    return chunks
