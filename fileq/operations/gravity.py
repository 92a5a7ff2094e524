"""The nine places of a smaller thing in a larger one that people name by compass."""

from typing import Literal

Gravity = Literal[
    "northwest", "north", "northeast",
    "west", "center", "east",
    "southwest", "south", "southeast",
]  # fmt: skip


def gravity_offset(gravity: Gravity, room: tuple[float, float]) -> tuple[int, int]:
    """Return the distance from the left and the top, in whole pixels, rounded down.

    `room` is what is left over in width and height: the outer size less the inner one.
    """
    return int(room[0] * _share(gravity, "west", "east")), int(room[1] * _share(gravity, "north", "south"))


def _share(gravity: str, near: str, far: str) -> float:
    """Return how much of the room lies before the thing."""
    if near in gravity:
        return 0.0
    return 1.0 if far in gravity else 0.5
