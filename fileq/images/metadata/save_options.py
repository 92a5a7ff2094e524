"""Metadata as Pillow writes it into each format, and what a format has no room for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PIL import ExifTags, Image, TiffImagePlugin
from PIL.PngImagePlugin import PngInfo

from fileq.files.containers import MAX_JPEG_PAYLOAD, jpeg_segment
from fileq.images.gain_maps.xmp import JPEG_NAME
from fileq.images.metadata import iptc, png_texts, xmp
from fileq.images.metadata.comments import place_comment
from fileq.images.metadata.iptc_xmp import add_iptc
from fileq.images.metadata.packets import XMP_KEYWORD, build_jpeg_extension, build_raw_profile

if TYPE_CHECKING:
    from fileq.images.metadata.selection import Metadata
    from fileq.units import Size

_BASE, _IFD = ExifTags.Base, ExifTags.IFD
_APP1 = 0xE1
_WITH_IPTC = {"jpeg", "tiff"}
_WITH_EXIF = {"jpeg", "png", "webp", "avif", "heic", "tiff", "jxl"}


def save_options(data: Metadata, format_: str, size: Size) -> dict[str, Any]:
    """Return the keyword arguments that make Pillow write `data` into a file of this format, of `size` pixels."""
    options: dict[str, Any] = {}
    data = place_comment(data, format_)
    if data.density and format_ in {"jpeg", "png", "tiff", "pdf"}:
        options["dpi"] = data.density
    exif = exif_for(data, format_, size)
    if len(exif):
        options["exif"] = exif
    if format_ == "jpeg":
        extra = iptc.build_jpeg_segment(data.iptc) + build_xmp_segments(xmp_for(data, format_))
        options.update(comment=data.comment[:MAX_JPEG_PAYLOAD], extra=extra)
    if format_ == "gif" and data.comment:
        options["comment"] = data.comment
    packet = xmp_for(data, format_)
    if packet and format_ in {"webp", "avif", "jxl"}:
        options["xmp"] = packet
    if (packet or data.texts) and format_ == "png":
        options["pnginfo"] = _png_texts(data, packet)
    if format_ == "pdf" and data.exif.get(_BASE.Artist):
        options["author"] = data.exif[_BASE.Artist].decode("utf-8", "replace").rstrip("\0")
    return options


def xmp_for(data: Metadata, format_: str) -> bytes:
    """Return the XMP packet for a file of a format: with what IPTC and texts say, where these have no own place.

    That of a GIF has what EXIF says of who made it, too.
    """
    packet = data.xmp if format_ in _WITH_IPTC else add_iptc(data.xmp, data.iptc)
    if format_ != "png":
        packet = png_texts.add_texts(packet, data.texts)
    return add_iptc(packet, _credits_of_exif(data)) if format_ == "gif" else packet


def _credits_of_exif(data: Metadata) -> bytes:
    """Return as IPTC who made it by EXIF."""
    given = ((iptc.BY_LINE, _BASE.Artist), (iptc.COPYRIGHT_NOTICE, _BASE.Copyright))
    return iptc.build_datasets({key: data.exif[tag].rstrip(b"\0 ") for key, tag in given if data.exif.get(tag)})


def build_xmp_segments(packet: bytes) -> bytes:
    """Return the segments of a JPEG that hold an XMP packet, b"" for none; a long one gets several."""
    if not packet:
        return b""
    first, rest, guid = xmp.split_for_jpeg(packet)
    extension = build_jpeg_extension(rest, guid, MAX_JPEG_PAYLOAD)
    return b"".join(jpeg_segment(_APP1, part) for part in (JPEG_NAME + first, *extension))


def describe_left_out(data: Metadata, format_: str, size: Size) -> list[str]:
    """Return what to say on the job of metadata that a format has no room for."""
    notes = []
    if format_ != "png" and (homeless := png_texts.find_homeless(data.texts)):
        notes.append(f"Of its texts only PNG has a place for these, which were left out: {', '.join(homeless)}.")
    if format_ != "jpeg":
        return notes
    if data.exif and not exif_for(data, format_, size):
        notes.append("Its EXIF data was left out: it is longer than the 64 KB that JPEG has room for.")
    if data.iptc and not iptc.build_jpeg_segment(data.iptc):
        notes.append("Its IPTC data was left out: it is longer than the 64 KB that JPEG has room for.")
    return notes


def exif_directories(data: Metadata, size: Size) -> dict[int, dict[int, Any]]:
    """Return the directories of EXIF beside the first by their tags, for a picture of this size in pixels."""
    inner = {tag: value for tag, value in data.exif.items() if isinstance(value, dict)}
    return {tag: _with_size(value, size) if tag == _IFD.Exif else value for tag, value in inner.items()}


def exif_for(data: Metadata, format_: str, size: Size) -> Image.Exif | bytes:
    """Return EXIF as a file of this format, of `size` pixels, has it; b"" for none, or where there is no room for it.

    That of a TIFF is no bytes: as such, its texts would lose what is not ASCII.
    """
    if format_ not in _WITH_EXIF:
        return b""
    exif = Image.Exif()
    inner = {} if format_ == "tiff" else exif_directories(data, size)  # those of a TIFF are added when it is written
    for tag, value in (data.exif | inner).items():
        if tag in inner or not isinstance(value, dict):
            exif[tag] = value
    if data.orientation != 1:
        exif[_BASE.Orientation] = data.orientation
    if format_ == "tiff":
        _add_tiff_tags(exif, data)
        return exif
    packed = exif.tobytes() if len(exif) else b""
    if format_ == "jpeg" and len(packed) > MAX_JPEG_PAYLOAD and _IFD.Exif in exif:
        exif[_IFD.Exif] = {tag: value for tag, value in exif[_IFD.Exif].items() if tag != _BASE.MakerNote}
        packed = exif.tobytes()
    if format_ == "jpeg" and len(packed) > MAX_JPEG_PAYLOAD:
        return b""
    return bytes(4) + packed.removeprefix(b"Exif\0\0") if format_ == "jxl" and packed else packed


def _add_tiff_tags(exif: Image.Exif, data: Metadata) -> None:
    """Add what TIFF has in its first directory beside EXIF's tags."""
    if packet := xmp_for(data, "tiff"):
        exif[TiffImagePlugin.XMP] = packet
    if data.iptc:
        exif[TiffImagePlugin.IPTC_NAA_CHUNK] = data.iptc


def _with_size(directory: dict[int, Any], size: Size) -> dict[int, Any]:
    return directory | {_BASE.ExifImageWidth: size.width, _BASE.ExifImageHeight: size.height}


def _png_texts(data: Metadata, packet: bytes) -> PngInfo:
    chunks = PngInfo()
    for keyword, value in data.texts:
        add = chunks.add_text if value.isascii() else chunks.add_itxt
        add(keyword, value)
    if packet:
        chunks.add_itxt(XMP_KEYWORD, packet.decode("utf-8", "replace"))
    if data.iptc:
        chunks.add_text(*build_raw_profile("iptc", data.iptc), zip=True)
    return chunks
