"""Colors that a PNG names by gamma and chromaticities (PNG third edition, 11.3.2.1 gAMA and 11.3.2.2 cHRM)."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from fileq.images.color import icc

if TYPE_CHECKING:
    from collections.abc import Mapping

_SRGB = (0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)
"""The x and y of white, red, green and blue."""

_SRGB_GAMMA = 1 / 2.2  # what programs write for sRGB's curve; to be read as that curve (PNG, 11.3.2.5)
_NEARLY = 0.005

_BRADFORD = ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))
_BRADFORD_BACK = (
    (0.9869929, -0.1470543, 0.1599627),
    (0.4323053, 0.5183603, 0.0492912),
    (-0.0085287, 0.0400428, 0.9684867),
)

Matrix = tuple[tuple[float, ...], ...]


def build_profile(info: Mapping[Any, Any]) -> bytes | None:
    """Return an ICC profile of the colors that `info`, Pillow's of a PNG, names; None for sRGB's, or nonsense."""
    if "srgb" in info or not ("gamma" in info or "chromaticity" in info):
        return None
    corners, gamma = info.get("chromaticity", _SRGB), info.get("gamma", _SRGB_GAMMA)
    if all(abs(a - b) < _NEARLY for a, b in zip((*corners, gamma), (*_SRGB, _SRGB_GAMMA), strict=True)):
        return None
    return _profile(tuple(corners), gamma) if 0.1 <= gamma <= 10 else None


@functools.lru_cache(maxsize=16)
def _profile(corners: tuple[float, ...], gamma: float) -> bytes | None:
    curve = None if abs(gamma - _SRGB_GAMMA) < _NEARLY else 1 / gamma
    try:
        return icc.build_matrix_profile(build_primaries(corners), curve)
    except ZeroDivisionError:  # primaries in one line, or without light
        return None


def build_primaries(corners: tuple[float, ...]) -> icc.Primaries:
    """Return red, green and blue in XYZ under D50, from the x and y of white and of them (SMPTE RP 177, Bradford)."""
    white, *columns = (_xyz(x, y) for x, y in zip(corners[::2], corners[1::2], strict=True))
    scales = _solve(columns, white)
    adaptation = _adaptation(white)
    scaled = (tuple(value * scale for value in column) for column, scale in zip(columns, scales, strict=True))
    red, green, blue = (_multiply(adaptation, column) for column in scaled)
    return red, green, blue


def _xyz(x: float, y: float) -> tuple[float, float, float]:
    return x / y, 1.0, (1 - x - y) / y


def _solve(columns: list[tuple[float, float, float]], wanted: tuple[float, ...]) -> list[float]:
    """Return how much of each column makes `wanted`, by Cramer's rule."""
    whole = _determinant(*columns)
    replaced = ([wanted if at == place else column for at, column in enumerate(columns)] for place in range(3))
    return [_determinant(*each) / whole for each in replaced]


def _determinant(a: tuple[float, ...], b: tuple[float, ...], c: tuple[float, ...]) -> float:
    return a[0] * (b[1] * c[2] - b[2] * c[1]) - b[0] * (a[1] * c[2] - a[2] * c[1]) + c[0] * (a[1] * b[2] - a[2] * b[1])


def _adaptation(white: tuple[float, ...]) -> Matrix:
    """Return the matrix that makes colors seen under `white` look the same under D50."""
    cones, target = _multiply(_BRADFORD, white), _multiply(_BRADFORD, icc.D50)
    scaled = tuple(
        tuple(value * to / cone for value in row) for row, to, cone in zip(_BRADFORD, target, cones, strict=True)
    )
    columns = tuple(zip(*scaled, strict=True))
    return tuple(
        tuple(sum(a * b for a, b in zip(row, column, strict=True)) for column in columns) for row in _BRADFORD_BACK
    )


def _multiply(matrix: Matrix, column: tuple[float, ...]) -> tuple[float, float, float]:
    x, y, z = (sum(a * b for a, b in zip(row, column, strict=True)) for row in matrix)
    return x, y, z
