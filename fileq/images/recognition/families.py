"""Families of files that fileq doesn't read: what is said of them, and what to do. Each member adds its own name."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from fileq.errors import ErrorKind, JobError


class _Words(NamedTuple):
    kind: ErrorKind
    sentence: str
    hint: str


class Family(Enum):
    """What files have in common that are refused: is it a picture, why isn't it read, and what makes one of it."""

    PICTURE = _Words(
        ErrorKind.UNSUPPORTED,
        "{path} is {what}, which fileq doesn't read.",
        "Save it as PNG or TIFF with a program that opens it.",
    )
    RAW = _Words(
        ErrorKind.UNSUPPORTED,
        "{path} is a camera raw file ({what}): it has to be developed first.",
        "Export it as JPEG or TIFF from a raw converter.",
    )
    DRAWING = _Words(
        ErrorKind.UNSUPPORTED,
        "{path} is {what}: it has shapes and no pixels, and fileq doesn't draw them.",
        "Export it as PNG, in the size that is needed.",
    )
    PROJECT = _Words(
        ErrorKind.UNSUPPORTED,
        "{path} is {what}, which its own program alone can show as it is meant.",
        "Export it as PNG, TIFF or JPEG from that program.",
    )
    HIGH_RANGE = _Words(
        ErrorKind.UNSUPPORTED,
        "{path} is {what}: it has a high dynamic range, which fileq doesn't read.",
        "Tone-map it with another program, and export it as JPEG, PNG or TIFF.",
    )
    SCIENCE = _Words(
        ErrorKind.UNSUPPORTED,
        "{path} is {what}: its values are measurements, and nothing says which are black and white.",
        "Export it as PNG or TIFF from a program for such files.",
    )
    FILM = _Words(
        ErrorKind.UNREADABLE,
        "{path} is {what} and not a picture, whatever its name says.",
        "Take single pictures out of it with a video program.",
    )
    ARCHIVE = _Words(
        ErrorKind.UNREADABLE,
        "{path} is {what} and not a picture, whatever its name says.",
        "Unpack it, and add the pictures that are in it.",
    )
    DOCUMENT = _Words(
        ErrorKind.UNREADABLE,
        "{path} is {what} and not a picture, whatever its name says.",
        "Export its pages as PDF, or save its pictures as files of their own.",
    )
    WEB_PAGE = _Words(
        ErrorKind.UNREADABLE,
        "{path} is {what} and not a picture, whatever its name says.",
        "A server may have sent it in the picture's place: download the picture again.",
    )
    OTHER = _Words(
        ErrorKind.UNREADABLE,
        "{path} is {what} and not a picture, whatever its name says.",
        "Leave it out, for example by --exclude, or get the picture again from where it was.",
    )


class FileType(NamedTuple):
    """What a file is: its family, and its own name as it stands in a sentence, "a DDS texture"."""

    family: Family
    name: str

    def refusal(self, path: str) -> JobError:
        """Return the error of a source of this type."""
        words = self.family.value
        return JobError(words.kind, words.sentence.format(path=path, what=self.name), words.hint)
