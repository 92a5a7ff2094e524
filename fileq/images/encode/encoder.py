"""From pixels to a file: each format's options, and the best quality that fits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from fileq.errors import ErrorKind, JobError
from fileq.files.output_mark import append_mark
from fileq.images.color import modes, palette
from fileq.images.deep import png_writer, tiff_writer
from fileq.images.deep.image import DeepImage
from fileq.images.encode.jpeg import choose_subsampling, is_thorough, save_jpeg
from fileq.images.encode.loss import FORMATS_WITH_16_BITS, index_losslessly
from fileq.images.errors import translate_encode_errors
from fileq.images.formats import avif, optional_codecs, webp
from fileq.images.formats.tiff import directories as tiff
from fileq.images.gain_maps.rendition import write_with_gain_map
from fileq.images.lossless.packer import HIGH_EFFORT, pack_file
from fileq.images.metadata import gif_rewrite
from fileq.images.metadata.comments import place_comment
from fileq.images.metadata.mark import add_mark_option
from fileq.images.metadata.save_options import exif_directories, save_options, xmp_for
from fileq.images.metadata.selection import Metadata
from fileq.operations.base import to_8_bit
from fileq.units import Size, describe_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import BinaryIO

    from PIL.Image import Image

    from fileq.files.temp_file import TempFile
    from fileq.images.gain_maps.rendition import EncodedGainMap
    from fileq.recipes.recipe import Output

PILLOW_NAMES = {
    "jpeg": "JPEG", "png": "PNG", "webp": "WEBP", "avif": "AVIF", "gif": "GIF", "tiff": "TIFF", "pdf": "PDF",
    "jxl": "JXL",
}  # fmt: skip

DEFAULT_QUALITY = {"jpeg": 82, "webp": 80, "avif": 60, "pdf": 85, "jxl": 82}
"""Where one sees no difference at a normal distance; each format counts in its own way."""

_ALWAYS_LOSSY = {"jpeg", "avif", "pdf"}  # AVIF at quality 100 is still up to 3 of 255 off
_EITHER_WAY = {"webp", "jxl"}
_FEW_COLORS = 2**12
_LARGEST_TRIAL = 2**25  # pixels: without loss WebP takes five times the memory
_MOST_PLAYS = 65535  # what GIF and WebP have room for
_LONGEST_STAY = {"gif": 655_350, "webp": 2**24 - 1, "png": 65_535_000}
"""Milliseconds: what formats have room for; a frame of a GIF stays eleven minutes."""

_LONGEST_PLAY = 2**31 - 1  # ms: of all frames, in WebP's encoder
_DEEP_WRITERS = {"png": png_writer.write, "tiff": tiff_writer.write}
_DRAWING_COLORS = 2**16
_LOWEST = 5  # below this nothing can be recognised, so that a file which needs less doesn't fit


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderInput:
    """What goes into one file: frames or pages, how long each stays in ms, how often all play (0: for ever).

    And what is not pixels: metadata, profile, and a title.
    """

    frames: Sequence[Image]
    durations: Sequence[int]
    play_count: int
    metadata: Metadata
    icc: bytes | None
    background: str
    title: str
    has_palette: bool = False  # whether the source's colors were few enough for one
    is_bilevel: bool = False  # whether the source has one bit a pixel, black or white
    gain_map: EncodedGainMap | None = None
    mark: bytes = b""  # by which the output is known for fileq's

    @property
    def size(self) -> Size:
        return Size(*self.frames[0].size)


def encode(temp: TempFile, format_: str, content: EncoderInput, output: Output) -> None:
    """Write `content` to the temp file in a format such as "jpeg", by the output's options. Raises JobError."""
    _refuse_impossible(format_, output)
    frames = _convert_frames(format_, content, output)
    is_transparent = modes.has_alpha(frames[0])
    if format_ == "gif" and output.lossless:
        frames = [index_losslessly(frame) for frame in frames]
    whole = frames
    if output.colors is not None:
        frames = _reduce_colors(format_, whole, output.colors)
    fixed = _common_options(format_, content, output) | _sequence_options(format_, frames, content, is_transparent)
    if format_ == "webp" and len(frames) > 1 and not output.lossless:
        fixed["allow_mixed"] = True  # a fifth of the bytes of a drawing, and no more time

    def write(quality: int | None) -> int:
        options = fixed | _format_options(format_, output, quality, content.size)
        with translate_encode_errors(temp):
            temp.truncate()
            with temp.open_from_start() as file:  # to a real file Pillow writes without the interpreter's lock
                if format_ == "jpeg":
                    save_jpeg(frames[0], file, **options)
                else:
                    _save(file, format_, frames, options)
                if content.mark:
                    append_mark(file, format_, content.mark)
            _pack_again(temp, format_, output)
            _complete(temp, format_, content, is_animation=len(frames) > 1)
            return temp.size

    quality = output.quality or DEFAULT_QUALITY.get(format_)
    size = write(quality)
    if output.colors is not None and output.reduces_colors(format_) and _is_drawing(whole):
        dithered = list(frames)
        frames[:] = whole
        is_larger = write(quality) < size  # for dither packs badly
        frames[:] = _reduce_colors(format_, whole, output.colors, dither=0.0) if is_larger else dithered
        size = write(quality)
    if quality and _may_be_smaller_without_loss(format_, frames, output):
        without_loss = write(None)
        size = without_loss if without_loss <= size else write(quality)
    if output.max_bytes is not None and size > output.max_bytes:
        _fit_max_bytes(write, size, quality if _is_lossy(format_, output) else None, output.max_bytes)


