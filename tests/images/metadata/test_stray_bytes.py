"""A text in every place where a container can carry bytes that are no pixels: it is not in what comes out."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING

import pytest
from PIL import ExifTags, Image

from fileq.errors import ErrorKind
from fileq.files.containers import END_MARKS, box_of, boxes, jpeg_segment, png_chunk, riff_chunk
from fileq.images.formats.isobmff import read_items
from fileq.images.formats.isobmff_splice import Edit, splice
from fileq.images.formats.optional_codecs import register_jpeg_xl
from fileq.images.metadata.mark import without_mark
from fileq.recipes.recipe import Output
from tests.images import heic
from tests.images.lossless.test_shrink import SHRINK
from tests.support.images import failure, make, photo, recipe

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

OPTIMIZE = Output(format="same", lossless=True, min_saving=0.0)
MIN_SAVING = Output(format="same", min_saving=0.5)
SECRET = b"LEAKME" * 5


def encoded(format_: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture = photo((120, 80))
    (picture.quantize(64) if format_ == "GIF" else picture).save(file, format_, **options)
    return file.getvalue()


def behind(content: bytes) -> bytes:
    return content + SECRET


def in_jpeg(marker: int, payload: bytes = SECRET, at: int = 20) -> Callable[[bytes], bytes]:
    return lambda content: content[:at] + jpeg_segment(marker, payload) + content[at:]


def in_png(name: bytes, at: int = 33) -> Callable[[bytes], bytes]:
    return lambda content: content[:at] + png_chunk(name, SECRET) + content[at:]


def in_webp(name: bytes) -> Callable[[bytes], bytes]:
    return lambda content: riff_chunk(b"RIFF", content[8:] + riff_chunk(name, SECRET))


def in_gif(block: bytes) -> Callable[[bytes], bytes]:
    return lambda content: b"GIF89a" + content[6:-1] + block + END_MARKS["gif"]


def at_the_top(name: bytes) -> Callable[[bytes], bytes]:
    return lambda content: content + box_of(name, SECRET)


def in_meta(name: bytes) -> Callable[[bytes], bytes]:
    """Another box behind those of meta, which all places in the file follow."""

    def plant(content: bytes) -> bytes:
        return grown(content, [b"meta"], box_of(name, SECRET))

    return plant


def in_properties(name: bytes) -> Callable[[bytes], bytes]:
    return lambda content: grown(content, [b"meta", b"iprp", b"ipco"], box_of(name, SECRET))


def grown(content: bytes, way: list[bytes], new: bytes) -> bytes:
    """The file with bytes behind the content of the box that this way leads to, and its items where they are then."""
    whole, start, end, outer = content, 0, len(content), []
    for name in way:
        box = next(one for one in boxes(io.BytesIO(whole), start, end) if one.name == name)
        outer.append(box)
        start, end = box.payload + (4 if name == b"meta" else 0), box.end
    last = outer[-1]
    moved = splice(content, read_items(content), [Edit(outer[0].end, outer[0].end, new)])  # behind meta as a whole
    made = moved[: outer[0].end] + moved[outer[0].end + len(new) :]
    made = made[: last.end] + new + made[last.end :]
    changed = bytearray(made)
    for box in outer:
        changed[box.start : box.start + 4] = struct.pack(">L", box.end - box.start + len(new))
    return bytes(changed)


def in_the_pixels_box(content: bytes) -> bytes:
    """Behind the last item in mdat."""
    box = next(one for one in boxes(io.BytesIO(content)) if one.name == b"mdat")
    size = struct.pack(">L", box.end - box.start + len(SECRET))
    return content[: box.start] + size + content[box.start + 4 : box.end] + SECRET + content[box.end :]


def in_jp2_header(content: bytes) -> bytes:
    box = next(one for one in boxes(io.BytesIO(content)) if one.name == b"jp2h")
    inner = content[box.payload : box.end] + box_of(b"uuid", SECRET)
    return content[: box.start] + box_of(b"jp2h", inner) + content[box.end :]


def in_a_tile(content: bytes) -> bytes:
    box = next(one for one in boxes(io.BytesIO(content)) if one.name == b"jp2c")
    stream = content[box.payload : box.end]
    at = stream.index(b"\xff\x90\0\x0a")
    comment = b"\xff\x64" + struct.pack(">HH", len(SECRET) + 4, 1) + SECRET
    (length,) = struct.unpack_from(">L", stream, at + 6)
    part = stream[at : at + 6] + struct.pack(">L", length + len(comment)) + stream[at + 10 : at + 12]
    return content[: box.start] + box_of(b"jp2c", stream[:at] + part + comment + stream[at + 12 :])


def between_parts_of_a_tiff(content: bytes) -> bytes:
    """Behind the head, the first directory moved to the end of the file."""
    (at,) = struct.unpack_from("<L", content, 4)
    content = content.ljust(len(content) + len(content) % 2, b"\0")
    (count,) = struct.unpack_from("<H", content, at)
    directory = content[at : at + 6 + 12 * count]
    moved = content[:4] + struct.pack("<L", len(content) + len(SECRET)) + content[8:]
    return moved + SECRET + directory


def between_segments(content: bytes) -> bytes:
    return content[:20] + SECRET + content[20:]


def in_jfif(content: bytes) -> bytes:
    return content[:2] + jpeg_segment(0xE0, content[6:20] + SECRET) + content[20:]


TEXT = b"\x21\x01\x0c" + bytes(12) + bytes((len(SECRET),)) + SECRET + b"\0"
COMMENT = b"\x21\xfe" + bytes((len(SECRET),)) + SECRET + b"\0"
APPLICATION = b"\x21\xff\x0bSTRAYPART01" + bytes((len(SECRET),)) + SECRET + b"\0"
LONG_LOOP = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0" + bytes((len(SECRET),)) + SECRET + b"\0"

PLACES: dict[str, dict[str, Callable[[bytes], bytes]]] = {
    "jpg": {
        "app0": in_jpeg(0xE0), "app1": in_jpeg(0xE1), "app2": in_jpeg(0xE2), "app5": in_jpeg(0xE5),
        "app13": in_jpeg(0xED), "app14": in_jpeg(0xEE, b"Adobe\0d\0\0\0\0\x01" + SECRET), "app15": in_jpeg(0xEF),
        "comment": in_jpeg(0xFE), "behind": behind,
        "junk": between_segments, "jfif": in_jfif,
    },
    "png": {
        "private": in_png(b"prVt"), "copied": in_png(b"prVT"), "text": in_png(b"tEXt"), "late": in_png(b"prVt", -12),
        "splt": in_png(b"sPLT"), "time": in_png(b"tIME"), "behind": behind,
    },
    "webp": {"unknown": in_webp(b"JUNK"), "exif": in_webp(b"EXIF"), "xmp": in_webp(b"XMP "), "behind": behind},
    "gif": {
        "text": in_gif(TEXT), "comment": in_gif(COMMENT), "application": in_gif(APPLICATION), "loop": in_gif(LONG_LOOP),
        "behind": behind,
    },
    "tif": {"behind": behind, "between": between_parts_of_a_tiff},
    "avif": {
        "free": at_the_top(b"free"), "uuid": at_the_top(b"uuid"), "unknown": at_the_top(b"zzzz"),
        "meta-free": in_meta(b"free"), "meta-udta": in_meta(b"udta"), "meta-uuid": in_meta(b"uuid"),
        "meta-unknown": in_meta(b"zzzz"), "property-uuid": in_properties(b"uuid"),
        "property-udes": in_properties(b"udes"), "mdat": in_the_pixels_box,
    },
    "jp2": {
        "uuid": at_the_top(b"uuid"), "xml": at_the_top(b"xml "), "unknown": at_the_top(b"zzzz"),
        "header": in_jp2_header, "tile": in_a_tile,
    },
    "jxl": {"unknown": at_the_top(b"zzzz"), "xml": at_the_top(b"xml "), "exif": at_the_top(b"Exif")},
    "bmp": {"behind": behind}, "qoi": {"behind": behind}, "ppm": {"behind": behind}, "tga": {"behind": behind},
    "ico": {"behind": behind},
}  # fmt: skip
PLACES["heic"] = PLACES["avif"]


def source_of(ending: str, path: Path) -> bytes:
    """A small file that no recipe makes smaller."""
    if ending == "heic":
        return heic.PLAIN.read_bytes()
    if ending == "jxl":
        register_jpeg_xl()
        head = box_of(b"JXL ", b"\r\n\x87\n") + box_of(b"ftyp", b"jxl \0\0\0\0jxl ")
        return head + box_of(b"jxlc", encoded("JXL", quality=20))
    if ending in {"ico", "qoi"}:
        Image.new("RGB", (16, 16), (9, 80, 200)).save(path)
        return path.read_bytes()
    names = {"jpg": "JPEG", "tif": "TIFF", "jp2": "JPEG2000", "ppm": "PPM"}
    quality = {"quality": 20} if ending in {"jpg", "webp", "avif"} else {}
    return encoded(names.get(ending, ending.upper()), **quality)


@pytest.mark.parametrize("metadata", ["copyright", "none"])
@pytest.mark.parametrize("output", [OPTIMIZE, SHRINK, MIN_SAVING], ids=["optimize", "shrink", "min_saving"])
@pytest.mark.parametrize(("ending", "place"), [(one, place) for one, places in PLACES.items() for place in places])
def test_a_text_in_any_place_of_a_file_goes(tmp_path, ending, place, output, metadata):
    source = tmp_path / f"x.{ending}"
    source.write_bytes(PLACES[ending][place](source_of(ending, source)))
    assert SECRET in source.read_bytes()
    if output is MIN_SAVING and ending in {"heic", "jp2"}:
        assert failure(source, recipe(output, metadata=metadata), tmp_path / "out")[0] is ErrorKind.UNSUPPORTED
        return
    made = make(source, recipe(output, metadata=metadata), tmp_path / "out", marks_outputs=True)
    assert SECRET not in made.paths[0].read_bytes()
    made.image.load()


@pytest.mark.parametrize("metadata", ["copyright", "none"])
def test_a_file_whose_metadata_is_all_to_stay_is_not_refused(tmp_path, metadata):
    exif = Image.Exif()
    exif[ExifTags.Base.XResolution] = exif[ExifTags.Base.YResolution] = 300.0
    photo((120, 80)).save(tmp_path / "x.jpg", quality=20, exif=exif.tobytes())
    first = make(tmp_path / "x.jpg", recipe(OPTIMIZE, metadata=metadata), tmp_path / "one")
    assert not first.notes
    bare = without_mark(first.paths[0].read_bytes(), "jpeg")
    first.paths[0].write_bytes(bare)
    second = make(first.paths[0], recipe(OPTIMIZE, metadata=metadata), tmp_path / "two")
    assert second.paths[0].read_bytes() == bare
    assert not second.notes
