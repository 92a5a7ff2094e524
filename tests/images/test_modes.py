from __future__ import annotations

import struct

import pytest
from PIL import Image

from fileq.errors import ErrorKind
from fileq.operations.builtin.grayscale import Grayscale
from fileq.operations.builtin.resize import Resize
from fileq.recipes.recipe import Output
from fileq.units import Dimensions
from tests.support.images import close, failure, level_of, make, pixel_of, recipe

HALF = Resize(scale=0.5)
GREEN = (0, 200, 0)


def hole() -> Image.Image:
    """A green ring on nothing: what is transparent has a red that must never be seen."""
    image = Image.new("RGBA", (80, 80), (255, 0, 0, 0))
    image.paste((*GREEN, 255), (20, 20, 60, 60))
    return image


def transparent(kind: str, path) -> None:
    image = hole()
    if kind == "rgba":
        image.save(path)
    elif kind == "palette":
        image.quantize(8, method=Image.Quantize.FASTOCTREE).save(path)
    else:  # one colour of an RGB picture is declared to be transparent
        image.convert("RGB").save(path, transparency=(255, 0, 0))


@pytest.mark.parametrize("kind", ["rgba", "palette", "key"])
@pytest.mark.parametrize("target", ["png", "webp", "avif", "tif", "gif"])
def test_transparency_stays_and_hidden_colors_do_not_bleed(tmp_path, kind, target):
    transparent(kind, tmp_path / "x.png")
    output = Output(name=f"o.{target}", quality=95)
    made = make(tmp_path / "x.png", recipe(output, steps=(HALF,)), tmp_path / "out").image.convert("RGBA")
    assert pixel_of(made, (2, 2))[3] == 0
    assert close(made.getpixel((20, 20)), (*GREEN, 255))
    reds = [pixel_of(made, (x, 20))[0] for x in range(40) if pixel_of(made, (x, 20))[3] > 128]
    assert max(reds) < 30


@pytest.mark.parametrize("kind", ["rgba", "palette", "key"])
def test_without_room_for_transparency_the_background_is_seen_and_not_black(tmp_path, kind):
    transparent(kind, tmp_path / "x.png")
    made = make(tmp_path / "x.png", recipe(Output(name="o.jpg"), background="#3060ff", steps=(HALF,)), tmp_path / "out")
    assert close(made.image.getpixel((2, 2)), (0x30, 0x60, 0xFF), 30)
    assert close(made.image.getpixel((20, 20)), GREEN, 30)


def test_a_picture_with_transparency_takes_alpha_format_and_an_opaque_one_does_not(tmp_path):
    hole().save(tmp_path / "x.png")
    Image.new("RGBA", (80, 80), (9, 9, 9, 255)).save(tmp_path / "y.png")
    output = Output(format="jpeg", alpha_format="webp")
    made = [make(tmp_path / name, recipe(output), tmp_path / "out") for name in ("x.png", "y.png")]
    assert [one.planned[0].format for one in made] == ["webp", "jpeg"]
    assert [one.paths[0].name for one in made] == ["x.webp", "y.jpg"]


def test_an_alpha_channel_in_which_all_is_opaque_goes(tmp_path):
    Image.new("RGBA", (8, 8), (9, 9, 9, 255)).save(tmp_path / "x.png")
    assert make(tmp_path / "x.png", recipe(), tmp_path / "out").image.mode == "RGB"


def deep(path, size=(64, 64)) -> None:
    """16 bits of gray, from 0 to 65535 line by line."""
    ramp = Image.new("I", size)
    for y in range(size[1]):
        ramp.paste(round(65535 * y / (size[1] - 1)), (0, y, size[0], y + 1))
    ramp.convert("I;16").save(path)


