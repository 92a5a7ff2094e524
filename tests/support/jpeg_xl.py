"""Animations in JPEG XL that cjxl can't make: any loop count, ticks, depth and orientation, by libjxl's own encoder."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

from fileq.images.formats.jpegxl import libjxl

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from PIL import Image

_UINT8, _UINT16 = 2, 3
_ROOM = 2**24  # bytes


class _FrameHeader(ctypes.Structure):
    _fields_ = (("duration", ctypes.c_uint32), ("rest", ctypes.c_uint8 * 508))


def write_animation(
    path: Path, frames: Sequence[Image.Image], durations: Sequence[int], *, loops: int = 0,
    ticks: tuple[int, int] = (1000, 1), bits: int = 8, orientation: int = 1,
) -> None:  # fmt: skip
    """Write frames in mode L, LA, RGB or RGBA without loss; each stays so many ticks, of which `ticks` is a rate."""
    library = libjxl.load()
    for name in ("Create", "FrameSettingsCreate"):
        getattr(library, f"JxlEncoder{name}").restype = ctypes.c_void_p
    encoder = ctypes.c_void_p(library.JxlEncoderCreate(None))
    channels = len(frames[0].getbands())
    info = libjxl.AnimationInfo()
    library.JxlEncoderInitBasicInfo(ctypes.byref(info))
    info.width, info.height = frames[0].size
    info.bits_per_sample, info.uses_original_profile, info.orientation = bits, 1, orientation
    info.color_channels, info.alpha_bits = (1 if channels < 3 else 3), (0 if channels % 2 else bits)
    info.extra_channels = int(info.alpha_bits > 0)
    info.have_animation, info.loops = 1, loops
    info.ticks, info.per_seconds = ticks
    _check(library.JxlEncoderSetBasicInfo(encoder, ctypes.byref(info)))
    color = ctypes.create_string_buffer(256)
    library.JxlColorEncodingSetToSRGB(color, int(channels < 3))
    _check(library.JxlEncoderSetColorEncoding(encoder, color))
    settings = ctypes.c_void_p(library.JxlEncoderFrameSettingsCreate(encoder, None))
    _check(library.JxlEncoderSetFrameLossless(settings, 1))
    form = libjxl.PixelFormat(channels, _UINT8 if bits == 8 else _UINT16, 0, 0)
    for frame, duration in zip(frames, durations, strict=True):
        header = _FrameHeader()
        library.JxlEncoderInitFrameHeader(ctypes.byref(header))
        header.duration = duration
        _check(library.JxlEncoderSetFrameHeader(settings, ctypes.byref(header)))
        levels = frame.tobytes()
        pixels = levels if bits == 8 else b"".join(level.to_bytes(1) * 2 for level in levels)
        _check(library.JxlEncoderAddImageFrame(settings, ctypes.byref(form), pixels, ctypes.c_size_t(len(pixels))))
    library.JxlEncoderCloseInput(encoder)
    path.write_bytes(_take_output(library, encoder))
    library.JxlEncoderDestroy(encoder)


def _take_output(library: Any, encoder: ctypes.c_void_p) -> bytes:
    room = ctypes.create_string_buffer(_ROOM)
    place, left = ctypes.c_void_p(ctypes.addressof(room)), ctypes.c_size_t(_ROOM)
    _check(library.JxlEncoderProcessOutput(encoder, ctypes.byref(place), ctypes.byref(left)))
    return room.raw[: _ROOM - left.value]


def _check(status: int) -> None:
    assert status == 0
