"""ICC profiles made from published primaries (ICC.1:2001, matrix and curve), and the same conversion in plain floats.

The matrices are those of Bruce Lindbloom (www.brucelindbloom.com), adapted to D50 by Bradford.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence

Matrix = tuple[tuple[float, float, float], ...]

SRGB: Matrix = (
    (0.4360747, 0.3850649, 0.1430804), (0.2225045, 0.7168786, 0.0606169), (0.0139322, 0.0971045, 0.7141733)
)  # fmt: skip
ADOBE: Matrix = (
    (0.6097559, 0.2052401, 0.1492240), (0.3111242, 0.6256560, 0.0632197), (0.0194811, 0.0608902, 0.7448387)
)  # fmt: skip
PROPHOTO: Matrix = (
    (0.7976749, 0.1351917, 0.0313534), (0.2880402, 0.7118741, 0.0000857), (0.0, 0.0, 0.8252100)
)  # fmt: skip
DISPLAY_P3: Matrix = (
    (0.5151187, 0.2919778, 0.1571035), (0.2411892, 0.6922441, 0.0665668), (-0.0010505, 0.0418791, 0.7840713)
)  # fmt: skip
_D50 = (0.9642, 1.0, 0.8249)


def _fixed(*values: float) -> bytes:
    return struct.pack(f">{len(values)}i", *(round(value * 65536) for value in values))


def _curve(gamma: float | None) -> bytes:
    """A power, or sRGB's curve as a table."""
    if gamma is not None:
        return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    table = [round(65535 * decoded(step / 1023, None)) for step in range(1024)]
    return b"curv\0\0\0\0" + struct.pack(">I1024H", 1024, *table)


def _profile(space: bytes, tags: dict[bytes, bytes]) -> bytes:
    tags = tags | {
        b"cprt": b"text\0\0\0\0CC0\0",
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", 5) + b"test\0" + bytes(8 + 3 + 67),
        b"wtpt": b"XYZ \0\0\0\0" + _fixed(*_D50),
    }
    directory, body, at = b"", b"", 128 + 4 + 12 * len(tags)
    for name, value in tags.items():
        padded = value + b"\0" * (-len(value) % 4)
        directory += name + struct.pack(">II", at + len(body), len(value))
        body += padded
    size = at + len(body)
    header = struct.pack(">I4sI4s4s4s", size, b"", 0x02400000, b"mntr", space, b"XYZ ") + bytes(12) + b"acsp"
    header += bytes(28) + _fixed(*_D50)
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + directory + body


def rgb(matrix: Matrix, gamma: float | None, more: dict[bytes, bytes] | None = None) -> bytes:
    columns = zip(*matrix, strict=True)
    tags = {
        name: b"XYZ \0\0\0\0" + _fixed(*column)
        for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns, strict=True)
    }
    return _profile(b"RGB ", tags | dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), _curve(gamma)) | (more or {}))


def gray(gamma: float) -> bytes:
    return _profile(b"GRAY", {b"kTRC": _curve(gamma)})


def decoded(value: float, gamma: float | None) -> float:
    """A number from 0 to 1 as light."""
    if gamma is not None:
        return math.pow(value, gamma)
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def xyz(color: Sequence[float], matrix: Matrix, gamma: float | None) -> list[float]:
    light = [decoded(channel / 255, gamma) for channel in color]
    return [sum(factor * channel for factor, channel in zip(row, light, strict=True)) for row in matrix]


def lab(color: list[float]) -> list[float]:
    def f(t: float) -> float:
        return t ** (1 / 3) if t > 216 / 24389 else (24389 / 27 * t + 16) / 116

    x, y, z = (f(max(value, 0) / white) for value, white in zip(color, _D50, strict=True))
    return [116 * y - 16, 500 * (x - y), 200 * (y - z)]


def delta_e(one: list[float], other: list[float]) -> float:
    """CIE 1976, of two colours in XYZ."""
    return math.dist(lab(one), lab(other))
