"""Whether the end of a picture is there: for every format that Pillow writes, each cut at every tenth of its length."""

import io
import os

import pytest
from PIL import Image

from fileq.watch.end_markers import whole

MARKED = ["JPEG", "PNG", "GIF", "WEBP", "AVIF", "JPEG2000", "PDF", "QOI"]


def written(format_, **keys):
    content = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").save(content, format_, **keys)
    return content.getvalue()


def judged(tmp_path, content):
    path = tmp_path / "file"
    path.write_bytes(content)
    file = os.open(path, os.O_RDONLY)
    try:
        return whole(file, len(content))
    finally:
        os.close(file)


@pytest.mark.parametrize("format_", MARKED)
def test_a_whole_file_has_its_end(tmp_path, format_):
    assert judged(tmp_path, written(format_)) is True


@pytest.mark.parametrize("format_", MARKED)
@pytest.mark.parametrize("tenths", range(1, 10))
def test_a_file_that_is_cut_has_none(tmp_path, format_, tenths):
    content = written(format_)
    assert judged(tmp_path, content[: len(content) * tenths // 10]) is False


@pytest.mark.parametrize("format_", MARKED)
def test_a_file_that_room_was_made_for_has_none(tmp_path, format_):
    content = written(format_)
    if format_ not in ("WEBP", "AVIF", "JPEG2000"):  # these say their size at their start
        assert judged(tmp_path, content[: len(content) // 2].ljust(len(content) + 2000, b"\0")) is False
    assert judged(tmp_path, b"\0" * len(content)) is False


@pytest.mark.parametrize("format_", ["TIFF", "BMP", "PPM"])
def test_other_formats_have_no_mark(tmp_path, format_):
    assert judged(tmp_path, written(format_)) is None


@pytest.mark.parametrize("content", [b"x", b"RIFF", b"\xff\xd8", b"\x00\x00\x00\x08ftyp", b"\x00\x00\x00\x02ftypheic"])
def test_a_file_of_a_few_bytes_is_not_whole(tmp_path, content):
    assert not judged(tmp_path, content)


def test_a_box_that_goes_on_to_the_end_of_the_file_says_nothing(tmp_path):
    assert judged(tmp_path, b"\x00\x00\x00\x10ftypheic1234" + b"\x00\x00\x00\x00mdatxxxx") is None
