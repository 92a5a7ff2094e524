"""The formats an output can have, and the endings of their file names. Pure: a config is read without Pillow."""

import os

EXTENSIONS = {
    "jpeg": ("jpg", "jpeg", "jpe", "jfif"),
    "png": ("png", "apng"),
    "webp": ("webp",),
    "avif": ("avif", "avifs"),
    "gif": ("gif",),
    "tiff": ("tif", "tiff"),
    "pdf": ("pdf",),
    "jxl": ("jxl",),
}
"""The endings of each format, the usual one first."""

_BY_ENDING = {ending: name for name, endings in EXTENSIONS.items() for ending in endings}


def format_of_name(name: str) -> str | None:
    """The format that a file name's ending stands for, None where it stands for none that can be written."""
    return _BY_ENDING.get(os.path.splitext(name)[1][1:].lower())


def output_extension(name: str, source: str) -> str:
    """The ending, without a dot, of an output of the format `name`: the source's own where that fits."""
    own = os.path.splitext(source)[1][1:]
    return own if own.lower() in EXTENSIONS[name] else EXTENSIONS[name][0]
