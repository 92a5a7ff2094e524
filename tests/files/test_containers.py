"""How files are laid out, by what Pillow writes; whether their end is there, each cut at every tenth of its length."""

import io

import pytest
from PIL import Image

from fileq.files.containers import (
    boxes,
    has_end,
    jpeg_segment,
    jpeg_segments,
    png_chunk,
    png_chunks,
    riff_chunk,
    riff_chunks,
)

MARKED = ["JPEG", "PNG", "GIF", "WEBP", "AVIF", "JPEG2000", "PDF", "QOI"]


def written(format_, **keys):
    content = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").save(content, format_, **keys)
    return content.getvalue()


def judged(content):
    return has_end(io.BytesIO(content), len(content))


@pytest.mark.parametrize("format_", MARKED)
def test_a_whole_file_has_its_end(format_):
    assert judged(written(format_)) is True


@pytest.mark.parametrize("format_", MARKED)
@pytest.mark.parametrize("tenths", range(1, 10))
def test_a_file_that_is_cut_has_none(format_, tenths):
    content = written(format_)
    assert judged(content[: len(content) * tenths // 10]) is False


@pytest.mark.parametrize("format_", MARKED)
def test_a_file_that_room_was_made_for_has_none(format_):
    content = written(format_)
    if format_ not in ("WEBP", "AVIF", "JPEG2000"):  # these say their size at their start
        assert judged(content[: len(content) // 2].ljust(len(content) + 2000, b"\0")) is False
    assert judged(b"\0" * len(content)) is False


@pytest.mark.parametrize("format_", ["TIFF", "BMP", "PPM"])
def test_other_formats_have_no_mark(format_):
    assert judged(written(format_)) is None


@pytest.mark.parametrize("content", [b"x", b"RIFF", b"\xff\xd8", b"\x00\x00\x00\x08ftyp", b"\x00\x00\x00\x02ftypheic"])
def test_a_file_of_a_few_bytes_is_not_whole(content):
    assert not judged(content)


def test_a_box_that_goes_on_to_the_end_of_the_file_says_nothing():
    assert judged(b"\x00\x00\x00\x10ftypheic1234" + b"\x00\x00\x00\x00mdatxxxx") is None


@pytest.mark.parametrize(
    ("format_", "chunks", "head", "names"),
    [
        ("PNG", png_chunks, 8, {b"IHDR", b"IDAT", b"IEND"}),
        ("WEBP", riff_chunks, 12, {b"VP8X", b"VP8 ", b"EXIF"}),
        ("AVIF", boxes, 0, {b"ftyp", b"meta", b"mdat"}),
        ("JPEG2000", boxes, 0, {b"jP  ", b"ftyp", b"jp2h", b"jp2c"}),
    ],
)
def test_chunks_follow_each_other_up_to_the_end(format_, chunks, head, names):
    content = written(format_, **({"exif": b"Exif\0\0xyz"} if format_ == "WEBP" else {}))
    found = list(chunks(io.BytesIO(content)))
    assert {chunk.name for chunk in found} == names
    assert [chunk.start for chunk in found] == [head, *(chunk.end for chunk in found[:-1])]
    assert found[-1].end == len(content)
    assert all(chunk.start + 8 == chunk.payload and chunk.payload + chunk.length <= chunk.end for chunk in found)


def test_the_segments_of_a_jpeg_follow_each_other_up_to_its_end_mark():
    content = written("JPEG", progressive=True, comment=b"x")
    found = list(jpeg_segments(content))
    assert [segment.start for segment in found] == [2, *(segment.end for segment in found[:-1])]
    assert found[-1].end == len(content) - 2
    assert {0xFE, 0xC2, 0xDA} <= {segment.marker for segment in found}


def test_what_is_written_is_read_back():
    png, riff = png_chunk(b"teXt", b"odd"), riff_chunk(b"EXIF", b"odd")
    (chunk,) = png_chunks(io.BytesIO(bytes(8) + png))
    assert (chunk.name, chunk.length, chunk.end) == (b"teXt", 3, 8 + len(png))
    (chunk,) = riff_chunks(io.BytesIO(bytes(12) + riff))
    assert (chunk.name, chunk.length, chunk.end) == (b"EXIF", 3, 12 + len(riff))
    (segment,) = jpeg_segments(b"\xff\xd8" + jpeg_segment(0xE1, b"odd") + b"\xff\xd9")
    assert segment == (0xE1, 2, 9)


def test_a_box_of_more_than_4_gb_is_passed_over():
    large = (1).to_bytes(4, "big") + b"mdat" + (2**33).to_bytes(8, "big")
    assert [(box.payload, box.length, box.end) for box in boxes(io.BytesIO(large))] == [(16, 2**33 - 16, 2**33)]


@pytest.mark.parametrize("length", [(2).to_bytes(4, "big"), (7).to_bytes(4, "big")])
def test_a_box_that_ends_before_its_beginning_is_damage(length):
    with pytest.raises(ValueError, match="impossible length"):
        list(boxes(io.BytesIO(length + b"free")))


def test_a_segment_that_has_no_room_is_refused_and_not_cut():
    with pytest.raises(ValueError, match="no room"):
        jpeg_segment(0xE1, bytes(65534))
