from __future__ import annotations

import importlib.util
import os
import random
import shutil
import sys

import pytest
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from fileq.errors import ErrorKind
from fileq.images.pipeline import open_run
from fileq.images.protocol import Reservation
from fileq.operations.base import Operation
from fileq.operations.builtin.crop import Crop
from fileq.operations.builtin.resize import Resize
from fileq.operations.programs.command import Command
from fileq.recipes.recipe import Output
from fileq.units import ByteSize, Dimensions
from tests.support.images import failure, make, photo, pipeline_request, pixel_of, quarters, recipe


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "x.png"
    photo((320, 240)).save(path)
    return path


@pytest.mark.parametrize("ending", ["jpg", "webp", "avif"])
def test_max_bytes_takes_the_best_quality_that_fits(tmp_path, source, ending):
    def size(**options) -> int:
        return make(source, recipe(Output(name=f"o.{ending}", **options)), tmp_path / "out").encoded[0].bytes

    best = size(quality=40)
    assert size(quality=80) > best
    assert size(max_bytes=ByteSize(best), quality=80) == best
    assert size(max_bytes=ByteSize(best - 1), quality=80) < best


def test_a_file_that_fits_anyway_keeps_its_quality(tmp_path, source):
    outputs = (Output(name="a.jpg", max_bytes=ByteSize(10**6)), Output(name="b.jpg"))
    made = make(source, recipe(*outputs), tmp_path / "out")
    assert made.encoded[0].bytes == made.encoded[1].bytes


def test_quality_and_effort_change_the_size(tmp_path, source):
    def size(name: str, **options) -> int:
        return make(source, recipe(Output(name=name, **options)), tmp_path / "out").encoded[0].bytes

    for name in ("o.jpg", "o.webp", "o.avif"):
        assert size(name, quality=30) < size(name, quality=90)
    for name in ("o.jpg", "o.png"):
        assert size(name, effort=9) <= size(name, effort=1)


@pytest.mark.parametrize("effort", range(11))
@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "avif", "gif", "tif", "pdf"])
def test_every_effort_makes_a_file(tmp_path, ending, effort):
    quarters((32, 32)).save(tmp_path / "x.png")
    output = Output(name=f"o.{ending}", effort=effort)
    assert make(tmp_path / "x.png", recipe(output), tmp_path / "out").encoded[0].bytes > 0


def test_jpeg_is_progressive_unless_told_otherwise(tmp_path, source):
    outputs = (Output(name="a.jpg"), Output(name="b.jpg", progressive=False))
    made = make(source, recipe(*outputs), tmp_path / "out").images()
    assert ["progressive" in image.info for image in made] == [True, False]


@pytest.mark.parametrize(("subsampling", "factors"), [("4:4:4", (1, 1)), ("4:2:2", (2, 1)), ("4:2:0", (2, 2))])
def test_subsampling_is_as_wanted(tmp_path, source, subsampling, factors):
    made = make(source, recipe(Output(name="o.jpg", subsampling=subsampling)), tmp_path / "out").image
    assert isinstance(made, JpegImageFile)
    assert made.layer[0][1:3] == factors


@pytest.mark.parametrize("name", ["o.webp", "o.png", "o.tif"])
def test_lossless_gives_back_every_pixel(tmp_path, source, name):
    made = make(source, recipe(Output(name=name, lossless=True)), tmp_path / "out").image
    with Image.open(source) as original:
        assert made.tobytes() == original.tobytes()


def test_the_original_is_kept_where_nothing_is_won_and_the_job_says_so(tmp_path):
    photo((200, 150)).save(tmp_path / "x.jpg", quality=20)
    made = make(tmp_path / "x.jpg", recipe(Output(format="same", min_saving=0.0)), tmp_path / "out")
    assert made.paths[0].read_bytes() == (tmp_path / "x.jpg").read_bytes()
    assert made.encoded[0].bytes == (tmp_path / "x.jpg").stat().st_size
    assert "original was kept" in made.notes[0]


