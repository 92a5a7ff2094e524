"""Damage in the middle of a JPEG, of which libjpeg warns, and files that look odd to it and are whole."""

import io
import random
import shutil
import subprocess
from typing import Any

import pytest
from PIL import Image

from fileq.errors import ErrorKind, JobError
from fileq.images.decode.jpeg import check_coded_pixels
from fileq.recipes.recipe import Output
from tests.support.images import failure, make, photo, recipe

KINDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "full colour": {"subsampling": 0},
    "progressive": {"progressive": True},
    "restarts": {"restart_marker_blocks": 8},
    "progressive restarts": {"progressive": True, "restart_marker_blocks": 8},
    "low quality": {"quality": 5},
}
EOI = b"\xff\xd9"
djpeg = shutil.which("djpeg")


def jpeg(image: Image.Image | None = None, **options) -> bytes:
    content = io.BytesIO()
    (photo((320, 240)) if image is None else image).save(content, "JPEG", **options)
    return content.getvalue()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("damage", ["lost", "zeros", "other"])
def test_a_jpeg_that_is_damaged_in_its_middle_is_unreadable(tmp_path, kind, damage):
    content = jpeg(**KINDS[kind])
    middle, length = len(content) // 2, len(content) // 5
    filling = {"lost": b"", "zeros": bytes(length), "other": random.Random(3).randbytes(length).replace(b"\xff", b"a")}
    (tmp_path / "x.jpg").write_bytes(content[:middle] + filling[damage] + content[middle + length :])
    for output in (Output(), Output(min_saving=0.0, lossless=True)):
        error_kind, message = failure(tmp_path / "x.jpg", recipe(output), tmp_path / "out")
        assert error_kind is ErrorKind.UNREADABLE
        assert "is damaged (" in message


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("damage", ["none", "zeros", "other"])
@pytest.mark.parametrize(("name", "options"), [("x.pdf", {}), ("x.tif", {"compression": "jpeg"})])
def test_a_jpeg_within_a_document_is_looked_at_too(tmp_path, name, options, damage, mode):
    photo((320, 240)).convert(mode).save(tmp_path / name, **options)
    content = (tmp_path / name).read_bytes()
    middle = len(content) // 2
    filling = {"none": content[middle : middle + 500], "zeros": bytes(500), "other": random.Random(3).randbytes(500)}
    (tmp_path / name).write_bytes(content[:middle] + filling[damage] + content[middle + 500 :])
    if damage == "none":
        assert make(tmp_path / name, recipe(Output(name="o.png")), tmp_path / "out").notes == ()
        return
    error_kind, message = failure(tmp_path / name, recipe(Output(name="o.png")), tmp_path / "out")
    assert error_kind is ErrorKind.UNREADABLE
    assert "is damaged (" in message


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_a_whole_jpeg_of_any_kind_has_no_note(tmp_path, kind, mode):
    image = photo((321, 243)).convert(mode)
    for number, one in enumerate((image, image.crop((0, 0, 1, 1)), Image.new(mode, (64, 64)))):
        (tmp_path / f"{number}.jpg").write_bytes(jpeg(one, **KINDS[kind]))
        made = make(tmp_path / f"{number}.jpg", recipe(Output(name="{stem}.png")), tmp_path / "out")
        assert made.notes == ()


def test_a_lost_restart_marker_is_seen(tmp_path):
    content = jpeg(restart_marker_blocks=8)
    (tmp_path / "x.jpg").write_bytes(content.replace(b"\xff\xd3", b"", 1))
    assert failure(tmp_path / "x.jpg", recipe(), tmp_path / "out")[0] is ErrorKind.UNREADABLE


def test_a_jpeg_filled_up_at_its_end_is_whole(tmp_path):
    content = jpeg()
    (tmp_path / "x.jpg").write_bytes(content.removesuffix(EOI) + bytes(512) + EOI + bytes(100))
    assert make(tmp_path / "x.jpg", recipe(), tmp_path / "out").notes == ()


def test_a_few_bytes_too_many_are_said_and_the_picture_is_made(tmp_path):
    (tmp_path / "x.jpg").write_bytes(jpeg().removesuffix(EOI) + b"fifteen letters" + EOI)
    (note,) = make(tmp_path / "x.jpg", recipe(), tmp_path / "out").notes
    assert "bytes too many" in note


def test_bytes_between_segments_are_no_damage(tmp_path):
    content = jpeg()
    table = content.index(b"\xff\xdb")
    (tmp_path / "x.jpg").write_bytes(content[:table] + b"stray" + content[table:])
    assert make(tmp_path / "x.jpg", recipe(), tmp_path / "out").notes == ()


@pytest.mark.skipif(djpeg is None, reason="djpeg is not installed")
@pytest.mark.parametrize("kind", KINDS)
def test_whatever_djpeg_warns_of_in_the_pixels_is_said(tmp_path, kind):
    whole, chance = jpeg(**KINDS[kind]), random.Random(kind)
    for _ in range(40):
        content = bytearray(whole)
        content[chance.randrange(700, len(content) - 2)] ^= 1 << chance.randrange(8)
        (tmp_path / "x.jpg").write_bytes(content)
        judged = subprocess.run([str(djpeg), tmp_path / "x.jpg"], capture_output=True, check=False)
        if judged.returncode != 1:  # an error, and not a warning: Pillow has it, too
            assert _is_said(bytes(content)) == (b"Corrupt JPEG data" in judged.stderr)


def _is_said(content: bytes) -> bool:
    try:
        return check_coded_pixels(content) is not None
    except (ValueError, JobError):
        return True
