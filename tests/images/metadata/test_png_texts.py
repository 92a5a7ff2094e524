"""Texts of PNG, by their keywords: in PNG they stay texts, in other formats XMP has them, as exiftool sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PIL.PngImagePlugin import PngInfo

from fileq.images.metadata import png_texts
from fileq.recipes.recipe import Output
from tests.images.metadata.tags import as_text, needs_exiftool, tags_of
from tests.support.images import make, photo, recipe

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = needs_exiftool

TEXTS = {
    "Title": "the Bridge", "Author": "Zoë", "Description": "a bridge, 晴れ", "Copyright": "Agency Z",
    "Creation Time": "2026-05-17T10:20:30", "Software": "Paint 5", "Disclaimer": "not for print",
    "Warning": "flashing lights", "Source": "Cam 5", "Comment": "by the lake",
}  # fmt: skip
IN_XMP = {
    "XMP-dc:Title": "the Bridge", "XMP-dc:Description": "a bridge, 晴れ", "XMP-xmp:CreateDate": "2026:05:17 10:20:30",
    "XMP-xmp:CreatorTool": "Paint 5", "XMP-xmpRights:UsageTerms": "not for print",
    "XMP-photoshop:Instructions": "flashing lights", "XMP-tiff:Model": "Cam 5",
}  # fmt: skip


def with_texts(path: Path, texts: dict[str, str]) -> Path:
    info = PngInfo()
    for keyword, value in texts.items():
        info.add_itxt(keyword, value)
    photo((60, 40)).save(path, pnginfo=info)
    return path


def read(source: Path, output: str | Output, metadata: str) -> tuple[dict[str, object], tuple[str, ...]]:
    wanted = Output(name=output) if isinstance(output, str) else output
    made = make(source, recipe(wanted, metadata=metadata), source.parent / "out")
    return tags_of(made.paths[0]), made.notes


def words_in(told: dict[str, object]) -> set[str]:
    return {str(word) for value in told.values() for word in (value if isinstance(value, list) else [value])}


@pytest.mark.parametrize("target", ["jpg", "webp", "avif", "tif", "jxl", "gif"])
def test_what_a_text_says_is_in_the_xmp_of_other_formats(tmp_path, target):
    told, notes = read(with_texts(tmp_path / "x.png", TEXTS), f"o.{target}", "all")
    assert {name: told.get(name) for name in IN_XMP} == IN_XMP
    assert {"Zoë", "Agency Z"} <= words_in(told)
    assert notes == ()


def test_a_png_keeps_its_texts(tmp_path):
    told, notes = read(with_texts(tmp_path / "x.png", TEXTS | {"My own": "words"}), "o.png", "all")
    assert words_in(told) >= {*TEXTS.values(), "words"} - {TEXTS["Creation Time"]}
    assert not any(name.startswith("XMP") for name in told)
    assert notes == ()


@pytest.mark.parametrize("target", ["jpg", "avif"])
def test_a_text_without_a_place_is_named(tmp_path, target):
    _, notes = read(with_texts(tmp_path / "x.png", TEXTS | {"My own": "words"}), f"o.{target}", "all")
    assert notes == ("Of its texts only PNG has a place for these, which were left out: My own.",)


@pytest.mark.parametrize("metadata", ["copyright", "private"])
@pytest.mark.parametrize("target", ["png", "jpg", "webp", "avif", "tif", "jxl", "gif"])
def test_rights_stay_and_the_rest_goes(tmp_path, target, metadata):
    told, notes = read(with_texts(tmp_path / "x.png", TEXTS), f"o.{target}", metadata)
    assert {"Zoë", "Agency Z", "not for print"} <= words_in(told)
    others = {TEXTS[keyword] for keyword in TEXTS.keys() - {"Author", "Copyright", "Disclaimer"}}
    assert not any(word in as_text(told) for word in others)
    assert notes == ()


def test_optimize_keeps_the_rights_in_a_text(tmp_path):
    source = with_texts(tmp_path / "x.png", TEXTS)
    told, _ = read(source, Output(format="same", lossless=True, min_saving=0.0), "copyright")
    assert told["PNG:Disclaimer"] == "not for print"
    assert "the Bridge" not in as_text(told)


@pytest.mark.parametrize(
    ("written", "in_xmp"),
    [
        ("2026-05-17T10:20:30+02:00", "2026-05-17T10:20:30+02:00"),
        ("2026:05:17 10:20:30", "2026-05-17T10:20:30"),
        ("Sun, 17 May 2026 10:20:30 +0200", "2026-05-17T10:20:30+02:00"),
    ],
)
def test_dates_of_every_program_become_those_of_xmp(written, in_xmp):
    assert f"CreateDate>{in_xmp}<".encode() in png_texts.add_texts(b"", [("Creation Time", written)])


def test_what_is_no_date_is_named():
    assert png_texts.find_homeless([("Creation Time", "last summer"), ("Title", "x")]) == ["Creation Time"]


def test_a_packet_that_says_it_is_believed():
    packet = png_texts.add_texts(b"", [("Title", "first")])
    assert png_texts.add_texts(packet, [("Title", "second")]) == packet
