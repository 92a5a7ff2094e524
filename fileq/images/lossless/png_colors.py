"""What a PNG says of its colors, in fewer bytes that mean the same (PNG third edition, 4.3 and 11.3)."""

from __future__ import annotations

import io
import zlib

from fileq.files.containers import png_chunk, png_chunks
from fileq.images.color.srgb import ProfileError, is_srgb

_DEPTH, _COLOR_TYPE = 8, 9  # places in the header
_WITH_ALPHA = 4  # a bit of the color type
_MOST_DEPTH = 8  # bits: the profile is tried with colors of so many
_LONGEST = 2**20  # bytes of a profile: that of sRGB has 3,144
_INTENT = 67  # the last byte of a profile's rendering intent
_FALLBACKS = (b"gAMA", b"cHRM")


def say_colors_shortly(content: bytes) -> bytes:
    """Return a PNG in which a profile with sRGB's colors is the chunk sRGB, and what decoders pass over is left out.

    That is what the chunk sRGB overrides, and a background behind pixels that hide it.
    """
    chunks = [(chunk.name, content[chunk.start : chunk.end]) for chunk in png_chunks(io.BytesIO(content))]
    names = {name for name, _ in chunks}
    header = next((whole[8:-4] for name, whole in chunks if name == b"IHDR"), b"")
    if len(header) <= _COLOR_TYPE:
        return content
    goes = set()
    if not (header[_COLOR_TYPE] & _WITH_ALPHA or b"tRNS" in names):
        goes.add(b"bKGD")
    profile = next((whole[8:-4] for name, whole in chunks if name == b"iCCP"), None)
    short = b"" if profile is None or header[_DEPTH] > _MOST_DEPTH else _as_srgb(profile)
    if short:
        goes.update({b"sRGB", *_FALLBACKS})
        chunks = [(b"", short) if name == b"iCCP" else (name, whole) for name, whole in chunks]
    elif b"sRGB" in names and profile is None:
        goes.update(_FALLBACKS)
    return content[:8] + b"".join(whole for name, whole in chunks if name not in goes)


def _as_srgb(profile: bytes) -> bytes:
    """Return the chunk sRGB with the rendering intent of the chunk iCCP with this content, b"" for other colors."""
    _, _, rest = profile.partition(b"\0")
    try:
        icc = zlib.decompressobj().decompress(rest[1:], _LONGEST)
        return png_chunk(b"sRGB", icc[_INTENT : _INTENT + 1]) if is_srgb(icc) else b""
    except (zlib.error, ProfileError):
        return b""
