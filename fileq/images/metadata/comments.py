"""A picture's comment, which each format has in a place of its own: JPEG and GIF in a block, PNG in a text."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PIL import ExifTags

if TYPE_CHECKING:
    from fileq.images.metadata.selection import Metadata

_KEYWORD = "Comment"  # of a text of PNG (third edition, 11.3.3.2)
_EXIF, _USER_COMMENT = int(ExifTags.IFD.Exif), int(ExifTags.Base.UserComment)
_ASCII, _UNICODE = b"ASCII\0\0\0", b"UNICODE\0"  # begin a comment in EXIF (CIPA DC-008, 4.6.6)


def place_comment(data: Metadata, format_: str) -> Metadata:
    """Return metadata with its comment where a format has it: in EXIF where the format has no other place."""
    texts = dict(data.texts)
    comment = data.comment or texts.get(_KEYWORD, "").encode()
    if not comment:
        return data
    if format_ in {"jpeg", "gif"}:
        return replace(data, comment=comment)
    text = _decode(comment)
    if format_ == "png":
        return data if _KEYWORD in texts else replace(data, texts=(*data.texts, (_KEYWORD, text)))
    inner = data.exif.get(_EXIF, {})
    encoded = _ASCII + text.encode() if text.isascii() else _UNICODE + text.encode("utf-16-be")
    return replace(data, exif=data.exif | {_EXIF: {_USER_COMMENT: encoded} | inner})


def _decode(comment: bytes) -> str:
    try:
        return comment.decode().replace("\0", "")
    except UnicodeDecodeError:
        return comment.decode("latin-1").replace("\0", "")
