"""Errors of Pillow and of the system as errors of a job, in words for people who take pictures."""

import errno
import os
import re
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from PIL import Image, ImageCms

from fileq.errors import ErrorKind, JobError, find_shortage, translate_os_error
from fileq.units import Size

if TYPE_CHECKING:
    from fileq.files.temp_file import TempFile

_MORE_PIXELS = "Raise max_pixels in the config if it is meant to be that large."

HINT = "Open it in a viewer; if it looks broken there too, get a new copy of it."

_CAN_NOT = re.compile("unsupported|unimplemented|not (been )?(supported|implemented)", re.IGNORECASE)
"""What decoders say of files that are whole, and that they have no way to read."""

_IMPOSSIBLE_PLACES = {errno.EINVAL, errno.EOVERFLOW}
"""What the system says where a damaged file sends its reader to a place before its beginning or beyond all files."""

_WEBP_OVERFLOW = "encoding error 6"
"""libwebp's VP8_ENC_ERROR_PARTITION0_OVERFLOW, as Pillow says it: the first partition may have 512 KB."""

_PROBE_BYTES = 2**20  # bytes: more than a full disk has

DAMAGE = (
    SyntaxError,  # Pillow's word for a broken file
    EOFError,
    ValueError,
    IndexError,
    KeyError,
    TypeError,
    AttributeError,
    AssertionError,
    OverflowError,
    RuntimeError,  # from decoders outside Pillow; NotImplementedError too
    ArithmeticError,
    struct.error,
    zlib.error,
    ImageCms.PyCMSError,
)
"""What decoders and encoders raise on content that is not as it should be, beside OSError."""

_SLIPS = (IndexError, KeyError, TypeError, AttributeError, AssertionError, ArithmeticError, struct.error)
"""Those of them whose words are about the decoder and not about the file."""


class UnsupportedContentError(Exception):
    """A picture is of a kind that can't be read: `what`, the rest of a sentence about its path, and a remedy."""

    def __init__(self, what: str, hint: str) -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint


class DamagedContentError(ValueError):
    """A picture is damaged, as its decoder says, even where that blames itself: "not supported"."""


@contextmanager
def translate_decode_errors(path: str) -> Iterator[None]:
    """Turn what Pillow or the system says while `path` is read into a JobError."""
    try:
        yield
    except JobError:
        raise
    except UnsupportedContentError as error:
        raise JobError(ErrorKind.UNSUPPORTED, f"{path} {error.what}.", error.hint) from error
    except Image.DecompressionBombError as error:
        raise _too_many_pixels(path, str(error)) from error
    except MemoryError as error:
        raise out_of_memory(path) from error
    except OSError as error:
        raise _decode_failure(error, path) from error
    except DAMAGE as error:
        raise _undecodable(path, error) from error


@contextmanager
def translate_encode_errors(temp: "TempFile") -> Iterator[None]:
    """Turn what Pillow or the system says while an output is written into a JobError."""
    try:
        yield
    except JobError:
        raise
    except MemoryError as error:
        raise out_of_memory(temp.path) from error
    except (OSError, *DAMAGE) as error:
        raise _encode_failure(error, temp) from error


@contextmanager
def translate_step_errors(step: str) -> Iterator[None]:
    """Turn what a step raises into a JobError: the picture is whole by then, so that it isn't to blame."""
    try:
        yield
    except JobError:
        raise
    except MemoryError as error:
        raise out_of_memory(f"the step {step}") from error
    except (*DAMAGE, OSError) as error:
        if lack := find_shortage(error):
            raise lack from error
        hint = "If the step is your own, fix it there; else please report it."
        raise JobError(ErrorKind.INTERNAL, f"The step {step} failed: {_reason(error)}.", hint) from error


def unreadable(path: str, what: str) -> JobError:
    """Return the error of a source that is damaged or no picture; `what` is the rest of a sentence about `path`."""
    return JobError(ErrorKind.UNREADABLE, f"{path} {what}.", HINT)


