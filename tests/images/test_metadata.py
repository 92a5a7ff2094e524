from __future__ import annotations

from typing import Any

import pytest
from PIL import ExifTags, Image, IptcImagePlugin
from PIL.PngImagePlugin import PngImageFile, PngInfo

from fileq.images.metadata import iptc, xmp
from fileq.operations.builtin.resize import Resize
from fileq.recipes.recipe import Output
from tests.support.images import make, quarters, recipe

BASE, IFD = ExifTags.Base, ExifTags.IFD
HALF = Resize(scale=0.5)
ENDINGS = ["jpg", "png", "webp", "avif", "tif"]
PACKET = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    b' xmlns:xmpRights="http://ns.adobe.com/xap/1.0/rights/" xmlns:exif="http://ns.adobe.com/exif/1.0/"'
    b' xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" xmlns:tiff="http://ns.adobe.com/tiff/1.0/"'
    b' xmpRights:WebStatement="https://example.org/licence" exif:GPSLatitude="48,51.5N" photoshop:City="Paris"'
    b' tiff:ImageWidth="120">'
    b"<dc:creator><rdf:Seq><rdf:li>Zo\xc3\xab</rdf:li></rdf:Seq></dc:creator>"
    b"<dc:subject><rdf:Bag><rdf:li>secret place</rdf:li></rdf:Bag></dc:subject>"
    b"</rdf:Description></rdf:RDF></x:xmpmeta>"
)


def dataset(number: int, value: bytes) -> bytes:
    return bytes((0x1C, 2, number)) + len(value).to_bytes(2, "big") + value


IPTC = dataset(80, b"Zoe") + dataset(90, b"Paris") + dataset(116, b"(c) Zoe")


def from_a_camera() -> Image.Exif:
    exif = Image.Exif()
    exif[BASE.Make] = "Acme"
    exif[BASE.Artist] = "Zoë".encode()
    exif[BASE.Copyright] = "© Zoë".encode()
    exif[IFD.Exif] = {BASE.BodySerialNumber: "SN12345", BASE.DateTimeOriginal: "2026:05:17 10:20:30"}
    exif[IFD.GPSInfo] = {ExifTags.GPS.GPSLatitudeRef: "N", ExifTags.GPS.GPSLatitude: (48.0, 51.0, 30.0)}
    return exif


def source(tmp_path, ending="jpg"):
    options: dict[str, Any] = (
        {"extra": iptc.build_jpeg_segment(IPTC), "comment": b"made at home"} if ending == "jpg" else {}
    )
    path = tmp_path / f"x.{ending}"
    quarters().save(path, exif=from_a_camera().tobytes(), xmp=PACKET, dpi=(300, 300), **options)
    return path


@pytest.mark.parametrize("ending", ENDINGS)
def test_copyright_keeps_who_made_it_and_nothing_else(tmp_path, ending):
    made = make(source(tmp_path), recipe(Output(name=f"o.{ending}"), steps=(HALF,)), tmp_path / "out")
    exif = made.image.getexif()
    assert exif[BASE.Artist].encode("latin-1").decode() == "Zoë"
    assert exif[BASE.Copyright].encode("latin-1").decode() == "© Zoë"
    assert BASE.Make not in exif
    content = made.paths[0].read_bytes()
    for secret in (b"SN12345", b"Paris", b"secret place", b"48,51.5N", b"made at home"):
        assert secret not in content
    assert not exif.get_ifd(IFD.GPSInfo)
    packet = made.image.info["xmp"]
    assert "Zoë".encode() in packet
    assert b"https://example.org/licence" in packet


@pytest.mark.parametrize("ending", ["jpg", "tif"])
def test_copyright_keeps_the_credits_of_iptc(tmp_path, ending):
    made = make(source(tmp_path), recipe(Output(name=f"o.{ending}")), tmp_path / "out")
    with Image.open(made.paths[0]) as image:
        assert IptcImagePlugin.getiptcinfo(image) == {(2, 80): b"Zoe", (2, 116): b"(c) Zoe"}


@pytest.mark.parametrize("ending", ENDINGS)
def test_credits_of_iptc_alone_go_into_exif(tmp_path, ending):
    quarters().save(tmp_path / "x.jpg", extra=iptc.build_jpeg_segment(IPTC))
    exif = make(tmp_path / "x.jpg", recipe(Output(name=f"o.{ending}")), tmp_path / "out").image.getexif()
    assert (exif[BASE.Artist], exif[BASE.Copyright]) == ("Zoe", "(c) Zoe")


@pytest.mark.parametrize("ending", ENDINGS)
def test_all_keeps_all_but_the_thumbnail(tmp_path, ending):
    wanted = recipe(Output(name=f"o.{ending}"), metadata="all", steps=(HALF,))
    made = make(source(tmp_path), wanted, tmp_path / "out")
    exif = made.image.getexif()
    assert exif[BASE.Make] == "Acme"
    assert exif.get_ifd(IFD.Exif)[BASE.BodySerialNumber] == "SN12345"
    assert exif.get_ifd(IFD.Exif)[BASE.ExifImageWidth] == 60
    assert exif.get_ifd(IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] == (48.0, 51.0, 30.0)
    assert b"secret place" in made.image.info["xmp"]


@pytest.mark.parametrize("source_ending", ENDINGS)
@pytest.mark.parametrize("ending", ENDINGS)
def test_none_keeps_nothing(tmp_path, source_ending, ending):
    wanted = recipe(Output(name=f"o.{ending}"), metadata="none", steps=(HALF,))
    made = make(source(tmp_path, source_ending), wanted, tmp_path / "out")
    content = made.paths[0].read_bytes()
    for trace in (b"Zo", b"Acme", b"SN12345", b"Paris", b"made at home"):
        assert trace not in content


