"""Decoders and encoders beside Pillow's own, each imported by the first file that needs it."""

import importlib
import importlib.util
from typing import Any

from PIL import Image

from fileq.errors import ErrorKind, JobError


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


def register_pdf() -> None:
    """Let Pillow read the pages of PDF documents. Raises JobError (unsupported) where PDFium isn't installed."""
    if "PDF" in Image.OPEN:
        return
    _require("pypdfium2", "Reading PDF", "pdf")
    importlib.import_module("fileq.images.formats.pdf").register_pdf_plugin()


def _require(module: str, what: str, extra: str) -> None:
    if importlib.util.find_spec(module) is None:
        message = f"{what} takes a package that is not installed."
        raise JobError(ErrorKind.UNSUPPORTED, message, f"Install it: pip install 'fileq[{extra}]'")
