"""A source in a format that nothing here writes, such as BMP: its own bytes, where a PNG of it would be larger.

Nothing can be taken out of such a file. So one that holds metadata is not kept where that is to go by all means; where
it isn't, fewer bytes come first, as in the formats that are packed again.
"""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING

from fileq.errors import translate_os_errors
from fileq.files.temp_file import TempFile
from fileq.images.decode.source_file import read_all
from fileq.images.encode.format_choice import FormatTrial
from fileq.images.encode.hidden_parts import holds_nothing_hidden
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

    `options` say what is to become of its metadata. Raises JobError.
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
    holds_what_goes = options.policy != "all" and not (has_no_metadata(source) and holds_nothing_hidden(original, own))
    if holds_what_goes and options.strips_by_all_means:
        source.add_note(f"The {other} is larger than its source: {own} can't be written here, nor cleared of metadata.")
        return FormatTrial(plan, content, ())
    source.notes = before
    metadata = " with its metadata" if holds_what_goes else ""
    source.add_note(f"The original was kept{metadata}: {own} can't be written here, and a {other} would be larger.")
    return FormatTrial(with_format(plan, own.lower(), source), original, ())
