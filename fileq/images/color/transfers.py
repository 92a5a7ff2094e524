"""Transfer characteristics of an ordinary dynamic range (ITU-T H.273, table 3): what light a number stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fileq.images.color.icc import Curve

_GAMMAS = {4: 2.2, 5: 2.8, 8: 1.0}
_VIDEO = {1, 6, 11, 12, 14, 15}
_VIDEO_GAMMA = 2.4
"""What a screen makes of the curve of video (ITU-R BT.1886, with a black without light)."""


def curve_of(transfer: int, *, for_screens: bool) -> float | Curve | None:
    """Return the power or the function of a transfer characteristic; None for sRGB's, and for what isn't here.

    The curve of video is a screen's where the picture is `for_screens`, else it is taken for sRGB's.
    """
    if transfer in _VIDEO:
        return _VIDEO_GAMMA if for_screens else None
    return _GAMMAS.get(transfer) or _FUNCTIONS.get(transfer)


def _smpte_240m_to_light(value: float) -> float:
    return value / 4 if value < 4 * 0.0228 else ((value + 0.1115) / 1.1115) ** (1 / 0.45)


def _log_100_to_light(value: float) -> float:
    return 10 ** (2 * (value - 1)) if value > 0 else 0.0


def _log_316_to_light(value: float) -> float:
    return 10 ** (2.5 * (value - 1)) if value > 0 else 0.0


def _smpte_428_to_light(value: float) -> float:
    """Return the light in a cinema, of which white is 48 of the 52.37 cd/m² that all can be."""
    return float(52.37 / 48 * value**2.6)


_FUNCTIONS = {7: _smpte_240m_to_light, 9: _log_100_to_light, 10: _log_316_to_light, 17: _smpte_428_to_light}
