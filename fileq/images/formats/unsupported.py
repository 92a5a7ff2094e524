"""Files that are whole, and whose picture can't be read: what they are, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fileq.errors import ErrorKind, JobError
from fileq.files.containers import read_brands
from fileq.images.formats import optional_codecs
from fileq.images.formats.jpeg2000.image import SIGNATURES, Jpeg2000File, read_codestream
from fileq.images.formats.tiff import directories

if TYPE_CHECKING:
    from typing import BinaryIO

    from PIL.ImageFile import ImageFile

_INSTALL = "install what reads it: pip install 'fileq[tiff]'"
_MOST_CHANNELS = 4
_OS2_HEADER = (64).to_bytes(4, "little")
_OS2_PACKINGS = {3: "a fax", 4: "runs of 24 bits"}
_WINDOWS_PACKINGS = {4: "JPEG", 5: "PNG"}
_NOT_BUILT_IN = {"webp"}  # of libtiff's compressions, in Pillow's wheels

_NO_PICTURE = "is not a picture of a known format, or its beginning is damaged"
_FILMS = {b"isom", b"iso2", b"mp41", b"mp42", b"avc1", b"qt  ", b"M4V ", b"3gp4", b"3gp5"}

_STRANGERS = {
    b"%!PS": "a PostScript file",
    b"\xc5\xd0\xd3\xc6": "an EPS file",
    b"\xd7\xcd\xc6\x9a": "a Windows metafile",
    b"<svg": "an SVG drawing",
    b"<?xml": "an XML file",
    b"<!DOC": "a web page",
    b"<html": "a web page",
    b"PK\x03\x04": "a ZIP archive or an office document",
}
"""What lies under a picture's name now and then, by its first bytes."""


def refuse_unsupported(image: ImageFile, start: bytes, path: str) -> None:
    """Raise JobError (unsupported) where the picture would not come out right. `start`: the file's first bytes."""
    if image.format == "TIFF" and directories.is_camera_raw(image, start):
        raise JobError(ErrorKind.UNSUPPORTED, f"{path} is a camera raw file.", "Export it as JPEG or TIFF first.")
    if image.format == "TIFF" and image.info.get("compression") in _NOT_BUILT_IN:
        message = f"{path} is a TIFF compressed by {image.info['compression']}, which can't be read."
        raise JobError(ErrorKind.UNSUPPORTED, message, "Save it with another compression, LZW or ZIP for example.")
    if isinstance(image, Jpeg2000File) and image.is_deep and optional_codecs.deep_jpeg_2000() is None:
        # Pillow 13 rounds up before it cuts to 8 bits, so that the brightest of 256 steps becomes 0.
        message = (
            f"{path} is a JPEG 2000 picture with {max(image.depths)} bits a channel: its white would become black."
        )
        raise JobError(ErrorKind.UNSUPPORTED, message, f"Export it with 8 bits a channel, or {_INSTALL}")


def refuse_bitmap(start: bytes, path: str) -> None:
    """Raise JobError (unsupported) where a Windows or OS/2 bitmap that begins with `start` is packed in a rare way."""
    header, compression = start[14:18], int.from_bytes(start[30:34], "little")
    packings = _OS2_PACKINGS if header == _OS2_HEADER else _WINDOWS_PACKINGS
    if start.startswith(b"BM") and len(start) >= 34 and compression in packings:
        message = f"{path} is a bitmap that is packed as {packings[compression]}, which can't be read."
        raise JobError(ErrorKind.UNSUPPORTED, message, "Save it as PNG.")


def refuse_unknown(file: BinaryIO, start: bytes, path: str) -> None:
    """Raise JobError (unsupported) where a file that no decoder takes is of a kind that some other program reads."""
    if start.startswith(b"8BPS"):
        depth = int.from_bytes(start[22:24], "big")
        message = f"{path} is a Photoshop document with {depth} bits a channel, of a kind that can't be read."
        raise JobError(ErrorKind.UNSUPPORTED, message, "Save it as RGB, CMYK or gray with 8 bits a channel.")
    if start.startswith(directories.BIG_ENDIAN_BIG_TIFF):
        message = f"{path} is a BigTIFF in big-endian byte order, which can't be read."
        raise JobError(ErrorKind.UNSUPPORTED, message, f"Save it in little-endian byte order, or {_INSTALL}")
    if start.startswith(SIGNATURES) and (count := len(read_codestream(file).depths)) > _MOST_CHANNELS:
        message = f"{path} is a JPEG 2000 picture with {count} channels, which have no known colors."
        raise JobError(ErrorKind.UNSUPPORTED, message, "Export it as RGB or gray.")
    if start.startswith(directories.SIGNATURES) and directories.has_unknown_pixels(file):
        message = f"{path} is a TIFF whose pixels are laid out in a way that can't be read."
        raise JobError(ErrorKind.UNSUPPORTED, message, f"Save it with 8 bits a channel, or {_INSTALL}")


def describe_stranger(start: bytes) -> str:
    """Return what a file that begins with `start` is instead of a picture: the rest of a sentence about its path."""
    for signature, what in _STRANGERS.items():
        if start.startswith(signature):
            return f"is {what} and not a picture, whatever its name says"
    if found := read_brands(start):
        what = "a film" if found[0] in _FILMS else "a camera raw file" if found[0] == b"crx " else ""
        return f"is {what} and not a picture that can be read" if what else _NO_PICTURE
    if start[:4096].isascii() and b"\0" not in start[:4096]:
        return "is a text and not a picture, whatever its name says"
    return _NO_PICTURE
