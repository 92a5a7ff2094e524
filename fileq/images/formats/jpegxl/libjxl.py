"""libjxl as imagecodecs brings it, called by its C interface: no package for Python says how long a frame stays.

The structures and numbers are those of its headers jxl/decode.h, codestream_header.h and types.h, which stay for all
versions that fit a decoder made by JxlDecoderCreate.
"""

from __future__ import annotations

import ctypes
import functools
from typing import TYPE_CHECKING, Any

from fileq.images.formats import optional_codecs

if TYPE_CHECKING:
    from collections.abc import Iterator

_SUCCESS, _WANTS_BUFFER = 0, 5
_BASIC_INFO, _COLOR_ENCODING, _FRAME, _FULL_IMAGE = 0x40, 0x100, 0x400, 0x1000
_UINT8 = 2
_COLORS_OF_PIXELS = 1


class AnimationInfo(ctypes.Structure):
    """What a codestream says of its animation, up to JxlAnimationHeader: its size is that of the upright picture."""

    _fields_ = (
        ("have_container", ctypes.c_int), ("width", ctypes.c_uint32), ("height", ctypes.c_uint32),
        ("bits_per_sample", ctypes.c_uint32), ("exponent_bits", ctypes.c_uint32), ("intensity_target", ctypes.c_float),
        ("min_nits", ctypes.c_float), ("relative_to_max_display", ctypes.c_int), ("linear_below", ctypes.c_float),
        ("uses_original_profile", ctypes.c_int), ("have_preview", ctypes.c_int), ("have_animation", ctypes.c_int),
        ("orientation", ctypes.c_int), ("color_channels", ctypes.c_uint32), ("extra_channels", ctypes.c_uint32),
        ("alpha_bits", ctypes.c_uint32), ("alpha_exponent_bits", ctypes.c_uint32), ("premultiplied", ctypes.c_int),
        ("preview", ctypes.c_uint32 * 2), ("ticks", ctypes.c_uint32), ("per_seconds", ctypes.c_uint32),
        ("loops", ctypes.c_uint32), ("rest", ctypes.c_uint8 * 256),
    )  # fmt: skip


class _FrameHeader(ctypes.Structure):
    _fields_ = (("duration", ctypes.c_uint32), ("rest", ctypes.c_uint8 * 508))


class PixelFormat(ctypes.Structure):
    """How pixels lie in memory: their channels, the number of a type of samples, byte order, and padding of rows."""

    _fields_ = (
        ("channels", ctypes.c_uint32), ("type", ctypes.c_int), ("endianness", ctypes.c_int), ("align", ctypes.c_size_t),
    )  # fmt: skip


@functools.cache
def load() -> Any:
    """Return libjxl; None where imagecodecs isn't installed, or has it in a form that can't be called."""
    path = optional_codecs.jpeg_xl_module()
    if path is None:
        return None
    try:
        library = ctypes.CDLL(path)  # in which the libraries that it is linked to are found, too
        library.JxlDecoderCreate.restype = ctypes.c_void_p
    except (OSError, AttributeError):
        return None
    return library


class AnimationDecoder:
    """One pass over the frames of an animation, as they are shown: each drawn on those before it."""

    def __init__(self, content: bytes, *, draws: bool) -> None:
        """Begin with a file's `content`. With `draws` there are pixels, else headers alone, which takes no time."""
        self._library = load()
        self._content = content  # which the decoder reads as it goes
        self._decoder = ctypes.c_void_p(self._library.JxlDecoderCreate(None))
        if not self._decoder:
            raise MemoryError
        self.info = AnimationInfo()
        self.icc = b""
        events = _BASIC_INFO | _COLOR_ENCODING | _FRAME | (_FULL_IMAGE if draws else 0)
        self._call("SubscribeEvents", events)
        self._call("SetUnpremultiplyAlpha", 1)
        self._call("SetInput", self._content, ctypes.c_size_t(len(content)))
        self._library.JxlDecoderCloseInput(self._decoder)
        self._advance_to(_BASIC_INFO)
        self._call("GetBasicInfo", ctypes.byref(self.info))
        self._advance_to(_COLOR_ENCODING)
        self.icc = self._read_icc()

    def __del__(self) -> None:
        self._library.JxlDecoderDestroy(self._decoder)

    @property
    def channels(self) -> int:
        """How many channels pixels have: gray or RGB, and alpha."""
        colors: int = self.info.color_channels
        return colors + bool(self.info.alpha_bits)

    def durations(self) -> Iterator[int]:
        """Yield how long each frame stays, in ticks. Raises ValueError where the file is damaged."""
        header = _FrameHeader()
        while self._advance_to(_FRAME, _SUCCESS) == _FRAME:
            self._call("GetFrameHeader", ctypes.byref(header))
            yield header.duration

    def next_pixels(self) -> bytes:
        """Return the pixels of the next frame, 8 bits a channel. Raises ValueError where the file is damaged."""
        self._advance_to(_WANTS_BUFFER, passing=_FRAME)
        pixels = ctypes.create_string_buffer(self.info.width * self.info.height * self.channels)
        format_ = PixelFormat(self.channels, _UINT8, 0, 0)
        self._call("SetImageOutBuffer", ctypes.byref(format_), pixels, ctypes.c_size_t(len(pixels)))
        self._advance_to(_FULL_IMAGE)
        return pixels.raw

    def _read_icc(self) -> bytes:
        size = ctypes.c_size_t()
        if self._library.JxlDecoderGetICCProfileSize(self._decoder, _COLORS_OF_PIXELS, ctypes.byref(size)):
            return b""
        profile = ctypes.create_string_buffer(size.value)
        self._call("GetColorAsICCProfile", _COLORS_OF_PIXELS, profile, size)
        return profile.raw

    def _advance_to(self, *statuses: int, passing: int | None = None) -> int:
        status: int = self._library.JxlDecoderProcessInput(self._decoder)
        while status == passing:
            status = self._library.JxlDecoderProcessInput(self._decoder)
        if status not in statuses:
            raise ValueError("an animation in JPEG XL that can't be decoded to its end")
        return status

    def _call(self, name: str, *arguments: Any) -> None:
        if self._library[f"JxlDecoder{name}"](self._decoder, *arguments) != _SUCCESS:
            raise ValueError(f"an animation in JPEG XL that libjxl refuses ({name})")