def _is_drawing(frames: Sequence[Image]) -> bool:
    """Return whether a still picture has so few colors that all of them may take fewer bytes than 16, dithered."""
    return len(frames) == 1 and frames[0].getcolors(_DRAWING_COLORS) is not None


def _pack_again(temp: TempFile, format_: str, output: Output) -> None:
    """Take the smallest form of what was written, where the effort is high. A JPEG becomes progressive by that."""
    if (output.effort or 0) < HIGH_EFFORT or (format_ == "jpeg" and output.progressive is False):
        return
    pack_file(temp, format_, output.effort)


def _save(file: BinaryIO, format_: str, frames: Sequence[Image], options: dict[str, Any]) -> None:
    if any(isinstance(frame, DeepImage) for frame in frames):
        _DEEP_WRITERS[format_](file, frames[0], dict(options))
    else:
        frames[0].save(file, format=PILLOW_NAMES[format_], **options)


def _complete(temp: TempFile, format_: str, content: EncoderInput, *, is_animation: bool) -> None:
    """Add to a file what Pillow can't write into it. Raises OSError."""
    with temp.open_from_start() as file:
        if content.gain_map is not None:
            write_with_gain_map(file, format_, content.gain_map)
        elif format_ == "gif" and (packet := xmp_for(content.metadata, format_)):
            gif_rewrite.add_xmp(file, packet)
        elif format_ == "avif" and is_animation and content.play_count:
            avif.write_play_count(file, content.play_count)
        elif format_ == "webp" and is_animation:
            webp.write_transparent(file)
        elif format_ == "tiff":
            tiff.add_directories(file, exif_directories(place_comment(content.metadata, format_), content.size))


def _refuse_impossible(format_: str, output: Output) -> None:
    if format_ not in PILLOW_NAMES:
        message = f"{format_.upper()} can't be encoded here: only a picture that no step changes can stay in it."
        raise JobError(ErrorKind.UNSUPPORTED, message, "Choose PNG, WebP or TIFF, or take the steps out.")
    if output.lossless and format_ in _ALWAYS_LOSSY:
        message = f"{format_.upper()} has no lossless form here."
        raise JobError(ErrorKind.UNSUPPORTED, message, "Choose PNG, WebP or TIFF, or take lossless out.")
    if format_ == "jxl":
        optional_codecs.register_jpeg_xl()


