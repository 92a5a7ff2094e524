"""Decoders and encoders that an installation may lack: which are there, and those beside Pillow's own at first use."""

import functools
import importlib
import importlib.util
from typing import Any

from PIL import Image, features

from fileq.errors import ErrorKind, JobError

_PILLOW = "Reinstall Pillow from a wheel: pip install --force-reinstall pillow"
_REMEDIES = {
    "jxl": "Install it: pip install 'fileq[jxl]'",
    "pdf": "Install it: pip install 'fileq[pdf]'",
    "heic": "Install it: pip install pi-heif",
    "avif": _PILLOW,
    "webp": _PILLOW,
}
_PACKAGES = {"jxl": "pillow_jxl", "pdf": "pypdfium2", "heic": "pi_heif"}
_NAMES = {"jxl": "JPEG XL", "pdf": "PDF pages", "heic": "HEIC", "avif": "AVIF", "webp": "WebP"}

READ_CODECS = {
    "pdf": "pdf", "jxl": "jxl", "heic": "heic", "heif": "heic", "hif": "heic", "avif": "avif", "avifs": "avif",
    "webp": "webp",
}  # fmt: skip
"""The codec that reads files of each extension, where it may be missing."""

WRITE_CODECS = {"jxl": "jxl", "avif": "avif", "webp": "webp"}
"""The codec that writes outputs of each format, where it may be missing. Pillow itself writes PDF."""


@functools.cache
def codec_problem(codec: str) -> tuple[str, str] | None:
    """Return in words that a codec is missing, and the remedy; None where it is there."""
    package = _PACKAGES.get(codec)
    is_there = importlib.util.find_spec(package) is not None if package else features.check(codec)
    return None if is_there else (f"{_NAMES[codec]} is not installed here", _REMEDIES[codec])


def register_heif() -> None:
    """Let Pillow read HEIC and HEIF. It takes 43 ms, for those who have such files."""
    if "HEIF" not in Image.OPEN:
        importlib.import_module("pi_heif").register_heif_opener()


def register_jpeg_xl() -> None:
    """Let Pillow read and write JPEG XL. Raises JobError (unsupported) where the package for it isn't installed."""
    if "JXL" in Image.OPEN:
        return
    _require("pillow_jxl", "JPEG XL", "jxl")
    # One thread: there is one child for each CPU already.
    plugin: Any = importlib.import_module("pillow_jxl.JpegXLImagePlugin")
    plugin.DECODE_THREADS = 0


def jpeg_xl_coders() -> Any:
    """Return the module with libjxl's Encoder and Decoder. Raises JobError as above."""
    register_jpeg_xl()
    return importlib.import_module("pillow_jxl")


def register_pdf() -> None:
    """Let Pillow read the pages of PDF documents. Raises JobError (unsupported) where PDFium isn't installed."""
    if "PDF" in Image.OPEN:
        return
    _require("pypdfium2", "Reading PDF", "pdf")
    importlib.import_module("fileq.images.formats.pdf").register_pdf_plugin()


def rare_tiff() -> Any:
    """Return the module that reads TIFFs which Pillow can't; None where the packages for it aren't installed."""
    if any(importlib.util.find_spec(package) is None for package in ("tifffile", "imagecodecs")):
        return None
    return importlib.import_module("fileq.images.formats.tiff.rare")


def deep_jpeg_2000() -> Any:
    """Return the module that decodes JPEG 2000 with more than 8 bits a channel; None where it isn't installed."""
    if importlib.util.find_spec("imagecodecs") is None:
        return None
    return importlib.import_module("fileq.images.formats.jpeg2000.deep")


def jpeg_xl_frames() -> Any:
    """Return the library that decodes one frame of a JPEG XL; None where it isn't installed."""
    if importlib.util.find_spec("imagecodecs") is None:
        return None
    return importlib.import_module("imagecodecs")


def jpeg_xl_module() -> str | None:
    """Return the file of the module that is linked to libjxl; None where it isn't installed."""
    if importlib.util.find_spec("imagecodecs") is None:
        return None
    spec = importlib.util.find_spec("imagecodecs._jpegxl")
    return None if spec is None else spec.origin


def unpack_brotli(packed: bytes, most: int) -> bytes:
    """Return what Brotli has packed; b"" where that is damaged or more than `most` bytes, or Brotli isn't installed."""
    if importlib.util.find_spec("brotli") is None:
        return b""
    brotli = importlib.import_module("brotli")
    decompressor = brotli.Decompressor()
    try:
        content: bytes = decompressor.process(packed, output_buffer_limit=most)
    except brotli.error:
        return b""
    return content if decompressor.is_finished() else b""


def _require(module: str, what: str, extra: str) -> None:
    if importlib.util.find_spec(module) is None:
        message = f"{what} needs a package that is not installed."
        raise JobError(ErrorKind.UNSUPPORTED, message, f"Install it: pip install 'fileq[{extra}]'")
