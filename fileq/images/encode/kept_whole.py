"""A source in a format that nothing here writes, such as BMP: its own bytes, where a PNG of it would be larger.

What stands behind its pixels is cut off. Nothing else can be taken out of such a file: where metadata has to go by all
means, it becomes a PNG, however large; elsewhere it stays as it is, and the job says so.
"""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING

from fileq.errors import translate_os_errors
from fileq.files.temp_file import TempFile
from fileq.images.decode.source_file import read_all
from fileq.images.encode.format_choice import FormatTrial
from fileq.images.encode.hidden_parts import cut_behind_pixels
from fileq.images.metadata.selection import has_no_metadata
from fileq.images.plan import with_format

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

    from fileq.images.decode.source import DecodedSource
    from fileq.images.lossless.options import RewriteOptions
    from fileq.images.plan import OutputPlan


def keep_whole_if_smaller(
    source: DecodedSource, file: BinaryIO, plan: OutputPlan, options: RewriteOptions,
    write: Callable[[TempFile, OutputPlan], None],
) -> FormatTrial:  # fmt: skip
    """Return the file that `write` makes of a plan; the bytes of the source's `file` where these are fewer.

    `options` say which metadata may stay, and whether the other goes also where the file grows by that. Raises
    JobError.
    """
    before = list(source.notes)
    with translate_os_errors(tempfile.gettempdir()), tempfile.TemporaryFile() as made:
        write(TempFile(tempfile.gettempdir(), made.fileno()), plan)
        made.seek(0)
        content = made.read()
    with translate_os_errors(source.path):
        original = read_all(file)
    if len(content) <= len(original):
        return FormatTrial(plan, content, ())
    own, other = source.format, plan.format.upper()
    kept = cut_behind_pixels(original, own) if options.policy != "all" and has_no_metadata(source) else None
    if kept is None and options.policy != "all" and options.strips_by_all_means:
        source.add_note(f"The {other} is larger than its source: {own} can't be written here, nor cleared of metadata.")
        return FormatTrial(plan, content, ())
    source.notes = before
    what = "" if kept is None or kept == original else ", without what stands behind its pixels"
    source.add_note(f"The original was kept{what}: {own} can't be written here, and a {other} would be larger.")
    if kept is None and options.policy != "all":
        source.add_note(f"Its metadata, if it has any, was kept, too: {own} can't be cleared of it here.")
    kept = original if kept is None else kept
    return FormatTrial(with_format(plan, own.lower(), source), kept, ())
