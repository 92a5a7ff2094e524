"""recipes --preview: trying a recipe on one file."""

import os
from pathlib import Path

from PIL import Image


def test_a_recipe_is_tried_in_a_temp_folder_and_the_file_and_the_queue_stay_as_they_are(fileq, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(fileq.folder))
    monkeypatch.setattr("tempfile.tempdir", None)
    photo = fileq.photo("a.jpg", (800, 600))
    before = Path(photo).read_bytes()
    ran = fileq("recipes", "--preview", photo, "-r", "thumbnail", "-r", "webp", "--json")
    assert ran.code == 0
    thumbnail, webp = ran.document
    assert (thumbnail["recipe"], webp["recipe"]) == ("thumbnail", "webp")
    output = thumbnail["outputs"][0]
    assert (output["format"], output["width"], output["height"]) == ("jpeg", 300, 225)
    assert output["bytes"] == os.path.getsize(output["path"])
    assert os.path.dirname(output["path"]) == thumbnail["folder"]
    with Image.open(output["path"]) as image:
        assert image.size == (300, 225)
    assert thumbnail["bytes"] == len(before)
    assert thumbnail["seconds"] > 0
    assert Path(photo).read_bytes() == before
    assert os.listdir(os.path.dirname(photo)) == ["a.jpg"]
    assert not os.path.exists(fileq.database)


def test_a_preview_says_sizes_time_and_place(fileq):
    said = fileq("recipes", "--preview", fileq.photo("a.jpg", (800, 600)), "-r", "thumbnail").out
    for word in ("before", "after", "took", "300x225", "fileq-preview-", "a.jpg"):
        assert word in said


def test_without_a_recipe_the_default_is_tried_and_a_name_alone_serves_as_well(fileq):
    photo = fileq.photo("a.jpg")
    assert fileq("recipes", "--preview", photo, "--json").document[0]["recipe"] == "web"
    assert fileq("recipes", "avif", "--preview", photo, "--json").document[0]["recipe"] == "avif"


def test_a_file_that_can_not_be_tried_says_why_and_leaves_no_folder(fileq, monkeypatch):
    temp = fileq.folder / "temp"
    temp.mkdir()
    monkeypatch.setenv("TMPDIR", str(temp))
    monkeypatch.setattr("tempfile.tempdir", None)
    (fileq.folder / "x.jpg").write_text("no picture")
    broken = fileq("recipes", "--preview", "x.jpg", "-r", "web")
    assert (broken.code, os.listdir(temp)) == (1, [])
    assert "is a text and not a picture" in broken.err
    gone = fileq("recipes", "--preview", "gone.jpg", "-r", "web")
    assert gone.code == 2
    assert "gone.jpg" in gone.err
    assert fileq("recipes", "--preview", "x.jpg", "-r", "wbe").code == 2
    assert fileq("recipes", "-r", "web").code == 2
