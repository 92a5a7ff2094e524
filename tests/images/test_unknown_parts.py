"""Parts of a file that are in no specification may hold anything, and go with the metadata."""

from __future__ import annotations

import pytest
from PIL import Image

from fileq.files.containers import riff_chunk
from fileq.recipes.recipe import Output
from tests.images.test_metadata import PACKET
from tests.support.images import make, photo, recipe

OPTIMIZE = Output(format="same", min_saving=0.5)
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
