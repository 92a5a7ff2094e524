"""Damage beside the pixels of a PNG: the picture is read as browsers do, and the job says what was left out."""

from __future__ import annotations

import struct
import zlib

import pytest
from PIL import Image, ImageCms

from fileq.errors import ErrorKind
from fileq.recipes.recipe import Output
from tests.images.formats.png_files import END, START, chunk, header, packed
from tests.support.images import failure, make, recipe

RGB, PALETTE = 2, 3
ROW = bytes([255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9])
BEFORE = START + header((4, 4), RGB)
PIXELS = chunk(b"IDAT", packed([ROW] * 4))
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
ANCILLARY = {
    b"gAMA": struct.pack(">I", 45455),
    b"cHRM": struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000),
    b"sRGB": b"\0",
    b"iCCP": b"p\0\0" + zlib.compress(PROFILE),
    b"cICP": b"\1\x0d\0\1",
    b"sBIT": b"\x08\x08\x08",
    b"bKGD": b"\0\1\0\2\0\3",
    b"pHYs": struct.pack(">IIB", 2835, 2835, 1),
    b"sPLT": b"n\0\x08" + bytes(6),
    b"hIST": b"\0\1",
    b"tIME": struct.pack(">H5B", 2020, 1, 2, 3, 4, 5),
    b"tEXt": b"Title\0abc",
    b"zTXt": b"Title\0\0" + zlib.compress(b"abc"),
    b"iTXt": b"Title\0\1\0en\0\0" + zlib.compress(b"abc"),
    b"eXIf": b"II*\0\x08\0\0\0\0\0\0\0\0\0",
    b"acTL": struct.pack(">II", 1, 0),
    b"abCd": b"some program's own",
}
ALL = recipe(Output(name="o.png"), metadata="all", profile="keep")
LARGE = zlib.compress(bytes(2_000_000))


def made_of(tmp_path, content: bytes) -> tuple[Image.Image, tuple[str, ...]]:
    (tmp_path / "x.png").write_bytes(content)
    made = make(tmp_path / "x.png", ALL, tmp_path / "out")
    return made.image.convert("RGB"), made.notes


def damaged(name: bytes) -> dict[str, bytes]:
    content = ANCILLARY[name]
    return {
        "checksum": chunk(name, content, checksum=1),
        "nothing in it": chunk(name),
        "too short": chunk(name, content[:-1]),
        "too long": chunk(name, content + b"\0"),
        "zeros": chunk(name, bytes(len(content))),
        "twice": chunk(name, content) * 2,
    }


@pytest.mark.parametrize("name", ANCILLARY)
@pytest.mark.parametrize("where", ["before the pixels", "behind them"])
def test_a_damaged_chunk_beside_the_pixels_costs_no_picture(tmp_path, browser, name, where):
    for damage, content in damaged(name).items():
        whole = BEFORE + (content + PIXELS if where == "before the pixels" else PIXELS + content) + END
        image, notes = made_of(tmp_path, whole)
        assert image.tobytes() == ROW * 4, damage
        if damage == "checksum":
            assert name.decode() in "".join(notes), notes
        if (name, damage) != (b"acTL", "twice"):  # where there is no animation at all
            shown = browser.decode(tmp_path / "x.png", "image/png")
            assert shown is not None
            assert shown.frames[0].convert("RGB").tobytes() == ROW * 4, damage


@pytest.mark.parametrize("length", [10**6, 2**32 - 16, 2**31])
@pytest.mark.parametrize("name", [b"tEXt", b"abCd", b"pHYs"])
def test_a_wrong_length_behind_the_pixels_costs_no_picture(tmp_path, browser, name, length):
    image, notes = made_of(tmp_path, BEFORE + PIXELS + chunk(name, ANCILLARY[name], length=length) + END)
    assert image.tobytes() == ROW * 4
    assert notes == ("Data beside its pixels is damaged or too long, and was left out: all after its pixels.",)
    assert browser.decode(tmp_path / "x.png", "image/png") is not None


@pytest.mark.parametrize("wrong", [-1, 1, 4, 10**6])
def test_a_wrong_length_before_the_pixels_is_damage_as_in_a_browser(tmp_path, browser, wrong):
    text = ANCILLARY[b"tEXt"]
    (tmp_path / "x.png").write_bytes(BEFORE + chunk(b"tEXt", text, length=len(text) + wrong) + PIXELS + END)
    assert browser.decode(tmp_path / "x.png", "image/png") is None
    assert failure(tmp_path / "x.png", ALL, tmp_path / "out")[0] is ErrorKind.UNREADABLE


TOO_LONG = {
    "zTXt": chunk(b"zTXt", b"Title\0\0" + LARGE),
    "iTXt": chunk(b"iTXt", b"Title\0\1\0en\0\0" + LARGE),
    "iTXt with XMP": chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + LARGE),
    "iCCP": chunk(b"iCCP", b"profile\0\0" + LARGE),
    "tEXt": chunk(b"tEXt", b"Title\0" + b"a" * 70_000_000),
    "zTXt of another method": chunk(b"zTXt", b"Title\0\7" + LARGE),
}


@pytest.mark.parametrize("name", TOO_LONG)
@pytest.mark.parametrize("where", ["before the pixels", "behind them"])
def test_a_text_or_profile_that_is_too_long_is_left_out(tmp_path, name, where):
    text = TOO_LONG[name]
    image, notes = made_of(tmp_path, BEFORE + (text + PIXELS if where == "before the pixels" else PIXELS + text) + END)
    assert image.tobytes() == ROW * 4
    assert notes == (f"Data beside its pixels is damaged or too long, and was left out: {name[:4]}.",)


