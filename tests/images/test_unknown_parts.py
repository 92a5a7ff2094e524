"""Parts of a file that are in no specification may hold anything, and go with the metadata."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator

import pytest
from PIL import Image, ImageSequence

from fileq.files.containers import box_of, png_chunk, png_chunks, riff_chunk
from fileq.images.formats.optional_codecs import register_jpeg_xl
from fileq.images.metadata.gif_rewrite import table_length
from fileq.images.metadata.lossless_rewrite import replace_metadata
from fileq.images.metadata.selection import Metadata
from fileq.recipes.recipe import Output
from fileq.units import Size
from tests.images.test_metadata import PACKET
from tests.support.images import make, photo, recipe

OPTIMIZE = Output(format="same", min_saving=0.5)
LOSSLESS = Output(format="same", min_saving=0.0, lossless=True)
SECRET = b"serial 48.8584"
NO_EXIF = b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0"


def box(name: bytes) -> bytes:
    return (8 + len(SECRET)).to_bytes(4, "big") + name + SECRET


def with_unknown_parts(path):
    photo((120, 80)).save(path)
    content = path.read_bytes()
    if path.suffix == ".webp":
        content += riff_chunk(b"JUNK", SECRET) + riff_chunk(b"zzzz", SECRET)
        content = riff_chunk(b"RIFF", content[8:])
    elif path.suffix == ".gif":
        text = b"\x21\x01\x0c" + bytes(12) + bytes((len(SECRET),)) + SECRET + b"\0"
        content = content[:-1] + b"\x21\xf9\x04" + bytes(5) + text + b"\x3b"
    else:
        content += box(b"free") + box(b"skip") + box(b"zzzz")
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("ending", ["webp", "gif", "avif"])
def test_unknown_parts_go_and_the_pixels_stay(tmp_path, ending):
    source = with_unknown_parts(tmp_path / f"x.{ending}")
    made = make(source, recipe(OPTIMIZE, metadata="none"), tmp_path / "out")
    assert SECRET in source.read_bytes()
    assert SECRET not in made.paths[0].read_bytes()
    with Image.open(source) as image:
        assert image.convert("RGB").tobytes() == made.image.convert("RGB").tobytes()


@pytest.mark.parametrize("options", [{}, {"lossless": True}, {"exif": NO_EXIF}])
def test_xmp_in_the_chunk_of_imagemagick_is_read_for_its_credits(tmp_path, options):
    source = tmp_path / "x.webp"
    photo((120, 80)).save(source, **options)
    content = source.read_bytes() + riff_chunk(b"XMP\0", PACKET)
    source.write_bytes(riff_chunk(b"RIFF", content[8:]))
    made = make(source, recipe(OPTIMIZE, metadata="copyright"), tmp_path / "out")
    assert b"example.org/licence" in made.image.info["xmp"]
    assert b"XMP\0" not in made.paths[0].read_bytes()


def test_unknown_parts_in_the_frames_of_a_webp_go(tmp_path):
    source = tmp_path / "x.webp"
    photo((120, 80)).save(source, save_all=True, append_images=[photo((120, 80)).rotate(90)], quality=30)
    content = source.read_bytes()
    at = content.index(b"ANMF")
    end = at + 8 + int.from_bytes(content[at + 4 : at + 8], "little")
    frame = riff_chunk(b"ANMF", content[at + 8 : end] + riff_chunk(b"JUNK", SECRET))
    source.write_bytes(riff_chunk(b"RIFF", content[8:at] + frame + content[end:]))
    made = make(source, recipe(OPTIMIZE, metadata="none"), tmp_path / "out")
    assert SECRET not in made.paths[0].read_bytes()
    assert made.paths[0].read_bytes() == content


def sub_blocks(codes: bytes) -> bytes:
    parts = (codes[at : at + 255] for at in range(0, len(codes), 255))
    return b"".join(bytes((len(part),)) + part for part in parts) + b"\0"


def png_with_secrets() -> Iterator[bytes]:
    """Behind the deflated pixels, in a chunk of its own there, and in a row too many."""
    image = photo((120, 80))
    rows = b"".join(b"\0" + image.crop((0, row, 120, row + 1)).tobytes() for row in range(80))
    header = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", struct.pack(">IIBBBBB", 120, 80, 8, 2, 0, 0, 0))
    end = png_chunk(b"IEND", b"")
    data = zlib.compress(rows)
    yield header + png_chunk(b"IDAT", data[:900]) + png_chunk(b"IDAT", data[900:] + SECRET) + end
    yield header + png_chunk(b"IDAT", data) + png_chunk(b"IDAT", SECRET) + end
    yield header + png_chunk(b"IDAT", zlib.compress(rows + SECRET, 0)) + end


def apng_with_secret() -> Iterator[bytes]:
    content = io.BytesIO()
    photo((60, 40)).save(content, "PNG", save_all=True, append_images=[photo((60, 40)).rotate(180)], duration=50)
    parts = [content.getvalue()[:8]]
    for chunk in png_chunks(io.BytesIO(content.getvalue())):
        payload = content.getvalue()[chunk.payload : chunk.payload + chunk.length]
        parts.append(png_chunk(chunk.name, payload + SECRET if chunk.name == b"fdAT" else payload))
    yield b"".join(parts)


def gif_with_secret() -> Iterator[bytes]:
    for interlaced in (False, True):
        content = io.BytesIO()
        photo((120, 80)).quantize(64).save(content, "GIF", interlace=interlaced)
        whole = content.getvalue()
        at = whole.index(b"\x2c\0\0\0\0") + 11 + table_length(whole[whole.index(b"\x2c\0\0\0\0") + 9])
        codes, place = b"", at
        while whole[place]:
            codes += whole[place + 1 : place + 1 + whole[place]]
            place += whole[place] + 1
        yield whole[:at] + sub_blocks(codes + SECRET) + b";"


def jxl_with_secret() -> Iterator[bytes]:
    register_jpeg_xl()
    for lossless in (False, True):
        content = io.BytesIO()
        photo((120, 80)).save(content, "JXL", lossless=lossless)
        yield content.getvalue() + SECRET
        yield b"\0\0\0\x0cJXL \r\n\x87\n\0\0\0\x14ftypjxl \0\0\0\0jxl " + box_of(b"jxlc", content.getvalue() + SECRET)


HIDING = {"png": png_with_secrets, "png that moves": apng_with_secret, "gif": gif_with_secret, "jxl": jxl_with_secret}


@pytest.mark.parametrize("kind", HIDING)
@pytest.mark.parametrize("metadata", ["none", "copyright"])
def test_what_stands_behind_the_coded_pixels_goes_and_they_stay(tmp_path, kind, metadata):
    for number, content in enumerate(HIDING[kind]()):
        source = tmp_path / f"{number}.{kind[:3]}"
        source.write_bytes(content)
        made = make(source, recipe(LOSSLESS, metadata=metadata), tmp_path / "out")
        assert SECRET in content
        assert SECRET not in made.paths[0].read_bytes()
        with Image.open(source) as before, Image.open(made.paths[0]) as after:
            pairs = zip(ImageSequence.Iterator(before), ImageSequence.Iterator(after), strict=True)
            assert all(one.convert("RGB").tobytes() == other.convert("RGB").tobytes() for one, other in pairs)


@pytest.mark.parametrize("kind", ["png", "gif", "jxl"])
def test_a_file_with_nothing_behind_its_pixels_stays_as_it_is(tmp_path, kind):
    register_jpeg_xl()
    content = io.BytesIO()
    photo((120, 80)).quantize(64).convert("RGB" if kind == "jxl" else "P").save(content, kind)
    data = Metadata(exif={})
    assert replace_metadata(content.getvalue(), kind, data, Size(120, 80)) == content.getvalue()
