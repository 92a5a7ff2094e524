"""A source's own file, written again with fewer bytes and the same pixels; its very bytes where that wins nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO

from fileq.errors import ErrorKind, JobError, translate_os_errors
from fileq.images.decode.source_file import read_all, rewound
from fileq.images.errors import DAMAGE
from fileq.images.formats.png import animation
from fileq.images.gain_maps.jpeg.lossless import loses_gain_map, restore_gain_map
from fileq.images.gain_maps.jpeg.writer import remove_gain_map
from fileq.images.lossless import jpeg_quality, jpeg_xl
from fileq.images.lossless.packer import HIGH_EFFORT, pack_file, packed_forms
from fileq.images.lossless.png_colors import say_colors_shortly
from fileq.images.metadata.lossless_rewrite import REWRITABLE_FORMATS, replace_metadata
from fileq.images.metadata.mark import mark_content, without_mark
from fileq.images.metadata.selection import has_no_metadata
from fileq.recipes.formats import FORMATS_WITHOUT_QUALITY, KEPT_EXTENSIONS

if TYPE_CHECKING:
    from fileq.files.temp_file import TempFile
    from fileq.images.decode.source import DecodedSource
    from fileq.images.lossless.options import RewriteOptions
    from fileq.images.plan import OutputPlan
    from fileq.operations.base import Operation

_KEPT_WHOLE = "The original was kept with its metadata, which can't be taken out without encoding the picture again."
_KEPT_WITH_METADATA = "The original was kept with its metadata: without it, the file would be no smaller."
_CREDITS_LEFT_OUT = "What was to stay of its metadata was left out, too: the file has no room for it in a new form."


def keeps_pixels(source: DecodedSource, plan: OutputPlan, steps: tuple[Operation, ...]) -> bool:
    """Return whether an output is to be the source's picture without loss, whole, and in its own format.

    Only a recipe that keeps originals asks for that, by `min_saving`: elsewhere colors are converted, and depths. Where
    it states a quality, no new file could be worth its loss if the format has none, or the source's own is no better.
    """
    return can_keep_pixels(source, plan, steps) and (plan.output.lossless or _is_no_better(source, plan))


def can_keep_pixels(source: DecodedSource, plan: OutputPlan, steps: tuple[Operation, ...]) -> bool:
    """Return whether the source's own file, packed again, could be the output."""
    output = plan.output
    if output.min_saving is None or not (output.lossless or output.quality) or output.reduces_colors(plan.format):
        return False
    whole = len(plan.frames) == len(source.sequence)
    return plan.keeps_format and whole and not steps and not source.is_tone_mapped


def _is_no_better(source: DecodedSource, plan: OutputPlan) -> bool:
    is_never_encoded = plan.format in KEPT_EXTENSIONS or (source.is_animation and plan.format == "jxl")
    if plan.format in FORMATS_WITHOUT_QUALITY or is_never_encoded:
        return True
    own = jpeg_quality.estimate_quality(source.image)
    return own is not None and own <= (plan.output.quality or 0)


def write_unless_much_larger(temp: TempFile, smallest: bytes, least_saving: float) -> None:
    """Put a file that lost nothing in place of the temp file's, unless that saves `least_saving` more, a share to 1."""
    if temp.size > len(smallest) * (1 - least_saving):
        temp.replace_content(smallest)


