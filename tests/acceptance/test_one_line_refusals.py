"""What can't be, or changes nothing, on a command line that is a recipe."""

import pytest
from PIL import Image


@pytest.fixture
def photo(fileq):
    path = fileq.folder / "p" / "a.jpg"
    path.parent.mkdir()
    Image.new("RGB", (60, 40)).save(path)
    return path


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--resize", "1200"], ["--resize", '"1200x"']),
        (["--resize", "big"], ["--resize", "50%"]),
        (["--fill", "300x"], ["--fill", "both sides"]),
        (["--crop", "half"], ["--crop", "16:9"]),
        (["--format", "jpgg"], ["--format", "jpeg"]),
        (["--format", "avif,webb"], ["--format", "webp"]),
        (["--format", "avif,"], ["--format", "''"]),
        (["--format", "avif,pdf"], ["format", "pdf is a document"]),
        (["--quality", "0"], ["--quality", "1 to 100"]),
        (["--max-bytes", "many"], ["--max-bytes", "300 KB"]),
        (["--metadata", "nome"], ["--metadata", "none"]),
        (["--on-conflict", "skipp"], ["--on-conflict", "skip"]),
        (["--op", "sharpn"], ["--op", "sharpen"]),
        (["--op", "sharpen amont=1"], ["amont", "amount"]),
        (["--op", "sharpen amount"], ["amount", "key=value"]),
        (["--op", "sharpen amount=9000"], ["--op", "500"]),
        (["--exec", "cp {source}"], ["--exec", "{output}"]),
        (["--exec", "cp '{source} {output}"], ["--exec", "quotation"]),
        (["--watermark", "logo.png"], ["--watermark", "logo.png"]),
        (["--name", "{stm}.jpg"], ["name", "{stem}"]),
        (["--resize", "5x", "--fill", "5x5"], ["--resize", "--fill"]),
        (["--strip", "--metadata", "all"], ["--strip", "--metadata"]),
        (["--keep-metadata", "--metadata", "none"], ["--keep-metadata", "--metadata"]),
        (["--colors", "1"], ["--colors", "2 to 256"]),
        (["--lossless", "--colors", "16"], ["--lossless", "--colors"]),
        (["--lossless", "--quality", "80"], ["--lossless", "--quality"]),
        (["--keep-metadata", "--strip"], ["--keep-metadata", "--strip"]),
        (["--overwrite", "--on-conflict", "skip"], ["--overwrite", "--on-conflict"]),
        (["--format", "webp", "--name", "{stem}.jpg"], ["--name", "--format", "{ext}"]),
        (["--resize", "5x", "--save-as", "a/b"], ["--save-as", "name"]),
        (["--resize", "5x", "-o", "small.jpg"], ["--out small.jpg is the name of a file", "--name"]),
        (["--resize", "5x", "-o", "small.MP4"], ["--out small.MP4 is the name of a file", "--name"]),
    ],
)
@pytest.mark.usefixtures("photo")
def test_what_cannot_be_is_refused_by_the_option_that_says_it(fileq, options, words):
    said = fileq.run("run", "p", *options, expect=2).stderr
    assert all(word in said for word in words), said


@pytest.mark.parametrize("other", [["-o", "out"], ["--name", "q-{stem}.{ext}"]])
def test_replace_and_another_place_contradict_each_other(fileq, photo, other):
    answer = fileq.run("run", photo, "--strip", "--replace", *other, expect=2)
    assert "--replace puts each output in the place of its original" in answer.stderr


def test_a_number_in_a_name_has_a_width_that_a_name_has_room_for(fileq, photo):
    answer = fileq.run("run", photo, "--name", "{counter:999999999}.{ext}", expect=2)
    assert "{counter} can't be written that way" in answer.stderr


def test_a_quality_that_changes_nothing_is_said(fileq, photo):
    assert "PNG has no quality to choose" in fileq.run("add", photo, "--format", "png", "--quality", "50").stderr
    assert "no quality" not in fileq.run("add", photo, "--format", "webp", "--quality", "50").stderr


@pytest.mark.parametrize("option", [["--strip"], ["--metadata", "private"]])
def test_metadata_and_a_program_that_writes_the_outputs_contradict_each_other(fileq, photo, option):
    answer = fileq.run("run", "p", "--exec", "cp {source} {output}", *option, "-o", "out", expect=2)
    assert "a program writes these outputs" in answer.stderr
