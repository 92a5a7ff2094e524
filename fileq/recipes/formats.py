"""The formats an output can have, and the extensions of their file names. A config is read by it without Pillow."""

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
"""The file name extensions of each format, without a dot, the usual one first."""

KEPT_EXTENSIONS = {
    "heic": ("heic", "heif", "hif"),
    "jp2": ("jp2", "j2k", "jpx", "jpf", "j2c", "jpc"),
    "bmp": ("bmp", "dib"),
    "ico": ("ico",),
    "ppm": ("ppm", "pgm", "pbm", "pnm", "pam"),
    "psd": ("psd",),
    "qoi": ("qoi",),
    "tga": ("tga", "icb", "vda", "vst"),
}
"""The same of formats that are never encoded: of HEIC and JPEG 2000 files can lose metadata, the others stay whole."""

FORMATS_WITHOUT_QUALITY = frozenset({"png", "gif", "tiff"})
"""Those that lose nothing, so that there is no quality to choose."""

FORMATS_WITH_PALETTE = frozenset({"png", "gif"})
"""Those whose pixels can be numbers of colours."""

_BY_EXTENSION = {extension: name for name, extensions in EXTENSIONS.items() for extension in extensions}


def format_of_name(name: str) -> str | None:
    """Return the format that a file name's extension stands for, None where that is none that can be written."""
    return _BY_EXTENSION.get(os.path.splitext(name)[1][1:].lower())


def usual_extension(format_: str) -> str:
    """Return the extension, without a dot, that files of a format have."""
    return (KEPT_EXTENSIONS.get(format_) or EXTENSIONS[format_])[0]


def output_extension(format_: str, source: str) -> str:
    """Return the extension, without a dot, of an output of a format: the source's own where that fits."""
    own = os.path.splitext(source)[1][1:]
    known = KEPT_EXTENSIONS.get(format_) or EXTENSIONS[format_]
    return own if own.lower() in known else known[0]
