"""Files that are whole, and whose picture can't be read: what they are, and what to do about it."""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING, NoReturn

from fileq.errors import ErrorKind, JobError
from fileq.files.containers import read_brands
from fileq.images.errors import too_large, unreadable
from fileq.images.formats import optional_codecs, psd
from fileq.images.formats.bmp import headers
from fileq.images.formats.jpeg2000.image import SIGNATURES, Jpeg2000File, read_codestream
from fileq.images.formats.tiff import directories
from fileq.images.recognition.foreign import recognize_foreign
from fileq.images.recognition.jpegs import find_jpeg
from fileq.images.recognition.texts import find_text
from fileq.images.recognition.unsigned import find_unsigned
from fileq.units import Size

if TYPE_CHECKING:
    from typing import BinaryIO

    from PIL.ImageFile import ImageFile

_INSTALL = "install what reads it: pip install 'fileq[tiff]'"
_MOST_CHANNELS = 4
_OS2_HEADER = (64).to_bytes(4, "little")
_OS2_PACKINGS = {3: "a fax", 4: "runs of 24 bits"}
_WINDOWS_PACKINGS = {4: "JPEG", 5: "PNG"}
_NOT_BUILT_IN = {"webp"}  # of libtiff's compressions, in Pillow's wheels

_MOST_AVIF_PIXELS, _LONGEST_AVIF_SIDE = 2**28, 2**15
"""What libavif takes, unless it is told otherwise: and Pillow doesn't."""

_READ_FORMATS = {
    b"\xff\xd8": "JPEG",
    b"\x89PNG": "PNG",
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"8BPS": "Photoshop document",
    b"qoif": "QOI picture",
    b"\0\0\1\0": "Windows icon",
    **dict.fromkeys(directories.SIGNATURES, "TIFF"),
    **dict.fromkeys(SIGNATURES, "JPEG 2000 picture"),
    **{b"P%d" % kind: "Netpbm picture" for kind in range(1, 7)},
}
"""What fileq reads, by its first bytes."""


def refuse_foreign(file: BinaryIO, start: bytes, path: str) -> None:
    """Raise JobError (unsupported, unreadable) where an open file that begins with `start` is in a foreign format."""
    file_type = recognize_foreign(file, start)
    if file_type is not None:
        raise file_type.refusal(path)


def refuse_cut_off(file: BinaryIO, start: bytes, path: str) -> None:
    """Raise JobError (unreadable) where an open file that begins with `start` is a TIFF, and its end is missing."""
    if start.startswith(directories.SIGNATURES) and directories.is_cut_off(file):
        raise unreadable(path, "is cut off: its end is missing")


def refuse_unsupported(image: ImageFile, path: str) -> None:
    """Raise JobError (unsupported) where the picture would not come out right."""
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
    """Raise JobError where a Windows or OS/2 bitmap that begins with `start` can't be read.

    It is unsupported where it is packed in a rare way, unreadable where no picture can have its sides.
    """
    if (sides := headers.impossible_sides(start)) is not None:
        raise unreadable(path, f"is damaged: its header says that it is {sides[0]} pixels wide and {sides[1]} high")
    header, compression = start[14:18], int.from_bytes(start[30:34], "little")
    packings = _OS2_PACKINGS if header == _OS2_HEADER else _WINDOWS_PACKINGS
    if start.startswith(b"BM") and len(start) >= 34 and compression in packings:
        message = f"{path} is a bitmap that is packed as {packings[compression]}, which can't be read."
        raise JobError(ErrorKind.UNSUPPORTED, message, "Save it as PNG.")


def refuse_photoshop(start: bytes, path: str) -> None:
    """Raise JobError (unsupported) where a Photoshop document is of a rare kind: Pillow reads some of these wrong."""
    if start.startswith(b"8BPS") and (kind := psd.describe_rare_kind(start)) is not None:
        message = f"{path} is a Photoshop document {kind}, which can't be read."
        raise JobError(ErrorKind.UNSUPPORTED, message, "Save it as PSD in RGB, CMYK or gray with 8 bits a channel.")


def refuse_unopened(file: BinaryIO, start: bytes, path: str, max_pixels: int) -> NoReturn:
    """Raise the JobError of a file that no decoder takes: what it is and why not, so far as its content tells."""
    _refuse_rare_kinds(file, start, path)
    _refuse_large_avif(start, path, max_pixels)
    known = _format_of(start)
    file_type = find_jpeg(start) if known else find_text(start)
    file_type = file_type or find_unsigned(file, start)
    if file_type is not None:
        raise file_type.refusal(path)
    if known:
        raise unreadable(path, f"is {known} whose header is damaged, or of a kind that can't be read")
    if not start.strip(b"\0"):
        raise unreadable(path, "has nothing but zeros where a picture would begin, as after a copy that broke off")
    raise unreadable(path, "is not a picture of a known format, or its beginning is damaged")


def _refuse_rare_kinds(file: BinaryIO, start: bytes, path: str) -> None:
    """Raise JobError (unsupported) where a file is in a format of fileq's, and of a kind that other programs read."""
    if start.startswith(directories.BIG_ENDIAN_BIG_TIFF):
        message = f"{path} is a BigTIFF in big-endian byte order, which can't be read."
        raise JobError(ErrorKind.UNSUPPORTED, message, f"Save it in little-endian byte order, or {_INSTALL}")
    if start.startswith(SIGNATURES) and (count := len(read_codestream(file).depths)) > _MOST_CHANNELS:
        message = f"{path} is a JPEG 2000 picture with {count} channels, which have no known colors."
        raise JobError(ErrorKind.UNSUPPORTED, message, "Export it as RGB or gray.")
    if start.startswith(directories.SIGNATURES) and directories.has_unknown_pixels(file):
        message = f"{path} is a TIFF whose pixels are laid out in a way that can't be read."
        raise JobError(ErrorKind.UNSUPPORTED, message, f"Save it with 8 bits a channel, or {_INSTALL}")


def _refuse_large_avif(start: bytes, path: str, max_pixels: int) -> None:
    """Raise JobError where an AVIF is larger than its decoder takes, by the largest size that the file names (ispe)."""
    if not read_brands(start):
        return
    places = [match.end() + 4 for match in re.finditer(b"ispe", start)]
    sizes = [Size(*struct.unpack_from(">II", start, at)) for at in places if at + 8 <= len(start)]
    largest = max(sizes, key=lambda size: size.width * size.height, default=Size(0, 0))
    pixels = largest.width * largest.height
    if pixels > max_pixels:
        raise too_large(path, max_pixels, largest)
    if pixels > _MOST_AVIF_PIXELS or max(largest) > _LONGEST_AVIF_SIDE:
        message = (
            f"{path} has {pixels:,} pixels ({largest.width}x{largest.height}), and the decoder of AVIF takes"
            f" {_MOST_AVIF_PIXELS:,}, with sides of {_LONGEST_AVIF_SIDE:,}."
        )
        raise JobError(ErrorKind.UNSUPPORTED, message, "Save it as TIFF or PNG, or in parts.")


def _format_of(start: bytes) -> str | None:
    """Return the format of fileq's that a file begins as, with its article; None for no such."""
    if brands := read_brands(start):
        return "an AVIF" if not {b"avif", b"avis"}.isdisjoint(brands) else "a HEIF picture"
    return next((f"a {name}" for signature, name in _READ_FORMATS.items() if start.startswith(signature)), None)