def too_large(path: str, most: int, size: Size) -> JobError:
    """Return the error of a source whose `size` in pixels is more than `most` of them."""
    has = f"{size.width * size.height:,} pixels ({size.width}x{size.height})"
    return JobError(ErrorKind.TOO_LARGE, f"{path} has {has}, and max_pixels allows {most:,}.", _MORE_PIXELS)


def _too_many_pixels(path: str, said: str) -> JobError:
    """Return the error of a source for which Pillow says both numbers: those that it has, and twice its own limit."""
    numbers = [int(number) for number in re.findall(r"\d+", said)[:2]]
    has, most = numbers if len(numbers) == 2 else (0, 0)
    message = f"{path} has {has:,} pixels, and max_pixels allows {most:,}." if has else f"{path} has too many pixels."
    return JobError(ErrorKind.TOO_LARGE, message, _MORE_PIXELS)


def out_of_memory(path: str) -> JobError:
    """Return the error of a source, output or step for which there is not enough memory."""
    return JobError(ErrorKind.MEMORY, f"There was not enough memory for {path}.", "Raise the worker's memory limit.")


def unencodable(reason: str) -> JobError:
    """Return the error of an output that its encoder refuses."""
    if reason == _WEBP_OVERFLOW:
        message = "The output can't be written: a WebP file has no room for so large a picture with so much detail."
        return JobError(ErrorKind.UNSUPPORTED, message, "Make it smaller with a resize step, or choose another format.")
    return JobError(ErrorKind.UNSUPPORTED, f"The output can't be written ({reason}).", "Choose another format for it.")


def _decode_failure(error: OSError, path: str) -> JobError:
    if error.errno is not None and error.errno not in _IMPOSSIBLE_PLACES:
        return translate_os_error(error, path)
    reason = _reason(error)
    if "memory" in reason:
        return out_of_memory(path)
    if "truncated" in reason:
        return unreadable(path, "is cut off: its end is missing")
    return _undecodable(path, error)


def _undecodable(path: str, error: BaseException) -> JobError:
    """Return the error of a source that a decoder gives up: it is damaged, or the decoder says that it can't do it."""
    reason = _reason(error)
    is_lack = isinstance(error, NotImplementedError) or _CAN_NOT.search(reason)
    if is_lack and not isinstance(error, DamagedContentError):
        message = f"{path} is of a kind that can't be read ({reason})."
        return JobError(ErrorKind.UNSUPPORTED, message, "Save it as PNG or TIFF with a program that opens it.")
    return unreadable(path, f"is damaged ({reason})")


def _encode_failure(error: Exception, temp: "TempFile") -> JobError:
    if isinstance(error, OSError) and error.errno is not None:
        return translate_os_error(error, temp.path)
    reason = _reason(error)
    if "memory" in reason:
        return out_of_memory(temp.path)
    system = _write_error(temp)
    return unencodable(reason) if system is None else translate_os_error(system, temp.path)


def _write_error(temp: "TempFile") -> OSError | None:
    """Return what the system says to more bytes in a file that couldn't be finished.

    Pillow's encoders write by themselves and answer "encoder error -2" to a full disk.
    """
    try:
        with temp.open_from_start() as file:
            file.seek(0, os.SEEK_END)
            file.write(bytes(_PROBE_BYTES))
            file.flush()
            os.fsync(temp.handle)
    except OSError as error:
        return error if error.errno != errno.EINVAL else None  # not a regular file: it can't be synchronised
    return None


def _reason(error: BaseException) -> str:
    """Return what the library says, without the advice that it adds for those who build it."""
    if isinstance(error, _SLIPS):
        return "the decoder can't make sense of it"
    said = str(error).splitlines()
    if not said:
        return "the decoder gave up"
    return said[0].split(". ", maxsplit=1)[0].strip().replace("Generic Error", "the decoder gave up")
