"""How far the work is: the numbers that every display shows, and the words for them."""

from collections.abc import Sequence

import msgspec

from fileq.units import describe_seconds


class Slot(msgspec.Struct, frozen=True):
    """What one slot of a worker does right now, and for how many seconds. An idle one has no source."""

    source: str | None = None
    recipe: str | None = None
    seconds: float = 0.0


class Progress(msgspec.Struct, frozen=True):
    """`ended` of `total` jobs have ended, `failed` of them badly. `left` is in seconds, None where unknown."""

    ended: int
    total: int
    failed: int = 0
    rate_per_minute: float = 0.0
    left: float | None = None
    slots: Sequence[Slot] = ()
    paused: bool = False

    @property
    def share(self) -> float:
        return self.ended / self.total if self.total else 0.0


def rate_in_words(per_minute: float) -> str:
    """8.2 a second, 12 a minute, 3 an hour."""
    for number, unit in ((per_minute / 60, "a second"), (per_minute, "a minute"), (per_minute * 60, "an hour")):
        if number >= 1:
            return f"{number:.3g} {unit}" if number < 1000 else f"{number:,.0f} {unit}"
    return ""


def parts_in_words(progress: Progress) -> list[str]:
    """What follows "61 of 120 done": the rate, the time left, that it is paused."""
    parts = [rate_in_words(progress.rate_per_minute)]
    if progress.left is not None and progress.ended < progress.total:
        parts.append(f"{describe_seconds(progress.left)} left")
    if progress.paused:
        parts.append("paused")
    return [part for part in parts if part]