def _fit_max_bytes(write: Callable[[int | None], int], size: int, quality: int | None, most: int) -> None:
    """Find the best quality below `quality` whose file has at most `most` bytes, by halving the range."""
    low, high, best = _LOWEST, (quality or 0) - 1, None
    while low <= high:
        middle = (low + high) // 2
        size = write(middle)
        last = middle
        if size <= most:
            best, low = middle, middle + 1
        else:
            high = middle - 1
    if best is None:
        lowest = "even at the lowest quality" if quality else "and this format has no quality to lower"
        message = f"The output has {describe_bytes(size)} {lowest}: more than max_bytes, {describe_bytes(most)}."
        raise JobError(ErrorKind.UNSUPPORTED, message, "Make it smaller with a resize step, or raise max_bytes.")
    if best != last:
        write(best)


def _may_be_smaller_without_loss(format_: str, frames: Sequence[Image], output: Output) -> bool:
    """Return whether to try that: with few colors, as drawings and screenshots have, it often takes fewer bytes."""
    if not tries_without_loss(format_, output, Size(*frames[0].size)) or len(frames) > 1:
        return False
    return frames[0].getcolors(_FEW_COLORS) is not None


def tries_without_loss(format_: str, output: Output, size: Size) -> bool:
    """Return whether a picture of this size is encoded without loss, too, where it has few colours."""
    return format_ in _EITHER_WAY and not output.lossless and size.width * size.height <= _LARGEST_TRIAL


def _is_lossy(format_: str, output: Output) -> bool:
    return format_ in DEFAULT_QUALITY and not output.lossless


def _convert_frames(format_: str, content: EncoderInput, output: Output) -> list[Image]:
    opaque = [modes.drop_opaque_alpha(frame) for frame in content.frames]
    frames = [_convert_frame(format_, frame, content.background) for frame in opaque]
    if format_ == "png" and content.has_palette and len(frames) == 1 and output.colors is None:
        frames = [palette.restore_palette(frames[0], lossless=output.lossless)]
    if format_ == "png" and content.is_bilevel and len(frames) == 1:
        frames = [modes.restore_bilevel(frames[0])]
    if format_ not in {"tiff", "pdf"} and len({frame.mode for frame in frames}) > 1:
        common = "RGBA" if any(modes.has_alpha(frame) for frame in frames) else "RGB"
        frames = [frame.convert(common) for frame in frames]
    return [_strip_info(frame, format_, content) for frame in frames]


def _convert_frame(format_: str, image: Image, background: str) -> Image:
    if format_ not in FORMATS_WITH_16_BITS:
        image = to_8_bit(image)
    if format_ in {"jpeg", "pdf"}:
        return modes.flatten_alpha(image, background)
    return image.convert("RGBA") if image.mode == "LA" and format_ not in {"png", "tiff"} else image


def _reduce_colors(format_: str, frames: list[Image], colors: int, *, dither: float = 1.0) -> list[Image]:
    """Return the frames with so many colours each; those of an animated PNG, which has one palette, as they are.

    Only a still picture is dithered.
    """
    if format_ == "gif":
        dither = dither if len(frames) == 1 else 0.0
        return [palette.reduce_colors_of_gif(frame, colors, dither=dither) for frame in frames]
    if format_ != "png" or len(frames) > 1:
        return frames
    return [palette.reduce_colors(frames[0], colors, dither=dither)]


def _strip_info(image: Image, format_: str, content: EncoderInput) -> Image:
    """Return the frame without its `info`, which nothing needs any more: Pillow writes some of that unasked."""
    if content.icc is not None and image.mode == "L" and format_ not in {"png", "jpeg", "tiff"}:
        image = image.convert("RGB")
    image.info = {}
    return image


