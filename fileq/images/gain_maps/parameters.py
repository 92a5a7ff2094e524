"""What the numbers of a gain map mean (ISO 21496-1, 5.2): how to come from the picture to its brighter rendition.

gain = minimum + (maximum - minimum) * value ** (1 / gamma), in stops
brighter = (picture + base_offset) * 2 ** gain - alternate_offset, in linear light
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

Channels = tuple[Fraction, ...]
"""One number for all channels, or three."""

DEFAULT_OFFSET = Fraction(1, 64)
_MOST_STOPS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class GainMapParameters:
    """The numbers of a gain map; stops are powers of two.

    The headrooms say from how bright a screen on, in stops above white, each rendition is shown as it is.
    """

    minimum: Channels
    maximum: Channels
    gamma: Channels
    base_offset: Channels
    alternate_offset: Channels
    base_headroom: Fraction
    alternate_headroom: Fraction
    uses_base_colors: bool = True

    def __post_init__(self) -> None:
        """Raise ValueError for numbers that no gain map has."""
        pairs = zip(self.minimum, self.maximum, strict=False)
        if any(low > high for low, high in pairs) or any(gamma <= 0 for gamma in self.gamma):
            raise ValueError("a gain map has numbers that contradict each other")
        if any(abs(stops) > _MOST_STOPS for stops in (*self.minimum, *self.maximum, self.alternate_headroom)):
            raise ValueError("a gain map has more stops than there can be")

    @property
    def is_on_standard(self) -> bool:
        """Whether the picture itself is the one for ordinary screens."""
        return self.base_headroom < self.alternate_headroom

    @property
    def leads_to_standard(self) -> bool:
        """Whether the picture is one for HDR screens, and the other rendition the one for ordinary screens."""
        return self.alternate_headroom == 0 < self.base_headroom

    @property
    def channels(self) -> int:
        """How many channels have numbers of their own: 1 or 3."""
        return max(len(group) for group in self._groups)

    @property
    def by_channel(self) -> list[tuple[Fraction, ...]]:
        """Minimum, maximum, gamma, and the offsets of the picture and of the other rendition, of each such channel."""
        count = self.channels
        return list(zip(*(each if len(each) == count else each[:1] * count for each in self._groups), strict=True))

    @property
    def neutral_values(self) -> tuple[int, ...]:
        """What a pixel of the map has in each channel, 0 to 255, where the picture is to stay as it is."""
        return tuple(_neutral_value(float(low), float(high), float(gamma)) for low, high, gamma, *_ in self.by_channel)

    @property
    def _groups(self) -> tuple[Channels, ...]:
        return self.minimum, self.maximum, self.gamma, self.base_offset, self.alternate_offset


def _neutral_value(low: float, high: float, gamma: float) -> int:
    share = min(1.0, max(0.0, -low / (high - low))) if high > low else 0.0
    return round(255 * math.pow(share, gamma))
