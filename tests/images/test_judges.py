"""Whole jobs against ImageMagick and libvips: what is written is read by others, what others write is read, and both
are as good as the judge's own. Bounds are PSNR in dB.
"""

from __future__ import annotations

import math

import pytest
from PIL import Image

from fileq.errors import ErrorKind
from fileq.images.formats import optional_codecs
from fileq.operations.builtin.resize import Resize
from fileq.recipes.recipe import Output
from fileq.units import Dimensions
from tests.images.test_optional_codecs import needs_jxl, needs_pdf
from tests.support.images import failure, make, photo, quarters, recipe
from tests.support.judges import convert, needs_imagemagick, needs_vips, pixels, psnr, vips

SMALL = Resize(fit=Dimensions(240, 240))


@pytest.fixture
def source(tmp_path):
    photo((480, 320)).save(tmp_path / "source.png")
    return tmp_path / "source.png"


def alike(one: Image.Image, other: Image.Image) -> bool:
    """The same light everywhere, and the same colour over 8 x 8 pixels: readers draw halved colour in several ways.

    (libheif 1.15 repeats the colour of AVIF without smoothing: 28 dB where luma has 49, on this picture.)
    """
    return psnr(one.convert("L"), other.convert("L")) > 40 and psnr(one.reduce(8), other.reduce(8)) > 38


JOBS: dict[str, tuple[list[tuple[str, ...]], float]] = {
    "jpg": ([("-quality", "82", "-sampling-factor", "4:2:0")], 34),
    "webp": ([("-quality", "80")], 34),
    "avif": ([("-quality", "60")], 34),
    "png": ([()], math.inf),
    "tif": ([()], math.inf),
    "gif": ([("+dither",)], 22),
}


@needs_imagemagick
@pytest.mark.parametrize("ending", JOBS)
def test_an_output_is_as_good_as_imagemagicks_and_imagemagick_reads_it_the_same(tmp_path, source, ending):
    options, bound = JOBS[ending]
    made = make(source, recipe(Output(name=f"o.{ending}"), steps=(SMALL,)), tmp_path / "out")
    best = make(source, recipe(Output(name="best.png"), steps=(SMALL,)), tmp_path / "out").image.convert("RGB")
    read = pixels(convert(made.paths[0], to=tmp_path / "read.png"))
    assert alike(read, made.image.convert("RGB"))
    own = convert(tmp_path / "out" / "best.png", *options[0], to=tmp_path / f"own.{ending}")
    assert psnr(made.image.convert("RGB"), best) >= min(bound, psnr(pixels(own), best) - 1)
    assert made.encoded[0].bytes < own.stat().st_size * 1.25


@needs_vips
@pytest.mark.parametrize("ending", ["jpg", "webp", "avif", "png", "tif", "gif"])
def test_libvips_reads_an_output_the_same(tmp_path, source, ending):
    made = make(source, recipe(Output(name=f"o.{ending}"), steps=(SMALL,)), tmp_path / "out")
    vips("copy", made.paths[0], tmp_path / "read.png")
    read = pixels(tmp_path / "read.png")
    assert read.size == (240, 160)
    assert alike(read, made.image.convert("RGB"))


@needs_vips
@needs_jxl
def test_libvips_reads_jpeg_xl_the_same(tmp_path, source):
    made = make(source, recipe(Output(name="o.jxl"), steps=(SMALL,)), tmp_path / "out")
    vips("copy", made.paths[0], tmp_path / "read.png")
    assert psnr(pixels(tmp_path / "read.png"), made.image.convert("RGB")) > 40


@needs_vips
def test_libvips_draws_the_pages_of_a_pdf_that_was_written(tmp_path, source):
    made = make(source, recipe(Output(name="o.pdf", quality=95), steps=(SMALL,)), tmp_path / "out")
    best = make(source, recipe(Output(name="best.png"), steps=(SMALL,)), tmp_path / "out").image.convert("RGB")
    vips("pdfload", made.paths[0], tmp_path / "read.png")
    assert psnr(pixels(tmp_path / "read.png"), best) > 32


@needs_vips
@needs_pdf
def test_a_page_of_a_pdf_looks_as_libvips_draws_it(tmp_path):
    quarters((200, 100)).save(tmp_path / "x.pdf", resolution=144, quality=95)
    made = make(tmp_path / "x.pdf", recipe(Output(name="o.png")), tmp_path / "out").image
    vips("pdfload", tmp_path / "x.pdf", tmp_path / "read.png", "--dpi", "300")
    judged = pixels(tmp_path / "read.png")
    assert all(abs(a - b) <= 1 for a, b in zip(made.size, judged.size, strict=True))
    ours, theirs = (image.resize((100, 50), Image.Resampling.BOX) for image in (made.convert("RGB"), judged))
    assert psnr(ours, theirs) > 30


READ = ["jpg", "png", "gif", "webp", "avif", "tif", "bmp", "jp2", "tga", "ppm", "psd", "ico", "heic"]


@needs_imagemagick
@pytest.mark.parametrize("ending", READ)
def test_what_imagemagick_writes_is_read_as_it_reads_it_itself(tmp_path, source, ending):
    there = convert(source, "-resize", "240x160", to=tmp_path / f"x.{ending}")
    judged = pixels(convert(there.with_name(f"{there.name}[0]"), "-auto-orient", to=tmp_path / "judged.png"))
    made = make(there, recipe(Output(name="o.png")), tmp_path / "out").image.convert("RGB")
    assert alike(made, judged)


