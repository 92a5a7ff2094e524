"""What outputs carry of their source beside pixels: credits or all of it, density, profile."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from PIL import ExifTags

from fileq.files.output_mark import TIFF_TAG
from fileq.images.errors import translate_decode_errors
from fileq.images.formats.tiff import aspect
from fileq.images.gain_maps import xmp as hdr_xmp
from fileq.images.metadata import exif, iptc, iptc_xmp, packets, png_texts, tiff_rewrite, xmp

if TYPE_CHECKING:
    from fileq.images.decode.source import DecodedSource
    from fileq.recipes.recipe import MetadataPolicy

_BASE = ExifTags.Base
_MOST_DENSITY = 65535  # dots per inch
_CENTIMETER = 3
"""The unit of a density in EXIF; else it is the inch."""

_LAYOUT_OF_TIFF = {*tiff_rewrite.ABOUT_PIXELS, TIFF_TAG}


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What an output carries beside pixels. Empty bytes are for nothing; the density is in dots per inch."""

    exif: dict[int, Any]
    xmp: bytes = b""
    iptc: bytes = b""
    comment: bytes = b""
    texts: tuple[tuple[str, str], ...] = ()  # keyword and value, as PNG has them
    density: tuple[float, float] | None = None
    orientation: int = 1

    def as_stored(self, source: DecodedSource) -> Metadata:
        """Return what a file carries whose pixels stay as they lie: EXIF says how to turn them, and the density.

        The density is in EXIF only where the file says it nowhere else, as some cameras' do.
        """
        is_said = source.format == "PNG" or bool(source.image.info.get("jfif_unit"))
        density = () if is_said else self.density or ()
        density = density[::-1] if source.swaps_sides else density
        said = dict(zip((_BASE.XResolution, _BASE.YResolution), density, strict=False))
        orientation = source.stored_orientation
        if source.format == "WEBP":  # which browsers don't heed, and others may
            orientation = source.exif.get(_BASE.Orientation, 1)
        return replace(self, exif=self.exif | said, orientation=orientation)


def select_metadata(source: DecodedSource, wanted: MetadataPolicy) -> Metadata:
    """Return what the outputs of a source carry: never the thumbnail, the orientation only where nothing is turned."""
    kept = Metadata(exif={}, density=_read_density(source), orientation=source.kept_orientation)
    if wanted == "none":
        return kept
    info, packet, datasets = source.image.info, _read_xmp(source), packets.read_iptc(source)
    if packet and packets.has_newer_iptc(source, datasets):
        packet = iptc_xmp.replace_by_iptc(packet, datasets)
    if wanted == "all":
        comment, texts = info.get("comment", b""), _read_texts(source)
        return replace(
            kept,
            exif=exif.with_png_credits(exif.pick_all(source), dict(texts)),
            xmp=_beside_gain_map(source, xmp.clean_packet(packet)),
            iptc=datasets,
            comment=comment if isinstance(comment, bytes) else str(comment).encode(),
            texts=texts,
        )
    is_private = wanted == "private"
    tags = exif.pick_private(source) if is_private else exif.pick_credits(source.exif)
    return replace(
        kept,
        exif=exif.with_png_credits(exif.with_iptc_credits(tags, datasets), info),
        xmp=_beside_gain_map(source, xmp.extract_private(packet) if is_private else xmp.extract_credits(packet)),
        iptc=iptc.extract_private(datasets) if is_private else iptc.extract_credits(datasets),
        texts=tuple((key, value) for key, value in _read_texts(source) if key in png_texts.RIGHTS),
    )


def has_no_metadata(source: DecodedSource) -> bool:
    """Return whether the file has nothing beside pixels, density and profile, so that nothing of it needs to go."""
    tags = set(source.exif) - (_LAYOUT_OF_TIFF if source.format == "TIFF" else set())
    found = _read_xmp(source) or packets.read_iptc(source) or source.image.info.get("comment")
    return not (tags or found or _read_texts(source))


def _read_xmp(source: DecodedSource) -> bytes:
    """Return the XMP packet, without what it says of a gain map, which is written anew."""
    return hdr_xmp.remove_directory(packets.read_xmp(source))


def _beside_gain_map(source: DecodedSource, packet: bytes) -> bytes:
    """Return a packet to be written; b"" where there is a gain map, and what tells of that can't be added to it."""
    if source.gain_map is None or hdr_xmp.takes_directory(xmp.split_for_jpeg(packet)[0]):
        return packet
    source.add_note("Its XMP data was left out: it is damaged, or has no room for what tells of the gain map.")
    return b""


def _read_density(source: DecodedSource) -> tuple[float, float] | None:
    """Return the dots per inch where the file says so: Pillow makes up 72 for a JPEG that doesn't."""
    info = source.image.info
    if source.format in {"JPEG", "MPO"} and not info.get("jfif_unit") and _BASE.XResolution not in source.exif:
        return None
    try:
        # Pillow says none of a WebP.
        across, down = map(float, _density_of_exif(source) if source.format == "WEBP" else info["dpi"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        across = down = 0
    if not (min(across, down) >= aspect.LEAST_DENSITY and max(across, down) < _MOST_DENSITY):
        assumed = None if source.format != "TIFF" or source.is_stretched else aspect.assumed_density(source.image)
        if assumed is None:
            return None
        across, down = assumed
    if source.is_stretched:
        across = down = max(across, down)
    return (down, across) if source.swaps_sides else (across, down)


def _density_of_exif(source: DecodedSource) -> tuple[float, float]:
    """Return the dots per inch that EXIF tells of. Raises KeyError, TypeError, ValueError or ZeroDivisionError."""
    per_inch = 2.54 if source.exif.get(_BASE.ResolutionUnit) == _CENTIMETER else 1.0
    across, down = (float(source.exif[tag]) * per_inch for tag in (_BASE.XResolution, _BASE.YResolution))
    return across, down


def _read_texts(source: DecodedSource) -> tuple[tuple[str, str], ...]:
    """Return the texts of a PNG under their keywords, without those that are EXIF or XMP in disguise."""
    if source.format != "PNG":
        return ()
    with translate_decode_errors(
        source.path
    ):  # some stand behind the pixels: a damaged animation may have none to find
        found = getattr(source.image, "text", {})
    return tuple((key, str(value)) for key, value in found.items() if not packets.is_no_text(key))
