"""What a job needs is known before it is decoded: never less than what it takes, and not many times as much."""

import functools
import io
import json
import subprocess
import sys

import pytest
from PIL import ExifTags, Image

from fileq.errors import ErrorKind, MemoryLimit
from fileq.images.decode.header import SourceHeader
from fileq.images.deep import tiff_writer
from fileq.images.deep.image import DeepImage
from fileq.images.memory import estimate_memory, refuse_beyond
from fileq.operations.builtin.resize import Resize
from fileq.recipes.recipe import Output, Recipe, encode_recipe
from fileq.units import Dimensions, Size
from tests.support.jpeg_xl import write_animation

SIZE = (3000, 2000)
MOST_TOO_MUCH = 4
"""How many times what is taken may be estimated: by that a job is refused, and others wait."""

ALLOWANCE = 64 * 2**20
"""Bytes that are estimated for a picture of any size."""

MEASURE = """
import json, resource, sys
from pathlib import Path
from fileq.images.pipeline import open_run
from fileq.images.protocol import PipelineRequest, Reservation
from fileq.recipes.recipe import decode_recipe

def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    own = int(next(line for line in lines if line.startswith("VmHWM:")).split()[1])
    return max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) * 1024  # forks have its pages, too

source, recipe, folder = sys.argv[1:]
request = PipelineRequest(
    source=source, size=-1, mtime_ns=-1, recipe=decode_recipe(recipe), folder=folder, relative="", max_pixels=10**9
)
needs = []
before = peak()
with open_run(request, needs.append) as run:
    run.make([Reservation(path=planned.path, temp=planned.path + ".part") for planned in run.planned])
print(json.dumps([max(needs), peak() - before]))
"""


measured = pytest.mark.skipif(sys.platform != "linux", reason="only Linux says what a process had at its peak")