@needs_imagemagick
@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("ending", ["jpg", "tif"])
def test_pictures_are_turned_as_imagemagick_turns_them(tmp_path, source, ending, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    pixels(source).save(tmp_path / f"x.{ending}", exif=exif)
    judged = pixels(convert(tmp_path / f"x.{ending}", "-auto-orient", to=tmp_path / "judged.png"))
    made = make(tmp_path / f"x.{ending}", recipe(Output(name="o.png")), tmp_path / "out").image
    assert psnr(made, judged) > 45


@needs_imagemagick
def test_transparency_is_flattened_and_resized_as_imagemagick_does_it(tmp_path):
    image = photo((300, 200))
    image.putalpha(Image.radial_gradient("L").resize((300, 200)))
    image.save(tmp_path / "x.png")
    half, arguments = Resize(scale=0.5), ["-filter", "Lanczos", "-resize", "50%"]
    over = ["-background", "#3060ff", "-flatten"]
    judged = pixels(convert(tmp_path / "x.png", *arguments, to=tmp_path / "a.png"), "RGBA")
    flat = pixels(convert(tmp_path / "x.png", *arguments, *over, to=tmp_path / "b.png"))
    outputs = (Output(name="a.png"), Output(name="b.jpg", quality=95))
    made = make(tmp_path / "x.png", recipe(*outputs, steps=(half,), background="#3060ff"), tmp_path / "out").images()
    assert psnr(made[0].convert("RGBA").convert("RGBa"), judged.convert("RGBa")) > 45
    assert psnr(made[1], flat) > 38


@needs_imagemagick
def test_16_bit_is_scaled_as_imagemagick_scales_it(tmp_path):
    ramp = Image.new("I", (64, 64))
    for y in range(64):
        ramp.paste(round(65535 * y / 63), (0, y, 64, y + 1))
    ramp.convert("I;16").save(tmp_path / "x.png")
    judged = pixels(convert(tmp_path / "x.png", "-depth", "8", to=tmp_path / "judged.png"), "L")
    made = make(tmp_path / "x.png", recipe(Output(name="o.gif")), tmp_path / "out").image.convert("L")
    assert psnr(made, judged) > 48


@needs_imagemagick
@pytest.mark.parametrize("ending", ["png", "tif", "ppm", "jp2"])
def test_colors_of_16_bit_are_read_as_imagemagick_reads_them(tmp_path, source, ending):
    deep = convert(source, "-resize", "50%", "-depth", "16", to=tmp_path / f"x.{ending}")
    judged = pixels(convert(deep.with_name(f"{deep.name}[0]"), "-depth", "8", to=tmp_path / "judged.png"))
    made = make(deep, recipe(Output(name="o.png")), tmp_path / "out").image
    assert psnr(made, judged) > 48


@needs_imagemagick
def test_a_photoshop_document_of_16_bit_is_refused(tmp_path, source):
    deep = convert(source, "-depth", "16", to=tmp_path / "x.psd")
    kind, message = failure(deep, recipe(), tmp_path / "out")
    assert kind == ErrorKind.UNSUPPORTED
    assert "16 bits a channel" in message


@needs_imagemagick
@pytest.mark.parametrize("options", [("-depth", "32"), ("-depth", "32", "-define", "quantum:format=floating-point")])
def test_a_tiff_that_pillow_can_not_read_comes_out_as_imagemagick_has_it(tmp_path, source, options):
    there = convert(source, *options, to=tmp_path / "x.tif")
    made = make(there, recipe(Output(name="o.png")), tmp_path / "out")
    assert psnr(made.image.convert("RGB"), pixels(source)) > 45


@needs_imagemagick
@pytest.mark.parametrize("options", [("-depth", "32"), ("-depth", "32", "-define", "quantum:format=floating-point")])
def test_without_the_library_for_it_it_is_unsupported_and_not_said_to_be_damaged(
    tmp_path, source, options, monkeypatch
):
    monkeypatch.setattr(optional_codecs, "rare_tiff", lambda: None)
    there = convert(source, *options, to=tmp_path / "x.tif")
    kind, message = failure(there, recipe(), tmp_path / "out")
    assert kind == ErrorKind.UNSUPPORTED
    assert "is a TIFF" in message


@needs_imagemagick
def test_frames_are_put_together_as_imagemagick_does_it(tmp_path):
    """A GIF whose frames hold only what changes, and are taken away again in different ways."""
    frames = []
    for at in range(5):
        frame = quarters((120, 80))
        frame.paste((255, 0, 255), (at * 20, 10 * at, at * 20 + 30, 10 * at + 25))
        frames.append(frame)
    frames[0].save(tmp_path / "x.gif", save_all=True, append_images=frames[1:], disposal=[1, 3, 2, 1, 1], duration=50)
    convert(tmp_path / "x.gif", "-coalesce", to=tmp_path / "judged-%d.png")
    made = make(tmp_path / "x.gif", recipe(Output(name="o-{page}.png")), tmp_path / "out")
    assert len(made.paths) == 5
    for at, image in enumerate(made.images()):
        assert psnr(image.convert("RGB"), pixels(tmp_path / f"judged-{at}.png")) > 45
