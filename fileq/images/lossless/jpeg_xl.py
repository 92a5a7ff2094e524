"""JPEG stored in JPEG XL as it is, a fifth smaller, and taken out of it again bit for bit.

What makes a JPEG of it again lies in the box jbrd (ISO/IEC 18181-2).
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, BinaryIO

from fileq.errors import translate_os_errors
from fileq.files.containers import boxes
from fileq.images.decode.source_file import read_all
from fileq.images.errors import DAMAGE
from fileq.images.formats.optional_codecs import jpeg_xl_coders
from fileq.images.gain_maps.jpeg.lossless import add_own_map
from fileq.images.gain_maps.jpeg.reader import find_gain_map
from fileq.images.gain_maps.jpeg.writer import remove_gain_map
from fileq.images.lossless.comparison import show_the_same
from fileq.images.metadata.lossless_rewrite import replace_metadata
from fileq.images.metadata.mark import mark_content

if TYPE_CHECKING:
    from fileq.images.decode.source import DecodedSource
    from fileq.images.lossless.options import RewriteOptions
    from fileq.images.plan import OutputPlan
    from fileq.operations.base import Operation

_USUAL_EFFORT, _HIGHEST_EFFORT = 7, 9
_PIXELS_STORED = "The pixels were stored without loss: the JPEG itself could not be."


def may_transcode(source: DecodedSource, plan: OutputPlan, steps: tuple[Operation, ...]) -> bool:
    """Return whether an output is to be all of a JPEG in JPEG XL, or a JPEG that is all of a JPEG XL."""
    is_jpeg = source.format == "JPEG" or (source.format == "MPO" and source.gain_map is not None)
    wanted = plan.format == "jxl" if is_jpeg else (source.format, plan.format) == ("JXL", "jpeg")
    return wanted and plan.output.lossless and not (steps or source.image.info["notes"])


def transcode(source: DecodedSource, file: BinaryIO, plan: OutputPlan, options: RewriteOptions) -> bytes | None:
    """Return the source's file in the other format, without the metadata that goes; None where that can't be.

    `file` is the source's, open. A JPEG of which all stays gets no mark: it is what went in. Raises JobError.
    """
    with translate_os_errors(source.path):
        content = read_all(file)
    jpeg = take_jpeg(content) if source.format == "JXL" else content
    mark = b"" if plan.format == "jxl" else options.mark
    stripped = None if jpeg is None else _strip(source, jpeg, options, mark)
    made = stripped if stripped is None or plan.format == "jpeg" else store_jpeg(stripped, options.effort)
    if made is None and plan.format == "jxl":
        source.add_note(_PIXELS_STORED)
    most = plan.output.max_bytes
    return None if made is None or (most is not None and len(made) > most) else made


def strip_stored(source: DecodedSource, content: bytes, options: RewriteOptions) -> bytes | None:
    """Return a JPEG XL that was made from a JPEG without the metadata that goes, so that it gives a JPEG again.

    None where it was not, or where that would take more bytes or change its pixels: another encoder's predictions of
    colour from luma, and filters, leave the JPEG as it is, and not what a decoder of JPEG XL makes of it.
    """
    jpeg = take_jpeg(content)
    stripped = None if jpeg is None else _strip(source, jpeg, options, b"")
    stored = None if stripped is None else store_jpeg(stripped, options.effort)
    is_smaller = stored is not None and len(stored) < len(content)
    if stored is not None and is_smaller and show_the_same(_without_jpeg(stored), _without_jpeg(content), "JXL"):
        return stored
    return content if stripped == jpeg is not None else None


def store_jpeg(content: bytes, effort: int | None) -> bytes | None:
    """Return a JPEG XL out of which the JPEG `content` comes again; None where there is none.

    JPEG XL has no room for JPEGs in CMYK, of 12 bits, or with arithmetic coding.
    """
    coders = jpeg_xl_coders()
    strength = _USUAL_EFFORT if effort is None else max(1, min(_HIGHEST_EFFORT, effort))
    encoder = coders.Encoder(
        mode="RGB", lossless=True, quality=100, decoding_speed=0, effort=strength, use_container=True,
        use_original_profile=False, num_threads=0,
    )  # fmt: skip
    try:
        stored = bytes(encoder(content, 1, 1, jpeg_encode=True))  # the size is the JPEG's own
    except (OSError, *DAMAGE):
        return None
    return stored if take_jpeg(stored) == content else None


def take_jpeg(content: bytes) -> bytes | None:
    """Return the JPEG that a JPEG XL was made from, bit for bit; None where it was not."""
    try:
        if all(box.name != b"jbrd" for box in boxes(io.BytesIO(content))):
            return None
        is_jpeg, _, jpeg, _, _ = jpeg_xl_coders().Decoder(num_threads=0)(content)
    except (OSError, *DAMAGE):
        return None
    return bytes(jpeg) if is_jpeg else None


def _without_jpeg(content: bytes) -> bytes:
    """Return a JPEG XL without the box that makes a JPEG of it, so that its own pixels are decoded."""
    return b"".join(content[box.start : box.end] for box in boxes(io.BytesIO(content)) if box.name != b"jbrd")


def _strip(source: DecodedSource, jpeg: bytes, options: RewriteOptions, mark: bytes) -> bytes | None:
    """Return the JPEG without the metadata that goes, with the mark where it has changed; its gain map stays behind it.

    None where it is not laid out as it should be.
    """
    gain_map = find_gain_map(jpeg, source.exif)
    try:
        if options.policy == "all" and (gain_map is None or not source.drops_gain_map):
            return jpeg
        if options.policy == "all":
            return mark_content(remove_gain_map(jpeg), "jpeg", mark)
        picture = replace_metadata(jpeg, "jpeg", options.metadata.as_stored(source), source.stored_size)
        if gain_map is not None and not source.drops_gain_map:
            return add_own_map(mark_content(picture, "jpeg", mark), gain_map, options.policy)
        return picture if picture == jpeg else mark_content(picture, "jpeg", mark)
    except DAMAGE:
        return None