@pytest.mark.parametrize("source_ending", ENDINGS)
def test_credits_are_found_in_every_format(tmp_path, source_ending):
    made = make(source(tmp_path, source_ending), recipe(Output(name="o.jpg")), tmp_path / "out")
    assert made.image.getexif()[BASE.Artist].startswith("Zo")
    assert b"SN12345" not in made.paths[0].read_bytes()


def test_the_thumbnail_of_the_old_picture_goes(tmp_path):
    thumbnail = tmp_path / "thumbnail.jpg"
    quarters((16, 16)).save(thumbnail)
    data = from_a_camera().tobytes()
    at = int.from_bytes(data[10:14], "big")
    count = int.from_bytes(data[6 + at : 8 + at], "big")
    link = 6 + at + 2 + 12 * count
    entries = ((0x0201, len(data) - 6 + 2 + 24 + 4), (0x0202, thumbnail.stat().st_size))
    directory = b"\0\2" + b"".join(
        tag.to_bytes(2, "big") + b"\0\4\0\0\0\1" + n.to_bytes(4, "big") for tag, n in entries
    )
    data = data[:link] + (len(data) - 6).to_bytes(4, "big") + data[link + 4 :] + directory + bytes(4)
    quarters().save(tmp_path / "x.jpg", exif=data + thumbnail.read_bytes())
    with Image.open(tmp_path / "x.jpg") as image:
        assert image.getexif().get_ifd(IFD.IFD1)
    made = make(tmp_path / "x.jpg", recipe(metadata="all"), tmp_path / "out").image
    assert made.getexif()[BASE.Make] == "Acme"
    assert not made.getexif().get_ifd(IFD.IFD1)


def test_broken_exif_is_left_out_and_the_job_says_so(tmp_path):
    quarters().save(tmp_path / "x.jpg", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff broken")
    made = make(tmp_path / "x.jpg", recipe(), tmp_path / "out")
    assert made.image.size == (120, 80)


@pytest.mark.parametrize("source_ending", ["jpg", "png", "tif"])
@pytest.mark.parametrize("ending", ["jpg", "png", "tif"])
def test_the_density_stays(tmp_path, source_ending, ending):
    wanted = recipe(Output(name=f"o.{ending}"), metadata="none")
    made = make(source(tmp_path, source_ending), wanted, tmp_path / "out").image
    assert [round(float(value)) for value in made.info["dpi"]] == [300, 300]


def test_a_picture_without_density_gets_none(tmp_path):
    quarters().save(tmp_path / "x.jpg", exif=from_a_camera())
    made = make(tmp_path / "x.jpg", recipe(Output(name="o.png")), tmp_path / "out").image
    assert "dpi" not in made.info


@pytest.mark.parametrize("value", [b'="6"', b">6<"])
def test_xmp_that_is_carried_over_says_upright_and_has_no_thumbnail(value):
    packet = b"<x tiff:Orientation" + value + b"/><xmp:Thumbnails>\n<rdf:Alt/></xmp:Thumbnails>"
    assert xmp.clean_packet(packet) == b"<x tiff:Orientation" + value.replace(b"6", b"1") + b"/>"


@pytest.mark.parametrize("packet", [b"", b"<broken", b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', b"\xff\xfe junk"])
def test_a_packet_that_is_no_xmp_has_no_credits(packet):
    assert xmp.extract_credits(packet) == b""


def test_the_author_and_copyright_of_png_are_credits(tmp_path):
    text = PngInfo()
    text.add_text("Author", "Zoë")
    text.add_text("Copyright", "(c) Zoe")
    quarters().save(tmp_path / "x.png", pnginfo=text)
    exif = make(tmp_path / "x.png", recipe(Output(name="o.jpg")), tmp_path / "out").image.getexif()
    assert (exif[BASE.Artist].encode("latin-1").decode(), exif[BASE.Copyright]) == ("Zoë", "(c) Zoe")


def with_texts(tmp_path):
    text = PngInfo()
    for keyword, value in (("Title", "Łódź at night"), ("Software", "GIMP"), ("Comment", "made at home")):
        text.add_itxt(keyword, value)
    text.add_text("parameters", "steps: 20")
    quarters().save(tmp_path / "x.png", pnginfo=text)
    return tmp_path / "x.png"


def texts_of(image):
    assert isinstance(image, PngImageFile)
    return image.text


def test_the_texts_of_a_png_stay_with_all(tmp_path):
    made = make(with_texts(tmp_path), recipe(metadata="all", steps=(HALF,)), tmp_path / "out").image
    assert texts_of(made) == {
        "Title": "Łódź at night", "Software": "GIMP", "Comment": "made at home", "parameters": "steps: 20"
    }  # fmt: skip


@pytest.mark.parametrize("wanted", ["copyright", "none"])
def test_the_texts_of_a_png_go_unless_all_is_wanted(tmp_path, wanted):
    made = make(with_texts(tmp_path), recipe(metadata=wanted), tmp_path / "out")
    assert texts_of(made.image) == {}
    assert b"home" not in made.paths[0].read_bytes()


def test_what_is_too_long_for_jpeg_is_left_out_and_the_job_says_so(tmp_path):
    exif = from_a_camera()
    exif[BASE.ImageDescription] = "x" * 70_000
    quarters().save(tmp_path / "x.webp", exif=exif.tobytes())
    wanted = recipe(Output(name="o.jpg"), Output(name="o.webp"), metadata="all")
    made = make(tmp_path / "x.webp", wanted, tmp_path / "out")
    assert made.notes == ("Its EXIF data was left out: it is longer than the 64 KB that JPEG has room for.",)
    assert ["exif" in image.info for image in made.images()] == [False, True]
