"""Texts under a picture's name: drawings, web pages, and what is no picture at all."""

from __future__ import annotations

import codecs
import re

from fileq.images.recognition.families import Family, FileType

_LOOKED_AT = 4096  # bytes
_BYTE_ORDER_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")

_BEGINNINGS: dict[str, FileType] = {
    r"%!ps-adobe-[0-9. ]+epsf": FileType(Family.DRAWING, "an EPS drawing in PostScript"),
    r"%!": FileType(Family.DRAWING, "a PostScript file"),
    r"<svg|<!doctype svg|(<\?xml|<!--)((?!<html).)*<svg": FileType(Family.DRAWING, "an SVG drawing"),
    r"<html|<head|<body|<!doctype html|(<\?xml|<!--).*<html": FileType(Family.WEB_PAGE, "a web page"),
    r"<x:xmpmeta|<\?xpacket|<\?xml.*<x:xmpmeta": FileType(Family.OTHER, "the metadata of a picture (XMP)"),
    r"<\?xml": FileType(Family.WEB_PAGE, "an XML file"),
    r"\{\s*\"": FileType(Family.WEB_PAGE, "a JSON text"),
    r"(/\*.*?\*/\s*)?#define\s+\S*width\s": FileType(Family.PICTURE, "an X bitmap (XBM)"),
    r"version https://git-lfs": FileType(Family.OTHER, "a pointer of Git LFS, without the file itself,"),
    r"data:image/|/9j/4|ivborw0kggo": FileType(Family.OTHER, "a picture written as text (base64)"),
    r"\[internetshortcut\]": FileType(Family.OTHER, "a link to a web page"),
}
"""By patterns, small letters, that the text begins with. The first that fits counts."""


def find_text(start: bytes) -> FileType | None:
    """Return the type of a file that begins with `start` where that is a text; None where it isn't."""
    text = _decode(start[:_LOOKED_AT])
    if text is None or not text.strip():
        return None
    small = text.lstrip("\ufeff \t\r\n").lower()
    for pattern, file_type in _BEGINNINGS.items():
        if re.match(pattern, small, re.DOTALL):
            return file_type
    return None if _CONTROL.search(text) else FileType(Family.OTHER, "a text")


def _decode(start: bytes) -> str | None:
    """Return the text that this is the beginning of; None for other content. Raises nothing."""
    for mark, encoding in _BYTE_ORDER_MARKS.items():
        if start.startswith(mark):
            return start.decode(encoding, errors="ignore")
    if b"\0" in start:
        return None
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(start)  # a letter may be cut at its end
    except UnicodeDecodeError:
        return start.decode("latin-1") if start.startswith((b"<", b"%!")) else None