@pytest.mark.parametrize("source", ["png", "tif"])
@pytest.mark.parametrize("target", ["jpg", "webp", "avif", "gif", "pdf"])
def test_16_bit_becomes_8_bit_by_scaling(tmp_path, source, target):
    deep(tmp_path / f"x.{source}")
    made = make(tmp_path / f"x.{source}", recipe(Output(name=f"o.{target}", quality=95)), tmp_path / "out")
    if target != "pdf":
        gray = made.image.convert("L")
        assert abs(level_of(gray, (30, 32)) - 130) < 6
        assert abs(level_of(gray, (30, 63)) - 255) < 6


@pytest.mark.parametrize("ending", ["png", "tif"])
def test_16_bit_stays_where_format_and_steps_can(tmp_path, ending):
    deep(tmp_path / f"x.{ending}")
    made = make(tmp_path / f"x.{ending}", recipe(steps=(Resize(fit=Dimensions(32, 32)),)), tmp_path / "out").image
    assert made.mode == "I;16"
    assert abs(level_of(made, (9, 16)) - 33800) < 600


def test_a_step_that_knows_8_bit_only_gets_a_scaled_picture(tmp_path):
    deep(tmp_path / "x.png")
    made = make(tmp_path / "x.png", recipe(Output(name="o.jpg", steps=(Grayscale(),))), tmp_path / "out").image
    assert abs(level_of(made.convert("L"), (30, 63)) - 255) < 6


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I;16", "F", "PA"])
@pytest.mark.parametrize("target", ["jpg", "png", "webp", "avif", "gif", "tif", "pdf"])
def test_every_mode_goes_into_every_format(tmp_path, mode, target):
    ramp = Image.linear_gradient("L").resize((48, 36))
    image = (
        ramp.convert("I").convert("I;16")
        if mode == "I;16"
        else ramp.convert("P").convert("PA")
        if mode == "PA"
        else ramp.convert(mode)
    )
    image.save(tmp_path / "x.tif")
    made = make(tmp_path / "x.tif", recipe(Output(name=f"o.{target}"), steps=(HALF,)), tmp_path / "out")
    assert (made.encoded[0].width, made.encoded[0].height) == (24, 18)
    if target != "pdf":
        assert made.image.size == (24, 18)


def psd(path, layers: int, *bands: int) -> None:
    """A Photoshop document of one colour: a header, and a number of layers that says what the fourth channel is."""
    layer = struct.pack(">4iH4s4s4BI", 0, 0, 0, 0, 0, b"8BIM", b"norm", 255, 0, 0, 0, 0)
    info = struct.pack(">h", layers) + layer * abs(layers)
    section = struct.pack(">II", len(info) + 4, len(info)) + info
    head = b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", len(bands), 8, 8, 8, 3) + bytes(8)
    path.write_bytes(head + section + b"\0\0" + b"".join(bytes([band]) * 64 for band in bands))


def test_what_photoshop_laid_over_white_is_taken_off_it_again(tmp_path):
    psd(tmp_path / "x.psd", -1, 255, 155, 155, 100)  # red of 100/255 over white
    made = make(tmp_path / "x.psd", recipe(Output(name="a.png"), Output(name="b.jpg")), tmp_path / "out").images()
    assert made[0].getpixel((4, 4)) == (255, 0, 0, 100)
    assert close(made[1].getpixel((4, 4)), (255, 155, 155), 3)


def test_a_selection_that_was_saved_in_photoshop_is_no_transparency(tmp_path):
    psd(tmp_path / "x.psd", 0, 200, 100, 50, 0)
    made = make(tmp_path / "x.psd", recipe(Output(name="a.png")), tmp_path / "out").image
    assert (made.mode, made.getpixel((4, 4))) == ("RGB", (200, 100, 50))


def test_a_tiff_in_a_compression_that_can_not_be_read_is_unsupported(tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "x.tif")
    content = (tmp_path / "x.tif").read_bytes()
    entry = content.index(struct.pack("<HHI", 259, 3, 1)) + 8
    (tmp_path / "x.tif").write_bytes(content[:entry] + struct.pack("<H", 50001) + content[entry + 2 :])
    kind, message = failure(tmp_path / "x.tif", recipe(), tmp_path / "out")
    assert kind == ErrorKind.UNSUPPORTED
    assert "webp" in message
