"""TIFF files with less metadata, everything else left where it lies, bit for bit (TIFF 6.0, and BigTIFF).

Entries that go are taken out of their directory, and what they led to is overwritten.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from fileq.files.output_mark import TIFF_TAG, is_mark
from fileq.images.lossless.comparison import show_the_same
from fileq.images.metadata.xmp import without_wrapper

if TYPE_CHECKING:
    from fileq.images.metadata.selection import Metadata

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
"""Of the types of values, in bytes."""

ABOUT_PIXELS = frozenset({
    *range(254, 267), 273, 274, 277, 278, 279, *range(280, 285), 288, 289, 290, 291, 292, 293, 296, 297, 301, 317, 318,
    319, 320, 321, 322, 323, 324, 325, *range(332, 335), 336, 338, 339, 340, 341, 342, 347, *range(512, 522),
    *range(529, 533), 34675,
})  # fmt: skip
_DIRECTORIES = {34665, 34853, 40965}  # EXIF, GPS, interoperability
_SUB_FILES, _XMP, _IPTC = 330, 700, 33723
_COMPRESSION, _JPEG_PLACE, _JPEG = 259, 513, {6, 7}
_PLACES = ((273, 279), (324, 325))  # offsets and lengths of strips and of tiles
_MOST_DIRECTORIES = 10_000


class _Entry(NamedTuple):
    tag: int
    kind: int
    number: int
    """How many values it has."""
    raw: bytes
    place: int
    """Where the value lies."""
    length: int
    is_inside: bool
    """Whether that is in the entry itself."""


def rewrite(content: bytes, _exif: bytes, data: Metadata) -> bytes:
    """Return the file with those of its tags alone that are about pixels, or in the EXIF data of `data`.

    Raises ValueError or IndexError where the file is not laid out so, or would need room for what is new.
    """
    return _Rewriter(content, data).rewrite()


def _may_hold_exif(entry: _Entry, values: list[int]) -> bool:
    """Return whether an entry says that its picture is a JPEG, which can have segments of metadata."""
    return entry.tag == _JPEG_PLACE or (entry.tag == _COMPRESSION and bool(_JPEG.intersection(values)))


class _Rewriter:
    def __init__(self, content: bytes, data: Metadata) -> None:
        self._old, self._new = content, bytearray(content)
        self._kept = ABOUT_PIXELS | data.exif.keys()
        self._inner = {tag: value.keys() for tag, value in data.exif.items() if isinstance(value, dict)}
        self._packets = {_XMP: (data.xmp, b" "), _IPTC: (data.iptc, b"\0")}
        self._order = "little" if content[:2] == b"II" else "big"
        self._is_big = self._number(2, 2) == 43
        self._needed: list[tuple[int, int]] = []
        self._erased: list[tuple[int, int]] = []
        self._seen: set[int] = set()
        self._within: list[int] = []  # directories of pictures within pictures, such as smaller ones of the same

    def rewrite(self) -> bytes:
        self._rewrite_chain(self._number(8, 8) if self._is_big else self._number(4, 4))
        while self._within:
            self._rewrite_chain(self._within.pop(), is_within=True)
        self._check_overlap()
        for start, end in self._erased:
            self._new[start:end] = bytes(end - start)
        return self._without_gaps(bytes(self._new))

    def _without_gaps(self, made: bytes) -> bytes:
        """Return the file without what nothing in it leads to. Raises ValueError where pixels were in there."""
        cleared, at = bytearray(made), 16 if self._is_big else 8
        for start, end in sorted(self._needed):
            if at < start:
                cleared[at:start] = bytes(start - at)
            at = max(at, end)
        del cleared[at + at % 2 :]
        if cleared != made.rstrip(b"\0").ljust(len(cleared), b"\0") and not show_the_same(made, bytes(cleared), "TIFF"):
            raise ValueError("it has parts that nothing leads to")
        return bytes(cleared)

    def _rewrite_chain(self, at: int, *, is_within: bool = False) -> None:
        """Take what goes out of the directory at this place, and of those that follow it."""
        while at:
            if is_within and at in self._seen:  # some are both in the list of those within, and follow one another
                return
            if at in self._seen or len(self._seen) == _MOST_DIRECTORIES:
                raise ValueError("its directories go round")
            self._seen.add(at)
            at = self._rewrite_directory(at, is_within=is_within)

    def _rewrite_directory(self, at: int, *, is_within: bool) -> int:
        """Take out of a directory what goes, and return where the next one is."""
        entries, end, following = self._read_directory(at)
        if is_within and any(_may_hold_exif(entry, self._numbers(entry)) for entry in entries):
            raise ValueError("it has pictures within pictures that may have metadata of their own")
        kept = [entry for entry in entries if self._keep(entry)]
        missing = [tag for tag, (value, _) in self._packets.items() if value and tag not in {one.tag for one in kept}]
        if missing and not is_within:
            raise ValueError("there is no room for the metadata that stays")
        self._need_pixels(kept)
        self._write_directory(at, end, kept, following)
        return int.from_bytes(following, self._order)  # type: ignore[arg-type]  # big or little

    def _keep(self, entry: _Entry) -> bool:
        """Return whether an entry stays, with what it leads to made ready for that; note what goes of it."""
        value, padding = self._packets.get(entry.tag, (b"", b""))
        value = value if len(value) <= entry.length else without_wrapper(value)
        if entry.tag == _SUB_FILES:
            self._within += self._numbers(entry)
        elif value and len(value) <= entry.length:
            self._new[entry.place : entry.place + entry.length] = value.ljust(entry.length, padding)
        elif entry.tag not in self._kept and not self._is_mark(entry):
            self._erase(entry)
            return False
        elif entry.tag in _DIRECTORIES:
            self._rewrite_inner(entry)
        if not entry.is_inside:
            self._needed.append((entry.place, entry.place + entry.length))
        return True

    def _is_mark(self, entry: _Entry) -> bool:
        return entry.tag == TIFF_TAG and is_mark(self._old[entry.place : entry.place + entry.length].rstrip(b"\0"))

    def _rewrite_inner(self, entry: _Entry) -> None:
        """Take out of the directory that an entry leads to all but the tags that stay there."""
        at = self._number(entry.place, entry.length)
        entries, end, following = self._read_directory(at)
        tags = self._inner.get(entry.tag, ())
        kept = [inner for inner in entries if inner.tag in tags and inner.tag not in _DIRECTORIES]
        for inner in entries:
            if inner not in kept:
                self._erase(inner)
            elif not inner.is_inside:
                self._needed.append((inner.place, inner.place + inner.length))
        self._write_directory(at, end, kept, following)

    def _write_directory(self, at: int, end: int, entries: list[_Entry], following: bytes) -> None:
        head = len(entries).to_bytes(8 if self._is_big else 2, self._order)  # type: ignore[arg-type]  # big or little
        new = head + b"".join(entry.raw for entry in entries) + following
        self._new[at:end] = new.ljust(end - at, b"\0")
        self._needed.append((at, end))

    def _read_directory(self, at: int) -> tuple[list[_Entry], int, bytes]:
        """Return the entries of a directory, where it ends, and the bytes that lead to the next one."""
        width, step, word = (8, 20, 8) if self._is_big else (2, 12, 4)
        count = self._number(at, width)
        end = at + width + count * step
        if end + word > len(self._old):
            raise IndexError("a directory is cut off")
        entries = [self._read_entry(at + width + number * step, step, word) for number in range(count)]
        return entries, end + word, self._old[end : end + word]

    def _read_entry(self, at: int, step: int, word: int) -> _Entry:
        tag, kind, count = self._number(at, 2), self._number(at + 2, 2), self._number(at + 4, word)
        length = _SIZES.get(kind, 1) * count
        own = at + 4 + word
        place = own if length <= word else self._number(own, word)
        if place + length > len(self._old):
            raise IndexError("a value is cut off")
        return _Entry(tag, kind, count, self._old[at : at + step], place, length, length <= word)

    def _erase(self, entry: _Entry) -> None:
        """Note all that an entry leads to, to be overwritten."""
        if not entry.is_inside:
            self._erased.append((entry.place, entry.place + entry.length))
        if entry.tag in _DIRECTORIES:
            at = self._number(entry.place, entry.length)
            inner, end, _ = self._read_directory(at)
            self._erased.append((at, end))
            for one in inner:
                self._erase(one)

    def _need_pixels(self, entries: list[_Entry]) -> None:
        values = {entry.tag: self._numbers(entry) for entry in entries if entry.tag in {273, 279, 324, 325}}
        for offsets, lengths in _PLACES:
            pairs = zip(values.get(offsets, ()), values.get(lengths, ()), strict=True)
            self._needed += [(start, start + length) for start, length in pairs]

    def _check_overlap(self) -> None:
        """Raise ValueError where something that goes lies in something that stays, as in files of odd programs."""
        marks = sorted([(start, end, False) for start, end in self._needed] + [(*span, True) for span in self._erased])
        reach, erased_reach = 0, 0
        for start, end, is_erased in marks:
            if start < (reach if is_erased else erased_reach):
                raise ValueError("what goes and what stays lie in one place")
            if is_erased:
                erased_reach = max(erased_reach, end)
            else:
                reach = max(reach, end)

    def _numbers(self, entry: _Entry) -> list[int]:
        size = _SIZES.get(entry.kind, 1)
        return [self._number(entry.place + size * number, size) for number in range(entry.number)]

    def _number(self, at: int, count: int) -> int:
        if at + count > len(self._old):
            raise IndexError("it is cut off")
        return int.from_bytes(self._old[at : at + count], self._order)  # type: ignore[arg-type]  # big or little
