"""Whose picture it is, and what may be done with it, wherever programs have written that."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from fileq.files.containers import jpeg_segment
from fileq.images.formats.optional_codecs import register_jpeg_xl
from fileq.images.gain_maps.xmp import JPEG_NAME
from fileq.images.metadata import iptc, packets
from fileq.operations.builtin.resize import Resize
from fileq.recipes.recipe import Output
from tests.images.metadata.tags import CREDITS, ENDINGS, as_text, full_of_tags, needs_exiftool, tags_of, write_tags
from tests.images.test_metadata import IPTC, PACKET, dataset
from tests.support.images import make, photo, quarters, recipe
from tests.support.judges import convert, needs_imagemagick

HALF = Resize(scale=0.5)
LICENCE = b"https://example.org/licence"
FULL_IPTC = IPTC + dataset(110, b"Agency Z") + dataset(118, b"zoe@zoe.example") + dataset(25, b"bridge")


def packet_of(made, at: int = 0) -> bytes:
    packet = made.images()[at].info.get("xmp", b"")
    assert isinstance(packet, bytes)
    return packet


@pytest.mark.parametrize(
    "packet",
    [
        PACKET.replace(b"<rdf:RDF", b"<!-- made by a program --><rdf:RDF"),
        b"\xef\xbb\xbf" + PACKET,
        PACKET + b"\0\0 rest of a longer packet </x:xm",
        PACKET + b"<x:xmpmeta>\n</x:xmpmeta>",
        b"junk" + PACKET,
        PACKET.replace(b"secret place", b"secret \x02 place"),
        PACKET.replace(b"secret place", b"caf\xe9"),
        PACKET.replace(b"secret place", b"<![CDATA[<>]]>"),
    ],
)
def test_credits_are_found_in_packets_that_programs_have_written_oddly(tmp_path, packet):
    quarters().save(tmp_path / "x.webp", xmp=packet)
    made = make(tmp_path / "x.webp", recipe(Output(name="o.webp")), tmp_path / "out")
    assert LICENCE in packet_of(made)
    assert "Zoë".encode() in packet_of(made)
    assert b"Paris" not in packet_of(made)


def test_a_description_within_a_property_is_not_taken_for_the_picture_s_own(tmp_path):
    inner = b'<rdf:Description photoshop:Credit="somebody else"/>'
    packet = PACKET.replace(b"<dc:subject>", b"<photoshop:Other>" + inner + b"</photoshop:Other><dc:subject>")
    quarters().save(tmp_path / "x.webp", xmp=packet)
    made = make(tmp_path / "x.webp", recipe(), tmp_path / "out")
    assert LICENCE in packet_of(made)
    assert b"somebody else" not in packet_of(made)


def in_two_packets(path, filler: bytes = b"") -> None:
    """A JPEG whose rights stand in the extension of its XMP, in several segments in a wrong order."""
    rest = PACKET.replace(b"secret place", filler or b"x" * 90_000)
    guid = hashlib.md5(rest, usedforsecurity=False).hexdigest().upper().encode()
    main = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b'<rdf:Description rdf:about="" xmlns:xmpNote="http://ns.adobe.com/xmp/note/" xmpNote:HasExtendedXMP="'
        + guid
        + b'"/></rdf:RDF></x:xmpmeta>'
    )
    parts = packets.build_jpeg_extension(rest, guid, 40_000)
    segments = b"".join(jpeg_segment(0xE1, part) for part in reversed(parts))
    quarters().save(path, xmp=main, extra=segments)


@pytest.mark.parametrize("ending", ["jpg", "webp", "png"])
def test_credits_in_extended_xmp_stay(tmp_path, ending):
    in_two_packets(tmp_path / "x.jpg")
    made = make(tmp_path / "x.jpg", recipe(Output(name=f"o.{ending}")), tmp_path / "out")
    assert LICENCE in packet_of(made)
    assert b"HasExtendedXMP" not in packet_of(made)


@needs_exiftool
def test_a_long_packet_is_written_into_a_jpeg_in_parts_and_exiftool_reads_all(tmp_path):
    in_two_packets(tmp_path / "x.jpg")
    made = make(tmp_path / "x.jpg", recipe(Output(name="o.jpg"), metadata="all", steps=(HALF,)), tmp_path / "out")
    tags = tags_of(made.paths[0])
    assert made.notes == ()
    assert [len(word) for word in tags["XMP-dc:Subject"]] == [90_000]
    assert tags["XMP-xmpRights:WebStatement"] == LICENCE.decode()


def raw_profiles(**profiles: bytes) -> PngInfo:
    text = PngInfo()
    for kind, content in profiles.items():
        text.add_text(*packets.build_raw_profile(kind, content), zip=True)
    return text


@pytest.mark.parametrize(
    "profiles",
    [
        {"xmp": PACKET},
        {"APP1": JPEG_NAME + PACKET},
    ],
)
def test_credits_in_a_raw_profile_of_png_stay(tmp_path, profiles):
    quarters().save(tmp_path / "x.png", pnginfo=raw_profiles(**profiles))
    made = make(tmp_path / "x.png", recipe(Output(name="o.png"), Output(name="o.jpg")), tmp_path / "out")
    assert all(LICENCE in packet_of(made, at) for at in (0, 1))
    assert b"Raw profile" not in made.paths[0].read_bytes()


@pytest.mark.parametrize("kind", ["iptc", "8bim"])
@pytest.mark.parametrize("wrapped", [True, False])
def test_iptc_in_a_raw_profile_of_png_stays(tmp_path, kind, wrapped):
    content = iptc.build_jpeg_segment(IPTC)[18:] if wrapped else IPTC
    quarters().save(tmp_path / "x.png", pnginfo=raw_profiles(**{kind: content}))
    made = make(tmp_path / "x.png", recipe(Output(name="o.jpg")), tmp_path / "out").image
    assert made.getexif()[315] == "Zoe"


@needs_imagemagick
@needs_exiftool
def test_what_imagemagick_takes_over_from_a_jpeg_into_a_png_stays(tmp_path):
    png = convert(full_of_tags(tmp_path / "x.jpg"), to=tmp_path / "x.png")
    made = make(png, recipe(Output(name="o.jpg")), tmp_path / "out")
    told = as_text(tags_of(made.paths[0]))
    assert all(value in told for value in CREDITS.values())
    assert "sEcReT" not in told


@needs_exiftool
@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("target", ENDINGS)
def test_every_credit_stays_from_every_format_to_every_other(tmp_path, ending, target):
    source = full_of_tags(tmp_path / f"x.{ending}")
    made = make(source, recipe(Output(name=f"o.{target}"), steps=(HALF,)), tmp_path / "out")
    told = as_text(tags_of(made.paths[0]))
    assert [value for value in CREDITS.values() if value not in told] == []


@needs_exiftool
@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "avif", "jxl", "tif", "gif"])
@pytest.mark.parametrize("policy", ["all", "copyright"])
def test_iptc_stays_in_every_format(tmp_path, ending, policy):
    quarters().save(tmp_path / "x.jpg", extra=iptc.build_jpeg_segment(FULL_IPTC))
    made = make(tmp_path / "x.jpg", recipe(Output(name=f"o.{ending}"), metadata=policy), tmp_path / "out")
    told = as_text(tags_of(made.paths[0]))
    assert all(word in told for word in ("Zoe", "(c) Zoe", "Agency Z", "zoe@zoe.example"))
    assert ("Paris" in told) == ("bridge" in told) == (policy == "all")


@needs_exiftool
@pytest.mark.parametrize("order", ["II", "MM"])
def test_iptc_of_a_tiff_stays_also_where_it_is_written_as_numbers(tmp_path, order):
    Image.new("RGB", (20, 20)).save(tmp_path / "x.tif", big_tiff=False)
    write_tags(tmp_path / "x.tif", {"IPTC:By-line": "Zoe", "IPTC:Credit": "Agency Z", "IPTC:City": "Paris"})
    made = make(tmp_path / "x.tif", recipe(Output(name="o.jpg"), Output(name="o.tif")), tmp_path / "out")
    for path in made.paths:
        told = tags_of(path)
        assert (told["IPTC:By-line"], told["IPTC:Credit"]) == ("Zoe", "Agency Z")
        assert "Paris" not in as_text(told)


@pytest.mark.parametrize("packed", [True, False])
def test_the_metadata_of_a_jpeg_xl_stays_also_where_it_is_packed(tmp_path, packed):
    register_jpeg_xl()
    exif = Image.Exif()
    exif[315] = "Zoe"
    more: dict[str, Any] = {"compress_metadata": packed, "use_container": True}
    photo((80, 60)).save(tmp_path / "x.jxl", xmp=PACKET, exif=exif.tobytes(), **more)
    made = make(tmp_path / "x.jxl", recipe(Output(name="o.jpg")), tmp_path / "out")
    assert made.image.getexif()[315] == "Zoe"
    assert LICENCE in packet_of(made)


@needs_imagemagick
def test_iptc_of_a_psd_stays(tmp_path):
    quarters().save(tmp_path / "x.jpg", extra=iptc.build_jpeg_segment(IPTC))
    psd = convert(tmp_path / "x.jpg", to=tmp_path / "x.psd")
    made = make(psd, recipe(Output(name="o.jpg")), tmp_path / "out").image
    assert made.getexif()[315] == "Zoe"
