from __future__ import annotations

from typing import Any

import pytest
from PIL import Image, ImageChops, PngImagePlugin

from fileq.images.geometry import TRANSPOSE_BY_ORIENTATION
from fileq.operations.builtin.resize import Resize
from fileq.recipes.recipe import Output
from fileq.units import Dimensions
from tests.images import heic
from tests.support.images import BLUE, GREEN, RED, YELLOW, close, make, quarters, recipe

PACKET = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/></rdf:RDF></x:xmpmeta>'
)
LAID = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # the transposition that lays an upright picture down
ORIENTATION = 0x0112


def laid(orientation: int, path, size=(1200, 800)):
    image = quarters(size)
    if orientation in LAID:
        image = image.transpose(Image.Transpose(LAID[orientation]))
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    image.save(path, exif=exif)
    return path


def is_upright(image: Image.Image) -> bool:
    width, height = image.size
    places = ((4, 4), (width - 5, 4), (4, height - 5), (width - 5, height - 5))
    colors = (RED, GREEN, BLUE, YELLOW)
    rgb = image.convert("RGB")
    return all(close(rgb.getpixel(place), color) for place, color in zip(places, colors, strict=True))


@pytest.mark.parametrize("ending", ["jpg", "png", "tif", "avif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_ends_upright_and_says_so(tmp_path, ending, orientation):
    source = laid(orientation, tmp_path / f"source.{ending}")
    small = Resize(fit=Dimensions(300, 300))
    corner = Resize(fill=Dimensions(90, 90))
    outputs = (Output(name="a.{ext}", steps=(small,)), Output(name="b.png", steps=(corner,)), Output(name="c.jpg"))
    made = make(source, recipe(*outputs, metadata="all"), tmp_path / "out")
    assert [image.size for image in made.images()] == [(300, 200), (90, 90), (1200, 800)]
    assert all(is_upright(image) for image in made.images())
    assert all(image.getexif().get(ORIENTATION, 1) == 1 for image in made.images())


def farthest(one: Image.Image, other: Image.Image) -> int:
    """The largest difference of two pixels in any channel."""
    return max(ImageChops.difference(one, other).tobytes())


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("gravity", ["northwest", "southeast", "north", "west"])
def test_a_picture_that_lies_is_filled_like_one_that_stands(tmp_path, orientation, gravity):
    fill = Resize(fill=Dimensions(60, 120), gravity=gravity)
    images = []
    for which in (1, orientation):
        source = laid(which, tmp_path / f"{which}.png")
        images.append(make(source, recipe(steps=(fill,)), tmp_path / f"out{which}").image)
    assert farthest(*images) <= 1  # of 255: the two passes of the filter run in another order


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_of_heic_ends_upright(tmp_path, orientation):
    (tmp_path / "x.heic").write_bytes(heic.lying(orientation))
    with Image.open(make(heic.PLAIN, recipe(Output(name="o.png")), tmp_path / "plain").paths[0]) as image:
        wanted = (
            image.transpose(TRANSPOSE_BY_ORIENTATION[orientation])
            if orientation in TRANSPOSE_BY_ORIENTATION
            else image.copy()
        )
    outputs = (Output(name="a.png"), Output(name="b.jpg", steps=(Resize(scale=0.5),)))
    made = make(tmp_path / "x.heic", recipe(*outputs, metadata="all"), tmp_path / "out")
    assert [(plan.width, plan.height) for plan in made.planned] == [wanted.size, made.images()[1].size]
    assert made.image.tobytes() == wanted.tobytes()
    assert all(image.getexif().get(ORIENTATION, 1) == 1 for image in made.images())


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("ending", ["jpg", "png", "tif", "avif"])
def test_without_orient_the_pixels_stay_and_the_tag_as_well(tmp_path, ending, orientation):
    source = laid(orientation, tmp_path / f"source.{ending}")
    made = make(source, recipe(Output(name="o.png"), orient=False, metadata="none"), tmp_path / "out").image
    lying = quarters((1200, 800))
    if orientation in TRANSPOSE_BY_ORIENTATION:
        lying = lying.transpose(Image.Transpose(LAID[orientation]))
    assert made.size == lying.size
    small = [image.resize((4, 4), Image.Resampling.BOX) for image in (made, lying)]
    assert farthest(*small) < 12
    assert made.getexif().get(ORIENTATION, 1) == orientation


def test_without_orient_a_part_of_a_tiff_is_taken_as_it_lies(tmp_path):
    source = laid(6, tmp_path / "source.tif")
    corner = Resize(fill=Dimensions(40, 20), gravity="north")
    made = make(source, recipe(Output(name="o.png", steps=(corner,)), orient=False), tmp_path / "out").image
    assert close(made.getpixel((5, 5)), GREEN)
    assert close(made.getpixel((35, 5)), YELLOW)


@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "tif", "avif", "gif"])
@pytest.mark.parametrize("orient", [True, False])
@pytest.mark.parametrize("extra_tags", [False, True])
def test_an_orientation_that_xmp_alone_names_turns_nothing(tmp_path, ending, orient, extra_tags):
    """As browsers, libvips and ImageMagick have it."""
    exif = Image.Exif()
    if extra_tags:
        exif[0x010E] = "a description"
    options: dict[str, Any] = {"xmp": PACKET, "exif": exif}
    if ending == "png":
        info = PngImagePlugin.PngInfo()
        info.add_itxt("XML:com.adobe.xmp", PACKET.decode())
        options["pnginfo"] = info
    if ending == "tif":
        exif[700] = PACKET
    quarters((120, 80)).save(tmp_path / f"x.{ending}", **options)
    outputs = (Output(name="a.png"), Output(name="b.png", steps=(Resize(fit=Dimensions(60, 60)),)))
    made = make(tmp_path / f"x.{ending}", recipe(*outputs, orient=orient, metadata="all"), tmp_path / "out")
    assert [image.size for image in made.images()] == [(120, 80), (60, 40)]
    assert all(is_upright(image) for image in made.images())
