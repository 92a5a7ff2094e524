"""TIFFs without a unit of density, and those whose pixels are not square: fax machines have 204 x 98 to the inch."""

from __future__ import annotations

from typing import Any

import pytest
from PIL import Image, ImageDraw, TiffImagePlugin

from fileq.operations.builtin.resize import Resize
from fileq.recipes.recipe import Output
from fileq.units import Dimensions
from tests.support.images import make, recipe

X, Y, UNIT, ORIENTATION = 282, 283, 296, 274
NONE, INCH = 1, 2


def fax(path, density: tuple[float, float] = (204, 98), unit: int | None = INCH, orientation: int = 1) -> None:
    """A circle 1 inch wide, as a fax machine scans it, on a page of 3 x 2 inches."""
    page = Image.new("1", (612, 196), 1)
    ImageDraw.Draw(page).ellipse((204, 49, 408, 147), fill=0)
    info = TiffImagePlugin.ImageFileDirectory_v2()
    info[X], info[Y], info[ORIENTATION] = density[0], density[1], orientation
    if unit is not None:
        info[UNIT] = unit
    page.save(path, tiffinfo=info, compression="group4")


def shape_of_circle(path) -> float:
    with Image.open(path) as image:
        box = image.convert("L").point(lambda level: 255 * (level < 128)).getbbox()
    assert box is not None
    return (box[2] - box[0]) / (box[3] - box[1])


@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "avif", "gif"])
@pytest.mark.parametrize("unit", [INCH, NONE, None])
@pytest.mark.parametrize("orientation", [1, 6])
def test_a_circle_of_a_fax_is_round_on_screens(tmp_path, ending, unit, orientation):
    fax(tmp_path / "x.tif", unit=unit, orientation=orientation)
    made = make(tmp_path / "x.tif", recipe(Output(name=f"o.{ending}")), tmp_path / "out")
    size = (612, 408)
    assert made.image.size == (size if orientation == 1 else size[::-1])
    assert (made.planned[0].width, made.planned[0].height) == made.image.size
    assert shape_of_circle(made.paths[0]) == pytest.approx(1, abs=0.02)


def test_it_is_round_in_a_smaller_size_and_after_a_crop_too(tmp_path):
    fax(tmp_path / "x.tif")
    made = make(
        tmp_path / "x.tif", recipe(Output(name="o.png"), steps=(Resize(fit=Dimensions(300, 300)),)), tmp_path / "out"
    )
    assert made.image.size == (300, 200)
    assert shape_of_circle(made.paths[0]) == pytest.approx(1, abs=0.03)


def test_a_density_that_is_kept_is_that_of_square_pixels(tmp_path):
    fax(tmp_path / "x.tif")
    made = make(tmp_path / "x.tif", recipe(Output(name="o.png")), tmp_path / "out").image
    assert [round(value) for value in made.info["dpi"]] == [204, 204]


@pytest.mark.parametrize("orientation", [1, 6])
def test_documents_keep_their_pixels_and_the_size_of_their_page(tmp_path, orientation):
    fax(tmp_path / "x.tif", orientation=orientation)
    made = make(tmp_path / "x.tif", recipe(Output(name="o.tif"), Output(name="o.pdf")), tmp_path / "out")
    with Image.open(made.paths[0]) as tiff:
        density = [round(value) for value in tiff.info["dpi"]]
        assert (tiff.size, density) == (((612, 196), [204, 98]) if orientation == 1 else ((196, 612), [98, 204]))
    box = b"[ 0 0 216.0 144.0 ]" if orientation == 1 else b"[ 0 0 144.0 216.0 ]"
    assert box in made.paths[1].read_bytes()


@pytest.mark.parametrize(("density", "page"), [((204, 98), (216, 144)), ((2, 1), (612, 392)), ((1, 2), (1224, 196))])
def test_documents_keep_the_shape_of_a_page_that_tells_the_ratio_of_its_pixels_alone(tmp_path, density, page):
    fax(tmp_path / "x.tif", density=density, unit=NONE)
    made = make(tmp_path / "x.tif", recipe(Output(name="o.tif"), Output(name="o.pdf")), tmp_path / "out")
    with Image.open(made.paths[0]) as tiff:
        assert tiff.size == (612, 196)
        across, down = (float(value) for value in tiff.info["dpi"])
        assert across / down == pytest.approx(density[0] / density[1])
    assert f"[ 0 0 {page[0]}.0 {page[1]}.0 ]".encode() in made.paths[1].read_bytes()


def test_optimize_leaves_a_fax_as_it_is(tmp_path):
    fax(tmp_path / "x.tif")
    made = make(tmp_path / "x.tif", recipe(Output(format="same", lossless=True, min_saving=0.0)), tmp_path / "out")
    assert (made.image.mode, made.image.size) == ("1", (612, 196))


@pytest.mark.parametrize("density", [(204, 196), (300, 300), (1, 1), (1, 1000)])
def test_what_is_nearly_square_or_nonsense_stays_as_it_is(tmp_path, density):
    fax(tmp_path / "x.tif", density)
    made = make(tmp_path / "x.tif", recipe(Output(name="o.png")), tmp_path / "out").image
    assert made.size == (612, 196)


@pytest.mark.parametrize("unit", [NONE, None, INCH])
@pytest.mark.parametrize("density", [1, 0.01])
def test_a_density_of_one_is_none(tmp_path, unit, density):
    fax(tmp_path / "x.tif", (density, density), unit)
    outputs = Output(name="o.pdf"), Output(name="o.png"), Output(name="o.tif")
    made = make(tmp_path / "x.tif", recipe(*outputs), tmp_path / "out")
    assert b"[ 0 0 612.0 196.0 ]" in made.paths[0].read_bytes()
    with Image.open(made.paths[1]) as png, Image.open(made.paths[2]) as tiff:
        assert "dpi" not in png.info
        assert isinstance(tiff, TiffImagePlugin.TiffImageFile)
        assert X not in tiff.tag_v2


@pytest.mark.parametrize("orientation", [1, 6])
def test_a_jpeg_that_is_turned_has_its_density_turned(tmp_path, orientation):
    exif: Any = Image.Exif()
    exif[ORIENTATION] = orientation
    Image.new("RGB", (60, 40)).save(tmp_path / "x.jpg", dpi=(200, 100), exif=exif)
    made = make(tmp_path / "x.jpg", recipe(Output(name="o.png")), tmp_path / "out").image
    assert [round(value) for value in made.info["dpi"]] == ([200, 100] if orientation == 1 else [100, 200])
