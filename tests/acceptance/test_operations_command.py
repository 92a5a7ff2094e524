"""`fileq operations`: what there is, explained by examples that run."""

import re
import shlex
import sys

import pytest
from PIL import Image

from fileq.operations import BUILT_IN
from fileq.operations.base import op_name

PROGRAM = f"""#!{sys.executable}
import shutil, sys
source, output = [argument for argument in sys.argv[1:] if argument.startswith("/")]
shutil.copyfile(source, output)
"""


@pytest.fixture
def with_programs(fileq):
    """The program of the command's example can be started."""
    folder = fileq.folder / "bin"
    folder.mkdir()
    (folder / "oxipng").write_text(PROGRAM)
    (folder / "oxipng").chmod(0o755)
    fileq.environment["PATH"] = f"{folder}:{fileq.environment['PATH']}"


def test_all_operations_are_listed_with_a_sentence_and_each_parameter_is_explained(fileq):
    listed = {one["name"]: one for one in fileq.json("operations")}
    assert set(listed) == {op_name(operation) for operation in BUILT_IN}
    assert all(one["description"] for one in listed.values())
    parameters = {one["name"]: one for one in listed["sharpen"]["parameters"]}
    assert (parameters["radius"]["type"], parameters["radius"]["default"]) == ("number", 0.8)
    assert all(one["description"] for operation in listed.values() for one in operation["parameters"])
    assert fileq.json("operations", "sharpen") == listed["sharpen"]


@pytest.mark.parametrize("name", [op_name(operation) for operation in BUILT_IN])
@pytest.mark.usefixtures("with_programs")
def test_the_example_of_each_operation_runs(fileq, name):
    (fileq.folder / "photos").mkdir()
    Image.effect_noise((400, 300), 60).convert("RGB").save(fileq.folder / "photos" / "a.png")
    command = shlex.split(fileq.json("operations", name)["command"])
    assert command[:2] == ["fileq", "run"]
    fileq.run(*command[1:])
    (job,) = fileq.json("list")
    assert (job["state"], len(job["outputs"])) == ("done", 1)
    assert fileq.json("operations", name)["command"] in fileq.run("operations", name).stdout


def test_an_operation_that_is_not_there_is_answered_with_the_nearest_one(fileq):
    assert "sharpen" in fileq.run("operations", "sharpn", expect=2).stderr


@pytest.mark.parametrize(
    ("recipe", "name", "format_"),
    [("jpeg", "a.jpg", "JPEG"), ("png", "a.png", "PNG"), ("webp", "a.webp", "WEBP"), ("avif", "a.avif", "AVIF")],
)
def test_a_recipe_of_a_format_makes_the_same_picture_in_it_at_full_size(fileq, recipe, name, format_):
    (fileq.folder / "p").mkdir()
    Image.effect_noise((1900, 300), 60).convert("RGB").save(fileq.folder / "p" / "a.tif")
    fileq.run("run", "p", "-r", recipe)
    with Image.open(fileq.folder / "p" / recipe / name) as image:
        assert (image.format, image.size) == (format_, (1900, 300))


def test_jpeg_leaves_a_jpeg_as_it_is(fileq):
    (fileq.folder / "p").mkdir()
    source = fileq.folder / "p" / "a.jpg"
    Image.effect_noise((400, 300), 60).convert("RGB").save(source, quality=97)
    fileq.run("run", "p", "-r", "jpeg")
    made = (fileq.folder / "p" / "jpeg" / "a.jpg").read_bytes()  # as it was, but for the mark
    assert re.sub(rb"\xff\xea\0.fileq .{21}", b"", made, count=1, flags=re.DOTALL) == source.read_bytes()


def test_pdf_makes_a_document_of_a_picture(fileq):
    (fileq.folder / "p").mkdir()
    Image.new("RGB", (400, 300), "teal").save(fileq.folder / "p" / "a.jpg")
    fileq.run("run", "p", "-r", "pdf")
    assert (fileq.folder / "p" / "pdf" / "a.pdf").read_bytes().startswith(b"%PDF-")
