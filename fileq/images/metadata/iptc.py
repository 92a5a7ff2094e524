"""IPTC data sets (IIM 4), as JPEG and TIFF carry them. A data set: 1C, record, number, length of 2 bytes, value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fileq.files.containers import MAX_JPEG_PAYLOAD, jpeg_segment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

BY_LINE, COPYRIGHT_NOTICE = (2, 80), (2, 116)

_CREDITS = {(1, 90), (2, 80), (2, 85), (2, 110), (2, 115), (2, 116), (2, 118)}
"""Coded character set, by-line and its title, credit, source, copyright notice, contact."""

_PRIVATE = _CREDITS | {(2, 55), (2, 60), (2, 62), (2, 63)}
"""When it was made, too."""

_UTF_8 = b"\x1b%G"


def read_datasets(iptc: bytes) -> Iterator[tuple[tuple[int, int], bytes]]:
    """Yield record and number, and the value, of each data set.

    Up to the first that is broken or of extended length, which no credit needs.
    """
    at = 0
    while len(iptc) >= at + 5 and iptc[at] == 0x1C:
        length = int.from_bytes(iptc[at + 3 : at + 5], "big")
        value = iptc[at + 5 : at + 5 + length]
        if length > 0x7FFF or len(value) < length:
            return
        yield (iptc[at + 1], iptc[at + 2]), value
        at += 5 + length


def extract_credits(iptc: bytes) -> bytes:
    """Return only the data sets that say whose picture it is; b"" where there are none."""
    return _extract(iptc, _CREDITS)


def extract_private(iptc: bytes) -> bytes:
    """Return only the data sets that say whose picture it is, and of when; b"" where there are none."""
    return _extract(iptc, _PRIVATE)


def _extract(iptc: bytes, wanted: set[tuple[int, int]]) -> bytes:
    kept = [(key, value) for key, value in read_datasets(iptc) if key in wanted]
    if all(key == (1, 90) for key, _ in kept):
        return b""
    return _join(kept)


def build_datasets(texts: dict[tuple[int, int], bytes]) -> bytes:
    """Return data sets of these texts, in UTF-8, each shorter than 32 KB."""
    return _join([((1, 90), _UTF_8), *((key, value[:0x7FFF]) for key, value in texts.items())]) if texts else b""


def _join(datasets: Iterable[tuple[tuple[int, int], bytes]]) -> bytes:
    return b"".join(bytes((0x1C, *key)) + len(value).to_bytes(2, "big") + value for key, value in datasets)


def read_texts(iptc: bytes) -> dict[tuple[int, int], list[str]]:
    """Return the texts of all data sets by their record and number."""
    found = list(read_datasets(iptc))
    is_utf_8 = dict(found).get((1, 90)) == _UTF_8
    texts: dict[tuple[int, int], list[str]] = {}
    for key, value in found:
        texts.setdefault(key, []).append(_decode(value, is_utf_8=is_utf_8))
    return texts


def read_text(iptc: bytes, wanted: tuple[int, int]) -> str:
    """Return the text of the data set with this record and number, "" where there is none."""
    return read_texts(iptc).get(wanted, [""])[-1]


def _decode(value: bytes, *, is_utf_8: bool) -> str:
    """Return a text without control characters, which XML has no place for."""
    try:
        text = value.decode("utf-8", "replace" if is_utf_8 else "strict")
    except UnicodeDecodeError:
        text = value.decode("latin-1")
    return "".join(character for character in text if character.isprintable() or character in "\t\n\r")


def build_jpeg_segment(iptc: bytes) -> bytes:
    """Return an APP13 segment with the data sets in Photoshop's resource 0404; b"" for nothing, or too much."""
    resource = b"8BIM\x04\x04\0\0" + len(iptc).to_bytes(4, "big") + iptc + b"\0" * (len(iptc) % 2)
    payload = b"Photoshop 3.0\0" + resource
    return jpeg_segment(0xED, payload) if iptc and len(payload) <= MAX_JPEG_PAYLOAD else b""
