"""Files in formats that fileq doesn't read, by their content alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fileq.images.recognition.archives import find_archive
from fileq.images.recognition.camera_raw import find_camera_raw
from fileq.images.recognition.iso_media import find_iso_media
from fileq.images.recognition.signatures import find_signature

if TYPE_CHECKING:
    from typing import BinaryIO

    from fileq.images.recognition.families import FileType


def recognize_foreign(file: BinaryIO, start: bytes) -> FileType | None:
    """Return what an open file is that begins with `start`, before a decoder sees it; None where it may be fileq's.

    Decoders would take some for others: a Targa has no signature, and a raw file has a preview.
    """
    return find_signature(start) or find_archive(start) or find_iso_media(start) or find_camera_raw(file, start)
