"""A finished temp file of an output: whether all of it is there, its rights, its times, its place on the disk."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, BinaryIO

from PIL import Image

from fileq.errors import ErrorKind, JobError, translate_os_errors
from fileq.files.attributes import copy_attributes, limit_mode
from fileq.files.containers import has_end
from fileq.files.directory import Directory, open_directory
from fileq.files.temp_file import TempIdentity
from fileq.images.encode.encoder import PILLOW_NAMES
from fileq.images.errors import translate_encode_errors
from fileq.images.formats.tiff.directories import check_strips
from fileq.images.protocol import EncodedOutput, Reservation
from fileq.job import OutputInfo
from fileq.units import Size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fileq.files.temp_file import TempFile

_WITHOUT_END_MARK = {"tiff", "jxl"}
"""Formats of outputs whose end can't be seen: in a JPEG XL file where it is a bare codestream."""


@contextmanager
def open_output_folder(target: Reservation) -> Iterator[Directory]:
    """Hold the folder of an output open. Raises JobError."""
    with ExitStack() as stack:
        with translate_os_errors(target.temp):
            directory = stack.enter_context(open_directory(os.path.dirname(target.temp)))
        yield directory


def finish_output(
    temp: TempFile, source: BinaryIO, target: Reservation, *, keep_times: bool, format_: str, size: Size
) -> EncodedOutput:  # fmt: skip
    """Give a complete temp file, made of the open file `source`, its rights and times, sync it, and return what it is.

    `size` is in pixels. Raises JobError.
    """
    with translate_os_errors(temp.path):
        if target.is_source:
            copy_attributes(temp.handle, source.fileno())
        else:
            limit_mode(temp.handle, source.fileno())
        if keep_times:
            temp.set_times(os.fstat(source.fileno()))
    status = temp.sync()
    info = OutputInfo(path=target.path, format=format_, width=size.width, height=size.height, bytes=status.st_size)
    return EncodedOutput(info, TempIdentity.of(status))


def check_output(temp: TempFile, format_: str, size: Size) -> None:
    """Raise JobError where an output's temp file is not whole, or has not this format and size in pixels."""
    with translate_encode_errors(temp), temp.open_from_start() as file:
        _check_end(file, format_)
        found = size if format_ == "pdf" else _size(file, format_)
    if found != size:
        message = f"The {format_} file that was written has {found} pixels and not {size}."
        raise JobError(ErrorKind.INTERNAL, message, "Retry. If it happens again, please report it.")


def _check_end(file: BinaryIO, format_: str) -> None:
    """Raise ValueError where the end is missing: Pillow's encoders take a write cut short by a full disk for whole."""
    is_whole = has_end(file, file.seek(0, os.SEEK_END))
    if not (is_whole or (is_whole is None and format_ in _WITHOUT_END_MARK)):
        raise ValueError("the file that was written is cut off")


def _size(file: BinaryIO, format_: str) -> Size:
    file.seek(0)
    with Image.open(file, formats=[PILLOW_NAMES[format_]]) as image:
        if format_ == "tiff":
            check_strips(file, image)
        return Size(*image.size)
