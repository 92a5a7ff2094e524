"""Transfer functions: what light the numbers of PQ and HLG stand for (ITU-R BT.2100-2), and sRGB's."""

from __future__ import annotations

import math

PQ, HLG = 16, 18
"""The numbers of ITU-T H.273."""

WHITE = 203.0
"""The candelas per square metre of an ordinary picture's white (ITU-R BT.2408-7)."""

HLG_PEAK = 1000.0
"""The candelas per square metre of a screen for which HLG's system gamma is 1.2, and of its white."""

_M1, _M2, _C1, _C2, _C3 = 2610 / 16384, 2523 / 4096 * 128, 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
_BRIGHTEST = 10000.0
_A, _B, _C = 0.17883277, 0.28466892, 0.55991073


def pq_to_light(value: float) -> float:
    """Return the candelas per square metre of a number of PQ from 0 to 1 (table 4, EOTF)."""
    root = math.pow(max(0.0, value), 1 / _M2)
    return _BRIGHTEST * math.pow(max(root - _C1, 0.0) / (_C2 - _C3 * root), 1 / _M1)


def light_to_pq(light: float) -> float:
    """Return the number of PQ from 0 to 1 for candelas per square metre (table 4, inverse EOTF)."""
    root = math.pow(max(0.0, light) / _BRIGHTEST, _M1)
    return math.pow((_C1 + _C2 * root) / (1 + _C3 * root), _M2)


def hlg_to_scene(value: float) -> float:
    """Return the light of the scene, from 0 to 1, for a number of HLG (table 5, inverse OETF)."""
    return value * value / 3 if value <= 0.5 else (math.exp((value - _C) / _A) + _B) / 12


def light_to_srgb(light: float) -> float:
    """Return the number of sRGB from 0 to 1 for light, of which 1 is white (IEC 61966-2-1)."""
    light = min(1.0, light)
    return light * 12.92 if light <= 0.0031308 else 1.055 * math.pow(light, 1 / 2.4) - 0.055
