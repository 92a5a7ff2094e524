"""`min_saving`: the original picture in place of a new file that saves too little.

Its metadata goes all the same, without touching the pixels. Where a file is laid out so that this can't be, it is not
kept, however small: a place that was to go weighs more than some bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fileq.errors import translate_os_errors
from fileq.images.decode.source_file import read_all
from fileq.images.gain_maps.jpeg.lossless import loses_gain_map, restore_gain_map
from fileq.images.lossless.rewrite import holds_more, strip_metadata
from fileq.images.metadata.mark import mark_content
from fileq.images.metadata.selection import has_no_metadata
from fileq.operations.builtin.resize import Resize

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import BinaryIO

    from fileq.files.temp_file import TempFile
    from fileq.images.decode.source import DecodedSource
    from fileq.images.lossless.options import RewriteOptions
    from fileq.images.plan import OutputPlan
    from fileq.operations.base import Operation
    from fileq.units import Size

_KEPT = "The original was kept, because a new file would have saved too little."
_STRIPPED = "The original picture was kept, without the metadata that goes: a new file would have saved too little."
_ENCODED = "The picture was encoded again: its metadata can't be taken out without that."
_REPLACED = "A new file was made although it saves too little: the original holds metadata that goes."


def saves_too_little(
    source: DecodedSource, plan: OutputPlan, size: Size, steps: Sequence[Operation], temp: TempFile, original: int
) -> bool:
    """Return whether the finished file is what the source is already, and not smaller as wanted.

    `size` is the output's in pixels, made by `steps`; `original` is the source's in bytes.
    """
    if source.is_tone_mapped or not all(isinstance(step, Resize) for step in steps):
        return False
    least, keeps_format = plan.output.min_saving, plan.keeps_format and (source.format != "MPO" or source.has_gain_map)
    whole = len(plan.frames) == len(source.sequence)
    is_damaged = bool(source.image.info["notes"])  # beside its pixels, which a new file mends
    if least is None or not keeps_format or not whole or is_damaged or size != source.size(plan.frames[0]):
        return False
    return temp.size > original * (1 - least)


def keep_original(
    source: DecodedSource, file: BinaryIO, plan: OutputPlan, options: RewriteOptions, temp: TempFile
) -> None:
    """Put the original's picture into the temp file, with the metadata that stays; or leave that, and say why.

    `file` is the source's, open. What is kept by all means (`min_saving` of 1) is kept without a word, and gets the
    mark; elsewhere it would be larger by that.
    """
    by_all_means = (plan.output.min_saving or 0) >= 1
    mark = options.mark if options.marks_originals else b""
    with translate_os_errors(source.path):
        content = read_all(file)
    stripped = strip_metadata(source, content, plan.format, options)
    holds_nothing = has_no_metadata(source) and not (stripped and holds_more(source, content, plan.format, stripped))
    if (options.policy == "all" or holds_nothing) and not loses_gain_map(source, plan.format):
        is_one_picture = source.gain_map is None and source.format != "MPO"  # the places of others would not fit
        temp.replace_content(mark_content(content, plan.format, mark) if is_one_picture else content)
        _say(source, _KEPT, unless=by_all_means)
    elif stripped is None:
        source.add_note(_ENCODED if by_all_means else _REPLACED)
    else:
        marked = mark_content(stripped, plan.format, mark)
        temp.replace_content(restore_gain_map(marked, source, plan.format, options.policy))
        _say(source, _STRIPPED, unless=by_all_means)


def _say(source: DecodedSource, note: str, *, unless: bool) -> None:
    if not unless:
        source.add_note(note)
