"""The one place where Pillow's errors become job errors, in words for people who take pictures."""

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image, ImageCms

from fileq.errors import ErrorKind, JobError, os_failure

HINT = "Open it in a viewer; if it looks broken there too, get a new copy of it."

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


@contextmanager
def reading(path: str) -> Iterator[None]:
    """Turn what Pillow or the system says while `path` is read into a JobError."""
    try:
        yield
    except JobError:
        raise
    except Image.DecompressionBombError as error:
        raise too_large(path) from error
    except MemoryError as error:
        raise out_of_memory(path) from error
    except OSError as error:
        raise _unread(error, path) from error
    except DAMAGE as error:
        raise unreadable(path, f"is damaged ({_reason(error)})") from error


@contextmanager
def writing(path: str) -> Iterator[None]:
    """Turn what Pillow or the system says while an output is written at `path` into a JobError."""
    try:
        yield
    except JobError:
        raise
    except MemoryError as error:
        raise out_of_memory(path) from error
    except OSError as error:
        raise _unwritten(error, path) from error
    except DAMAGE as error:
        raise unencodable(_reason(error)) from error


def unreadable(path: str, what: str) -> JobError:
    return JobError(ErrorKind.UNREADABLE, f"{path} {what}.", HINT)


def too_large(path: str) -> JobError:
    hint = "Raise max_pixels in the config if it is meant to be that large."
    return JobError(ErrorKind.TOO_LARGE, f"{path} has more pixels than max_pixels allows.", hint)


def out_of_memory(path: str) -> JobError:
    return JobError(ErrorKind.MEMORY, f"There was not enough memory for {path}.", "Raise the worker's memory limit.")


def unencodable(reason: str) -> JobError:
    return JobError(ErrorKind.UNSUPPORTED, f"The output can't be written ({reason}).", "Choose another format for it.")


def _unread(error: OSError, path: str) -> JobError:
    if error.errno is not None:
        return os_failure(error, path)
    reason = _reason(error)
    if "memory" in reason:
        return out_of_memory(path)
    if "truncated" in reason:
        return unreadable(path, "is cut off: its end is missing")
    return unreadable(path, f"is damaged ({reason})")


def _unwritten(error: OSError, path: str) -> JobError:
    if error.errno is not None:
        return os_failure(error, path)
    reason = _reason(error)
    return out_of_memory(path) if "memory" in reason else unencodable(reason)


def _reason(error: BaseException) -> str:
    return str(error) or type(error).__name__