def test_the_original_is_not_kept_where_something_is_won(tmp_path):
    photo((200, 150)).save(tmp_path / "x.jpg", quality=98)
    made = make(tmp_path / "x.jpg", recipe(Output(format="same", min_saving=0.1)), tmp_path / "out")
    assert made.encoded[0].bytes < (tmp_path / "x.jpg").stat().st_size * 0.9
    assert made.notes == ()


def test_the_original_is_never_kept_in_place_of_a_smaller_picture(tmp_path):
    photo((200, 150)).save(tmp_path / "x.jpg", quality=5)
    output = Output(format="same", min_saving=0.9, steps=(Resize(scale=0.5),))
    assert make(tmp_path / "x.jpg", recipe(output), tmp_path / "out").image.size == (100, 75)


@pytest.mark.parametrize("name", ["x.png", "x.jpg", "x.gif", "x.webp", "x.avif", "x.tif"])
def test_same_is_the_sources_format_and_ending(tmp_path, name):
    quarters().save(tmp_path / name)
    made = make(tmp_path / name, recipe(Output(format="same")), tmp_path / "out")
    assert made.paths[0].name == name
    with Image.open(tmp_path / name) as image:
        assert made.image.format == image.format


@pytest.mark.parametrize("name", ["x.bmp", "x.tga", "x.ppm", "x.ico", "x.qoi"])
def test_what_fileq_does_not_write_becomes_png(tmp_path, name):
    quarters((32, 32)).save(tmp_path / name)
    assert make(tmp_path / name, recipe(), tmp_path / "out").paths[0].name == "x.png"


def test_a_source_is_known_by_its_content(tmp_path):
    quarters().save(tmp_path / "x.jpg", format="PNG")
    assert make(tmp_path / "x.jpg", recipe(), tmp_path / "out").paths[0].name == "x.png"


def test_jpeg_2000_is_read_at_a_reduced_size(tmp_path):
    image = photo((1000, 600))
    image.save(tmp_path / "x.jp2")
    made = make(tmp_path / "x.jp2", recipe(Output(name="o.png"), steps=(Resize(scale=0.2),)), tmp_path / "out").image
    wanted = image.resize((200, 120), Image.Resampling.LANCZOS)
    assert made.size == (200, 120)
    assert abs(pixel_of(made.resize((1, 1)), (0, 0))[0] - pixel_of(wanted.resize((1, 1)), (0, 0))[0]) < 4


def test_keep_times_gives_outputs_the_time_of_their_source(tmp_path, source):
    os.utime(source, ns=(10**18, 10**18 + 5))
    made = make(source, recipe(Output(name="o.jpg"), keep_times=True), tmp_path / "out")
    assert made.paths[0].stat().st_mtime_ns == 10**18 + 5


def test_one_decoding_makes_every_size_and_planned_sizes_are_made(tmp_path):
    photo((999, 667)).save(tmp_path / "x.jpg", quality=90)
    sides = (320, 77, 640, 1)
    outputs = [Output(name=f"{side}.jpg", steps=(Resize(fit=Dimensions(side, side)),)) for side in sides]
    made = make(tmp_path / "x.jpg", recipe(*outputs), tmp_path / "out")
    assert [max(image.size) for image in made.images()] == list(sides)
    assert [(plan.width, plan.height) for plan in made.planned] == [image.size for image in made.images()]


def test_recipes_enlarge_holds_for_steps_that_do_not_say(tmp_path):
    quarters((60, 40)).save(tmp_path / "x.png")
    fit, own = Resize(fit=Dimensions(120, 120)), Resize(fit=Dimensions(120, 120), enlarge=False)
    outputs = (Output(name="a.png", steps=(fit,)), Output(name="b.png", steps=(own,)))
    made = make(tmp_path / "x.png", recipe(*outputs, enlarge=True), tmp_path / "out").images()
    assert [image.size for image in made] == [(120, 80), (60, 40)]


COPY = (sys.executable, "-c", "import shutil, sys; shutil.copy(*sys.argv[1:])", "{source}", "{output}")


