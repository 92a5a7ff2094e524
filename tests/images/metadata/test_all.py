"""`metadata = "all"`: what programs read in the source, they read in the output, as exiftool sees it."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from fileq.recipes.recipe import Output
from tests.images.metadata.tags import needs_exiftool, tags_of
from tests.support.images import make, photo, recipe

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = needs_exiftool

TARGETS = ["jpg", "png", "webp", "avif", "tif", "jxl"]


def tagged(path: Path, *tags: str) -> Path:
    photo((60, 40)).save(path)
    subprocess.run(["exiftool", "-q", "-m", "-overwrite_original", *tags, str(path)], check=True)
    return path


def made_as(source: Path, target: str, metadata: str = "all") -> Path:
    return make(source, recipe(Output(name=f"o.{target}"), metadata=metadata), source.parent / "out").paths[0]


def types_of(path: Path) -> str:
    return subprocess.run(["exiftool", "-v3", str(path)], check=True, capture_output=True, text=True).stdout


def comments_of(path: Path) -> list[str]:
    command = ["exiftool", "-s3", "-a", "-charset", "exif=utf8", "-Comment", "-UserComment", str(path)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


@pytest.mark.parametrize("metadata", ["all", "private"])
@pytest.mark.parametrize("target", TARGETS)
def test_the_name_of_a_lens_keeps_its_accents(tmp_path, target, metadata):
    source = tagged(tmp_path / "x.jpg", "-EXIF:LensModel=Planär 50 µ")
    assert "Planär 50 µ" in tags_of(made_as(source, target, metadata)).values()


@pytest.mark.parametrize("target", TARGETS)
def test_what_is_no_number_does_not_become_one(tmp_path, target):
    source = tagged(
        tmp_path / "x.jpg", "-EXIF:UserComment=seen", "-GPSAreaInformation=Ulm", "-GPSLatitude=48", "-GPSLatitudeRef=N"
    )
    made = made_as(source, target)
    for tag, length in (("0x9286", 12), ("0x001c", 11), ("0x9101", 4)):
        assert f"Tag {tag} ({length} bytes, undef[{length}]" in types_of(made)
    assert "Ulm" in tags_of(made).values()


@pytest.mark.parametrize("target", TARGETS)
def test_names_of_document_and_page_and_the_number_of_the_camera_stay(tmp_path, target):
    words = {"DocumentName": "deed", "PageName": "third", "CameraSerialNumber": "A4711"}
    source = tagged(tmp_path / "x.tif", *(f"-EXIF:{name}={word}" for name, word in words.items()))
    told = tags_of(made_as(source, target))
    assert {name: str(told[f"IFD0:{name}"]) for name in words} == words


@pytest.mark.parametrize("comment", ["by the lake", "am Gröbensee, 晴れ"])
@pytest.mark.parametrize("target", [*TARGETS, "gif"])
@pytest.mark.parametrize("ending", ["jpg", "png"])
def test_a_comment_goes_from_every_place_to_every_other(tmp_path, ending, target, comment):
    source = tagged(tmp_path / f"x.{ending}", f"-Comment={comment}", "-charset", "utf8")
    assert comments_of(made_as(source, target)) == [comment]


@pytest.mark.parametrize("metadata", ["private", "copyright", "none"])
@pytest.mark.parametrize("target", [*TARGETS, "gif"])
def test_a_comment_goes_where_it_is_to_go(tmp_path, target, metadata):
    source = tagged(tmp_path / "x.jpg", "-Comment=by the lake")
    assert b"by the lake" not in made_as(source, target, metadata).read_bytes()


def test_a_comment_in_exif_stays_beside_one_in_a_block(tmp_path):
    source = tagged(tmp_path / "x.jpg", "-Comment=outer", "-EXIF:UserComment=inner")
    assert comments_of(made_as(source, "webp")) == ["inner"]
    assert comments_of(made_as(source, "jpg")) == ["outer", "inner"]
