import shutil

import pytest
from PIL import Image

from fileq.files.output_mark import mark_of
from fileq.files.output_seal import is_sealed
from fileq.operations.builtin.resize import Resize
from fileq.recipes.recipe import Output
from tests.support.images import make, quarters, recipe

ENDINGS = ["jpg", "png", "webp", "avif", "tif", "gif", "pdf"]
MARK = mark_of("test", replaces=False)


@pytest.fixture
def original(tmp_path):
    path = tmp_path / "x.jpg"
    quarters().save(path, comment=MARK)
    return path


def made(tmp_path, original, ending="jpg", metadata="all"):
    wanted = recipe(Output(name=f"o.{ending}"), steps=(Resize(scale=0.5),), metadata=metadata)
    return make(original, wanted, tmp_path / "out").planned[0].path


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("metadata", ["all", "none"])
def test_an_output_is_sealed_for_its_recipe_and_its_source(tmp_path, original, ending, metadata):
    path = made(tmp_path, original, ending, metadata)
    assert is_sealed(path, MARK, str(original), "x.jpg")
    assert not is_sealed(path, mark_of("other", replaces=False), str(original), "x.jpg")
    assert not is_sealed(path, MARK, str(original), "y.jpg")


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_change_of_any_byte_breaks_the_seal(tmp_path, original, ending):
    path = made(tmp_path, original, ending, "none")
    with open(path, "rb") as file:
        content = file.read()
    checksum = content.find(b"fqMK") + 4 + len(MARK) if ending == "png" else -4
    places = set(range(0, len(content), 1 + len(content) // 300)) - set(range(checksum, checksum + 4))
    for place in places:
        changed = bytearray(content)
        changed[place] ^= 1
        with open(path, "wb") as file:
            file.write(changed)
        assert not is_sealed(path, MARK, str(original), "x.jpg"), place


def test_a_png_with_a_seal_has_right_checksums(tmp_path, original):
    with Image.open(made(tmp_path, original, "png")) as image:
        image.verify()


@pytest.mark.parametrize("place", [0, 0.3, 0.7, 1])
def test_a_change_of_the_source_breaks_the_seal(tmp_path, original, place):
    path = made(tmp_path, original)
    content = bytearray(original.read_bytes())
    content[int(place * (len(content) - 1))] ^= 1
    original.write_bytes(content)
    assert not is_sealed(path, MARK, str(original), "x.jpg")


def test_a_copy_of_the_source_is_as_good(tmp_path, original):
    path = made(tmp_path, original)
    shutil.copyfile(original, tmp_path / "copy.jpg")
    assert is_sealed(path, MARK, str(tmp_path / "copy.jpg"), "x.jpg")


@pytest.mark.parametrize("content", [b"", b"\xff\xd8", MARK, b"x" * 5000 + MARK[:-5]])
def test_a_file_without_a_seal_is_not_sealed(tmp_path, original, content):
    (tmp_path / "o.jpg").write_bytes(content)
    assert not is_sealed(str(tmp_path / "o.jpg"), MARK, str(original), "x.jpg")
    assert not is_sealed(str(tmp_path / "gone.jpg"), MARK, str(original), "x.jpg")