@functools.cache
def noisy_bands():
    return [Image.effect_noise((SIZE[0] // 4, SIZE[1] // 4), 60).resize(SIZE) for _ in range(4)]


def noise(mode):
    bands = noisy_bands()
    if mode in {"L", "1", "P"}:
        return bands[0].convert(mode)
    if mode == "I;16":
        return bands[0].convert("I").point(lambda level: level * 257 + 0).convert("I;16")
    return Image.merge(mode, bands[: Image.getmodebands(mode)])


@functools.cache
def noise_as(format_, mode, **options):
    """Return a file with noise: most tests begin with one of two."""
    file = io.BytesIO()
    noise(mode).save(file, format_, **options)
    return file.getvalue()


def frames(mode):
    whole = noise("RGB").resize((750, 500))
    return [whole.rotate(5 * number).convert(mode) for number in range(16)]


def measure(source, folder, *outputs, steps=(), **keys):
    """The bytes that were estimated, and those that a process of its own took."""
    folder.mkdir(exist_ok=True)
    recipe = encode_recipe(Recipe(name="measured", steps=steps, outputs=outputs, **keys))
    command = [sys.executable, "-c", MEASURE, source, recipe, folder]
    need, taken = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return need, taken


def check_estimate(need, taken):
    assert taken <= need <= MOST_TOO_MUCH * taken + ALLOWANCE


SOURCES = [
    ("x.jpg", "RGB", {"quality": 90}),
    ("progressive.jpg", "RGB", {"quality": 90, "progressive": True}),
    ("turned.jpg", "RGB", {"quality": 90, "exif": b"Exif\0\0MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0"}),
    ("cmyk.jpg", "CMYK", {"quality": 90}),
    ("gray.png", "L", {"compress_level": 1}),
    ("16.png", "I;16", {"compress_level": 1}),
    ("alpha.png", "RGBA", {"compress_level": 1}),
    ("palette.png", "P", {"compress_level": 1}),
    ("bilevel.tif", "1", {"compression": "group4"}),
    ("x.webp", "RGB", {"method": 0}),
    ("x.avif", "RGB", {"speed": 10}),
    ("x.jp2", "RGB", {}),
    ("x.gif", "P", {}),
]


@measured
@pytest.mark.parametrize(("name", "mode", "options"), SOURCES, ids=[name for name, *_ in SOURCES])
def test_no_source_takes_more_than_is_estimated_whether_it_is_made_small_or_not(tmp_path, name, mode, options):
    source = tmp_path / name
    noise(mode).save(source, **options)
    jpeg = Output(name="{stem}.jpg", format="jpeg")
    check_estimate(*measure(source, tmp_path / "whole", jpeg))
    check_estimate(*measure(source, tmp_path / "small", jpeg, steps=(Resize(fit=Dimensions(800, 800)),)))


@measured
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("format_", ["jpeg", "png", "webp", "avif", "tiff", "gif", "pdf", "jxl"])
def test_no_format_takes_more_than_is_estimated(tmp_path, format_, mode):
    source = tmp_path / "x.png"
    source.write_bytes(noise_as("png", mode, compress_level=1))
    need, taken = measure(source, tmp_path / "out", Output(name=f"o.{format_}", format=format_))
    if (format_, mode) == ("gif", "RGBA"):  # a pixel that is transparent spares it the table of colours
        assert taken <= need
    else:
        check_estimate(need, taken)


@measured
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize(
    "wanted",
    [
        Output(format=("avif", "webp", "jpeg"), effort=0),
        Output(format=("avif", "webp", "jpeg")),
        Output(format="webp", lossless=True),
        Output(format="webp", lossless=True, effort=0),
        Output(format="png", colors=256),
        Output(format="gif", colors=256),
        Output(format="jpeg", effort=9),
        Output(format="tiff", effort=9),
    ],
    ids=["list", "list-usual", "webp-lossless", "webp-lossless-0", "png-256", "gif-256", "jpeg-9", "tiff-9"],
)
def test_no_way_to_a_smaller_file_takes_more_than_is_estimated(tmp_path, mode, wanted):
    source = tmp_path / "x.png"
    source.write_bytes(noise_as("png", mode, compress_level=1))
    check_estimate(*measure(source, tmp_path / "out", wanted))


@measured
@pytest.mark.parametrize("format_", ["webp", "jxl"])
def test_a_picture_of_few_colours_that_is_tried_without_loss_takes_no_more(tmp_path, format_):
    source = tmp_path / "x.png"
    noise("L").convert("P").save(source, compress_level=1)
    check_estimate(*measure(source, tmp_path / "out", Output(name=f"o.{format_}", format=format_)))


@measured
@pytest.mark.parametrize("effort", [4, 5, 7, 8, 10])
@pytest.mark.parametrize("format_", ["jxl", "avif"])
def test_no_encoder_takes_more_than_is_estimated_however_hard_it_tries(tmp_path, format_, effort):
    source = tmp_path / "x.png"
    noise("RGB").crop((0, 0, 1000, 700)).save(source, compress_level=1)
    check_estimate(*measure(source, tmp_path / "out", Output(name=f"o.{format_}", format=format_, effort=effort)))


@measured
@pytest.mark.parametrize(("mode", "lossless"), [("RGB", False), ("RGBA", False), ("RGB", True)])
def test_a_large_picture_in_jpeg_xl_takes_what_a_part_of_it_takes_and_little_more_a_pixel(tmp_path, mode, lossless):
    source = tmp_path / "x.png"
    noise(mode).resize((4200, 3600)).save(source, compress_level=1)
    need, taken = measure(source, tmp_path / "out", Output(name="o.jxl", format="jxl", lossless=lossless))
    assert taken <= need <= 2 * taken + ALLOWANCE


@measured
def test_the_file_of_a_jpeg_counts_too_where_a_small_picture_is_made_of_it(tmp_path):
    source = tmp_path / "x.jpg"
    noise("RGB").resize((6000, 4000)).save(source, quality=100, subsampling="4:4:4")
    small = Resize(fit=Dimensions(300, 300))
    need, taken = measure(source, tmp_path / "out", Output(name="o.jpg", format="jpeg"), steps=(small,))
    assert taken <= need
    assert need > source.stat().st_size


@measured
def test_a_jpeg_that_is_stored_in_jpeg_xl_and_taken_out_takes_no_more_than_is_estimated(tmp_path):
    source = tmp_path / "x.jpg"
    source.write_bytes(noise_as("jpeg", "RGB", quality=90))
    check_estimate(*measure(source, tmp_path / "out", Output(name="x.jxl", format="jxl", lossless=True)))
    stored = tmp_path / "out" / "x.jxl.part"
    check_estimate(*measure(stored, tmp_path / "back", Output(name="x.jpg", format="jpeg", lossless=True)))


@measured
@pytest.mark.parametrize(
    ("name", "mode", "format_"),
    [("x.gif", "P", "gif"), ("x.gif", "P", "webp"), ("x.webp", "RGB", "webp"), ("x.png", "RGB", "png"),
     ("x.webp", "RGBA", "webp"), ("x.webp", "RGBA", "gif"), ("x.webp", "RGBA", "png"),
     ("x.tif", "RGB", "tiff"), ("x.tif", "RGB", "pdf"), ("x.jxl", "RGB", "webp"), ("x.jxl", "RGBA", "png")],
)  # fmt: skip
def test_no_animation_or_document_takes_more_than_is_estimated(tmp_path, name, mode, format_):
    source = tmp_path / name
    first, *others = frames(mode)
    if name == "x.jxl":
        write_animation(source, [first, *others], [50] * 16)
    else:
        first.save(source, save_all=True, append_images=others)
    check_estimate(*measure(source, tmp_path / "out", Output(name=f"o.{format_}", format=format_)))


@measured
@pytest.mark.parametrize(
    "wanted",
    [
        Output(format="same", lossless=True, min_saving=0.0),
        Output(format="same", quality=80, min_saving=0.05),
        Output(format="jpeg", quality=95),
    ],
    ids=["optimize", "shrink", "quality"],
)
def test_a_turned_jpeg_whose_colour_has_all_its_detail_takes_no_more_than_is_estimated(tmp_path, wanted):
    source = tmp_path / "x.jpg"
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    noise("RGB").resize((4000, 3000)).save(source, quality=100, subsampling="4:4:4", exif=exif)
    check_estimate(*measure(source, tmp_path / "out", wanted))


@measured
@pytest.mark.parametrize(
    ("name", "mode"),
    [("x.png", "RGB"), ("x.png", "RGBA"), ("x.gif", "P"), ("x.tif", "RGB"), ("x.webp", "RGB"), ("x.jpg", "RGB")],
)
def test_packing_again_takes_no_more_than_is_estimated(tmp_path, name, mode):
    source = tmp_path / name
    noise(mode).save(source, **({"lossless": True, "method": 0} if name == "x.webp" else {}))
    check_estimate(*measure(source, tmp_path / "out", Output(format="same", lossless=True, min_saving=0.0)))


@functools.cache
def jpeg_of(subsampling, *, progressive):
    file = io.BytesIO()
    noise("RGB").resize((6000, 4000)).save(file, "jpeg", quality=90, subsampling=subsampling, progressive=progressive)
    return file.getvalue()


RECIPES = {
    "jpeg": Output(format="jpeg"),
    "at once": Output(format="jpeg", effort=0),
    "95": Output(format="jpeg", quality=95),
    "optimize": Output(format="same", lossless=True, min_saving=0.0),
    "shrink": Output(format="same", quality=80, min_saving=0.05),
}


@measured
@pytest.mark.parametrize("output", RECIPES.values(), ids=RECIPES)
@pytest.mark.parametrize("progressive", [False, True], ids=["baseline", "progressive"])
@pytest.mark.parametrize("subsampling", ["4:2:0", "4:4:4"])
def test_what_a_jpeg_needs_is_told_closely_by_its_sampling(tmp_path, subsampling, progressive, output):
    (tmp_path / "x.jpg").write_bytes(jpeg_of(subsampling, progressive=progressive))
    need, taken = measure(tmp_path / "x.jpg", tmp_path / "out", output)
    assert taken <= need <= 1.35 * taken


@measured
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_palette_of_colors_of_which_no_two_are_the_same_takes_no_more_than_is_estimated(tmp_path, mode):
    count = 2000 * 2000
    numbers = b"".join((4 * number).to_bytes(3, "big") + b"\xff" * (mode == "RGBA") for number in range(count))
    Image.frombytes(mode, (2000, 2000), numbers).save(tmp_path / "x.tif")
    for output in (Output(format="gif"), Output(format="gif", colors=64), Output(format="png", colors=256)):
        check_estimate(*measure(tmp_path / "x.tif", tmp_path / str(output.colors or "gif"), output))


@measured
def test_several_outputs_and_steps_take_no_more_than_is_estimated(tmp_path):
    source = tmp_path / "x.jpg"
    source.write_bytes(noise_as("jpeg", "RGB", quality=90))
    whole = Output(name="o.png", format="png", steps=())
    small = Output(name="o.webp", format="webp", steps=(Resize(fit=Dimensions(900, 900)),))
    check_estimate(*measure(source, tmp_path / "out", whole, small))


@pytest.mark.parametrize("format_", ["jpeg", "webp", "avif", "png", "tiff", "gif", "pdf", "jxl"])
def test_a_phones_picture_of_200_million_pixels_fits_the_default_in_every_format(format_):
    header = SourceHeader(format="JPEG", mode="RGB", size=Size(16320, 12240), file_bytes=120_000_000)
    need = estimate_memory(header, Recipe(name="x", outputs=(Output(name=f"o.{format_}", format=format_),)))
    refuse_beyond(6 * 2**30, need, "phone.jpg")


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "TIFF"])
@pytest.mark.parametrize(
    "output",
    [
        Output(format="same", lossless=True, min_saving=0.0),
        Output(format="same", quality=80, min_saving=0.05),
        Output(format=("avif", "webp", "jpeg")),
    ],
    ids=["optimize", "shrink", "list"],
)
def test_200_million_pixels_fit_the_default_where_they_are_to_be_made_smaller(format_, output):
    header = SourceHeader(format=format_, mode="RGB", size=Size(16320, 12240))
    refuse_beyond(6 * 2**30, estimate_memory(header, Recipe(name="x", outputs=(output,))), "scan")


def test_200_million_pixels_fit_the_default_in_webp_without_loss():
    header = SourceHeader(format="PNG", mode="RGB", size=Size(16320, 12240))
    need = estimate_memory(header, Recipe(name="x", outputs=(Output(format="webp", lossless=True),)))
    refuse_beyond(6 * 2**30, need, "scan.png")


def test_what_can_not_fit_is_said_with_what_would_do_and_is_not_tried_again():
    with pytest.raises(MemoryLimit) as caught:
        refuse_beyond(2**30, 3 * 2**30 + 1, "scan.tif")
    assert caught.value.kind is ErrorKind.MEMORY
    assert not caught.value.is_transient
    assert "scan.tif needs about 3.25 GiB of memory, and a job may use 1 GiB." in caught.value.message
    assert 'memory = "3.25 GiB"' in caught.value.hint


def test_a_limit_that_the_config_can_not_raise_is_named():
    with pytest.raises(MemoryLimit) as caught:
        refuse_beyond(2**30, 3 * 2**30 + 1, "scan.tif", "This machine")
    assert caught.value.hint.startswith("This machine allows jobs no more")
    assert "Set memory" not in caught.value.hint


@measured
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("format_", ["png", "tiff"])
def test_colours_of_16_bits_take_no_more_than_is_estimated(tmp_path, mode, format_):
    planes = [band.convert("I").point(lambda level: level * 257 + 0).convert("I;16") for band in noise(mode).split()]
    with open(tmp_path / "x.tif", "wb+") as file:
        tiff_writer.write(file, DeepImage(planes), {})
    nearly_whole = Resize(exact=Dimensions(SIZE[0] - 1, SIZE[1] - 1))
    for steps in ((), (nearly_whole,)):
        out = tmp_path / f"out{len(steps)}"
        check_estimate(*measure(tmp_path / "x.tif", out, Output(name=f"o.{format_}", format=format_), steps=steps))
