"""The seal in an output's mark: it tells who doesn't know the output what it is, and that it is whole.

It begins with a digest of the output, and ends with one of that and of the name and some parts of its source. Whoever
changes the output breaks both: it is then somebody's work, and not taken for ours.
"""

import base64
import hashlib
import mmap
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fileq.files.containers import png_checksum
from fileq.files.output_mark import CHUNK, SEAL_ROOM

if TYPE_CHECKING:
    from fileq.files.temp_file import TempFile

_LENGTH = len(SEAL_ROOM) - 1  # characters, without the space before them
_OF_CONTENT = 5  # of these, how many say that the output is whole: 30 bits, against accidents
_SAMPLES, _SAMPLE = 16, 4096  # places in the source that are looked at, and bytes at each


def seal_output(temp: "TempFile", mark: bytes, source_name: str, source: int) -> None:
    """Fill the room in a complete output's mark, where it has one. `source` is a descriptor. Raises OSError."""
    with temp.open_from_start() as file, _mapped(temp.handle) as content:
        before = _as_in(content, mark[:-_LENGTH])
        name = CHUNK if _is_png(content) else b""  # a text may be the same, and has a checksum of its own
        found = content.find(name + _as_in(content, mark))
        if found < 0:
            return
        at = found + len(name) + len(before)
        seal = _as_in(content, _seal_of(content, at, source_name, source))
        file.seek(at)
        file.write(seal + png_checksum(CHUNK + before + seal) if _is_png(content) else seal)


def is_sealed(path: str, mark: bytes, source: str, source_name: str) -> bool:
    """Return whether the file at `path` is whole as a recipe with this mark made it of a source, by path and name."""
    try:
        with _opened(path, getattr(os, "O_NOFOLLOW", 0)) as output, _mapped(output) as content:
            starts = _seal_places(content, mark)
            if not starts:
                return False
            with _opened(source) as original:
                return any(_begins_with(content, at, _seal_of(content, at, source_name, original)) for at in starts)
    except (OSError, ValueError):  # it can't be read, or is empty
        return False


def is_whole(path: str, mark: bytes) -> bool:
    """Return whether the file at `path` has this mark, and all around it is as fileq wrote it."""
    try:
        with _opened(path) as output, _mapped(output) as content:
            starts = _seal_places(content, mark)
            return any(_begins_with(content, at, _digest_of(content, at)[:_OF_CONTENT]) for at in starts)
    except (OSError, ValueError):  # it can't be read, or is empty
        return False


def _seal_places(content: mmap.mmap, mark: bytes) -> list[int]:
    """Return where seals can be: behind each place where the mark stands."""
    return [found.end() for found in re.finditer(re.escape(_as_in(content, mark[:-_LENGTH])), content)]


def _begins_with(content: mmap.mmap, at: int, seal: bytes) -> bool:
    seal = _as_in(content, seal)
    return content[at : at + len(seal)] == seal


def _as_in(content: mmap.mmap, text: bytes) -> bytes:
    """Return ASCII as it stands in such a file: PDF has two bytes for a letter."""
    return text.decode().encode("utf-16-be") if content[:4] == b"%PDF" else text


def _is_png(content: mmap.mmap) -> bool:
    return content[:4] == b"\x89PNG"


def _seal_of(content: mmap.mmap, at: int, source_name: str, source: int) -> bytes:
    """Return the seal that belongs at this place."""
    of_content = _digest_of(content, at)
    digest = hashlib.blake2b(of_content, digest_size=_LENGTH * 6 // 8)
    digest.update(os.fsencode(source_name) + b"\0")
    for part in _samples_of(source):
        digest.update(part)
    return of_content[:_OF_CONTENT] + base64.urlsafe_b64encode(digest.digest())[_OF_CONTENT:]


def _digest_of(content: mmap.mmap, at: int) -> bytes:
    """Return a digest, in ASCII, of all that is around the seal at this place, but a PNG chunk's checksum."""
    digest = hashlib.blake2b()
    end = at + len(_as_in(content, SEAL_ROOM[1:])) + (4 if _is_png(content) else 0)
    with memoryview(content) as whole, whole[:at] as head, whole[end:] as tail:
        digest.update(head)
        digest.update(tail)
    return base64.urlsafe_b64encode(digest.digest())


def _samples_of(handle: int) -> Iterator[bytes]:
    """Yield the size of a file, and what stands at some places all over it: all of it would take too long."""
    size = os.fstat(handle).st_size
    yield str(size).encode()
    last = max(0, size - _SAMPLE)
    with open(handle, "rb", buffering=0, closefd=False) as file:
        former = file.tell()
        for number in range(_SAMPLES):
            file.seek(last * number // (_SAMPLES - 1))
            yield file.read(_SAMPLE)
        file.seek(former)


@contextmanager
def _opened(path: str, flags: int = 0) -> Iterator[int]:
    handle = os.open(path, os.O_RDONLY | flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        yield handle
    finally:
        os.close(handle)


@contextmanager
def _mapped(handle: int) -> Iterator[mmap.mmap]:
    with mmap.mmap(handle, 0, access=mmap.ACCESS_READ) as content:
        yield content
