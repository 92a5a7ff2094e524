"""Decoders and encoders beside Pillow's own, each imported by the first file that needs it."""

import importlib
import importlib.util

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
    if importlib.util.find_spec("pillow_jxl") is None:
        hint = "pip install pillow-jxl-plugin"
        raise JobError(ErrorKind.UNSUPPORTED, "JPEG XL takes a package that is not installed.", hint)
    importlib.import_module("pillow_jxl")
