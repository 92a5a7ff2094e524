"""The opening of a source: safely, by its content, and only in the formats that are known to be harmless."""

import functools
import logging
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import BinaryIO, cast

# Pillow would import these when the first file of a child needs one, and with it all 40 that it has.
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    IcoImagePlugin,
    Image,
    ImageFile,
    Jpeg2KImagePlugin,
    JpegImagePlugin,
    MpoImagePlugin,
    PdfImagePlugin,
    PngImagePlugin,
    PpmImagePlugin,
    PsdImagePlugin,
    QoiImagePlugin,
    TgaImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)
from PIL.TiffImagePlugin import TiffImageFile

from fileq.errors import ErrorKind, JobError
from fileq.files.containers import read_brands
from fileq.images.color import chromaticity, cicp, modes
from fileq.images.decode import integrity
from fileq.images.decode.header import SourceHeader, header_of
from fileq.images.decode.orientation import read_png_orientation
from fileq.images.decode.source_file import length_of, read_all, rewound
from fileq.images.deep.reader import deep_reader
from fileq.images.errors import too_large, translate_decode_errors, unreadable
from fileq.images.formats import avif, gif, heif, ico, netpbm, optional_codecs, pdf, psd, tga, unsupported, webp
from fileq.images.formats.bmp import bit_fields, headers, indexed
from fileq.images.formats.jpeg2000.image import Jpeg2000File
from fileq.images.formats.jpeg2000.xmp import read_xmp
from fileq.images.formats.jpegxl import header as jpegxl
from fileq.images.formats.jpegxl import libjxl
from fileq.images.formats.jpegxl.animation import JXL_ANIMATION, JpegXlAnimationFile, decode_first_frame
from fileq.images.formats.png import animation, rows, transparency
from fileq.images.formats.tiff import directories, pixels
from fileq.images.gain_maps import finder
from fileq.images.metadata import gif_rewrite
from fileq.units import Size

_DECODERS = (
    JpegImagePlugin, MpoImagePlugin, PngImagePlugin, WebPImagePlugin, AvifImagePlugin, TiffImagePlugin, GifImagePlugin,
    BmpImagePlugin, Jpeg2KImagePlugin, PsdImagePlugin, QoiImagePlugin, PpmImagePlugin, IcoImagePlugin, TgaImagePlugin,
    PdfImagePlugin,
)  # fmt: skip
Image.preinit()
logging.getLogger("PIL").setLevel(logging.CRITICAL)  # what is wrong it raises, too, and that is said on the job

PILLOW_FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP", "JPEG2000", "PSD", "QOI", "PPM", "ICO", "TGA")
"""What is tried on files that aren't AVIF, HEIF, JPEG XL or PDF by their first bytes.

EPS, PS, WMF and the like are not here and never will be: opening one runs another program.
"""

_PNG = b"\x89PNG"
_START = 65536  # bytes: enough for all that is looked for before Pillow opens a file


def _accept(_header: SourceHeader) -> None:
    pass


