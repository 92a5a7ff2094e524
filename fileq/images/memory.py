"""The memory that one attempt needs, told by the header, the steps and the formats before a pixel is decoded.

The figures are bytes a pixel at the peak, measured as the growth of a child's resident memory (Pillow 12, libaom 3,
libwebp 1.6, libjxl 0.11) and rounded up. tests/images/test_memory.py measures them again.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from fileq.errors import JobError, MemoryLimit
from fileq.images.color.palette import has_libimagequant
from fileq.images.encode.encoder import DEFAULT_QUALITY, tries_without_loss
from fileq.images.encode.jpeg import choose_subsampling, is_thorough
from fileq.images.formats import webp
from fileq.images.geometry import bounding_size
from fileq.images.lossless.packer import HIGH_EFFORT
from fileq.images.plan import holds_sequence, output_formats
from fileq.images.renderer import StepChain
from fileq.operations.builtin.resize import Resize
from fileq.recipes.formats import FORMATS_WITHOUT_QUALITY
from fileq.units import Size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fileq.images.decode.header import SourceHeader
    from fileq.operations.base import Operation
    from fileq.recipes.recipe import Output, Recipe

_JPEG_FORMATS = {"JPEG", "MPO"}

_STORED = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2}
"""Of a decoded picture, by its mode; 4 of all others."""

_DECODER = {
    "WEBP": 9, "AVIF": 10, "HEIF": 7, "JPEG2000": 13, "JXL": 6, "JXL animation": 84, "PSD": 5, "GIF": 8,
    "PDF": 5,
}  # fmt: skip
"""What a decoder takes beside the picture itself; that of AVIF with 10 bits a channel."""

_COEFFICIENT = 2
"""Of each sample of a JPEG that is progressive, in full size whatever size is wanted, and of one that is encoded in
more than one pass."""

_JPEG_BUFFER = ((95, 1), (98, 2), (101, 4))
"""For the file that is made, below each quality: noise of quality 100 takes 4."""

_JPEG_SAMPLES = {"4:2:0": 1.5, "4:2:2": 2, "4:4:4": 3}

_JPEG_FILES = 9
"""How often the file of a JPEG is there that is transcoded without loss: mozjpeg has the scans that it tries."""

_TO_RGB = {"CMYK": 25, "LAB": 12, "F": 12, "I": 8}
"""What the conversion of a mode takes."""

_ENCODER = {"webp": 8, "png": 4, "avif": 26, "tiff": 4, "gif": 8, "pdf": 4, "jxl": 45}
_ALPHA = {"jpeg": 9, "pdf": 9, "webp": 33, "avif": 6, "jxl": 13}
"""More than that where pixels may be transparent."""

_FROM_EFFORT = {"jxl": {5: 72, 8: 300}, "avif": {5: 34}}
"""Of lossy encoders from an effort on: from 8 on, that of JPEG XL looks at what it has made, and encodes it again."""

_JXL_LOSSLESS = {5: 72}
"""The same of JPEG XL without loss, which never does."""

_JXL_PART = 2**22
"""Pixels that the encoder of JPEG XL has in work at once, in a square; it encodes a larger picture part by part."""

_JXL_BEYOND, _JXL_BEYOND_WITH_ALPHA = 8, 12
"""Of the pixels beyond one part: two copies."""

_FULL_CHROMA = 13
"""More than that in AVIF, where colour has the resolution of light."""

_WEBP_LOSSLESS, _WEBP_LOSSLESS_BY_METHOD_0 = 40, 25
"""Whether pixels may be transparent or not."""

_PALETTE = 18
"""Where libimagequant reduces colours."""

_COLOR, _COLOR_OF_LIBIMAGEQUANT, _MOST_COLORS = 44, 16, 2**24
"""Of each colour that differs, where a palette is found; one for each pixel, in the worst case."""

_PACKED_AGAIN = {"png": 24, "gif": 30, "tiff": 22, "webp": 72}
"""Where a file is packed again without loss, and compared with what it was."""

_COMPARED = 2
"""Where formats are tried; the picture, and what became of it, are looked at when their encoder is done."""

_STEP = 8
"""What a step takes beside what goes in and what comes out."""

_GAIN_MAP = 14
"""What a gain map takes while it follows its picture, and is encoded."""

_DEEP, _DEEP_WITH_ALPHA = (30, 30), (45, 50)
"""Of colors of 16 bits: to read them, and to scale and encode what is made of them."""

_DEEP_PIXEL = 8
_FORMATS_OF_DEEP = {"png", "tiff"}

_QUARTER = 2**28
"""Bytes: limits are named in quarters of a GiB."""

_CONSTANT = 32 * 2**20
"""Bytes: what decoders and encoders take whatever the size."""


def estimate_memory(header: SourceHeader, recipe: Recipe) -> int:
    """Return the bytes that a recipe needs at most, at the peak, for a source: its pixels, all steps, and encoders.

    Sizes that only the pixels tell count as without the step that asks for them.
    """
    held = _STORED.get(header.mode, 4)
    wide = 4 if _is_coloured(header) else held
    decoded, target = _decoded_size(header, recipe)
    coefficients = _COEFFICIENT * header.jpeg_samples * header.is_progressive
    is_turned_later = decoded == header.size and header.format in _JPEG_FORMATS  # by then there are no coefficients
    whole = _pixels(decoded) * (held if is_turned_later else held + wide)
    reading = _pixels(header.size) * (_DECODER.get(header.format, 0) + coefficients) + whole + header.file_bytes
    if is_turned_later and (header.is_turned or header.has_own_colors):
        reading = max(reading, _pixels(decoded) * (held + wide) + header.file_bytes)
    if target != decoded or header.has_own_colors:
        reading += _pixels(target) * (wide + _TO_RGB.get(header.mode, 0))
    outputs = [output.settled_for(is_animation=header.is_animation) for output in recipe.outputs]
    making = max((_need_of(header, recipe, output, wide) for output in outputs), default=0)
    kept = _pixels(decoded) * (held + wide) if _keeps_source(header, recipe) else 0
    mapping = _pixels(header.gain_map) * _GAIN_MAP if header.gain_map is not None and recipe.hdr != "drop" else 0
    return int(max(reading, kept + making + mapping, _need_of_deep(header, recipe, outputs))) + _CONSTANT


def _need_of_deep(header: SourceHeader, recipe: Recipe, outputs: Sequence[Output]) -> int:
    """Return what colors of 16 bits need, where an output can keep them."""
    keeping = [output for output in outputs if not _FORMATS_OF_DEEP.isdisjoint(output_formats(output, header.format))]
    if not header.is_deep or not keeping:
        return 0
    reading, making = _DEEP_WITH_ALPHA if header.may_be_transparent else _DEEP
    made = max(_pixels(_sizes_through(header.size, (*recipe.steps, *one.pixel_steps))[-1]) for one in keeping)
    return max(_pixels(header.size) * reading, _pixels(header.size) * _DEEP_PIXEL + made * making)


def refuse_beyond(limit: int, need: int, path: str, of_machine: str = "") -> None:
    """Raise MemoryLimit where a source needs more bytes than a job may have; it says how many would do.

    `of_machine` says what has no more than that, where it isn't the config that sets the limit.
    """
    if need <= limit:
        return
    enough = f"{-(-need // _QUARTER) / 4:g} GiB"
    message = f"{path} needs about {enough} of memory, and a job may use {limit / 2**30:.3g} GiB."
    hint = f'Set memory = "{enough}" in [worker] of the config, if the machine has it. Or make the picture smaller.'
    if of_machine:
        hint = f"{of_machine} allows jobs no more, whatever the config says. Give it more, or make the picture smaller."
    raise MemoryLimit(message, hint)


def _keeps_source(header: SourceHeader, recipe: Recipe) -> bool:
    """Return whether the decoded picture is still there while outputs are encoded."""
    return (
        len(recipe.outputs) > 1 or header.frames > 1 or any(not isinstance(step, Resize) for step in recipe.all_steps)
    )


def _need_of(header: SourceHeader, recipe: Recipe, output: Output, wide: int) -> int:
    """Return what one output needs: its steps, its frames, and its encoder."""
    steps = (*recipe.steps, *output.pixel_steps)
    sizes = _sizes_through(header.size, steps)
    made = _pixels(sizes[-1])
    working = max((_pixels(before) + _pixels(after) for before, after in pairwise(sizes)), default=0)
    formats = [one for one in (*output_formats(output, header.format), output.alpha_format) if one]
    takes_all = any(holds_sequence(one, is_animation=header.is_animation) for one in formats)
    frames = header.frames if takes_all and not (header.is_animation and output.still) else 1
    encoding = max(_encoding(one, header, output, sizes[-1]) for one in formats)
    stepping = working * wide + made * _STEP if len(steps) > 1 or not _begins_with_resize(steps) else 0
    copies = _copies_of_frames(header, formats)
    if len(output.formats) > 1:
        encoding += made * _COMPARED
    if header.format in _JPEG_FORMATS and formats == ["jpeg"] and output.min_saving is not None:
        transcoding = int(made * header.jpeg_samples * _COEFFICIENT) + header.file_bytes * _JPEG_FILES
        encoding = transcoding if output.lossless else max(encoding, transcoding)
    return max(stepping, made * wide + encoding) + (frames - 1) * made * wide * copies


def _copies_of_frames(header: SourceHeader, formats: Sequence[str]) -> int:
    """Return how often all frames are there at once: encoders look for what has changed, that of PNG in copies."""
    if not header.is_animation:
        return 1
    return 2 + header.may_be_transparent + ("png" in formats)


def _encoding(format_: str, header: SourceHeader, output: Output, size: Size) -> int:
    """Return what an encoder needs for a picture of this size."""
    made, need = _pixels(size), _encoder_bytes(format_, header, output, size)
    if color := _color_bytes(format_, header, output):
        return int(made * need) + min(made, _MOST_COLORS) * color
    encodes_again = not output.lossless and (output.effort or 0) >= HIGH_EFFORT
    if format_ != "jxl" or encodes_again or made <= _JXL_PART:
        return int(made * need)
    is_transparent = header.may_be_transparent or output.alpha_format is not None
    beyond = _JXL_BEYOND_WITH_ALPHA if is_transparent else _JXL_BEYOND
    return int(_JXL_PART * need) + (made - _JXL_PART) * beyond


def _color_bytes(format_: str, header: SourceHeader, output: Output) -> int:
    """Return what is needed for each colour that differs, where a palette is to be found."""
    reduces = output.reduces_colors(format_)
    if not _is_coloured(header) or not (reduces or (format_ == "gif" and not output.lossless)):
        return 0
    if reduces and has_libimagequant():
        return _COLOR_OF_LIBIMAGEQUANT
    return _COLOR  # an octree, which has no table of them, finds it where a pixel is transparent: who knows that yet


def _encoder_bytes(format_: str, header: SourceHeader, output: Output, size: Size) -> float:
    """Return what an encoder needs a pixel."""
    need: float = _jpeg_bytes(header, output, size) if format_ == "jpeg" else _ENCODER.get(format_, 4)
    if output.reduces_colors(format_):
        need = max(need, _PALETTE)
    lossless = _JXL_LOSSLESS if format_ == "jxl" else {}
    efforts = lossless if output.lossless else _FROM_EFFORT.get(format_, {})
    need = max([need, *(more for effort, more in efforts.items() if (output.effort or 0) >= effort)])
    if format_ == "avif" and output.subsampling == "4:4:4":
        need += _FULL_CHROMA
    if header.may_be_transparent or output.alpha_format is not None:
        need += _ALPHA.get(format_, 4)
    if format_ == "webp" and (output.lossless or tries_without_loss(format_, output, size)):
        is_fast = webp.choose_method(output.effort, _pixels(size), lossless=True) == 0
        need = max(0 if output.lossless else need, _WEBP_LOSSLESS_BY_METHOD_0 if is_fast else _WEBP_LOSSLESS)
    loses_nothing = output.lossless or format_ in FORMATS_WITHOUT_QUALITY
    if (loses_nothing and output.min_saving is not None) or (output.effort or 0) >= HIGH_EFFORT:
        need = max(need, _PACKED_AGAIN.get(format_, 0) + (4 if header.may_be_transparent else 0))
    return need


def _jpeg_bytes(header: SourceHeader, output: Output, size: Size) -> float:
    """Return what the encoder of JPEG needs a pixel: coefficients, unless one pass is enough, and the file."""
    quality = output.quality or DEFAULT_QUALITY["jpeg"]
    buffer = next(more for below, more in _JPEG_BUFFER if quality < below)
    samples = _JPEG_SAMPLES[choose_subsampling(output, quality, size)] if _is_coloured(header) else 1
    return buffer + _COEFFICIENT * samples * is_thorough(output)


def _is_coloured(header: SourceHeader) -> bool:
    return header.mode not in {"1", "L", "I;16", "I;16B", "I;16L"}


def _begins_with_resize(steps: Sequence[Operation]) -> bool:
    return not steps or StepChain(steps).leading_scaling(Size(1, 1)) is not None


def _sizes_through(size: Size, steps: Sequence[Operation]) -> list[Size]:
    """Return the sizes before, between and after steps, as far as they can be told."""
    sizes = [size]
    for step in steps:
        try:
            sizes.append(step.size(sizes[-1]))
        except JobError:  # the plan says it, with the upright size
            break
    return sizes


def _decoded_size(header: SourceHeader, recipe: Recipe) -> tuple[Size, Size]:
    """Return the size at which the source is decoded, and the one that is made of it before its colours are converted.

    The first is smaller than the source where JPEG's decoder can do that, and nobody needs more.
    """
    chains = [StepChain(recipe.steps)] if recipe.steps else [StepChain(one.pixel_steps) for one in recipe.outputs]
    scalings = [chain.leading_scaling(header.size) for chain in chains]
    wanted = [scaling.whole_size for scaling in scalings if scaling is not None]
    if not wanted or len(wanted) < len(scalings):
        return header.size, header.size
    target = bounding_size(wanted)
    if header.format not in _JPEG_FORMATS:
        return header.size, target
    ratio = min(header.size.width / target.width, header.size.height / target.height)
    reduced = next((factor for factor in (8, 4, 2) if ratio >= factor), 1)
    return Size(-(-header.size.width // reduced), -(-header.size.height // reduced)), target


def _pixels(size: Size) -> int:
    return size.width * size.height
