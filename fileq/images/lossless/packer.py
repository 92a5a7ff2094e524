"""A whole file packed again in other ways, each format in its own: the same pixels, the same metadata."""

from __future__ import annotations

from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING

from PIL import Image

from fileq.errors import translate_os_errors
from fileq.images.errors import DAMAGE
from fileq.images.lossless import gif, jpeg, png, tiff, webp
from fileq.images.lossless.comparison import show_the_same

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fileq.files.temp_file import TempFile

HIGH_EFFORT = 8
"""From this effort on, what was encoded is packed again, and the smallest form taken."""

_FORMS: dict[str, Callable[[bytes, int | None], Iterator[bytes]]] = {
    "jpeg": jpeg.smaller_forms, "png": png.smaller_forms, "webp": webp.smaller_forms, "tiff": tiff.smaller_forms,
    "gif": gif.smaller_forms,
}  # fmt: skip
_COMPARED = {"webp": "WEBP", "tiff": "TIFF", "gif": "GIF"}
"""Formats whose pixels are encoded here, and not by a tool that is there for that alone, with their Pillow names."""


def packed_forms(content: bytes, format_: str, effort: int | None) -> Iterator[bytes]:
    """Yield files that show the same as `content`; none of a format, or of a layout, that is not known here.

    Where all that it costs is to compare them, only the smallest one that does show the same.
    """
    if format_ not in _FORMS:
        return
    with suppress(OSError, Image.DecompressionBombError, *DAMAGE):  # what is not laid out as it should be, and is read
        forms = _FORMS[format_](content, effort)
        if format_ not in _COMPARED:
            yield from forms
            return
        smaller = (form for form in sorted(forms, key=len) if len(form) < len(content))
        yield from islice((form for form in smaller if show_the_same(content, form, _COMPARED[format_])), 1)


def pack_file(temp: TempFile, format_: str, effort: int | None) -> None:
    """Put the smallest form of a finished file in its place, where that has fewer bytes. Raises JobError."""
    with translate_os_errors(temp.path), temp.open_from_start() as file:
        content = file.read()
    smallest = min(packed_forms(content, format_, effort), key=len, default=content)
    if len(smallest) < len(content):
        temp.replace_content(smallest)
