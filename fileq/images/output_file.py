"""The last steps of an output, whoever wrote it: its rights, its times, its place on the disk."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, BinaryIO

from fileq.errors import translate_os_errors
from fileq.files.attributes import copy_attributes, limit_mode
from fileq.files.directory import Directory, open_directory
from fileq.files.temp_file import TempIdentity
from fileq.images.protocol import EncodedOutput, OutputTarget

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fileq.files.temp_file import TempFile
    from fileq.units import Size


@contextmanager
def open_output_folder(target: OutputTarget) -> Iterator[Directory]:
    """Hold the folder of an output open. Raises JobError."""
    with ExitStack() as stack:
        with translate_os_errors(target.temp):
            directory = stack.enter_context(open_directory(os.path.dirname(target.temp)))
        yield directory


def finish_output(
    temp: TempFile, source: BinaryIO, target: OutputTarget, *, keep_times: bool, format_: str, size: Size
) -> EncodedOutput:  # fmt: skip
    """Finish a temp file that is complete and was made of the open file `source`; say what it is. Raises JobError."""
    with translate_os_errors(temp.path):
        if target.replaces_source:
            copy_attributes(temp.handle, source.fileno())
        else:
            limit_mode(temp.handle, source.fileno())
        if keep_times:
            temp.set_times(os.fstat(source.fileno()))
    status = temp.sync()
    return EncodedOutput(format_, *size, status.st_size, TempIdentity.of(status))
