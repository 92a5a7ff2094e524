"""JPEG XL and PDF pages, which take a package beside Pillow (CI has both), and what is said where one is missing."""

from __future__ import annotations

import importlib.util
import os

import pytest
from PIL import Image, ImageDraw
from PIL.TiffImagePlugin import TiffImageFile

from fileq.errors import ErrorKind, JobError
from fileq.images.encode.encoder import PILLOW_NAMES
from fileq.images.formats.optional_codecs import WRITE_CODECS, codec_problem, register_jpeg_xl, register_pdf
from fileq.images.pipeline import open_run
from fileq.operations.builtin.resize import Resize
from fileq.recipes.formats import EXTENSIONS
from fileq.recipes.recipe import Output
from fileq.units import Dimensions
from tests.images import profiles
from tests.images.test_orientation import ORIENTATION, is_upright, laid
from tests.support.images import (
    BLUE,
    GREEN,
    RED,
    YELLOW,
    close,
    failure,
    make,
    photo,
    pipeline_request,
    quarters,
    recipe,
)

HALF = Resize(scale=0.5)


def has(module: str) -> bool:
    found = importlib.util.find_spec(module) is not None
    assert found or "CI" not in os.environ, f"{module} is missing: install the extra `test`"
    return found


needs_jxl = pytest.mark.skipif(
    not has("pillow_jxl"), reason="pillow-jxl-plugin is not installed: pip install fileq[jxl]"
)
needs_pdf = pytest.mark.skipif(not has("pypdfium2"), reason="pypdfium2 is not installed: pip install fileq[pdf]")


@pytest.mark.parametrize(
    ("module", "start", "extra"), [("pillow_jxl", b"\xff\x0a", "jxl"), ("pypdfium2", b"%PDF-1.7\n", "pdf")]
)
def test_without_its_package_a_format_is_unsupported_and_the_extra_named(tmp_path, monkeypatch, module, start, extra):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(Image, "OPEN", {})
    (tmp_path / "x.jpg").write_bytes(start * 9)
    with pytest.raises(JobError) as caught, open_run(pipeline_request(tmp_path / "x.jpg", recipe(), tmp_path)):
        pass
    assert caught.value.kind == ErrorKind.UNSUPPORTED
    assert f"fileq[{extra}]" in caught.value.hint


def jxl(path, image: Image.Image, **options) -> None:
    """A JPEG XL file, made by the package: Pillow knows nothing of it before fileq asks for it."""
    import pillow_jxl  # noqa: F401  # registers itself

    image.save(path, format="JXL", **options)


@needs_jxl
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA"])
def test_jpeg_xl_goes_in_and_out(tmp_path, mode):
    image = quarters((120, 80)).convert("RGB")
    if mode.endswith("A"):
        image.putalpha(99)
    jxl(tmp_path / "x.jxl", image.convert(mode), lossless=True)
    outputs = (Output(format="same", lossless=True), Output(name="o.png"))
    made = make(tmp_path / "x.jxl", recipe(*outputs), tmp_path / "out")
    assert made.paths[0].name == "x.jxl"
    one, other = made.images()
    wanted = image.convert(mode).convert("RGBA").tobytes()
    assert one.convert("RGBA").tobytes() == other.convert("RGBA").tobytes() == wanted


@needs_jxl
def test_jpeg_xl_that_is_cut_off_is_unreadable(tmp_path):
    jxl(tmp_path / "x.jxl", photo((300, 200)))
    whole = (tmp_path / "x.jxl").read_bytes()
    for share in (0.001, 0.01, 0.3, 0.9, 0.99):
        (tmp_path / "x.jxl").write_bytes(whole[: 12 + int(len(whole) * share)])
        assert failure(tmp_path / "x.jxl", recipe(), tmp_path / "out")[0] == ErrorKind.UNREADABLE


@needs_jxl
def test_too_many_pixels_of_jpeg_xl_are_refused_before_they_are_decoded(tmp_path):
    for size in ((200, 100), (199, 101), (4096, 8), (640, 480)):
        for container in (True, False):
            jxl(tmp_path / "x.jxl", Image.new("L", size), use_container=container)
            pixels = size[0] * size[1]
            kind, _ = failure(tmp_path / "x.jxl", recipe(), tmp_path / "out", max_pixels=pixels - 1)
            assert kind == ErrorKind.TOO_LARGE
            make(tmp_path / "x.jxl", recipe(Output(name="o.png")), tmp_path / "out", max_pixels=pixels)


