"""Files that are written whole or not at all, in the place of an earlier one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO

from fileq.files.names import partial_name


@contextmanager
def replaced_file(path: str, *, mode: int = 0o666) -> Iterator[BinaryIO]:
    """Write a new file that takes the name `path` once it is whole and on disk; an earlier one stands until then.

    `mode` is what the umask is taken from. Raises OSError.
    """
    temp = os.path.join(os.path.dirname(path), partial_name())
    try:
        with open(temp, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temp, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temp)
        raise
