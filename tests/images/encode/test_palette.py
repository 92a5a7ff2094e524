"""`colors` gives PNG and GIF a palette, and a PNG that had one keeps having one."""

from __future__ import annotations

import importlib.util
import io

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageStat

from fileq.recipes.recipe import Output
from tests.support.images import colors_of, make, photo, pixel_of, recipe

BACKENDS = ["libimagequant", "Pillow"]


@pytest.fixture(params=BACKENDS)
def backend(request, monkeypatch):
    """Each way of finding a palette in turn."""
    if request.param == "Pillow":
        monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    return request.param


def half_transparent() -> Image.Image:
    image = photo((200, 150)).convert("RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 100, 150))
    return image


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize("colors", [2, 3, 16, 255, 256])
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
@pytest.mark.parametrize("format_", ["png", "gif"])
def test_no_more_colors_are_there_than_are_asked_for(tmp_path, format_, mode, colors):
    image = photo((200, 150)).convert(mode)
    if mode == "RGBA":
        image.putalpha(Image.linear_gradient("L").resize(image.size))
    image.save(tmp_path / "x.png")
    made = make(tmp_path / "x.png", recipe(Output(format=format_, colors=colors)), tmp_path / "out").image
    found = made.convert("RGBA").getcolors(1000)
    assert found is not None
    assert 1 < len(found) <= colors
    assert made.mode in {"P", "L", "1"}


@pytest.mark.parametrize("format_", ["png", "gif"])
def test_it_looks_like_the_picture_and_is_smaller(tmp_path, backend, format_):
    photo((400, 300)).save(tmp_path / "x.png")
    whole = make(tmp_path / "x.png", recipe(Output(format="png")), tmp_path / "whole")
    made = make(tmp_path / "x.png", recipe(Output(format=format_, colors=128)), tmp_path / "out")
    assert made.encoded[0].bytes < whole.encoded[0].bytes * 0.7
    off = ImageChops.difference(made.image.convert("RGB").reduce(4), photo((400, 300)).reduce(4))
    assert max(ImageStat.Stat(off).mean) < (5 if backend == "libimagequant" else 12)


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize("format_", ["png", "gif"])
def test_what_is_transparent_stays_so_and_nothing_else(tmp_path, format_):
    half_transparent().save(tmp_path / "x.png")
    made = make(tmp_path / "x.png", recipe(Output(format=format_, colors=32)), tmp_path / "out").image.convert("RGBA")
    assert made.getchannel("A").tobytes() == half_transparent().getchannel("A").tobytes()
    assert pixel_of(made, (150, 70))[:3] != (0, 0, 0)


def test_few_colors_stay_exactly_what_they_are(tmp_path):
    image = Image.new("RGB", (90, 60), "teal")
    ImageDraw.Draw(image).text((10, 10), "words", fill="#ffeedd")
    image.save(tmp_path / "x.bmp")
    made = make(tmp_path / "x.bmp", recipe(Output(format="png", colors=256)), tmp_path / "out")
    assert made.image.mode == "P"
    assert made.image.convert("RGB").tobytes() == image.tobytes()


@pytest.mark.usefixtures("backend")
def test_an_animation_has_so_many_colors_in_each_frame(tmp_path):
    frames = [half_transparent().rotate(turn) for turn in (0, 90, 180)]
    frames[0].save(tmp_path / "x.webp", save_all=True, append_images=frames[1:], duration=80, lossless=True)
    made = make(tmp_path / "x.webp", recipe(Output(format="gif", colors=8)), tmp_path / "out")
    with Image.open(made.paths[0]) as image:
        assert image.n_frames == 3  # type: ignore[attr-defined]
        for number, frame in enumerate(frames):
            image.seek(number)
            shown = image.convert("RGBA")
            assert len(shown.getcolors(1000) or ()) in range(2, 9)
            wanted = frame.getchannel("A").point([0] * 128 + [255] * 128)
            assert shown.getchannel("A").tobytes() == wanted.tobytes()


def test_other_formats_and_animated_pngs_have_all_their_colors(tmp_path):
    frames = [photo((60, 40)).rotate(turn) for turn in (0, 90)]
    frames[0].save(tmp_path / "x.png", save_all=True, append_images=frames[1:], duration=80)
    made = make(tmp_path / "x.png", recipe(*(Output(format=one, colors=4) for one in ("png", "webp"))), tmp_path / "o")
    for image in made.images():
        assert image.n_frames == 2  # type: ignore[attr-defined]
        assert image.convert("RGB").getcolors(1000) is None


def test_a_png_is_packed_with_fewer_colors_even_where_the_recipe_keeps_originals(tmp_path):
    photo((200, 150)).save(tmp_path / "x.png")
    wanted = recipe(Output(format="same", quality=80, colors=64, min_saving=0.05))
    made = make(tmp_path / "x.png", wanted, tmp_path / "out")
    assert made.image.mode == "P"
    assert made.encoded[0].bytes < (tmp_path / "x.png").stat().st_size / 2


def test_a_palette_has_no_entry_that_no_pixel_needs(tmp_path):
    half_transparent().save(tmp_path / "x.png")
    content = make(tmp_path / "x.png", recipe(Output(format="png", colors=16)), tmp_path / "out").paths[0].read_bytes()
    at = content.index(b"PLTE")
    assert int.from_bytes(content[at - 4 : at], "big") <= 48
    with Image.open(io.BytesIO(content)) as image:
        assert image.mode == "P"


def gradient() -> Image.Image:
    across = Image.linear_gradient("L").resize((300, 300))
    return Image.merge("RGB", [across, across.rotate(90), Image.new("L", across.size, 99)])


def drawing() -> Image.Image:
    image = Image.new("RGB", (300, 200), (250, 250, 250))
    for number in range(60):
        color = (number * 37 % 256, number * 91 % 256, number * 53 % 256)
        image.paste(color, (number * 9 % 270, number * 31 % 180, number * 9 % 270 + 30, number * 31 % 180 + 20))
    return image


@pytest.mark.parametrize("picture", [gradient, drawing])
@pytest.mark.parametrize("ending", ["png", "gif"])
def test_fewer_colors_never_take_more_bytes_than_all_of_them(tmp_path, picture, ending):
    picture().save(tmp_path / "x.png")
    outputs = Output(name=f"all.{ending}"), Output(name=f"few.{ending}", colors=16)
    made = make(tmp_path / "x.png", recipe(*outputs), tmp_path / "out")
    whole, few = (path.stat().st_size for path in made.paths)
    assert few <= whole
    assert len(colors_of(made.images()[1].convert("RGB"))) <= 16