@needs_jxl
def test_jpeg_xl_is_turned_by_what_it_says_itself_and_not_by_exif(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    jxl(tmp_path / "x.jxl", quarters(), exif=exif.tobytes())
    for orient in (True, False):
        made = make(tmp_path / "x.jxl", recipe(Output(name="o.png"), orient=orient), tmp_path / "out").image
        assert made.size == (120, 80)
        assert is_upright(made)


@needs_jxl
def test_a_profile_that_jpeg_xl_can_not_keep_is_applied_and_the_job_says_so(tmp_path):
    quarters().save(tmp_path / "x.png", icc_profile=profiles.rgb(profiles.ADOBE, 2.2))
    outputs = (Output(name="o.jxl", quality=95), Output(name="o.gif"))
    made = make(tmp_path / "x.png", recipe(*outputs, profile="keep"), tmp_path / "out")
    wanted = make(tmp_path / "x.png", recipe(), tmp_path / "srgb").image
    for image in made.images():
        assert close(image.convert("RGB").getpixel((100, 9)), wanted.getpixel((100, 9)), 3)
        assert not close(image.convert("RGB").getpixel((100, 9)), GREEN, 3)
    assert "profile could not be kept" in made.notes[0]


@needs_jxl
def test_credits_stay_in_jpeg_xl(tmp_path):
    exif = Image.Exif()
    exif[0x013B], exif[0x010F] = "Ada Example", "Acme"
    packet = b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""'
    packet += b' xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" photoshop:Credit="Ada" photoshop:City="Paris"'
    packet += b"/></rdf:RDF>"
    quarters().save(tmp_path / "x.jpg", exif=exif, xmp=packet)
    there = make(tmp_path / "x.jpg", recipe(Output(name="o.jxl"), metadata="all"), tmp_path / "jxl").paths[0]
    back = make(there, recipe(Output(name="o.jpg")), tmp_path / "out").image
    assert back.getexif()[0x013B] == "Ada Example"
    assert 0x010F not in back.getexif()
    assert b'Credit="Ada"' in back.info["xmp"]
    assert b"Paris" not in back.info["xmp"]


def pdf(path, pages: list[Image.Image], dots: float = 72.0) -> None:
    pages[0].save(path, save_all=True, append_images=pages[1:], resolution=dots, quality=95)


@needs_pdf
def test_pages_of_a_pdf_become_pictures_of_300_dots_per_inch(tmp_path):
    pdf(tmp_path / "x.pdf", [quarters((120, 72)), quarters((72, 144))])
    made = make(tmp_path / "x.pdf", recipe(Output(name="{stem}-{page}.{ext}")), tmp_path / "out")
    assert [path.name for path in made.paths] == ["x-1.png", "x-2.png"]
    assert [image.size for image in made.images()] == [(500, 300), (300, 600)]
    assert all(is_upright(image) for image in made.images())
    assert [round(value) for value in made.image.info["dpi"]] == [300, 300]


@needs_pdf
def test_a_page_is_drawn_in_the_size_that_is_wanted_and_what_it_shows_stays_sharp(tmp_path):
    page = Image.new("RGB", (1000, 700), "white")
    ImageDraw.Draw(page).rectangle((250, 175, 749, 524), fill=RED)
    pdf(tmp_path / "x.pdf", [page], dots=300)
    steps = (Resize(fit=Dimensions(500, 500)),)
    made = make(tmp_path / "x.pdf", recipe(Output(name="o.png"), steps=steps), tmp_path / "out")
    assert (made.planned[0].width, made.planned[0].height) == made.image.size == (500, 350)
    assert close(made.image.getpixel((128, 90)), RED)
    assert close(made.image.getpixel((121, 84)), (255, 255, 255))


@needs_pdf
def test_where_a_format_has_no_pages_the_first_of_a_pdf_is_kept_and_the_job_says_so(tmp_path):
    pdf(tmp_path / "x.pdf", [quarters((72, 72)), quarters((72, 72), "L")])
    outputs = (Output(name="o.jpg", steps=(HALF,)), Output(name="o.tif", steps=(HALF,)))
    made = make(tmp_path / "x.pdf", recipe(*outputs), tmp_path / "out")
    assert [image.size for image in made.images()] == [(150, 150), (150, 150)]
    with Image.open(made.paths[1]) as tiff:
        assert isinstance(tiff, TiffImageFile)
        assert tiff.n_frames == 2
    assert made.notes == (
        "The first of 2 pages was kept: JPEG has no pages; with {page} in its name, each becomes a file.",
    )


@needs_pdf
def test_a_broken_pdf_is_unreadable_and_one_with_a_huge_page_too_large(tmp_path):
    pdf(tmp_path / "x.pdf", [quarters((72, 72)), quarters((720, 720))])
    whole = (tmp_path / "x.pdf").read_bytes()
    assert failure(tmp_path / "x.pdf", recipe(Output(name="{page}.png")), tmp_path / "out", max_pixels=100_000)[0] == (
        ErrorKind.TOO_LARGE
    )
    (tmp_path / "x.pdf").write_bytes(whole[:200])
    assert failure(tmp_path / "x.pdf", recipe(), tmp_path / "out")[0] == ErrorKind.UNREADABLE


@needs_pdf
def test_a_pdf_that_takes_a_password_says_so(tmp_path):
    pdf(tmp_path / "x.pdf", [quarters()])
    content = (tmp_path / "x.pdf").read_bytes()
    lock = b"/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <%s> /U <%s> >> /ID [<00> <00>]" % (
        b"11" * 32,
        b"22" * 32,
    )
    (tmp_path / "x.pdf").write_bytes(content.replace(b"trailer\n<<", b"trailer\n<<" + lock))
    kind, message = failure(tmp_path / "x.pdf", recipe(), tmp_path / "out")
    assert kind == ErrorKind.UNSUPPORTED
    assert "password" in message


@needs_pdf
def test_a_pdf_survives_the_way_through_fileq(tmp_path):
    """Into a PDF and out of it again: the picture is what it was."""
    quarters((300, 200)).save(tmp_path / "x.png", dpi=(300, 300))
    there = make(tmp_path / "x.png", recipe(Output(name="o.pdf")), tmp_path / "pdf").paths[0]
    back = make(there, recipe(Output(name="o.png")), tmp_path / "out").image
    assert back.size == (300, 200)
    corners = {(9, 9): RED, (290, 9): GREEN, (9, 190): BLUE, (290, 190): YELLOW}
    assert all(close(back.getpixel(place), color, 20) for place, color in corners.items())


@needs_jxl
@needs_pdf
def test_a_file_of_another_format_is_opened_after_a_pdf(tmp_path):
    jxl(tmp_path / "x.jxl", quarters((12, 8)), lossless=True)
    register_pdf()
    register_jpeg_xl()
    with Image.open(tmp_path / "x.jxl") as image:  # Pillow asks each plug-in in turn
        assert image.format == "JXL"


@pytest.mark.parametrize("codec", ["jxl", "pdf", "heic", "avif", "webp"])
def test_what_is_installed_is_no_problem(codec):
    assert codec_problem(codec) is None


def test_only_what_can_be_written_is_asked_for():
    assert set(WRITE_CODECS) <= set(PILLOW_NAMES) == set(EXTENSIONS)


@needs_jxl
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_jpeg_xl_that_was_a_jpeg_ends_upright(tmp_path, orientation):
    jpeg = laid(orientation, tmp_path / "x.jpg", (240, 160))
    with Image.open(jpeg) as image:
        jxl(tmp_path / "x.jxl", image, lossless_jpeg=True)
    assert b"jbrd" in (tmp_path / "x.jxl").read_bytes()
    outputs = (Output(name="a.png"), Output(name="b.jxl"))
    made = make(tmp_path / "x.jxl", recipe(*outputs, metadata="all"), tmp_path / "out").images()
    assert [image.size for image in made] == [(240, 160)] * 2
    assert all(is_upright(image) for image in made)
    assert all(image.getexif().get(ORIENTATION, 1) == 1 for image in made)


@needs_jxl
def test_a_jpeg_xl_that_was_a_jpeg_stays_as_it_lies_where_that_is_asked_for(tmp_path):
    with Image.open(laid(6, tmp_path / "x.jpg", (240, 160))) as image:
        jxl(tmp_path / "x.jxl", image, lossless_jpeg=True)
    made = make(tmp_path / "x.jxl", recipe(Output(name="a.png"), orient=False), tmp_path / "out").image
    assert made.size == (160, 240)
    assert made.getexif()[ORIENTATION] == 6
