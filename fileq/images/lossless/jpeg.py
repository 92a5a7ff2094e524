"""JPEG whose coefficients stay as they are, with entropy coding and scans that take the fewest bytes."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from fileq.images.errors import DAMAGE
from fileq.images.lossless import jpeg_huffman
from fileq.images.lossless.comparison import show_the_same
from fileq.images.lossless.subprocess_call import call_apart

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEAD = 2**16  # bytes


def smaller_forms(content: bytes, effort: int | None) -> Iterator[bytes]:
    """Yield the file `content` transcoded without loss, its segments as they are; nothing where that can't be."""
    import mozjpeg_lossless_optimization as mozjpeg  # noqa: PLC0415  # few jobs need it, and it takes 30 ms

    del effort
    if b"MPF\0" in content[:_HEAD]:  # it says where other pictures lie in the file, and those are to stay
        return
    with suppress(OSError, *DAMAGE):
        in_one_scan = jpeg_huffman.encode_again(content)
        if in_one_scan is not None and show_the_same(content, in_one_scan, "JPEG"):
            yield in_one_scan
    with suppress(ValueError):  # arithmetic coding, 12 bits, or odd in a way that decoders put up with
        # It ends its process where coefficients are out of range, as in scans with bytes too many.
        packed = call_apart(partial(mozjpeg.optimize, copy=mozjpeg.COPY_MARKERS.ALL), content)
        if packed is not None:
            yield packed
