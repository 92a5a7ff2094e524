"""An opened source: what its header says, and any of its pictures at any size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import ExifTags, Image, ImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile

from fileq.errors import ErrorKind, JobError
from fileq.images.color import cicp, modes, srgb
from fileq.images.decode.header import ANIMATED_FORMATS
from fileq.images.decode.orientation import read_orientation
from fileq.images.decode.reduction import ask_for_fewer_pixels
from fileq.images.errors import DAMAGE, translate_decode_errors
from fileq.images.formats import psd
from fileq.images.formats.png import transparency
from fileq.images.formats.tiff import aspect, directories, libtiff, pixels
from fileq.images.geometry import INVERSE_ORIENTATION, TRANSPOSE_BY_ORIENTATION, Scaling
from fileq.images.hdr.standard_rendition import take_standard_rendition
from fileq.images.hdr.tone_mapping import tone_map
from fileq.images.hdr.transfer import PQ
from fileq.operations.base import to_8_bit
from fileq.units import Size

if TYPE_CHECKING:
    from fileq.images.deep.reader import DeepReader
    from fileq.images.gain_maps.gain_map import GainMap
    from fileq.recipes.recipe import Recipe

_FORMATS_FOR_CHANNELS = {
    "RGB;16": {"png", "tiff"}, "RGBA;16": {"png", "tiff"}, "CMYK": {"jpeg", "tiff"}, "LAB": {"tiff"},
}  # fmt: skip
"""By the mode of a picture, the formats that have room for its channels."""

_XMP_KEYS = ("xmp", "XML:com.adobe.xmp")  # in the info of Pillow's images


class DecodedSource:
    """An opened image file. Its sizes are those of the pictures as they are seen, turned upright."""

    def __init__(self, image: ImageFile.ImageFile, path: str, recipe: Recipe) -> None:
        self.image = image
        self.path = path
        self.notes: list[str] = list(image.info["notes"])
        self.keeps_channels = False
        """Whether colors are read as they are, with 16 bits, or as inks or Lab, and outputs convert them themselves."""
        self._deep: DeepReader | None = image.info.get("deep")
        self._shown: tuple[float, float] | None = None  # how many pixels of a reduced picture show the whole
        self.has_palette = image.mode == "P" or getattr(image, "has_palette", False)
        self.is_bilevel = image.mode == "1"
        is_deep = self._deep is not None or getattr(image, "is_deep", False)
        self.has_16_bits = is_deep or image.info.get("has_16_bits", False)
        self._recipe = recipe
        self.stored_size = Size(*image.size)  # in pixels, of the first picture; decoding it smaller changes its own
        with translate_decode_errors(path):
            self.format = str(image.format)
            self.icc: bytes | None = image.info.get("icc_profile")
            self.exif = self._read_exif()
            self.orientation, self.kept_orientation = self._read_orientation()
            self.swaps_sides = recipe.orient and self.stored_orientation > 4  # as a TIFF says until it is decoded
            frames = getattr(image, "n_frames", 1)
        self.has_square_pixels = self.format != "TIFF" or not _is_for_screens(recipe)
        self._sizes = {0: self._size_of_frame()}
        self.is_animation = self.format in ANIMATED_FORMATS and frames > 1
        self.pages = self._find_pages(frames)
        self.frames = list(range(frames)) if self.is_animation else [0]
        self._hdr_transfer: int | None = image.info["hdr_transfer"]
        gain_map: GainMap | None = image.info["gain_map"]
        darkens = gain_map is not None and gain_map.parameters.leads_to_standard
        self._darkening_map = gain_map if darkens and self._hdr_transfer == PQ else None
        self.gain_map = None if darkens else gain_map
        self.has_gain_map: bool = image.info["has_gain_map"] and self._darkening_map is None
        if frames > 1 and self.format in {"MPO", "HEIF"} and not self.has_gain_map:
            self.notes.append(f"The main picture was taken, not the other {frames - 1} in the file.")

    @property
    def sequence(self) -> list[int]:
        """The frames of an animation, or the pages of a document, in their order."""
        return self.frames if self.is_animation else self.pages

    def size(self, frame: int = 0) -> Size:
        """Return the upright size in pixels of one frame or page. Raises JobError."""
        if frame not in self._sizes:
            with translate_decode_errors(self.path):
                self.image.seek(frame)
            self._sizes[frame] = self._size_of_frame()
        return self._sizes[frame].transposed if self.orientation > 4 else self._sizes[frame]

    def _size_of_frame(self) -> Size:
        """Return the size of the frame that the image is at, before it is turned: on screens with square pixels."""
        return Size(*self.image.size) if self.has_square_pixels else aspect.square_size(self.image)

    @property
    def is_stretched(self) -> bool:
        """Whether the first picture gets another shape than it has in the file, for its pixels are not square."""
        return not self.has_square_pixels and self._sizes[0] != self.stored_size

    @property
    def stored_orientation(self) -> int:
        """How the picture is to be turned as it lies in the file, in EXIF's numbers; 1 where nothing says it."""
        value = read_orientation(self.image, self.exif)
        return value if isinstance(value, int) and value in TRANSPOSE_BY_ORIENTATION else 1

    @property
    def may_be_transparent(self) -> bool:
        """Whether the header leaves transparent pixels possible."""
        with translate_decode_errors(self.path):
            return transparency.has_transparent_color(self.image) or modes.may_be_transparent(self.image)

    def read(self, scaling: Scaling, frame: int = 0) -> Image.Image:
        """Return a region of one frame or page at the wanted size: upright, in the recipe's colors, 8 or 16 bit.

        Raises JobError.
        """
        stored = scaling.as_stored(self.orientation)
        with translate_decode_errors(self.path):
            image = self._read_deep(frame) or modes.normalize_mode(self._decode(stored, frame))
            image = self._for_ordinary_screens(stored.apply(image, self._shown), stored)
            turn = TRANSPOSE_BY_ORIENTATION.get(self.orientation)
            image = image if turn is None else image.transpose(turn)
            return self._hand_over(image if self.keeps_channels else self.convert_colors(image))

    def _read_deep(self, frame: int) -> Image.Image | None:
        """Return a page with all its bits, None where there are no more than 8 or these are enough."""
        if self._deep is None or not self.keeps_channels:
            return None
        if len(self.sequence) == 1:  # what was decoded to see whether it is whole
            self.image.im = Image.new(self.image.mode, (1, 1)).im
        return self._deep.read(frame)

    def _hand_over(self, image: Image.Image) -> Image.Image:
        """Return what was read, for others to keep. The only picture of a file is held no longer: it may be large."""
        if len(self.sequence) > 1:
            return image.copy() if image is self.image else image
        handed_over = image._new(self.image.im) if image is self.image else image  # noqa: SLF001  # a copy without the pixels
        self.image.im = Image.new(self.image.mode, (1, 1)).im
        return handed_over

    def refuse_hdr(self) -> None:
        """Raise JobError (unsupported) where the picture has a high dynamic range that the recipe doesn't map."""
        if self._hdr_transfer is None or self._darkening_map is not None or self._recipe.hdr == "tonemap":
            return
        transfer = cicp.HDR[self._hdr_transfer]
        message = (
            f"{self.path} is a high dynamic range picture ({transfer}); in an ordinary format it would look washed out."
        )
        hint = 'Give --hdr tonemap (hdr = "tonemap" in a recipe) to have it mapped to what ordinary screens show.'
        raise JobError(ErrorKind.UNSUPPORTED, message, hint)

    @property
    def is_tone_mapped(self) -> bool:
        """Whether the recipe has the picture mapped to what ordinary screens show, so that its file can't be kept."""
        return self._hdr_transfer is not None and self._recipe.hdr == "tonemap"

    @property
    def has_unread_frames(self) -> bool:
        """Whether it is an animation of which the first frame alone is read, at most."""
        return self.format == "JXL" and bool(self.image.info["animation"])

    def refuse_unread_frames(self) -> None:
        """Raise JobError (unsupported) where it is an animation of which not even the first frame can be read."""
        if self.has_unread_frames and not self.image.info["has_first_frame"]:
            message = f"{self.path} is an animation in JPEG XL, whose first frame can't be read."
            hint = "Install what reads it: pip install 'fileq[tiff]'"
            raise JobError(ErrorKind.UNSUPPORTED, message, hint)

    def note_mapping(self) -> None:
        """Say on the job what became of a high dynamic range, where the pixels are used."""
        if self._darkening_map is not None:
            self.add_note("It was made for HDR screens; what it has for ordinary ones was taken.")
        elif self._hdr_transfer is not None:
            self.add_note(f"Its {cicp.HDR[self._hdr_transfer]} was tone mapped to what ordinary screens show.")

    @property
    def keeps_gain_map(self) -> bool:
        """Whether there is a gain map, and outputs are to have it where they can."""
        return self.has_gain_map and not self.drops_gain_map

    @property
    def drops_gain_map(self) -> bool:
        """Whether outputs are to have no gain map."""
        return self._recipe.hdr == "drop"

    @property
    def duration(self) -> int:
        """How long the frame that was read last stays, in ms."""
        duration: float = self.image.info.get("duration", 0)
        return round(duration)

    @property
    def play_count(self) -> int:
        """How often an animation plays; 0 is for ever. A GIF says how often it does so again, as browsers take it."""
        count: int | None = self.image.info.get("loop")
        if self.format == "GIF":
            return 1 if count is None else count and count + 1
        return count or 0

    def profile_for(self, image: Image.Image) -> bytes | None:
        """Return the profile to embed with a finished image: where its colors are not sRGB's, and fit the profile."""
        if self.icc is None or not (self._recipe.profile == "keep" or modes.is_16_bit(image)):
            return None
        if (
            self.image.mode in {"CMYK", "LAB"} and image.mode != self.image.mode
        ):  # converted: a profile has done its work
            return None
        try:
            space = srgb.color_space(self.icc)
        except srgb.ProfileError:
            return None
        fitting = {"L": "L", "LA": "L", "I;16": "L", "CMYK": "CMYK", "LAB": "LAB"}.get(image.mode, "RGB")
        return self.icc if space == fitting else None

    def convert_to_srgb(self, image: Image.Image, icc: bytes) -> Image.Image:
        """Return a finished image in sRGB, for a format that has no profiles; `icc` is its own."""
        self.add_note(
            "The profile could not be kept everywhere: outputs in formats without profiles have sRGB colours."
        )
        return srgb.to_srgb(to_8_bit(image), icc)

    def _decode(self, stored: Scaling, frame: int) -> Image.Image:
        if self.format != "PSD":  # whose frames are layers, from 1; what it opens with is all of them together
            self.image.seek(frame)
        self._shown = ask_for_fewer_pixels(self.image, stored) or self._shown
        if isinstance(self.image, PngImageFile) and transparency.has_transparent_color(self.image):
            if self.has_16_bits:
                self.add_note("Its 16 bits became 8, to keep what is transparent.")
                self.has_16_bits = False  # and that is said
            return transparency.apply_transparent_color(self.image)
        if isinstance(self.image, TiffImageFile):
            if libtiff.has_bad_lines(self.image.tag_v2):
                self.add_note("The fax came with damaged lines, as its file says; they are in the picture.")
            return pixels.load_page(self.image)
        if self.format in {"JPEG", "MPO"} and not frame:
            return self._decode_jpeg()
        self.image.load()
        if self.format == "PSD" and self.image.mode == "RGBA":
            return psd.remove_white_matte(self.image, transparent=bool(self.image.info["transparent"]))
        return self.image

    def _decode_jpeg(self) -> Image.Image:
        from fileq.images.decode import jpeg  # noqa: PLC0415  # it takes 0.1 s, for those who have such files

        decoded, note = jpeg.decode(self.image, is_reduced=self.image.size != self.stored_size)
        if note:
            self.add_note(note)
        return decoded

    def _for_ordinary_screens(self, image: Image.Image, stored: Scaling) -> Image.Image:
        """Return what was read in the way of `stored` with sRGB's curve, where it was PQ or HLG."""
        if self._hdr_transfer is None:
            return image
        if self._darkening_map is not None:
            rendered = self._darkening_map.decode()
            return take_standard_rendition(to_8_bit(image), stored.apply(rendered.image), rendered.parameters)
        if self._recipe.hdr != "tonemap":  # its file is kept, and its pixels have only shown that they are whole
            return image
        return tone_map(to_8_bit(image), self._hdr_transfer)

    def can_keep_channels(self, format_: str) -> bool:
        """Return whether a format has room for what the first picture has beside RGB and gray of 8 bits."""
        if self._hdr_transfer is not None or self.is_animation:
            return False
        mode = "RGB;16" if self._deep is not None else self.image.mode
        return self._stays(mode, format_)

    def _stays(self, mode: str, format_: str) -> bool:
        is_wanted = mode not in {"CMYK", "LAB"} or self._recipe.profile == "keep"
        return is_wanted and format_ in _FORMATS_FOR_CHANNELS.get(mode, ())

    def convert_for(self, image: Image.Image, format_: str) -> Image.Image:
        """Return a finished image as a format takes it, where it was read with the channels that the file has."""
        if not self.keeps_channels or self._stays(image.mode, format_):
            return image
        return self.convert_colors(image if image.mode == "I;16" else to_8_bit(image))

    def convert_colors(self, image: Image.Image) -> Image.Image:
        """Return what was read in the recipe's colors."""
        if image.mode in {"CMYK", "LAB"} and self._recipe.profile == "keep":
            formats = " and ".join(sorted(name.upper() for name in _FORMATS_FOR_CHANNELS[image.mode]))
            self.add_note(
                f"Its {image.mode} colours were converted to sRGB: only {formats} can keep them,"
                " after steps that cut, turn or scale."
            )
        wants_srgb = self._recipe.profile == "srgb" or image.mode in {"CMYK", "LAB"}
        if modes.is_16_bit(image) or not wants_srgb:
            return image
        try:
            return srgb.to_srgb(image, self.icc)
        except srgb.ProfileError as error:
            self.add_note(f"Its colour profile was left out: {error}.")
            return srgb.to_srgb(image, None)

    def add_note(self, note: str) -> None:
        """Say something on the job, once."""
        if note not in self.notes:
            self.notes.append(note)

    def _read_exif(self) -> Image.Exif:
        try:
            exif = self._read_exif_without_xmp()
            exif.get_ifd(ExifTags.IFD.Exif)
        except (*DAMAGE, OSError) as error:
            self.add_note(f"Its EXIF data is damaged and was left out ({error}).")
            return Image.Exif()
        return exif

    def _read_exif_without_xmp(self) -> Image.Exif:
        """Return EXIF alone: Pillow would turn by XMP what browsers, libvips and ImageMagick leave as it is."""
        content = self.image.info.get("exif")
        if isinstance(content, bytes):
            exif = Image.Exif()
            exif.load(content)
            return exif
        packets = {key: self.image.info.pop(key) for key in _XMP_KEYS if key in self.image.info}
        try:
            return self.image.getexif()
        finally:
            self.image.info.update(packets)

    def _read_orientation(self) -> tuple[int, int]:
        """Return how to turn what the decoder gives, and what outputs must say of it: EXIF orientations."""
        value = self.stored_orientation
        if self.format == "WEBP" and self._recipe.orient and self.exif.get(ExifTags.Base.Orientation, 1) != 1:
            self.add_note("It was not turned by its EXIF data, as browsers don't turn WebP.")
        is_turned = self.format == "TIFF"  # by Pillow, as it loads
        if self._recipe.orient:
            return (1 if is_turned else value), 1
        return (INVERSE_ORIENTATION.get(value, value) if is_turned else 1), value

    def _find_pages(self, count: int) -> list[int]:
        if self.format == "TIFF":
            with translate_decode_errors(self.path):
                return directories.find_pages(self.image, count)
        return list(range(count if self.format == "PDF" else 1))


def _is_for_screens(recipe: Recipe) -> bool:
    """Return whether a recipe makes something of a TIFF that is no document."""
    formats = (one for output in recipe.outputs for one in (*output.formats, *output.other_formats))
    return not {"tiff", "pdf", "same"}.issuperset(formats)
