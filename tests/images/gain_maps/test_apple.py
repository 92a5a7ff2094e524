"""Gain maps of iPhones, in HEIC and JPEG: they make a picture as bright with the numbers of ISO 21496-1."""

from __future__ import annotations

import io
import math
import struct

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from fileq.operations.builtin.resize import Resize
from fileq.recipes.recipe import Output
from tests.images import heic
from tests.images.gain_maps import gain_map_items, parser, ultra_hdr
from tests.support.images import make, recipe

HEADROOM = 4.0
JPEG = Output(format="jpeg", quality=95)
OPTIMIZE = Output(format="same", lossless=True, min_saving=0.0)
OLD_XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:HDRGainMap="http://ns.apple.com/HDRGainMap/1.0/">'
    b"<HDRGainMap:HDRGainMapVersion>65536</HDRGainMap:HDRGainMapVersion>%s</rdf:Description></rdf:RDF></x:xmpmeta>"
)
NEW_XMP = OLD_XMP % b"<HDRGainMap:HDRGainMapHeadroom>4.0</HDRGainMap:HDRGainMapHeadroom>"
OLD_XMP %= b""


def exif(first: float, second: float) -> Image.Exif:
    """EXIF with a place, and a maker note with the two numbers that tell a headroom."""
    ratios = b"".join(struct.pack(">ii", round(value * 1000), 1000) for value in (first, second))
    entries = struct.pack(">HHII", 33, 10, 1, 44) + struct.pack(">HHII", 48, 10, 1, 52)
    note = b"Apple iOS\0\0\1MM" + struct.pack(">H", 2) + entries + bytes(4) + ratios
    made = Image.Exif()
    made.get_ifd(0x8769)[0x927C] = note
    made.get_ifd(0x8825)[1] = "N"
    return made


def jpeg(path, packet: bytes = NEW_XMP, camera: Image.Exif | None = None):
    """A JPEG as an iPhone exports it: two pictures, gray steps and a map of gray steps."""
    steps = Image.linear_gradient("L").resize((160, 240)).rotate(90, expand=True)
    map_file, base = io.BytesIO(), io.BytesIO()
    steps.resize((60, 40)).save(map_file, "JPEG", quality=100, xmp=packet)
    Image.new("RGB", (240, 160), (128, 128, 128)).save(
        base, "JPEG", quality=95, exif=Image.Exif() if camera is None else camera
    )
    path.write_bytes(ultra_hdr.join(base.getvalue(), b"", map_file.getvalue()))
    return path


def expected_ratio(value: np.ndarray, headroom: float) -> np.ndarray:
    """How much brighter Apple's formula makes a picture for values of the map from 0 to 1."""
    light = np.where(value < 0.081, value / 4.5, ((value + 0.099) / 1.099) ** (1 / 0.45))
    ratio: np.ndarray = 1 + (headroom - 1) * light
    return ratio


def ratios(path) -> np.ndarray:
    """How much brighter libultrahdr makes the picture, along its width."""
    bright = imagecodecs.ultrahdr_decode(path.read_bytes(), boost=64)[..., 1].astype(float)
    with Image.open(path) as image:
        base = np.asarray(image.convert("RGB"), dtype=float)[..., 1] / 255
    light = np.where(base <= 0.04045, base / 12.92, ((base + 0.055) / 1.055) ** 2.4)
    by_column: np.ndarray = np.mean(bright / light, axis=0)
    return by_column


@pytest.mark.parametrize(
    ("packet", "camera", "headroom"),
    [
        (NEW_XMP, None, 4.0),
        (OLD_XMP, exif(1.01, 0.0), 8.0),
        (OLD_XMP, exif(1.01, 0.5), 2 ** (-0.303 * 0.5 + 2.303)),
        (OLD_XMP, exif(0.5, 0.005), 2 ** (-20 * 0.005 + 1.8)),
        (OLD_XMP, exif(0.5, 1.0), 2 ** (-0.101 + 1.601)),
    ],
    ids=["XMP", "brightest", "bright", "dim", "dimmer"],
)
def test_the_map_of_an_iphone_makes_its_picture_as_bright_in_ultra_hdr(tmp_path, packet, camera, headroom):
    source = jpeg(tmp_path / "x.jpg", packet, camera)
    made = make(source, recipe(JPEG), tmp_path / "out")
    found = parser.parse(made.paths[0])
    assert made.notes == ()
    assert float(found.xmp["GainMapMax"]) == pytest.approx(math.log2(headroom), rel=1e-3)
    found_ratios = ratios(made.paths[0])[8:-8]
    own = np.linspace(0, 1, 240)[8:-8]
    wanted = expected_ratio(own if found_ratios[-1] > found_ratios[0] else own[::-1], headroom)
    assert np.abs(found_ratios / wanted - 1).mean() < 0.03


def test_a_map_that_nobody_tells_the_headroom_of_is_left_out(tmp_path):
    made = make(jpeg(tmp_path / "x.jpg", OLD_XMP), recipe(JPEG), tmp_path / "out")
    assert b"21496" not in made.paths[0].read_bytes()


def test_optimize_keeps_the_map_of_an_iphone_and_what_the_camera_told_of_it(tmp_path):
    source = jpeg(tmp_path / "x.jpg", OLD_XMP, exif(1.01, 0.0))
    made = make(source, recipe(OPTIMIZE), tmp_path / "out")
    content = made.paths[0].read_bytes()
    assert b"Apple iOS" not in content
    assert b'HDRGainMapHeadroom="8"' in content
    assert not made.image.getexif().get_ifd(0x8825)
    again = make(made.paths[0], recipe(JPEG), tmp_path / "again")
    assert float(parser.parse(again.paths[0]).xmp["GainMapMax"]) == pytest.approx(3)


@pytest.mark.parametrize(("packet", "camera"), [(NEW_XMP, None), (OLD_XMP, exif(1.01, 0.0))], ids=["new", "old"])
def test_the_map_of_a_heic_is_kept(tmp_path, packet, camera):
    plain = heic.PLAIN.read_bytes()
    source = gain_map_items.write_auxiliary(tmp_path / "x.heic", plain, plain, packet, camera)
    made = make(source, recipe(JPEG, steps=(Resize(scale=0.5),)), tmp_path / "out")
    found = parser.parse(made.paths[0])
    assert made.notes == ()
    assert found.map_image.size == (48, 32)
    assert float(found.xmp["GainMapMax"]) == pytest.approx(2 if camera is None else 3)
    optimized = make(source, recipe(OPTIMIZE), tmp_path / "optimized").paths[0]
    assert b"Apple iOS" not in optimized.read_bytes()
    again = parser.parse(make(optimized, recipe(JPEG), tmp_path / "again").paths[0])
    assert again.xmp["GainMapMax"] == found.xmp["GainMapMax"]


def test_a_place_in_the_xmp_of_a_map_goes(tmp_path):
    plain = heic.PLAIN.read_bytes()
    packet = NEW_XMP.replace(
        b"</rdf:Description>", b"<exif:GPSLatitude xmlns:exif='urn:x'>sEcReT</exif:GPSLatitude></rdf:Description>"
    )
    source = gain_map_items.write_auxiliary(tmp_path / "x.heic", plain, plain, packet, None)
    assert b"sEcReT" in source.read_bytes()
    optimized = make(source, recipe(OPTIMIZE), tmp_path / "out").paths[0]
    assert b"sEcReT" not in optimized.read_bytes()
    again = parser.parse(make(optimized, recipe(JPEG), tmp_path / "again").paths[0])
    assert float(again.xmp["GainMapMax"]) == pytest.approx(2)
