"""Colors of 16 bits a channel stay, and inks and Lab with `profile = "keep"`, where format and steps can keep them.

ImageMagick makes the sources and judges the outputs, with all 16 bits.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from PIL import Image, ImageCms

from fileq.operations.builtin.crop import Crop
from fileq.operations.builtin.flip import Flip
from fileq.operations.builtin.resize import Resize
from fileq.operations.builtin.rotate import Rotate
from fileq.operations.builtin.sharpen import Sharpen
from fileq.recipes.recipe import Output
from fileq.units import Dimensions
from tests.images.profiles import ADOBE, rgb
from tests.support.images import make, quarters, recipe
from tests.support.judges import CMYK_PROFILE, convert, needs_cmyk_profile, needs_imagemagick

pytestmark = needs_imagemagick

SOURCES = ["rgb.png", "rgba.png", "lzw.tif", "raw.tif", "msb.tif", "rgba.tif", "interlaced.png"]
HALF = Resize(scale=0.5)


def deep_source(path: Path) -> Path:
    """Slopes in which no two neighbours are equal, but in 8 bits most are."""
    formula = {"R": "(i+j*0.01)/w*0.1+0.4", "G": "(h-j+i*0.02)/h*0.1+0.2", "B": "(i*j)/(w*h)*0.05+0.6"}
    arguments = ["-depth", "16"]
    for channel, text in formula.items():
        arguments += ["-channel", channel, "-fx", text]
    arguments += ["+channel"]
    if path.name.startswith("rgba"):
        arguments += ["-alpha", "set", "-channel", "A", "-fx", "0.3+0.5*i/w", "+channel"]
    arguments += {"lzw.tif": ["-compress", "lzw"], "msb.tif": ["-endian", "MSB"]}.get(path.name, [])
    arguments += ["-interlace", "plane"] if path.name == "interlaced.png" else []
    kind = {"rgb": "PNG48:", "rgba": "PNG64:", "interlaced": "PNG48:"}[path.stem] if path.suffix == ".png" else ""
    done = subprocess.run(
        ["convert", "-size", "120x80", "xc:black", *arguments, "-depth", "16", f"{kind}{path}"], check=False,
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return path


def samples(path: Path, *arguments: str) -> list[int]:
    """All samples of a picture as ImageMagick sees them, with 16 bits."""
    argv = ["convert", str(path), *arguments, "-depth", "16", "-endian", "LSB", "rgba:-"]
    content = subprocess.run(argv, check=True, capture_output=True).stdout
    return list(memoryview(content).cast("H"))


def depth_of(path: Path) -> str:
    argv = ["identify", "-format", "%z", f"{path}[0]"]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


def most_off(one: list[int], other: list[int]) -> int:
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("ending", ["png", "tif"])
def test_every_bit_of_every_sample_stays(tmp_path, name, ending):
    source = deep_source(tmp_path / name)
    made = make(source, recipe(Output(name=f"o.{ending}")), tmp_path / "out")
    assert made.notes == ()
    assert depth_of(made.paths[0]) == "16"
    assert samples(made.paths[0]) == samples(source)


@pytest.mark.parametrize("name", ["rgb.png", "rgba.png", "lzw.tif", "rgba.tif"])
@pytest.mark.parametrize("ending", ["png", "tif"])
@pytest.mark.parametrize(
    ("step", "same"),
    [
        (Crop(box=(10, 20, 70, 60)), ("-crop", "60x40+10+20", "+repage")),
        (Flip(), ("-flop",)),
        (Rotate(degrees=90), ("-rotate", "90")),
        (HALF, ("-filter", "Lanczos", "-resize", "50%")),
    ],
    ids=["crop", "flip", "rotate", "resize"],
)
def test_steps_keep_16_bits_as_imagemagick_does(tmp_path, name, ending, step, same):
    source = deep_source(tmp_path / name)
    made = make(source, recipe(Output(name=f"o.{ending}"), steps=(step,)), tmp_path / "out")
    assert depth_of(made.paths[0]) == "16"
    allowed = 60 if step is HALF else 0  # of 65535: two filters of one name; 8 bits are 128 off
    assert most_off(samples(made.paths[0]), samples(source, *same)) <= allowed


def test_what_is_transparent_gives_no_colour_to_what_is_not(tmp_path):
    path = tmp_path / "x.png"
    argv = ["convert", "-size", "40x40", "xc:rgba(0,255,0,0)", "-fill", "rgb(255,1,0)", "-draw", "rectangle 20,0 39,39"]
    subprocess.run([*argv, "-depth", "16", f"PNG64:{path}"], check=True)
    made = make(path, recipe(Output(name="o.png"), steps=(Resize(exact=Dimensions(15, 15)),)), tmp_path / "out")
    found = samples(made.paths[0])
    greens = [found[at + 1] for at in range(0, len(found), 4) if found[at + 3] > 1000]
    assert greens
    assert max(greens) < 300


def test_pages_of_16_and_of_8_bits_stay_what_they_are(tmp_path):
    quarters((60, 40)).save(tmp_path / "8.tif")
    deep_source(tmp_path / "lzw.tif")
    argv = ["convert", tmp_path / "lzw.tif", "(", tmp_path / "8.tif", "-depth", "8", ")", tmp_path / "x.tif"]
    subprocess.run([str(one) for one in argv], check=True)
    made = make(tmp_path / "x.tif", recipe(Output(name="o.tif")), tmp_path / "out")
    assert samples(Path(f"{made.paths[0]}[0]")) == samples(tmp_path / "lzw.tif")
    with Image.open(made.paths[0]) as image:
        assert getattr(image, "n_frames", 1) == 2


def test_a_step_that_mixes_colours_makes_8_bits_and_the_job_says_which(tmp_path):
    source = deep_source(tmp_path / "rgb.png")
    made = make(source, recipe(Output(name="o.png"), steps=(Sharpen(),)), tmp_path / "out")
    assert depth_of(made.paths[0]) == "8"
    assert made.notes == ("Its 16 bits a channel became 8: the step sharpen works with no more.",)


def test_beside_formats_of_8_bits_a_png_keeps_16_and_the_others_are_srgb(tmp_path):
    plain = deep_source(tmp_path / "rgb.png")
    profile = tmp_path / "adobe.icc"
    profile.write_bytes(rgb(ADOBE, 2.2))
    source = convert(plain, "-profile", str(profile), to=tmp_path / "x.png")
    made = make(source, recipe(Output(name="o.png"), Output(name="o.jpg", quality=95)), tmp_path / "out")
    alone = make(source, recipe(Output(name="alone.jpg", quality=95)), tmp_path / "out")
    assert [depth_of(path) for path in made.paths] == ["16", "8"]
    png, jpeg = made.images()
    assert png.info["icc_profile"] == profile.read_bytes()
    assert "icc_profile" not in jpeg.info
    assert most_off(samples(made.paths[1]), samples(alone.paths[0])) < 4 * 257


@needs_cmyk_profile
@pytest.mark.parametrize("ending", ["jpg", "tif"])
@pytest.mark.parametrize("target", ["jpg", "tif"])
def test_inks_keep_their_profile(tmp_path, ending, target):
    press, source = CMYK_PROFILE.read_bytes(), tmp_path / f"x.{ending}"
    inks = Image.merge("CMYK", [Image.linear_gradient("L").rotate(90 * turn) for turn in range(4)])
    inks.save(source, icc_profile=press, quality=95)
    output = Output(name=f"o.{target}", quality=95)
    made = make(source, recipe(output, steps=(HALF,), profile="keep"), tmp_path / "out")
    assert made.notes == ()
    assert (made.image.mode, made.image.info["icc_profile"]) == ("CMYK", press)
    to_screen = ("-resize", "64x64!", "-profile", str(CMYK_PROFILE), "-profile", srgb(tmp_path))
    before = convert(source, *to_screen, to=tmp_path / "before.png")
    after = convert(made.paths[0], *to_screen, to=tmp_path / "after.png")
    assert most_off(samples(before), samples(after)) < 12 * 257


def srgb(folder: Path) -> str:
    path = folder / "srgb.icc"
    path.write_bytes(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    return str(path)


def test_lab_stays_in_tiff(tmp_path):
    lab = Image.merge("LAB", [Image.linear_gradient("L").rotate(90 * turn) for turn in range(3)])
    lab.save(tmp_path / "x.tif")
    wanted = recipe(Output(name="o.tif"), Output(name="o.png"), steps=(HALF,), profile="keep")
    made = make(tmp_path / "x.tif", wanted, tmp_path / "out")
    assert [image.mode for image in made.images()] == ["LAB", "RGB"]
    assert made.image.tobytes() == lab.resize((128, 128), Image.Resampling.LANCZOS).tobytes()
    assert made.notes == (
        "Its LAB colours were converted to sRGB: only TIFF can keep them, after steps that cut, turn or scale.",
    )


@pytest.mark.parametrize("output", [Output(name="o.png"), Output(name="o.tif", steps=(Sharpen(),))])
def test_inks_that_can_t_stay_are_converted_and_the_job_says_so(tmp_path, output):
    quarters(mode="CMYK").save(tmp_path / "x.tif")
    made = make(tmp_path / "x.tif", recipe(output, profile="keep"), tmp_path / "out")
    assert made.image.mode == "RGB"
    assert "converted to sRGB" in made.notes[0]
