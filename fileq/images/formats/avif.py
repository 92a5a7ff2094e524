"""How often an animation in AVIF plays (ISO/IEC 14496-12, 8.6.6).

Pillow neither reads nor writes that. It stands in an edit list that repeats its segment for as long as the track lasts.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from fileq.files import containers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from fileq.files.containers import Chunk

_OUTER = {b"moov", b"trak", b"edts"}  # boxes that hold the others
_REPEATS = 1  # a flag of an edit list
_DURATION_AT = {b"mvhd": (16, 24), b"tkhd": (20, 28)}  # from the payload's beginning, in versions 0 and 1


class BoxField(NamedTuple):
    """A number in a file: its place and length, in bytes, and its value."""

    place: int
    length: int
    value: int

    @property
    def is_endless(self) -> bool:
        return bool(self.value == (1 << 8 * self.length) - 1)


class TrackTiming(NamedTuple):
    """The durations of the movie and of its tracks, and of the segments that repeat; None for one that doesn't."""

    movie: list[BoxField]
    tracks: list[BoxField]
    segments: list[int | None]


def read_play_count(file: BinaryIO) -> int:
    """Return how often the animation in an open file plays, 0 for ever. Raises ValueError or struct.error on damage."""
    timing = _read_timing(file)
    if not timing.tracks or not timing.segments or timing.segments[0] == 0:
        return 0  # as browsers take one that doesn't say
    segment, track = timing.segments[0], timing.tracks[0]
    if segment is None:
        return 1
    return 0 if track.is_endless else max(1, -(-track.value // segment))


def write_play_count(file: BinaryIO, count: int) -> None:
    """Have the animation in an open file, which plays for ever, play `count` times, at least once.

    Raises ValueError or struct.error where it isn't laid out as animations are.
    """
    timing = _read_timing(file)
    segment = next((segment for segment in timing.segments if segment), None)
    if segment is None:
        raise ValueError("it has no segment that repeats")
    for field in (*timing.movie, *timing.tracks):
        file.seek(field.place)
        file.write((segment * count).to_bytes(field.length, "big"))


def _read_timing(file: BinaryIO) -> TrackTiming:
    timing = TrackTiming([], [], [])
    for box in _inner_boxes(file, 0, None):
        head = file.read(40)
        if box.name in _DURATION_AT:
            version = min(head[0], 1)
            offset, length = _DURATION_AT[box.name][version], 8 if version else 4
            fields = timing.movie if box.name == b"mvhd" else timing.tracks
            place = box.payload + offset
            fields.append(BoxField(place, length, int.from_bytes(head[offset : offset + length], "big")))
        elif box.name == b"elst":
            (segment,) = struct.unpack_from(">Q" if head[0] else ">I", head, 8)
            timing.segments.append(segment if head[3] & _REPEATS else None)
    return timing


def _inner_boxes(file: BinaryIO, at: int, until: int | None) -> Iterator[Chunk]:
    for box in containers.boxes(file, at, until):
        if box.name in _OUTER:
            yield from _inner_boxes(file, box.payload, box.end)
        else:
            yield box
