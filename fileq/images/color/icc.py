"""ICC profiles of the simple kind: primaries and a curve (ICC.1:2001-04, "three-component matrix-based")."""

from __future__ import annotations

import functools
import struct
from collections.abc import Callable

Curve = Callable[[float], float]
"""The light, from 0 to 1, that a number from 0 to 1 stands for."""

Primaries = tuple[tuple[float, float, float], ...]
"""Red, green and blue, each in XYZ under D50."""

SRGB: Primaries = ((0.43607, 0.22250, 0.01393), (0.38506, 0.71688, 0.09710), (0.14308, 0.06062, 0.71417))
DISPLAY_P3: Primaries = ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407))
BT_2020: Primaries = ((0.67346, 0.27904, -0.00194), (0.16566, 0.67534, 0.02998), (0.12505, 0.04561, 0.79684))

D50 = (0.9642, 1.0, 0.8249)
_STEPS = 1024  # of the curve: below the rounding of 8 bits everywhere
_HEADER, _TAG = 128, 12  # bytes
_MOST_TAGS = 200  # more are damage


@functools.cache
def build_matrix_profile(primaries: Primaries, curve: float | Curve | None = None) -> bytes:
    """Return an ICC profile of these primaries, its curve a power, a function or, without one, sRGB's."""
    values = _power(curve) if isinstance(curve, float | int) else _sampled(curve or srgb_to_light)
    tags = {
        b"desc": b"desc\0\0\0\0\0\0\0\x06fileq\0" + bytes(78),
        b"cprt": b"text\0\0\0\0CC0\0",
        b"wtpt": _xyz(D50),
        **{name: _xyz(primary) for name, primary in zip((b"rXYZ", b"gXYZ", b"bXYZ"), primaries, strict=True)},
        **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), values),
    }
    directory, body = struct.pack(">I", len(tags)), b""
    for name, value in tags.items():
        at = _HEADER + 4 + _TAG * len(tags) + len(body)
        directory += name + struct.pack(">II", at, len(value))
        body += value + b"\0" * (-len(value) % 4)
    return _header(_HEADER + len(directory) + len(body)) + directory + body


def _header(size: int) -> bytes:
    start = struct.pack(">I4xI4s4s4s12x4s", size, 0x02400000, b"mntr", b"RGB ", b"XYZ ", b"acsp")
    return (start + bytes(28) + _fixed(D50)).ljust(_HEADER, b"\0")


def _xyz(color: tuple[float, float, float]) -> bytes:
    return b"XYZ \0\0\0\0" + _fixed(color)


def _fixed(color: tuple[float, float, float]) -> bytes:
    return struct.pack(">3i", *(round(value * 65536) for value in color))


def _power(gamma: float) -> bytes:
    """Return a curve of one parameter (ICC.1:2004-10, "parametricCurveType"): the older kind has 8 bits to count."""
    return b"para" + bytes(8) + struct.pack(">i", round(gamma * 65536))


def read_tag(profile: bytes, name: bytes) -> bytes:
    """Return the value of a tag of 4 bytes in an ICC profile, b"" where the profile hasn't got it."""
    count = min(int.from_bytes(profile[_HEADER : _HEADER + 4], "big"), _MOST_TAGS)
    for at in range(_HEADER + 4, _HEADER + 4 + _TAG * count, _TAG):
        if profile[at : at + 4] == name:
            start, length = struct.unpack(">II", profile[at + 4 : at + 12].rjust(8, b"\0"))
            return profile[start : start + length]
    return b""


def srgb_to_light(value: float) -> float:
    """Return the light for a number of sRGB, both from 0 to 1 (IEC 61966-2-1)."""
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _sampled(curve: Curve) -> bytes:
    light = (min(1.0, curve(step / (_STEPS - 1))) for step in range(_STEPS))
    return struct.pack(f">4s4xI{_STEPS}H", b"curv", _STEPS, *(round(value * 65535) for value in light))
