"""What goes out of the boxes of AVIF, HEIC and JPEG 2000 makes the file smaller, and every pixel stays as it is."""

from __future__ import annotations

import shutil
import struct
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from PIL import ExifTags, Image

from fileq.errors import ErrorKind
from fileq.files.containers import box_of
from fileq.images.formats.isobmff import read_items
from fileq.images.formats.isobmff_splice import Edit, splice
from fileq.images.formats.jpeg2000.xmp import XMP_UUID
from fileq.recipes.recipe import Output
from tests.images.heic import lying
from tests.images.lossless.test_never_larger import frames_of
from tests.images.test_lossless_rewrite import SECRETS
from tests.images.test_metadata import PACKET, from_a_camera
from tests.support.images import failure, make, photo, recipe

if TYPE_CHECKING:
    from pathlib import Path

OPTIMIZE = Output(format="same", lossless=True, min_saving=0.0)
PADDING = 3000  # spaces, as editors leave them in packets


def signature(path: Path) -> bytes:
    """What ImageMagick says of the pixels."""
    return subprocess.run(["identify", "-format", "%#", path], capture_output=True, check=True).stdout


def avif(path: Path, **options: Any) -> bytes:
    xmp = PACKET + b" " * PADDING
    photo((200, 150)).save(path, exif=from_a_camera().tobytes(), xmp=xmp, **options)
    return path.read_bytes()


def in_one_box(content: bytes) -> bytes:
    """An AVIF whose items lie in the box idat, which they are counted from, and not in mdat."""
    items = read_items(content)
    assert items is not None
    parts = items.parts(content)
    data, entries = b"", b""
    for item_id, [(start, length)] in parts.items():
        entries += struct.pack(">HHHHII", item_id, 1, 0, 1, len(data), length)
        data += content[start : start + length]
    iloc = box_of(b"iloc", b"\1\0\0\0\x44\0" + struct.pack(">H", len(parts)) + entries)
    others = [content[box.start : box.end] for name, box in items.boxes.items() if name != b"iloc"]
    meta = box_of(b"meta", bytes(4) + b"".join([*others, iloc, box_of(b"idat", data)]))
    return content[: items.meta.start] + meta + box_of(b"mdat", b"")


def optimized(path: Path, folder: Path, **keys: Any) -> Path:
    made = make(path, recipe(OPTIMIZE, **keys), folder)
    assert made.notes == ()
    return made.paths[0]


def by_bases(content: bytes) -> bytes:
    """An AVIF whose metadata comes first, and whose places stand in the bases, as libheif and exiftool write them."""
    items = read_items(content)
    assert items is not None
    parts = items.parts(content)
    entries_size = 18 * len(parts)
    others = [content[box.start : box.end] for name, box in items.boxes.items() if name != b"iloc"]
    meta_size = 12 + sum(map(len, others)) + 8 + 8 + entries_size
    data, entries = b"", b""
    for item_id, [(start, length)] in sorted(parts.items(), reverse=True):
        place = items.meta.start + meta_size + 8 + len(data)
        entries += struct.pack(">HHIHII", item_id, 0, place, 1, 0, length)
        data += content[start : start + length]
    iloc = box_of(b"iloc", bytes(4) + b"\x44\x40" + struct.pack(">H", len(parts)) + entries)
    meta = box_of(b"meta", bytes(4) + b"".join([*others, iloc]))
    assert len(meta) == meta_size
    return content[: items.meta.start] + meta + box_of(b"mdat", data)


_LAYOUTS = {"mdat": lambda content: content, "idat": in_one_box, "bases": by_bases}


@pytest.mark.parametrize("lies_in", _LAYOUTS)
@pytest.mark.parametrize("wanted", ["copyright", "none"])
def test_an_avif_is_as_much_smaller_as_its_metadata_was_large(tmp_path, lies_in, wanted):
    content = _LAYOUTS[lies_in](avif(tmp_path / "x.avif"))
    (tmp_path / "x.avif").write_bytes(content)
    made = optimized(tmp_path / "x.avif", tmp_path / "out", metadata=wanted)
    after = made.read_bytes()
    assert len(after) < len(content) - PADDING
    assert list(frames_of(after)) == list(frames_of(content))
    assert signature(made) == signature(tmp_path / "x.avif")
    assert not any(secret in after for secret in SECRETS)
    with Image.open(made) as image:
        assert (image.getexif().get(ExifTags.Base.Artist) is not None) == (wanted == "copyright")
    assert optimized(made, tmp_path / "again", metadata=wanted).read_bytes() == after


