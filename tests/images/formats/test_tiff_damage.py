"""Damage in TIFFs of which libtiff only warns, or says nothing: it is said; odd files that are whole are read."""

from __future__ import annotations

import math
import random
import struct
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
from PIL import Image, TiffImagePlugin

from fileq.errors import ErrorKind
from fileq.images.formats.tiff import libtiff
from fileq.recipes.recipe import Output
from tests.support.images import failure, make, photo, recipe
from tests.support.judges import convert, needs_imagemagick, pixels

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

SIZE = (400, 300)
PNG = recipe(Output(name="o.png"))
WIDTH, HEIGHT, FILL_ORDER, STRIPS, ROWS, LENGTHS, OPTIONS, PREDICTOR = 256, 257, 266, 273, 278, 279, 292, 317
BAD_FAX_LINES, CLEAN_FAX_DATA = 326, 327
SHORT, LONG = 3, 4
ENDS_OF_LINE = b"\x00\x10\x01\x00\x10\x01\x00\x10\x01"  # six of them: they end a page of group 3
END_OF_BLOCK = b"\x00\x10\x01"  # the same, of group 4
FAXES: dict[str, dict[str, Any]] = {
    "Huffman": {"compression": "tiff_ccitt"},
    "group 3": {"compression": "group3"},
    "group 3 in two dimensions": {"compression": "group3", "tiffinfo": {OPTIONS: 1}},
    "group 3 with filled bytes": {"compression": "group3", "tiffinfo": {OPTIONS: 4}},
    "group 4": {"compression": "group4"},
}
DEFLATED: dict[str, dict[str, Any]] = {
    "plain": {"compression": "tiff_adobe_deflate"},
    "differences": {"compression": "tiff_adobe_deflate", "tiffinfo": {PREDICTOR: 2}},
}
OTHERS: dict[str, dict[str, Any]] = {name: {"compression": name} for name in ("packbits", "tiff_lzw", "jpeg")}
JUNK = {"zeros": bytes(200), "noise": random.Random(5).randbytes(200)}


@pytest.fixture(autouse=True)
def one_strip(monkeypatch):
    monkeypatch.setattr(TiffImagePlugin, "STRIP_SIZE", 2**24)


def save(path: Path, keys: dict[str, Any]) -> tuple[dict[int, int], bytes]:
    """Save a picture as a TIFF, and return its tags that are numbers, and its only strip."""
    image = photo(SIZE).convert("1") if keys in FAXES.values() else photo(SIZE)
    image.save(path, "TIFF", **keys)
    with Image.open(path) as opened:
        tags = dict(opened.tag_v2)  # type: ignore[attr-defined]  # a TIFF's
    (start,), (length,) = tags[STRIPS], tags[LENGTHS]
    numbers = {tag: values[0] if isinstance(values, tuple) else values for tag, values in tags.items()}
    return numbers, path.read_bytes()[start : start + length]


def tiff(tags: Mapping[int, int], strip: bytes) -> bytes:
    """A TIFF with these tags of numbers and this strip."""
    start = 8 + 2 + 12 * len(tags) + 4
    values = {**tags, STRIPS: start, LENGTHS: len(strip)}
    entries = [struct.pack("<HHLL", tag, LONG, 1, values[tag]) for tag in sorted(values)]
    return struct.pack("<2sHLH", b"II", 42, 8, len(entries)) + b"".join(entries) + bytes(4) + strip