def test_many_texts_that_are_too_long_together_are_left_out_from_there_on(tmp_path):
    text = chunk(b"zTXt", b"Title\0\0" + zlib.compress(bytes(1_000_000)))
    image, notes = made_of(tmp_path, BEFORE + text * 100 + PIXELS + END)
    assert image.tobytes() == ROW * 4
    assert len(notes) == 1


def test_a_text_as_long_as_is_taken_stays(tmp_path):
    text = b"a" * 2**20
    (tmp_path / "x.png").write_bytes(BEFORE + chunk(b"zTXt", b"Title\0\0" + zlib.compress(text)) + PIXELS + END)
    made = make(tmp_path / "x.png", ALL, tmp_path / "out")
    assert made.notes == ()


def test_transparency_with_a_wrong_checksum_is_damage(tmp_path):
    (tmp_path / "x.png").write_bytes(BEFORE + chunk(b"tRNS", b"\0\xff\0\0\0\0", checksum=1) + PIXELS + END)
    kind, message = failure(tmp_path / "x.png", ALL, tmp_path / "out")
    assert kind is ErrorKind.UNREADABLE
    assert "transparency" in message


@pytest.mark.parametrize("content", [b"", b"\0\xff\0\0\0"])
def test_transparency_that_is_too_short_to_be_one_is_none_as_in_a_browser(tmp_path, browser, content):
    (tmp_path / "x.png").write_bytes(BEFORE + chunk(b"tRNS", content) + PIXELS + END)
    made = make(tmp_path / "x.png", ALL, tmp_path / "out")
    shown = browser.decode(tmp_path / "x.png", "image/png")
    assert made.image.convert("RGBA").tobytes() == shown.frames[0].tobytes()
    assert "tRNS" in made.notes[0]


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
@pytest.mark.parametrize("entries", [2, 256])
def test_transparency_of_more_colors_than_a_palette_has_is_as_in_a_browser(tmp_path, browser, depth, entries):
    entries = min(entries, 2**depth)
    palette = chunk(b"PLTE", bytes([255, 0, 0, 0, 0, 255] * (entries // 2)))
    for excess in (0, 1, 3):
        alpha = chunk(b"tRNS", bytes([80, 160] * entries)[: entries + excess])
        pixels = chunk(b"IDAT", packed([b"\0\1\0\1"[: (4 * depth + 7) // 8]] * 4))
        path = tmp_path / f"{excess}.png"
        path.write_bytes(START + header((4, 4), PALETTE, depth) + palette + alpha + pixels + END)
        made = make(path, ALL, tmp_path / f"out{excess}")
        shown = browser.decode(path, "image/png")
        assert made.image.convert("RGBA").tobytes() == shown.frames[0].tobytes(), excess
        assert any("tRNS" in note for note in made.notes) == (entries + excess > 256)


def test_transparency_behind_the_pixels_is_none_as_in_a_browser(tmp_path, browser):
    (tmp_path / "x.png").write_bytes(BEFORE + PIXELS + chunk(b"tRNS", b"\0\xff\0\0\0\0") + END)
    made = make(tmp_path / "x.png", ALL, tmp_path / "out").image
    shown = browser.decode(tmp_path / "x.png", "image/png")
    assert made.convert("RGBA").tobytes() == shown.frames[0].tobytes()


@pytest.mark.parametrize("content", [chunk(b"PLTE", b"\1\2\3", checksum=4), chunk(b"PLTE", b"\1\2\3", length=5)])
def test_a_damaged_palette_is_damage_as_in_a_browser(tmp_path, browser, content):
    pixels = chunk(b"IDAT", packed([bytes(4)] * 4))
    (tmp_path / "x.png").write_bytes(START + header((4, 4), PALETTE) + content + pixels + END)
    assert browser.decode(tmp_path / "x.png", "image/png") is None
    assert failure(tmp_path / "x.png", ALL, tmp_path / "out")[0] is ErrorKind.UNREADABLE


def test_the_original_is_not_kept_with_its_damage(tmp_path):
    (tmp_path / "x.png").write_bytes(BEFORE + chunk(b"tEXt", b"Title\0abc", checksum=1) + PIXELS + END)
    (path,) = make(tmp_path / "x.png", recipe(Output(name="o.png", min_saving=1)), tmp_path / "out").paths
    assert b"Title" not in path.read_bytes()


def test_transparency_of_more_colors_than_there_are_is_said_for_programs_differ(tmp_path):
    palette, pixels = chunk(b"PLTE", bytes(6)), chunk(b"IDAT", packed([bytes(4)] * 4))
    for entries, is_said in ((2, False), (3, True)):
        alpha = chunk(b"tRNS", bytes(entries))
        path = tmp_path / f"{entries}.png"
        path.write_bytes(START + header((4, 4), PALETTE) + palette + alpha + pixels + END)
        assert bool(make(path, ALL, tmp_path / f"out{entries}").notes) == is_said


@pytest.mark.parametrize(("name", "what"), [(b"ABCD", "ABCD"), (b"CgBI", "Xcode")])
def test_a_png_with_an_unknown_part_that_decides_on_pixels_is_refused_as_by_a_browser(tmp_path, browser, name, what):
    (tmp_path / "x.png").write_bytes(BEFORE + chunk(name, b"content") + PIXELS + END)
    assert browser.decode(tmp_path / "x.png", "image/png") is None
    kind, message = failure(tmp_path / "x.png", ALL, tmp_path / "out")
    assert kind is ErrorKind.UNSUPPORTED
    assert what in message
    assert made_of(tmp_path, BEFORE + PIXELS + chunk(name, b"content") + END)[0].tobytes() == ROW * 4
    assert browser.decode(tmp_path / "x.png", "image/png") is not None
