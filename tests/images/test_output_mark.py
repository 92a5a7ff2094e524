import os
from pathlib import Path

import pytest
from PIL import ExifTags, Image

from fileq.files.output_mark import OutputMark, digest_of_recipe, read_mark
from fileq.operations.builtin.resize import Resize
from fileq.recipes.recipe import Output
from tests.support.images import make, quarters, recipe

MARK = OutputMark(digest_of_recipe("test"), replaces=False)
HALF = Resize(scale=0.5)
ENDINGS = ["jpg", "png", "webp", "avif", "tif", "gif", "pdf"]


def source(tmp_path, name="x.jpg", **options):
    path = tmp_path / name
    quarters().save(path, **options)
    return path


def made(tmp_path, original, output=None, **keys):
    wanted = recipe(output or Output(), steps=(HALF,), metadata=keys.pop("metadata", "copyright"))
    return make(original, wanted, tmp_path / "out", **keys)


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("metadata", ["copyright", "all", "none"])
def test_an_output_says_that_its_recipe_made_it(tmp_path, ending, metadata):
    picture = made(tmp_path, source(tmp_path), Output(name=f"o.{ending}"), metadata=metadata)
    assert read_mark(picture.planned[0].path) == MARK


@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "avif", "gif"])
def test_the_mark_is_no_metadata_and_takes_some_bytes(tmp_path, ending):
    original = source(tmp_path)
    with_mark = made(tmp_path, original, Output(name=f"a.{ending}"), metadata="none")
    without = made(tmp_path, original, Output(name=f"b.{ending}"), metadata="none", marks_outputs=False)
    assert read_mark(without.planned[0].path) is None
    sizes = [os.path.getsize(one.planned[0].path) for one in (with_mark, without)]
    assert 0 < sizes[0] - sizes[1] <= 56
    for one in (with_mark, without):
        with Image.open(one.planned[0].path) as image:
            image.load()
            assert not image.getexif()
            assert not {"comment", "xmp", "exif", "XML:com.adobe.xmp"} & set(image.info)
    with Image.open(with_mark.planned[0].path) as one, Image.open(without.planned[0].path) as other:
        assert one.convert("RGBA").tobytes() == other.convert("RGBA").tobytes()


@pytest.mark.parametrize("ending", ["gif", "webp", "png", "avif"])
def test_an_animation_has_a_mark_and_all_its_frames(tmp_path, ending):
    frames = [quarters().rotate(90 * turn) for turn in range(3)]
    path = tmp_path / "x.gif"
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=100, loop=0)
    picture = made(tmp_path, path, Output(name=f"o.{ending}")).planned[0].path
    assert read_mark(picture) == MARK
    with Image.open(picture) as image:
        assert getattr(image, "n_frames", 1) == 3


def test_a_mark_is_found_behind_much_metadata(tmp_path):
    exif = Image.Exif()
    exif[ExifTags.Base.ImageDescription] = "x" * 40_000
    picture = made(tmp_path, source(tmp_path, exif=exif, icc_profile=b"p" * 9_000), metadata="all")
    assert read_mark(picture.planned[0].path) == MARK


def test_what_another_program_has_edited_has_no_mark(tmp_path):
    picture = made(tmp_path, source(tmp_path)).planned[0].path
    with Image.open(picture) as image:
        image.save(tmp_path / "edited.jpg")
    assert read_mark(str(tmp_path / "edited.jpg")) is None


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xd8", b"\xff\xd8\xff\xe1\xff\xff", b"II*\0\xff\xff\xff\xff", b"RIFF", b"x" * 5000]
)
def test_a_file_that_is_short_or_damaged_has_no_mark(tmp_path, content):
    (tmp_path / "x.jpg").write_bytes(content)
    assert read_mark(str(tmp_path / "x.jpg")) is None


def test_what_is_not_there_has_no_mark(tmp_path):
    assert read_mark(str(tmp_path / "gone.jpg")) is None
    assert read_mark(str(tmp_path)) is None


def test_an_original_that_is_kept_is_kept_to_the_byte(tmp_path):
    original = source(tmp_path, quality=30)
    wanted = recipe(Output(name="o.jpg", min_saving=0.9), metadata="none")
    kept = make(original, wanted, tmp_path / "out").planned[0].path
    assert Path(kept).read_bytes() == original.read_bytes()


def test_an_output_in_the_place_of_its_source_is_marked_as_such(tmp_path):
    original = source(tmp_path)
    wanted = recipe(Output(name="o.jpg"), steps=(HALF,), replace=True)
    assert read_mark(make(original, wanted, tmp_path / "out").planned[0].path) == MARK._replace(replaces=True)
