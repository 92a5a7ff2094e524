"""Sizes, durations, dimensions, counts and times, as people write and read them: "2 GiB", "30d", "1600x1200".

What a config can hold is a type: `parse` reads what a person wrote and raises ValueError with a remedy, `str()` writes
it so that `parse` reads the same value again. The functions are for what people read alone.
"""

import re
from datetime import UTC, datetime
from typing import NamedTuple, Self

_BYTES = {
    "": 1, "b": 1,
    "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12,
    "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40,
    "kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40,
}  # fmt: skip
_SECONDS = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_NUMBER_AND_UNIT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*")
_DIMENSIONS = re.compile(r"\s*(\d+)?\s*[xX]\s*(\d+)?\s*")


def _quantity(text: object, units: dict[str, float] | dict[str, int], example: str) -> float:
    match = _NUMBER_AND_UNIT.fullmatch(str(text)) if isinstance(text, str | int | float) else None
    if match is None or match[2].lower() not in units:
        raise ValueError(f"{text!r} can't be understood; write it like {example}")
    return float(match[1]) * units[match[2].lower()]


class ByteSize(int):
    """A number of bytes: `2 GiB`, `300 KB`, `512`."""

    @classmethod
    def parse(cls, text: object) -> Self:
        """Return the number of bytes that a person wrote. Raises ValueError with a remedy."""
        return cls(_quantity(text, _BYTES, '"2 GiB" or "300 KB"'))

    def __str__(self) -> str:
        for unit, factor in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
            if self and self % factor == 0:
                return f"{int(self) // factor} {unit}"
        return f"{int(self)} B"


class Duration(float):
    """A length of time in seconds: `30s`, `5m`, `2h`, `30d`."""

    @classmethod
    def parse(cls, text: object) -> Self:
        """Return the seconds that a person wrote. Raises ValueError with a remedy."""
        return cls(_quantity(text, _SECONDS, '"30s", "5m", "2h" or "30d"'))

    def __str__(self) -> str:
        for unit, factor in (("d", 86400), ("h", 3600), ("m", 60)):
            if self and self % factor == 0:
                return f"{_digits(self / factor)}{unit}"
        return f"{_digits(self)}s"


def _digits(number: float) -> str:
    """Return all digits of a number, without an exponent: `parse` knows none."""
    return f"{number:.30f}".rstrip("0").rstrip(".") if "e" in repr(number) else repr(number).removesuffix(".0")


class KeepDuration(Duration):
    """How long to keep something: a duration, or `forever`."""

    @classmethod
    def parse(cls, text: object) -> Self:
        """Return the seconds that a person wrote, infinite for `forever`. Raises ValueError with a remedy."""
        if text == "forever":
            return cls("inf")
        kept = super().parse(text)
        if kept and str(text).strip()[-1:].isdigit():  # 30 of what? Seconds, if it was meant as days, cost files
            raise ValueError(f'{text!r} has no unit; write it like "30d" or "12h"')
        return kept

    def __str__(self) -> str:
        return "forever" if self == float("inf") else super().__str__()


class Size(NamedTuple):
    """A picture's size in pixels."""

    width: int
    height: int

    @property
    def transposed(self) -> "Size":
        """The size with width and height exchanged."""
        return Size(self.height, self.width)


class Dimensions:
    """A wanted size in pixels; a side that is left open follows the other: `1600x1200`, `1600x`, `x1200`."""

    __slots__ = ("height", "width")

    def __init__(self, width: int | None, height: int | None) -> None:
        self.width = width
        self.height = height

    @classmethod
    def parse(cls, text: object) -> Self:
        """Return the dimensions that a person wrote. Raises ValueError with a remedy."""
        match = _DIMENSIONS.fullmatch(text) if isinstance(text, str) else None
        if match is None or not (match[1] or match[2]):
            raise ValueError(f'{text!r} is no picture size; write it like "1600x1200", "1600x" or "x1200"')
        sides = tuple(int(side) if side else None for side in match.groups())
        if 0 in sides:
            raise ValueError(f"{text!r} has a side of 0 pixels; a side is at least 1")
        return cls(*sides)

    def __str__(self) -> str:
        return f"{self.width or ''}x{self.height or ''}"

    def __repr__(self) -> str:
        return f"Dimensions({self})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Dimensions) and (self.width, self.height) == (other.width, other.height)

    def __hash__(self) -> int:
        return hash((self.width, self.height))


def describe_bytes(count: float) -> str:
    """Return a number of bytes for people, with three figures: 1.25 GB, 80 KB."""
    for unit in ("B", "KB", "MB", "GB"):
        if abs(count) < 1000:
            return f"{count:.0f} {unit}" if unit == "B" or count >= 100 else f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} TB" if count < 100 else f"{count:,.0f} TB"


def describe_bytes_change(bytes_in: int, bytes_out: int) -> str:
    """Return 402 MB → 31 MB, 92 % less; "none" where there were no bytes."""
    if not bytes_in:
        return "none"
    return f"{describe_bytes(bytes_in)} → {describe_bytes(bytes_out)}, {describe_saving(bytes_in, bytes_out)}"


def describe_saving(bytes_in: int, bytes_out: int) -> str:
    """Return 92 % less, 3 % more; "the same" where nothing changed, "" where there were no bytes."""
    if not bytes_in:
        return ""
    if bytes_in == bytes_out:
        return "the same"
    percent = 100 * abs(1 - bytes_out / bytes_in)
    # Nobody saves everything.
    amount = f"{min(percent, 99.9):.1f}" if 99 <= percent < 100 else f"{percent:,.0f}" if percent >= 1 else "under 1"
    return f"{amount} % {'less' if bytes_out < bytes_in else 'more'}"


_HOURS = 72
"""From so many on, a length of time is told in days."""


def describe_seconds(seconds: float) -> str:
    """Return a length of time for people: 0.4 s, 12 s, 3 min 20 s, 2 h 5 min, 5 days."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{rest} s"
    hours, minutes = divmod(minutes, 60)
    if hours >= _HOURS:
        return f"{hours // 24:,} days"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def iso_time(seconds: float) -> str:
    """Return a time, in seconds since the epoch, as 2026-05-17T20:00:00.000Z."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def describe_count(count: int, noun: str) -> str:
    """Return 1 file, 2 files, 1,200 batches."""
    many = f"{noun}es" if noun.endswith("ch") else f"{noun}s"
    return f"{count:,} {noun if count == 1 else many}"


def was_or_were(count: int) -> str:
    """Return the verb that went with so many things."""
    return "was" if count == 1 else "were"


def is_or_are(count: int) -> str:
    """Return the verb that goes with so many things."""
    return "is" if count == 1 else "are"
