"""The numbers of a gain map as ISO 21496-1 writes them, in JPEG, AVIF and HEIF alike (annex C)."""

from __future__ import annotations

import struct
from fractions import Fraction

from fileq.images.gain_maps.parameters import GainMapParameters

JPEG_NAME = b"urn:iso:std:iso:ts:21496:-1\0"
"""What the segment APP2 of a JPEG begins with that holds them."""

VERSION = struct.pack(">HH", 0, 0)
"""The version that a reader must know, and that of the writer: all of what stands in the picture that has a map."""

_THREE_CHANNELS, _BASE_COLORS, _COMMON_DENOMINATOR = 0x80, 0x40, 0x08
_LARGEST = 2**31 - 1


def read_parameters(payload: bytes) -> GainMapParameters:
    """Return the numbers in what follows the name of the segment. Raises ValueError or struct.error.

    A common denominator for all of them is what libultrahdr 1.1 wrote.
    """
    least_version, _, flags = struct.unpack_from(">HHB", payload)
    if least_version:
        raise ValueError("a gain map is of a version that is not known")
    count = 3 if flags & _THREE_CHANNELS else 1
    signs = "II" + "iiIii" * count
    if flags & _COMMON_DENOMINATOR:
        common, *numbers = struct.unpack_from(f">I{signs}", payload, 5)
        values = [_fraction(number, common) for number in numbers]
    else:
        pairs = struct.unpack_from(">" + "".join(sign + "I" for sign in signs), payload, 5)
        values = [_fraction(*pair) for pair in zip(pairs[::2], pairs[1::2], strict=True)]
    minimum, maximum, gamma, base_offset, alternate_offset = (tuple(values[2 + at :: 5]) for at in range(5))
    return GainMapParameters(
        minimum=minimum,
        maximum=maximum,
        gamma=gamma,
        base_offset=base_offset,
        alternate_offset=alternate_offset,
        base_headroom=values[0],
        alternate_headroom=values[1],
        uses_base_colors=bool(flags & _BASE_COLORS),
    )


def write_parameters(parameters: GainMapParameters) -> bytes:
    """Return the numbers as they follow the name of the segment."""
    flags = (_THREE_CHANNELS if parameters.channels == 3 else 0) | (_BASE_COLORS if parameters.uses_base_colors else 0)
    values = [parameters.base_headroom, parameters.alternate_headroom]
    for channel in parameters.by_channel:
        values += channel
    return VERSION + bytes((flags,)) + b"".join(struct.pack(">iI", *_ratio(value)) for value in values)


def _fraction(number: int, denominator: int) -> Fraction:
    if not denominator:
        raise ValueError("a gain map has a number that is none")
    return Fraction(number, denominator)


def _ratio(value: Fraction) -> tuple[int, int]:
    """Return numerator and denominator in 31 bits each."""
    return value.limit_denominator(_LARGEST // (int(abs(value)) + 1)).as_integer_ratio()