def _common_options(format_: str, content: EncoderInput, output: Output) -> dict[str, Any]:
    options = save_options(content.metadata, format_, content.size)
    if content.icc is not None:
        options["icc_profile"] = content.icc
    if format_ == "pdf":
        options.update(title=content.title, creationDate=None, modDate=None)
    if format_ == "tiff":
        options["compression"] = "tiff_adobe_deflate"
    if format_ == "avif" and output.subsampling:
        options["subsampling"] = output.subsampling
    if content.mark:
        add_mark_option(options, format_, content.mark)
    return options


def _sequence_options(
    format_: str, frames: Sequence[Image], content: EncoderInput, is_transparent: bool
) -> dict[str, Any]:  # fmt: skip
    if len(frames) == 1:
        return {}
    options: dict[str, Any] = {"save_all": True, "append_images": list(frames[1:])}
    if format_ in {"tiff", "pdf"}:
        return options
    longest = min(_LONGEST_STAY.get(format_, _LONGEST_PLAY), _LONGEST_PLAY // len(frames))
    options["duration"] = [min(duration or 100, longest) for duration in content.durations]  # browsers play a 0 so
    if format_ != "gif":
        options["loop"] = min(content.play_count, _MOST_PLAYS)
    elif content.play_count != 1:  # a GIF says how often it plays again, and nothing where it doesn't
        options["loop"] = min(max(0, content.play_count - 1), _MOST_PLAYS)
    if format_ == "gif" and is_transparent:
        options["disposal"] = 2  # else what was drawn before would shine through
    if format_ == "png":
        options["default_image"] = False
    return options


def _format_options(format_: str, output: Output, quality: int | None, size: Size) -> dict[str, Any]:
    options = _OPTIONS.get(format_)
    if quality is None and format_ in _EITHER_WAY:
        output = msgspec.structs.replace(output, lossless=True)
    return options(output, quality or 0, size) if options else {}


def _jpeg_options(output: Output, quality: int, size: Size) -> dict[str, Any]:
    """Return options of JPEG: optimised and progressive, unless effort is 0 to 2.

    That takes a third of the time less, and makes files 5 to 8 % larger.
    """
    thorough = is_thorough(output)
    progressive = thorough if output.progressive is None else output.progressive
    subsampling = choose_subsampling(output, quality, size)
    return {"quality": quality, "optimize": thorough, "progressive": progressive, "subsampling": subsampling}


def _webp_options(output: Output, quality: int, size: Size) -> dict[str, Any]:
    """Return options of WebP. Without loss, `quality` is how long it searches: method 0 makes nothing of that."""
    method = webp.choose_method(output.effort, size.width * size.height, lossless=output.lossless)
    if output.lossless:
        return {"lossless": True, "quality": 75 if method else 0, "method": method, "exact": False}
    return {"quality": quality, "method": method}


def _avif_options(output: Output, quality: int, _size: Size) -> dict[str, Any]:
    """Return options of AVIF. One thread: there is one child for each CPU already."""
    speed = 6 if output.effort is None else 10 - output.effort
    return {"quality": quality, "speed": speed, "max_threads": 1}


def _png_options(output: Output, quality: int, _size: Size) -> dict[str, Any]:
    """Return options of PNG. Level 6 takes half the time of Pillow's `optimize` for 2 to 3 % more bytes."""
    del quality
    if output.effort == 10:
        return {"optimize": True}
    return {"compress_level": 6 if output.effort is None else max(1, output.effort)}


def _jxl_options(output: Output, quality: int, _size: Size) -> dict[str, Any]:
    """Return options of JPEG XL. No threads but its own: see AVIF."""
    effort = 4 if output.effort is None else max(1, min(9, output.effort))
    return {"lossless": output.lossless, "quality": quality, "effort": effort, "num_threads": 0}


def _pdf_options(output: Output, quality: int, _size: Size) -> dict[str, Any]:
    del output
    return {"quality": quality}


_OPTIONS = {
    "jpeg": _jpeg_options,
    "webp": _webp_options,
    "avif": _avif_options,
    "png": _png_options,
    "pdf": _pdf_options,
    "jxl": _jxl_options,
}