def with_junk(path: Path, junk: bytes) -> None:
    """Overwrite the middle of a file, which is in its only strip."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + len(junk)] = junk
    path.write_bytes(content)


@pytest.mark.parametrize("junk", JUNK)
@pytest.mark.parametrize("keys", [*FAXES.values(), *DEFLATED.values(), *OTHERS.values()], ids=str)
def test_damage_in_the_middle_of_a_tiff_is_said_on_the_job_and_nowhere_else(tmp_path, capfd, keys, junk):
    save(tmp_path / "x.tif", keys)
    with_junk(tmp_path / "x.tif", JUNK[junk])
    kind, message = failure(tmp_path / "x.tif", PNG, tmp_path / "out")
    assert kind is ErrorKind.UNREADABLE, message
    assert "is damaged (" in message
    assert "decoder error" not in message
    assert capfd.readouterr().err == ""


def ends(kind: str, strip: bytes) -> Iterator[bytes]:
    """How programs end such a fax: it is whole in any case."""
    yield strip
    yield strip + bytes(50)
    yield strip + b"\xff" * 9
    if kind == "group 4":
        yield strip + END_OF_BLOCK
        yield strip[:-3]  # without it
    if kind.startswith("group 3"):
        yield strip + ENDS_OF_LINE


@needs_imagemagick
@pytest.mark.parametrize("kind", FAXES)
@pytest.mark.parametrize("bits", ["first bit high", "first bit low"])
def test_a_fax_is_whole_however_its_program_ends_it(tmp_path, kind, bits):
    tags, strip = save(tmp_path / "x.tif", FAXES[kind])
    whole = pixels(convert(tmp_path / "x.tif", to=tmp_path / "judge.png"), "L")
    for number, ended in enumerate(ends(kind, strip)):
        is_low = bits == "first bit low"
        turned = bytes(int(f"{byte:08b}"[::-1], 2) for byte in ended) if is_low else ended
        (tmp_path / "y.tif").write_bytes(tiff(tags | {FILL_ORDER: 1 + is_low}, turned))
        made = make(tmp_path / "y.tif", PNG, tmp_path / f"out{number}")
        assert made.image.convert("L").tobytes() == whole.tobytes(), number
        assert not made.notes


@pytest.mark.parametrize("kind", FAXES)
def test_a_fax_with_fewer_rows_than_its_tags_say_is_damaged(tmp_path, kind):
    tags, strip = save(tmp_path / "x.tif", FAXES[kind])
    (tmp_path / "x.tif").write_bytes(tiff(tags | {HEIGHT: SIZE[1] + 50, ROWS: SIZE[1] + 50}, strip))
    assert failure(tmp_path / "x.tif", PNG, tmp_path / "out")[0] is ErrorKind.UNREADABLE


@pytest.mark.parametrize("said", [{CLEAN_FAX_DATA: 2}, {BAD_FAX_LINES: 3}, {BAD_FAX_LINES: 3, CLEAN_FAX_DATA: 2}])
def test_a_fax_whose_lines_came_damaged_over_the_telephone_is_read_where_it_says_so(tmp_path, said):
    tags, strip = save(tmp_path / "x.tif", FAXES["group 3"])
    content = bytearray(strip)
    content[len(strip) // 2] ^= 0x40
    (tmp_path / "x.tif").write_bytes(tiff(tags, bytes(content)))
    assert failure(tmp_path / "x.tif", PNG, tmp_path / "out")[0] is ErrorKind.UNREADABLE
    (tmp_path / "x.tif").write_bytes(tiff(tags | said, bytes(content)))
    made = make(tmp_path / "x.tif", PNG, tmp_path / "out")
    assert made.image.size == SIZE
    assert made.notes == ("The fax came with damaged lines, as its file says; they are in the picture.",)


@pytest.mark.parametrize("keys", [*FAXES.values(), *DEFLATED.values(), *OTHERS.values()], ids=str)
def test_tiffs_are_read_where_the_functions_of_libtiff_can_not_be_called(tmp_path, monkeypatch, keys):
    save(tmp_path / "x.tif", keys)
    monkeypatch.setattr(libtiff, "_imaging", SimpleNamespace(__file__=math.__file__))
    monkeypatch.setattr(libtiff, "_hear_warnings", libtiff._hear_warnings.__wrapped__)
    assert libtiff._hear_warnings() == ()
    assert make(tmp_path / "x.tif", PNG, tmp_path / "out").image.size == SIZE


@pytest.mark.parametrize("predictor", [False, True])
@pytest.mark.parametrize("tile", [None, (64, 64)])
@pytest.mark.parametrize("shape", [(300, 400), (300, 400, 3), (300, 400, 4)])
@pytest.mark.parametrize("depth", ["u1", "u2"])
@pytest.mark.parametrize("planes", ["contig", "separate"])
def test_a_deflated_tiff_is_as_whole_as_its_checksums(tmp_path, predictor, tile, shape, depth, planes):
    if planes == "separate" and len(shape) == 2:
        return
    levels = np.linspace(0, 1, math.prod(shape)).reshape(shape)
    content = np.round(levels * np.iinfo(depth).max).astype(depth)
    tifffile.imwrite(
        tmp_path / "x.tif",
        content if planes == "contig" else np.moveaxis(content, -1, 0),
        photometric="minisblack" if len(shape) == 2 else "rgb",
        planarconfig=planes if len(shape) == 3 else None,
        compression="deflate", predictor=predictor, tile=tile, rowsperstrip=None if tile else 64, metadata=None,
    )  # fmt: skip
    assert make(tmp_path / "x.tif", PNG, tmp_path / "out").image.size == SIZE
    with tifffile.TiffFile(tmp_path / "x.tif") as opened:
        page = opened.pages[0]
        end = page.dataoffsets[-1] + page.databytecounts[-1]
    whole = bytearray((tmp_path / "x.tif").read_bytes())
    whole[end - 1] ^= 1
    (tmp_path / "x.tif").write_bytes(whole)
    kind, message = failure(tmp_path / "x.tif", PNG, tmp_path / "out")
    assert kind is ErrorKind.UNREADABLE
    assert "checksum" in message or "data check" in message


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("order", "<>")
def test_a_tiff_that_lacks_a_later_page_is_cut_off(tmp_path, big, order):
    with tifffile.TiffWriter(tmp_path / "x.tif", bigtiff=big, byteorder=order) as writer:
        for _ in range(3):
            writer.write(np.asarray(photo(SIZE)), photometric="rgb", compression="lzw", metadata=None)
    assert make(tmp_path / "x.tif", PNG, tmp_path / "out").image.size == SIZE
    whole = (tmp_path / "x.tif").read_bytes()
    (tmp_path / "x.tif").write_bytes(whole[: len(whole) // 2])
    kind, message = failure(tmp_path / "x.tif", PNG, tmp_path / "out")
    assert kind is ErrorKind.UNREADABLE
    assert "is cut off" in message


@pytest.mark.parametrize("left", [4, 8, 20, 20_000])
def test_a_tiff_that_lacks_its_directory_is_cut_off(tmp_path, left):
    save(tmp_path / "x.tif", DEFLATED["plain"])  # the directory is at its end
    (tmp_path / "x.tif").write_bytes((tmp_path / "x.tif").read_bytes()[:left])
    kind, message = failure(tmp_path / "x.tif", PNG, tmp_path / "out")
    assert kind is ErrorKind.UNREADABLE
    assert "is cut off" in message