def test_a_recipe_of_one_command_needs_no_picture(tmp_path):
    (tmp_path / "film.mov").write_bytes(b"not a picture")
    wanted = recipe(Output(name="{stem}.mp4"), steps=(Command(argv=COPY),))
    made = make(tmp_path / "film.mov", wanted, tmp_path / "out")
    assert (made.planned[0].format, made.encoded[0].width, made.encoded[0].bytes) == ("mp4", 0, 13)
    assert made.paths[0].read_bytes() == b"not a picture"
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["film.mp4"]


def test_a_command_may_come_last_on_an_encoded_output(tmp_path, source):
    program = "from PIL import Image; import sys; Image.open(sys.argv[1]).rotate(180).save(sys.argv[2])"
    command = Command(argv=(sys.executable, "-c", program, "{source}", "{output}"))
    made = make(source, recipe(Output(name="o.png", steps=(Resize(scale=0.5), command))), tmp_path / "out")
    assert made.image.size == (160, 120)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["o.png"]


class Duplicate(Operation, frozen=True, kw_only=True):
    """A step of a plug-in that works on files."""

    works_on_files = True

    def run(self, source, output, *, known_as=None):
        shutil.copy(source, output)


@pytest.mark.parametrize("last", [False, True])
def test_a_plug_ins_step_on_files_has_the_places_of_a_command(tmp_path, source, last):
    steps = (Duplicate(),)
    wanted = recipe(Output(name="o.png", steps=steps)) if last else recipe(Output(), steps=steps)
    made = make(source, wanted, tmp_path / "out")
    assert made.encoded[0].bytes > 0
    assert failure(source, recipe(steps=(Duplicate(), Resize(scale=0.5))), tmp_path / "out")[0] == ErrorKind.UNSUPPORTED


def test_a_command_among_other_steps_is_unsupported(tmp_path, source):
    steps = (Command(argv=COPY), Resize(scale=0.5))
    assert failure(source, recipe(steps=steps), tmp_path / "out")[0] == ErrorKind.UNSUPPORTED


def test_a_picture_with_a_palette_keeps_one_where_no_pixel_changes(tmp_path):
    quarters().quantize(4).save(tmp_path / "x.png")
    made = make(tmp_path / "x.png", recipe(), tmp_path / "out").image
    assert made.mode == "P"
    assert made.convert("RGB").tobytes() == quarters().tobytes()


@pytest.mark.parametrize("name", ["o.jpg", "o.avif", "o.pdf"])
def test_lossless_is_refused_where_a_format_has_no_such_form(tmp_path, source, name):
    assert failure(source, recipe(Output(name=name, lossless=True)), tmp_path / "out")[0] == ErrorKind.UNSUPPORTED


def test_jpeg_xl_works_or_names_the_package_that_it_takes(tmp_path, source):
    output = recipe(Output(name="o.jxl"))
    if importlib.util.find_spec("pillow_jxl") is None:
        assert failure(source, output, tmp_path / "out")[0] == ErrorKind.UNSUPPORTED
    else:
        assert make(source, output, tmp_path / "out").encoded[0].format == "jxl"


@pytest.mark.parametrize("trimmed", [False, True])
def test_an_output_that_is_not_wanted_is_not_made(tmp_path, source, trimmed):
    steps = (Crop(trim=True),) if trimmed else ()
    names = [Output(name=f"{name}.png", steps=(Resize(scale=0.5),)) for name in "abc"]
    with open_run(pipeline_request(source, recipe(*names, steps=steps), tmp_path)) as picture:
        made = picture.make([None, Reservation(path=str(tmp_path / "b.tmp"), temp=str(tmp_path / "b.tmp")), None])
    assert [one is not None for one in made] == [False, True, False]
    assert (tmp_path / "b.tmp").stat().st_size > 0


@pytest.mark.parametrize("quality", [85, 95, 100])
def test_a_jpeg_of_noise_has_all_the_room_that_it_takes(tmp_path, quality):
    Image.frombytes("RGB", (300, 200), random.Random(1).randbytes(180_000)).save(tmp_path / "x.png")
    output = Output(name="o.jpg", quality=quality, subsampling="4:4:4")
    made = make(tmp_path / "x.png", recipe(output), tmp_path / "out")
    assert made.paths[0].stat().st_size > 300 * 200
    assert made.image.size == (300, 200)