def test_an_avif_with_transparency_keeps_both_of_its_pictures(tmp_path):
    image = photo((200, 150))
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    image.save(tmp_path / "x.avif", exif=from_a_camera().tobytes(), xmp=PACKET + b" " * PADDING)
    made = optimized(tmp_path / "x.avif", tmp_path / "out")
    assert made.stat().st_size < (tmp_path / "x.avif").stat().st_size - PADDING
    assert list(frames_of(made.read_bytes())) == list(frames_of((tmp_path / "x.avif").read_bytes()))


@pytest.mark.parametrize("at_start", [True, False])
def test_a_heic_loses_what_lies_beside_its_items(tmp_path, at_start):
    more = box_of(b"uuid", XMP_UUID + b"secret place" + bytes(500))
    content = lying(6)
    begin = int.from_bytes(content[:4], "big")
    whole = splice(content, read_items(content), [Edit(begin, begin, more)]) if at_start else content + more
    (tmp_path / "x.heic").write_bytes(whole)
    made = optimized(tmp_path / "x.heic", tmp_path / "out")
    assert len(made.read_bytes()) <= len(content)
    shown = [
        make(path, recipe(Output(name=f"{number}.png")), tmp_path / "png").image.tobytes()
        for number, path in enumerate((tmp_path / "x.heic", made))
    ]
    assert shown[0] == shown[1]


@pytest.mark.parametrize("wanted", ["private", "none", "copyright"])
def test_metadata_that_cannot_be_taken_out_is_said_and_by_its_name_the_job_fails(tmp_path, wanted):
    path = tmp_path / "x.avif"
    path.write_bytes(avif(path) + box_of(b"moov", b""))  # whose metadata could lie elsewhere
    if wanted == "copyright":
        assert make(path, recipe(OPTIMIZE, metadata=wanted), tmp_path / "out").notes
    else:
        assert failure(path, recipe(OPTIMIZE, metadata=wanted), tmp_path / "out")[0] is ErrorKind.UNSUPPORTED


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
@pytest.mark.parametrize("ending", ["avif", "jp2"])
def test_exiftool_reads_what_stayed_and_finds_nothing_wrong(tmp_path, ending):
    path = tmp_path / f"x.{ending}"
    avif(path) if ending == "avif" else jp2(path)
    made = optimized(path, tmp_path / "out")
    said = subprocess.run(["exiftool", "-a", "-G", made], capture_output=True, check=True).stdout
    assert b"Warning" not in said
    assert b"GPS" not in said
    assert b"example.org/licence" in said


def jp2(path: Path) -> bytes:
    photo((200, 150)).save(path, comment="secret place", irreversible=True, quality_layers=[30])
    more = box_of(b"uuid", XMP_UUID + PACKET + b" " * PADDING) + box_of(b"xml ", b"<gml>secret place</gml>")
    path.write_bytes(path.read_bytes() + more + box_of(b"uuid", b"JpgTiffExif->JP2" + from_a_camera().tobytes()))
    return path.read_bytes()


@pytest.mark.parametrize("wanted", ["copyright", "none"])
def test_a_jpeg_2000_loses_its_metadata_and_comments_and_no_pixel(tmp_path, wanted):
    content = jp2(tmp_path / "x.jp2")
    made = optimized(tmp_path / "x.jp2", tmp_path / "out", metadata=wanted)
    after = made.read_bytes()
    assert len(after) < len(content) - PADDING
    assert list(frames_of(after)) == list(frames_of(content))
    assert signature(made) == signature(tmp_path / "x.jp2")
    assert not any(secret in after for secret in (*SECRETS, b"secret place"))
    assert (b"Zo" in after) == (wanted == "copyright")
    assert optimized(made, tmp_path / "again", metadata=wanted).read_bytes() == after


def test_a_bare_codestream_loses_its_comment(tmp_path):
    photo((60, 40)).save(tmp_path / "x.j2k", comment="secret place", no_jp2=True)
    made = optimized(tmp_path / "x.j2k", tmp_path / "out")
    assert b"secret place" not in made.read_bytes()
    assert list(frames_of(made.read_bytes())) == list(frames_of((tmp_path / "x.j2k").read_bytes()))


def test_credits_of_a_jpeg_2000_go_into_other_formats(tmp_path):
    jp2(tmp_path / "x.jp2")
    made = make(tmp_path / "x.jp2", recipe(Output(format="webp")), tmp_path / "out")
    assert b"Zo" in made.image.info["xmp"]
    assert b"secret place" not in made.image.info["xmp"]


def test_what_shares_its_place_with_metadata_is_not_touched():
    content = lying(1)
    items = read_items(content)
    assert items is not None
    [(start, length)] = next(iter(items.parts(content).values()))
    with pytest.raises(ValueError, match="part of something else"):
        splice(content, items, [Edit(start + 1, start + length - 1, b"")])
