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
_READ = {b"IHDR", b"tRNS", b"iCCP", b"sRGB"}


def say_colors_shortly(content: bytes) -> bytes:
    """Return a PNG in which a profile with sRGB's colors is the chunk sRGB, and what decoders pass over is left out.

    That is what the chunk sRGB overrides, and a background behind pixels that hide it.
    """
    chunks = list(png_chunks(io.BytesIO(content)))
    inner = {
        chunk.name: content[chunk.payload : chunk.payload + chunk.length] for chunk in chunks if chunk.name in _READ
    }
    header = inner.get(b"IHDR", b"")
    if len(header) <= _COLOR_TYPE:
        return content
    goes = set()
    if not (header[_COLOR_TYPE] & _WITH_ALPHA or b"tRNS" in inner):
        goes.add(b"bKGD")
    profile = inner.get(b"iCCP")
    short = b"" if profile is None or header[_DEPTH] > _MOST_DEPTH else _as_srgb(profile)
    if short:
        goes.update({b"sRGB", *_FALLBACKS})
    elif b"sRGB" in inner and profile is None:
        goes.update(_FALLBACKS)
    if not short and goes.isdisjoint(chunk.name for chunk in chunks):
        return content
    kept = (chunk for chunk in chunks if chunk.name not in goes)
    whole = (short if chunk.name == b"iCCP" and short else content[chunk.start : chunk.end] for chunk in kept)
    return content[:8] + b"".join(whole)


def _as_srgb(profile: bytes) -> bytes:
    """Return the chunk sRGB with the rendering intent of the chunk iCCP with this content, b"" for other colors."""
    _, _, rest = profile.partition(b"\0")
    try:
        icc = zlib.decompressobj().decompress(rest[1:], _LONGEST)
        return png_chunk(b"sRGB", icc[_INTENT : _INTENT + 1]) if is_srgb(icc) else b""
    except (zlib.error, ProfileError):
        return b""