def open_image(
    file: BinaryIO, path: str, max_pixels: int, on_header: Callable[[SourceHeader], None] = _accept
) -> ImageFile.ImageFile:
    """Open the image in an open file. Raises JobError.

    `on_header` is called before any pixel is decoded, and may refuse the image by a JobError: PNG and JPEG XL are
    decoded here, as only their pixels tell all that is to be known.

    Pillow gets the file and not its path: it would map some formats into memory then, and a source that
    shrinks while it is read would kill the process.
    """
    Image.MAX_IMAGE_PIXELS = max(1, (max_pixels + 1) // 2)  # Pillow raises beyond twice this, before it allocates
    with translate_decode_errors(path):
        start = file.read(_START)
        prepared = animation.prepare(file) if start.startswith(_PNG) else None
        if prepared is not None:
            file = prepared.still
            start = file.read(_START)
            file.seek(0)
        points = cicp.read_code_points(start)
        image = _open_announced(file, start, path, max_pixels, on_header)
        if prepared and prepared.animation and isinstance(image, PngImagePlugin.PngImageFile):
            file = prepared.whole
            image = animation.ApngImageFile(file, prepared.animation, image)
        damage = integrity.find_damage(file, str(image.format))
        if damage:
            raise unreadable(path, f"is damaged: {damage}")
        unsupported.refuse_unsupported(image, path)
        _check_pixels(Size(*image.size), path, max_pixels)
        image.info["has_16_bits"] = modes.is_stored_in_16_bits(image)
        finder.add_gain_map(image, start, functools.partial(read_all, file))
        if image.format != "JXL":
            image.info["deep"] = deep_reader(image, cast("BinaryIO", image.fp))  # another file where it was converted
            on_header(header_of(image, length_of(file)))
    _name_colors(image, points)
    image.info["notes"] = prepared.notes if prepared is not None else ()
    image.info["read_all"] = functools.partial(read_all, file)
    with translate_decode_errors(path):
        _add_info(image, file, start)
        image.info["notes"] += _find_notes(image, file, start)
    return image


def _open_announced(
    file: BinaryIO, start: bytes, path: str, max_pixels: int, on_header: Callable[[SourceHeader], None]
) -> ImageFile.ImageFile:
    """Open the image as what its first bytes say. Raises JobError; what Pillow raises.

    `on_header` is called here where a decoder takes the memory for all pixels before it says how many they are.
    """
    formats = _formats_to_try(start)
    if formats == ("JXL",):
        header = jpegxl.read_header(file)
        _check_pixels(header.size, path, max_pixels)
        if header.is_animation and libjxl.load() is not None:
            return JpegXlAnimationFile(file, read_all(file))
        on_header(SourceHeader(format="JXL", mode="RGBA", size=header.size, may_be_transparent=True))
    if formats == ("HEIF",):
        heif.check_items(start)
    try:
        return _open_as(file, formats, start, path, max_pixels)
    except OSError:  # libwebp's decoder says the same of damage and of too little memory for its canvas
        if webp_size := webp.read_size(start):
            _check_pixels(webp_size, path, max_pixels)
            on_header(_webp_header(start, webp_size))
        raise


def _webp_header(start: bytes, size: Size) -> SourceHeader:
    mode = "RGBA" if webp.may_be_transparent(start) else "RGB"
    return SourceHeader(format="WEBP", mode=mode, size=size, may_be_transparent=mode == "RGBA")


def _add_info(image: ImageFile.ImageFile, file: BinaryIO, start: bytes) -> None:
    """Add to an image's `info` what only its pixels tell, or what its decoder doesn't. Raises what Pillow raises."""
    if image.format == "PNG":
        image.info["orientation"] = read_png_orientation(file)
    if isinstance(image, PngImagePlugin.PngImageFile):
        rows.load_whole(image, file)
        transparency.prepare_transparent_color(image, file, start)
    elif isinstance(image, animation.ApngImageFile):
        image.load_still()
    if image.format == "PSD":
        image.info["transparent"] = psd.has_transparency(file)
    if image.format == "AVIF" and getattr(image, "is_animated", False):
        image.info["loop"] = _read_avif_play_count(file)
    if image.format == "GIF":
        image.info["xmp"] = gif_rewrite.read_xmp(read_all(file))
    if image.format == "WEBP" and not image.info.get("xmp"):
        with rewound(file):
            image.info["xmp"] = webp.read_stray_xmp(file)
    if image.format in {"JXL", JXL_ANIMATION}:
        with rewound(file):
            _add_jpeg_xl_info(image, file)
    if image.format == "JPEG2000":
        with rewound(file), suppress(ValueError):
            image.info["xmp"] = read_xmp(file)


def _find_notes(image: ImageFile.ImageFile, file: BinaryIO, start: bytes) -> tuple[str, ...]:
    """Return what is to be said on the job of what its decoder passes over. Raises ValueError where that is damage."""
    if image.format == "PPM" and (others := netpbm.count_pictures(file) - 1):
        return (f"The first picture was taken, not the other {others} in the file.",)
    if image.format == "ICO" and (others := int.from_bytes(start[4:6], "little") - 1):
        return (f"The largest picture was taken, not the other {others} in the icon.",)
    return ()


def _check_pixels(size: Size, path: str, max_pixels: int) -> None:
    if size.width * size.height > max_pixels:
        raise too_large(path, max_pixels, size)


def _read_avif_play_count(file: BinaryIO) -> int:
    """Return how often an animation plays, 0 for ever, also where the file says it in no known way."""
    with rewound(file), suppress(ValueError, struct.error, IndexError):
        return avif.read_play_count(file)
    return 0


def _open_as(file: BinaryIO, formats: tuple[str, ...], start: bytes, path: str, max_pixels: int) -> ImageFile.ImageFile:
    """Open the image as the first of these formats that takes it. Raises JobError; what Pillow raises."""
    unsupported.refuse_foreign(file, start, path)
    unsupported.refuse_bitmap(start, path)
    unsupported.refuse_photoshop(start, path)
    unsupported.refuse_cut_off(file, start, path)
    bitmap = _open_rare_bitmap(file, start)
    if bitmap is not None:
        return bitmap
    try:
        image = Image.open(netpbm.with_plain_start(webp.say_transparent(file, start), start), formats=formats)
    except UnidentifiedImageError:
        rare = optional_codecs.rare_tiff() if start.startswith(directories.SIGNATURES) else None
        if rare is not None:
            return TiffImageFile(rare.convert(file, path, max_pixels))
        unsupported.refuse_unopened(file, start, path, max_pixels)
    except pdf.PasswordError as error:
        message, hint = f"{path} is protected by a password.", "Save a copy of it without one."
        raise JobError(ErrorKind.UNSUPPORTED, message, hint) from error
    if isinstance(image, GifImagePlugin.GifImageFile):
        return gif.compose(image, file)
    if isinstance(image, IcoImagePlugin.IcoImageFile):
        ico.take_most_colors(image, file)
    if isinstance(image, PsdImagePlugin.PsdImageFile):
        psd.skip_lengths_of_all_rows(image, file)
    if isinstance(image, TgaImagePlugin.TgaImageFile):
        file.seek(0)
        return tga.TgaFile(file)
    if isinstance(image, Jpeg2KImagePlugin.Jpeg2KImageFile):
        return Jpeg2000File(file)
    return _open_tiff(image, file, path, max_pixels) if isinstance(image, TiffImageFile) else image


def _open_tiff(image: TiffImageFile, file: BinaryIO, path: str, max_pixels: int) -> ImageFile.ImageFile:
    """Return an opened TIFF as what reads it right. Raises JobError; what Pillow raises."""
    if not pixels.has_unread_planes(image):
        return pixels.use_fitting_decoder(image, file)
    rare = optional_codecs.rare_tiff()
    if rare is None:
        message = (
            f"{path} is a TIFF with opacity or the like in planes, whose reading needs a package that is not there."
        )
        raise JobError(ErrorKind.UNSUPPORTED, message, "Install it: pip install 'fileq[tiff]'")
    return TiffImageFile(rare.convert(file, path, max_pixels))


def _open_rare_bitmap(file: BinaryIO, start: bytes) -> ImageFile.ImageFile | None:
    """Open a bitmap that Pillow doesn't read as browsers do; None for all that it does. Raises OSError."""
    known = headers.with_known_header(file, start)
    if known is not file:
        start = known.read(_START)
    fields, layout = bit_fields.read_fields(start), indexed.read_layout(start)
    if fields is not None:
        return bit_fields.BitFieldsImageFile(known, fields)
    if layout is not None:
        return indexed.IndexedBitmapFile(known, layout)
    known.seek(0)
    return Image.open(known, formats=("BMP",)) if known is not file else None


def _name_colors(image: ImageFile.ImageFile, points: cicp.CodePoints) -> None:
    """Give an image that names its colors in another way a profile, and say whether only HDR screens show them."""
    own = image.info.get("icc_profile")
    is_first = image.format == "PNG" and points.is_specified  # before a profile (PNG third edition, 4.3)
    if own and not (points.is_hdr or is_first):
        points = cicp.read_icc_code_points(own)
    image.info["hdr_transfer"] = points.transfer if points.is_hdr else None
    if own and not (points.is_hdr or is_first):
        return
    image.info.pop("icc_profile", None)
    profile = cicp.build_profile(points)
    if image.format == "PNG" and not points.is_specified:
        profile = chromaticity.build_profile(image.info)
    if profile is not None:
        image.info["icc_profile"] = profile


def _add_jpeg_xl_info(image: ImageFile.ImageFile, file: BinaryIO) -> None:
    """Add to an image's `info` what the decoder of JPEG XL doesn't say: metadata, whether there are more frames, and
    how the picture is to be turned. The decoder turns it, but for one that was a JPEG: it gives that as it was.
    """
    was_jpeg = getattr(image, "jpeg", False)
    header = jpegxl.read_header(file)
    if not was_jpeg:
        image.info.update(jpegxl.read_metadata(file))
    image.info["orientation"] = header.orientation if was_jpeg else 1
    image.info["animation"] = header.is_animation
    if header.is_animation and image.format == "JXL":
        first = decode_first_frame(read_all(file), image.mode, Size(*image.size))
        image.info["has_first_frame"] = first is not None
        if first is not None:
            image._data = first  # type: ignore[attr-defined]  # noqa: SLF001  # the plug-in's


def _formats_to_try(start: bytes) -> tuple[str, ...]:
    """Return the formats to try on a file that begins so; the first of a kind imports a decoder beside Pillow's."""
    if start.startswith((jpegxl.CODESTREAM, jpegxl.CONTAINER)):
        optional_codecs.register_jpeg_xl()
        return ("JXL",)
    if start.startswith(b"%PDF"):
        optional_codecs.register_pdf()
        return ("PDF",)
    if not read_brands(start):
        return PILLOW_FORMATS
    if heif.is_heif(start):
        optional_codecs.register_heif()
        return ("HEIF",)
    return ("AVIF",)
