"""A source in a format that nothing here writes, such as BMP: its own bytes, where a PNG of it would be larger.

So it is, too, where it has more pages than the new file would have. Where it can't be cleared of metadata that has to
go by all means, it is refused; elsewhere it stays as it is, and the job says so.
"""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING

from fileq.errors import ErrorKind, JobError, translate_os_errors
from fileq.files.temp_file import TempFile
from fileq.images.decode.source_file import read_all
from fileq.images.encode.bare_file import strip_to_pixels
from fileq.images.encode.format_choice import FormatTrial
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
    """Return the file that `write` makes of a plan; the source's `file` where that is smaller, or has more pages.

    `options` say which metadata may stay, and whether the other has to go. Raises JobError.
    """
    before = list(source.notes)
    is_part = len(plan.frames) < len(source.sequence)
    content = b"" if is_part else _make(plan, write)
    with translate_os_errors(source.path):
        original = read_all(file)
    if content and len(content) <= len(original):
        return FormatTrial(plan, content, ())
    own, other = source.format, plan.format.upper()
    why = f"{other} has room for one of its {len(source.sequence)} pages" if is_part else f"a {other} would be larger"
    may_strip = options.policy != "all" and (options.strips_by_all_means or has_no_metadata(source))
    bare = strip_to_pixels(original, own) if may_strip and not is_part else None
    if bare is None and options.policy != "all" and options.strips_by_all_means:
        message = f"Its metadata can't be taken out of this {own} file here, and {why}."
        choice = "tiff" if is_part else "jpeg"
        raise JobError(ErrorKind.UNSUPPORTED, message, f"Choose a format to have it encoded, as by --format {choice}.")
    source.notes = before
    what = "" if bare is None or bare == original else ", without what stands beside its pixels"
    source.add_note(f"The original was kept{what}: {own} can't be packed again here, and {why}.")
    if bare is None and options.policy != "all":
        source.add_note(f"Its metadata, if it has any, was kept, too: {own} can't be cleared of it here.")
    return FormatTrial(with_format(plan, own.lower(), source), original if bare is None else bare, ())


def _make(plan: OutputPlan, write: Callable[[TempFile, OutputPlan], None]) -> bytes:
    with translate_os_errors(tempfile.gettempdir()), tempfile.TemporaryFile() as made:
        write(TempFile(tempfile.gettempdir(), made.fileno()), plan)
        made.seek(0)
        return made.read()