def find_smallest(source: DecodedSource, file: BinaryIO, format_: str, options: RewriteOptions) -> bytes:
    """Return the smallest file that shows the source's pixels: its own bytes where no other has fewer.

    `file` is the source's, open. Raises JobError.
    """
    with translate_os_errors(source.path):
        content = _read_undamaged(source, file)
    loses_map = loses_gain_map(source, format_)
    stripped = strip_metadata(source, content, format_, options)
    stripped = content if stripped == content else stripped  # one copy less
    loses_parts = stripped is not None and holds_more(source, content, format_, stripped)
    may_hold = options.policy != "all" and stripped is not content
    holds_what_goes = loses_map or (may_hold and (loses_parts or not has_no_metadata(source)))
    if stripped is not None and format_ == "png" and options.policy != "all":
        stripped = say_colors_shortly(stripped)
    forms = () if stripped is None else (stripped, *packed_forms(stripped, format_, options.effort))
    smallest = min(forms, key=len, default=content)
    if holds_what_goes and options.strips_by_all_means and smallest is content:
        message = f"Its metadata can't be taken out of this {format_.upper()} file without encoding its picture again."
        raise JobError(ErrorKind.UNSUPPORTED, message, "Choose a format to have it encoded, such as --format jpeg.")
    marked = mark_content(smallest, format_, options.mark)
    if smallest is not content:
        smallest, marked = (restore_gain_map(one, source, format_, options.policy) for one in (smallest, marked))
    if holds_what_goes and options.strips_by_all_means:
        return marked if len(marked) <= len(content) else smallest
    is_stripped = holds_what_goes and smallest is not content
    if len(marked) < len(content) or (is_stripped and len(marked) == len(content)):
        smallest = marked
    elif not holds_what_goes or len(smallest) > len(content):
        smallest = content
        if holds_what_goes:
            source.add_note(_KEPT_WITH_METADATA)
    elif smallest is content:
        source.add_note(_KEPT_WHOLE)
    if smallest is content and options.marks_originals and source.gain_map is None and source.format != "MPO":
        return mark_content(content, format_, options.mark)
    return smallest


def holds_more(source: DecodedSource, content: bytes, format_: str, stripped: bytes) -> bool:
    """Return whether a file holds anything that is not in its `stripped` form, in which its gain map is missing."""
    if source.gain_map is not None and source.keeps_gain_map:
        return len(restore_gain_map(stripped, source, format_, "all")) < len(content)
    return stripped != without_mark(content, format_)


def pack_encoded(temp: TempFile, plan: OutputPlan) -> None:
    """Have a new PNG take the fewest bytes, where its source is in another format. Raises JobError.

    With a high effort it has been packed as it was encoded.
    """
    if plan.format == "png" and (plan.output.effort or 0) < HIGH_EFFORT:
        pack_file(temp, "png", plan.output.effort)


def _read_undamaged(source: DecodedSource, file: BinaryIO) -> bytes:
    """Return a source's own bytes, without what is damaged beside its pixels. Raises OSError."""
    if source.format != "PNG" or not source.image.info["notes"]:
        return read_all(file)
    with rewound(file):
        whole = animation.prepare(file).whole
        whole.seek(0)
        return whole.read()


def strip_metadata(source: DecodedSource, content: bytes, format_: str, options: RewriteOptions) -> bytes | None:
    """Return the file without the metadata that goes; None where it is not laid out as it should be.

    One with a gain map loses that here, too: unless all metadata stays, the map is put back when all is done.
    """
    try:
        if options.policy == "all":
            return remove_gain_map(content) if loses_gain_map(source, format_) else content
        if format_ not in REWRITABLE_FORMATS:
            return None
        if format_ == "jxl" and (stored := jpeg_xl.strip_stored(source, content, options)) is not None:
            return stored
        return _replace_metadata(source, content, format_, options)
    except DAMAGE:
        return None


def _replace_metadata(source: DecodedSource, content: bytes, format_: str, options: RewriteOptions) -> bytes:
    """Return the file with the metadata that stays; without its packets where it must go and there is no room.

    Raises ValueError, IndexError or OverflowError.
    """
    data = options.metadata.as_stored(source)
    try:
        return replace_metadata(content, format_, data, source.stored_size)
    except ValueError:
        if not options.strips_by_all_means or not (data.xmp or data.iptc):
            raise
    less = replace(data, xmp=b"", iptc=b"", exif=data.exif if format_ == "tiff" else {})
    stripped = replace_metadata(content, format_, less, source.stored_size)
    source.add_note(_CREDITS_LEFT_OUT)
    return stripped
