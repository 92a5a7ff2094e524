"""Every operation on pixels against ImageMagick or libvips: the same size, and the same picture within a stated bound.

The bounds are in dB (PSNR); equal pixels are infinitely far above. Where a filter is defined slightly differently the
bound is lower, and still far above what a wrong gravity, a shift by a pixel or a wrong curve would leave (measured:
below 30).
"""

from __future__ import annotations

import math

import pytest
from PIL import Image

from fileq.operations.base import Operation
from fileq.operations.builtin.adjust import Adjust
from fileq.operations.builtin.border import Border
from fileq.operations.builtin.crop import Crop
from fileq.operations.builtin.flip import Flip
from fileq.operations.builtin.grayscale import Grayscale
from fileq.operations.builtin.pad import Pad
from fileq.operations.builtin.resize import Resize
from fileq.operations.builtin.rotate import Rotate
from fileq.operations.builtin.sharpen import Sharpen
from fileq.operations.builtin.watermark import Watermark
from fileq.units import Dimensions
from tests.support.images import photo
from tests.support.judges import convert, needs_imagemagick, needs_vips, pixels, psnr, vips, vipsthumbnail

EQUAL = math.inf
WIDTH, HEIGHT = 360, 240


@pytest.fixture
def source(tmp_path):
    """A photo on white paper, so that there is something to trim."""
    paper = Image.new("RGB", (WIDTH, HEIGHT), "white")
    picture = photo((300, 200)).point(lambda value: value * 9 // 10)
    paper.paste(picture, (30, 20))
    paper.save(tmp_path / "source.png")
    return tmp_path / "source.png"


def made(source, step: Operation) -> Image.Image:
    return step.settled(pixels(source)).apply(pixels(source)).convert("RGB")


LANCZOS = ("-filter", "Lanczos")
IMAGEMAGICK = {
    "resize fit": (Resize(fit=Dimensions(200, 200)), [*LANCZOS, "-resize", "200x200"], 45),
    "resize by one side": (Resize(fit=Dimensions(None, 90)), [*LANCZOS, "-resize", "x90"], 45),
    "resize fill": (
        Resize(fill=Dimensions(100, 100), gravity="west"),
        [*LANCZOS, "-resize", "100x100^", "-gravity", "west", "-extent", "100x100"],
        40,
    ),
    "resize exact": (Resize(exact=Dimensions(90, 150)), [*LANCZOS, "-resize", "90x150!"], 45),
    "resize scale": (Resize(scale=0.5), [*LANCZOS, "-resize", "50%"], 45),
    "resize larger": (Resize(scale=2), [*LANCZOS, "-resize", "200%"], 45),
    "crop box": (Crop(box=(40, 30, 200, 110)), ["-crop", "160x80+40+30", "+repage"], EQUAL),
    "crop aspect": (
        Crop(aspect="1:1", gravity="east"),
        ["-gravity", "east", "-crop", f"{HEIGHT}x{HEIGHT}+0+0", "+repage"],
        EQUAL,
    ),
    "crop trim": (Crop(trim=True), ["-fuzz", "4%", "-trim", "+repage"], EQUAL),
    "pad": (
        Pad(canvas=Dimensions(400, 400), color="#204060", gravity="north"),
        ["-background", "#204060", "-gravity", "north", "-extent", "400x400"],
        EQUAL,
    ),
    "border": (Border(width=7, color="red"), ["-bordercolor", "red", "-border", "7"], EQUAL),
    "rotate a quarter": (Rotate(degrees=90), ["-rotate", "90"], EQUAL),
    "rotate half": (Rotate(degrees=180), ["-rotate", "180"], EQUAL),
    "flip": (Flip(direction="vertical"), ["-flip"], EQUAL),
    "flop": (Flip(direction="horizontal"), ["-flop"], EQUAL),
    "grayscale": (Grayscale(), ["-grayscale", "Rec601Luma"], 50),
    "sharpen": (Sharpen(radius=1, amount=100, threshold=0), ["-unsharp", "0x1+1+0"], 38),
    "brightness": (Adjust(brightness=1.2), ["-evaluate", "Multiply", "1.2"], 50),
    "contrast": (Adjust(contrast=1.5), ["-function", "Polynomial", "1.5,-0.25"], 50),
    "gamma": (Adjust(gamma=1.8), ["-gamma", "1.8"], 50),
    "saturation": (
        Adjust(saturation=0.5),
        ["-color-matrix", "0.6495 0.2935 0.057 0.1495 0.7935 0.057 0.1495 0.2935 0.557"],
        50,
    ),
}


@needs_imagemagick
@pytest.mark.parametrize("job", IMAGEMAGICK)
def test_an_operation_does_what_imagemagick_does(tmp_path, source, job):
    step, arguments, bound = IMAGEMAGICK[job]
    judged = pixels(convert(source, *arguments, to=tmp_path / "judged.png"))
    assert psnr(made(source, step), judged) >= bound


@needs_imagemagick
@pytest.mark.parametrize("degrees", [30, -7.5, 100])
def test_a_rotation_by_any_angle_shows_what_imagemagicks_does(tmp_path, source, degrees):
    """ImageMagick rounds the size in another way, by up to two pixels, so that the middle is compared."""
    arguments = ["-background", "#204060", "-virtual-pixel", "background", "+distort", "ScaleRotateTranslate"]
    judged = pixels(convert(source, *arguments, str(degrees), "+repage", to=tmp_path / "judged.png"))
    ours = made(source, Rotate(degrees=degrees, color="#204060"))
    assert all(abs(a - b) <= 2 for a, b in zip(ours.size, judged.size, strict=True))
    one, other = (Crop(box=_middle(image)).apply(image) for image in (ours, judged))
    assert psnr(one, other) > 30


def _middle(image: Image.Image, side: int = 120) -> tuple[int, int, int, int]:
    left, top = round((image.width - side) / 2), round((image.height - side) / 2)
    return left, top, left + side, top + side


@needs_imagemagick
@pytest.mark.parametrize("gravity", ["northwest", "southeast", "center"])
def test_a_watermark_lies_and_shows_as_imagemagicks_does(tmp_path, source, gravity):
    logo = Image.new("RGBA", (90, 46), (200, 30, 60, 255))
    logo.putalpha(Image.linear_gradient("L").resize((90, 46)))
    logo.save(tmp_path / "logo.png")
    step = Watermark(picture=str(tmp_path / "logo.png"), share=0.25, margin=0.05, opacity=0.5, gravity=gravity)
    place = "+12+12" if gravity != "center" else "+0+0"
    arguments = [str(tmp_path / "logo.png"), "-gravity", gravity, "-geometry", place]
    arguments += ["-define", "compose:args=50", "-compose", "dissolve", "-composite"]
    judged = pixels(convert(source, *arguments, to=tmp_path / "judged.png"))
    assert psnr(made(source, step), judged) > 48


@needs_vips
@pytest.mark.parametrize(("wanted", "size"), [("200x200", (200, 133)), ("77x77", (77, 51)), ("x90", (135, 90))])
def test_a_picture_is_made_smaller_as_libvips_does_it(tmp_path, source, wanted, size):
    judged = pixels(vipsthumbnail(source, "--size", wanted, to=tmp_path / "judged.png"))
    ours = made(source, Resize(fit=Dimensions.parse(wanted)))
    assert ours.size == size
    assert psnr(ours, judged) > 34  # libvips halves by means first


@needs_vips
@pytest.mark.parametrize(
    ("step", "job"),
    [
        (Rotate(degrees=270), ["rot", "d270"]),
        (Flip(), ["flip", "horizontal"]),
        (Crop(box=(10, 20, 110, 90)), ["extract_area", "10", "20", "100", "70"]),
        (Pad(canvas=Dimensions(400, 300), color="black"), ["embed", "20", "30", "400", "300"]),
    ],
    ids=["rotate", "flip", "crop", "pad"],
)
def test_pixels_are_moved_as_libvips_moves_them(tmp_path, source, step, job):
    vips(job[0], source, tmp_path / "judged.png", *job[1:])
    assert psnr(made(source, step), pixels(tmp_path / "judged.png")) == EQUAL
