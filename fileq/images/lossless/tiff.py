"""TIFF whose pages are packed again without loss; bilevel ones stay bilevel, and faxes are G4."""

from __future__ import annotations

import io
import zlib
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageChops

from fileq.images.lossless.tiff_layout import ASCII, TiffLayout, TiffPage, Value, read_layout, write_layout

if TYPE_CHECKING:
    from collections.abc import Iterator

_MARK = 11
_COMPRESSION, _PHOTOMETRIC, _PLANAR, _PREDICTOR, _EXTRA, _ORIENTATION = 259, 262, 284, 317, 338, 274
_SAMPLE_FORMAT = 339
_ROWS, _BITS, _FILL_ORDER, _FAX_OPTIONS, _STRIPS = 278, 258, 266, (292, 293), 273
_FAX = {2, 3, 4}
_PACKABLE = {1, 2, 3, 4, 5, 8, 32773, 32946}  # none, fax, LZW, Deflate, PackBits: what nothing is lost by
_BITS_OF = {"1": (1,), "L": (8,), "P": (8,), "RGB": (8,) * 3, "RGBA": (8,) * 4, "CMYK": (8,) * 4, "I;16": (16,)}
_UNASSOCIATED_ALPHA = 2
_POINTERS = {400, 34665, 34853, 40965}  # to directories that lie elsewhere: EXIF, GPS
_STRIP = 2**20  # bytes
_PHOTOMETRICS = {"I;16": {1}, "P": {3}}
_USUAL_PHOTOMETRICS = {0, 1, 2, 5}  # gray with white or black as 0, RGB, CMYK


def add_mark(content: bytes, mark: bytes) -> bytes:
    """Return the file with the mark of an output in its first directory, as it is where it has no room."""
    try:
        layout = _read_alone(content)
    except (ValueError, KeyError):
        return content
    layout.pages[0].tags[_MARK] = Value(ASCII, mark + b"\0")
    return write_layout(layout)


def smaller_forms(content: bytes, effort: int | None) -> Iterator[bytes]:
    """Yield the file `content` with each page packed as small as it gets."""
    del effort
    layout = _read_alone(content)
    with Image.open(io.BytesIO(_lying(content)), formats=["TIFF"]) as image:
        for number, page in enumerate(layout.pages):
            image.seek(number)
            if _can_be_packed(layout, page, image):
                packed = min(_packings(layout, page, image), key=_weight)
                layout.pages[number] = packed if _weight(packed) < _weight(page) else page
    yield write_layout(layout)


def _read_alone(content: bytes) -> TiffLayout:
    """Return the pages of a file that holds nothing else. Raises ValueError where it has directories of EXIF, too."""
    layout = read_layout(content)
    if any(page.tags.keys() & _POINTERS for page in layout.pages):
        raise ValueError("it has directories beside those of its pages")
    return layout


def _lying(content: bytes) -> bytes:
    """Return the file without a word on how to turn it: Pillow would turn it as it loads."""
    layout = read_layout(content)
    if not any(_ORIENTATION in page.tags for page in layout.pages):
        return content
    for page in layout.pages:
        page.tags.pop(_ORIENTATION, None)
    return write_layout(layout)


def _weight(page: TiffPage) -> int:
    return sum(map(len, page.blobs)) + 8 * len(page.blobs)


def _can_be_packed(layout: TiffLayout, page: TiffPage, image: Image.Image) -> bool:
    """Return whether Pillow reads all that the pixels hold, and has a way to write it."""

    def numbers(tag: int, default: int) -> tuple[int, ...]:
        return layout.numbers(page.tags[tag]) if tag in page.tags else (default,)

    extra = numbers(_EXTRA, 0)
    return (
        numbers(_COMPRESSION, 1)[0] in _PACKABLE
        and numbers(_BITS, 1) == _BITS_OF.get(image.mode)
        and numbers(_PLANAR, 1) == (1,)
        and (extra == (_UNASSOCIATED_ALPHA,) if image.mode == "RGBA" else _EXTRA not in page.tags)
        and numbers(_PHOTOMETRIC, 0)[0] in _PHOTOMETRICS.get(image.mode, _USUAL_PHOTOMETRICS)
        and set(numbers(_SAMPLE_FORMAT, 1)) == {1}
        and (image.mode != "I;16" or layout.order == "<")  # as Pillow writes them
    )


def _packings(layout: TiffLayout, page: TiffPage, image: Image.Image) -> Iterator[TiffPage]:
    if image.mode == "1":
        yield _packed(layout, page, image, "group4", {})
        inverted = _packed(layout, page, ImageChops.invert(image), "group4", {})
        inverted.tags[_PHOTOMETRIC] = layout.short(0)  # the codes are made for white as 0
        yield inverted
        if layout.numbers(page.tags[_COMPRESSION])[0] in _FAX:  # who reads faxes may read nothing else
            return
    yield _packed(layout, page, image, "tiff_adobe_deflate", {})
    if image.mode not in {"1", "P"}:
        yield _packed(layout, page, image, "tiff_adobe_deflate", {_PREDICTOR: 2})


def _packed(layout: TiffLayout, page: TiffPage, image: Image.Image, compression: str, tags: dict[int, Any]) -> TiffPage:
    """Return the page with its pixels as Pillow packs them, and the tags that say how."""
    out = io.BytesIO()
    image.load()
    bare = image._new(image.im)  # noqa: SLF001  # the same pixels, without tags
    bare.info = {}
    bare.save(out, "TIFF", compression=compression, tiffinfo=tags, strip_size=_STRIP)
    written = read_layout(out.getvalue())
    (new,) = written.pages
    blobs = new.blobs
    if compression != "group4":
        blobs = [zlib.compress(zlib.decompress(blob), 9) for blob in blobs]
    gone = {_PREDICTOR, _FILL_ORDER, *_FAX_OPTIONS, 322, 323}
    kept = {tag: value for tag, value in page.tags.items() if tag not in gone}
    how = (_COMPRESSION, _PHOTOMETRIC, _ROWS, _PREDICTOR, _FILL_ORDER, *_FAX_OPTIONS)
    same_order = {tag: _reordered(written, layout, new.tags[tag]) for tag in how if tag in new.tags}
    return TiffPage(kept | same_order, blobs, _STRIPS)


def _reordered(written: TiffLayout, layout: TiffLayout, value: Value) -> Value:
    return layout.long(*written.numbers(value))
