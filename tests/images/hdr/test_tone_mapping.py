"""PQ and HLG: refused, unless the recipe has them mapped to what ordinary screens show.

The judge is the standard's own arithmetic, done again here with numpy on 10 bits and in floating point.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
import zlib

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from fileq.errors import JobError
from fileq.images.thumbnails import make_thumbnail
from fileq.operations.builtin.resize import Resize
from fileq.recipes.recipe import Output
from fileq.units import Dimensions
from tests.images import heic
from tests.images.gain_maps import gain_map_items
from tests.support.images import failure, make, recipe
from tests.support.judges import pixels

PNG = Output(name="{stem}-o.png")
PQ, HLG = 16, 18
TO_SRGB = np.array(
    [[1.660491, -0.587641, -0.072850], [-0.124550, 1.132900, -0.008349], [-0.018151, -0.100579, 1.118730]]
)
"""From BT.2020 (BT.2087-0)."""


def colors() -> np.ndarray:
    """Numbers from 0 to 1 in three channels: all shades of gray, and colours about as strong as those of photos."""
    gray = np.linspace(0, 0.78, 256)[None, :, None] * np.ones((96, 1, 3))
    gray[32:64] *= (1.0, 0.93, 0.86)
    gray[64:] *= (0.88, 1.0, 0.95)
    return gray


def pq_light(value: np.ndarray) -> np.ndarray:
    root = np.power(value, 32 / 2523)
    light: np.ndarray = 1e4 * (np.maximum(root - 107 / 128, 0) / (2413 / 128 - 2392 / 128 * root)) ** (8192 / 1305)
    return light


def pq_value(light: np.ndarray) -> np.ndarray:
    root = np.power(light / 1e4, 1305 / 8192)
    value: np.ndarray = ((107 / 128 + 2413 / 128 * root) / (1 + 2392 / 128 * root)) ** (2523 / 32)
    return value


def hlg_light(value: np.ndarray) -> np.ndarray:
    scene = np.where(value <= 0.5, value**2 / 3, (np.exp((value - 0.55991073) / 0.17883277) + 0.28466892) / 12)
    luma = scene @ np.array([0.2627, 0.678, 0.0593])
    light: np.ndarray = 1000 * np.maximum(luma, 1e-9)[..., None] ** 0.2 * scene
    return light


def expected(light: np.ndarray) -> np.ndarray:
    """BT.2390's EETF on the brightest channel, from 1000 to 203 cd/m², and sRGB, from 0 to 255."""
    brightest = np.maximum(light.max(axis=-1), 1e-6)
    e1 = np.minimum(pq_value(brightest) / pq_value(np.array(1000.0)), 1)
    most = pq_value(np.array(203.0)) / pq_value(np.array(1000.0))
    knee = 1.5 * most - 0.5
    t = (e1 - knee) / (1 - knee)
    rolled = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (-2 * t**3 + 3 * t**2) * most
    e2 = np.where(e1 < knee, e1, rolled)
    mapped = light * (pq_light(e2 * pq_value(np.array(1000.0))) / brightest / 203)[..., None]
    linear = np.clip(mapped @ TO_SRGB.T, 0, 1)
    numbers: np.ndarray = 255 * np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return numbers


def avif(path, transfer: int):
    numbers = (colors() * 1023).round().astype(np.uint16)
    path.write_bytes(
        imagecodecs.avif_encode(numbers, bitspersample=10, level=100, primaries=9, transfer=transfer, matrix=0)
    )
    return path


def png(path, transfer: int):
    """A PNG with 16 bits a channel and the chunk cICP."""
    content = imagecodecs.png_encode((colors() * 65535).round().astype(np.uint16))
    chunk = b"cICP" + bytes((9, transfer, 0, 1))
    path.write_bytes(content[:33] + b"\0\0\0\4" + chunk + zlib.crc32(chunk).to_bytes(4, "big") + content[33:])
    return path


@pytest.mark.parametrize("transfer", [PQ, HLG])
@pytest.mark.parametrize("write", [avif, png], ids=["avif", "png"])
def test_pq_and_hlg_are_mapped_by_the_curve_of_the_standard(tmp_path, transfer, write):
    source = write(tmp_path / f"x.{write.__name__}", transfer)
    made = make(source, recipe(PNG, hdr="tonemap"), tmp_path / "out")
    light = pq_light(colors()) if transfer == PQ else hlg_light(colors())
    error = np.abs(np.asarray(made.image.convert("RGB"), dtype=float) - expected(light))
    assert "tone mapped" in made.notes[0]
    assert error.mean() < 1.2
    assert np.percentile(error, 99) < 7  # in the dark, where 8 bits of PQ are 2 to 4 of sRGB


@pytest.mark.parametrize("transfer", ["PeQ", "HLG"])
@pytest.mark.parametrize("distance", ["0", "0.5"])
@pytest.mark.skipif(not shutil.which("cjxl"), reason="cjxl is not installed")
def test_jpeg_xl_in_pq_and_hlg_is_mapped_too(tmp_path, transfer, distance):
    numbers = (colors() * 65535).round().astype(">u2")
    (tmp_path / "x.ppm").write_bytes(b"P6\n256 96\n65535\n" + numbers.tobytes())
    color_space = f"color_space=RGB_D65_202_Rel_{transfer}"
    command = ["cjxl", tmp_path / "x.ppm", tmp_path / "x.jxl", "-d", distance, "-x", color_space]
    subprocess.run(command, check=True, capture_output=True)
    made = make(tmp_path / "x.jxl", recipe(PNG, hdr="tonemap"), tmp_path / "out")
    light = pq_light(colors()) if transfer == "PeQ" else hlg_light(colors())
    error = np.abs(np.asarray(made.image.convert("RGB"), dtype=float) - expected(light))
    assert error.mean() < 2


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_heic_in_pq_and_hlg_is_mapped_too(tmp_path, transfer):
    content = b"\0\0\0\x13colrnclx\0\x09" + transfer.to_bytes(2, "big") + b"\0\x09\x80"
    (tmp_path / "x.heic").write_bytes(heic.with_boxes([content]))
    made = make(tmp_path / "x.heic", recipe(PNG, hdr="tonemap"), tmp_path / "out")
    assert "tone mapped" in made.notes[0]


def test_the_message_names_the_option(tmp_path):
    source = avif(tmp_path / "x.avif", PQ)
    for policy in ("keep", "drop"):
        with pytest.raises(JobError) as caught:
            make(source, recipe(PNG, hdr=policy), tmp_path / "out")
        assert "PQ" in caught.value.message
        assert "--hdr tonemap" in str(caught.value.hint)


def test_a_kept_profile_has_the_primaries_and_the_curve_of_what_was_made(tmp_path):
    source = avif(tmp_path / "x.avif", PQ)
    kept = make(source, recipe(PNG, hdr="tonemap", profile="keep"), tmp_path / "kept").paths[0]
    plain = make(source, recipe(PNG, hdr="tonemap"), tmp_path / "plain").paths[0]
    assert pixels(kept).info["icc_profile"]
    again = make(kept, recipe(Output(name="again.png")), tmp_path / "again").image.convert("RGB")
    error = np.abs(np.asarray(again, dtype=int) - np.asarray(pixels(plain), dtype=int))
    assert error.max() <= 2


def test_gray_and_transparency_stay(tmp_path):
    gray = (np.linspace(0, 0.75, 256) * 65535).round().astype(np.uint16)[None].repeat(8, axis=0)
    alpha = np.full_like(gray, 32768)
    for name, values in (("gray", gray), ("alpha", np.stack([gray, gray, gray, alpha], axis=-1))):
        content = imagecodecs.png_encode(values)
        chunk = b"cICP" + bytes((9, PQ, 0, 1))
        path = tmp_path / f"{name}.png"
        path.write_bytes(content[:33] + b"\0\0\0\4" + chunk + zlib.crc32(chunk).to_bytes(4, "big") + content[33:])
        image = make(path, recipe(PNG, hdr="tonemap"), tmp_path / "out").image
        seen = np.asarray(image.convert("RGBA"), dtype=float)[4]
        light = pq_light(np.linspace(0, 0.75, 256))[:, None].repeat(3, axis=1)
        assert np.abs(seen[:, :3] - expected(light)).mean() < 1.2
        assert seen[:, 3].mean() == pytest.approx(128 if name == "alpha" else 255, abs=1)


def test_small_pictures_are_mapped_as_large_ones(tmp_path):
    source = avif(tmp_path / "x.avif", PQ)
    steps = (Resize(fit=Dimensions(64, 64)),)
    image = make(source, recipe(PNG, steps=steps, hdr="tonemap"), tmp_path / "out").image.convert("RGB")
    wanted = Image.fromarray(expected(pq_light(colors())).round().astype(np.uint8)).resize(
        (64, 24), Image.Resampling.BOX
    )
    assert np.abs(np.asarray(image, dtype=float) - np.asarray(wanted, dtype=float))[2:6, 2:-2].mean() < 2


@pytest.mark.parametrize("write", [avif, png], ids=["avif", "png"])
def test_optimize_leaves_a_picture_for_hdr_screens_as_it_is(tmp_path, write):
    source = write(tmp_path / f"x.{write.__name__}", PQ)
    made = make(source, recipe(Output(format="same", lossless=True, min_saving=0.0)), tmp_path / "out")
    decode = imagecodecs.avif_decode if write is avif else imagecodecs.png_decode
    assert np.array_equal(decode(made.paths[0].read_bytes()), decode(source.read_bytes()))
    kind, _ = failure(made.paths[0], recipe(PNG), tmp_path / "again")
    assert kind == "unsupported"


def test_a_thumbnail_for_a_page_is_mapped(tmp_path):
    source = avif(tmp_path / "x.avif", PQ)
    assert make_thumbnail(str(source), 64, 10**6).size == (64, 24)


def test_what_a_file_for_hdr_screens_has_for_ordinary_ones_is_taken_by_its_gain_map(tmp_path):
    """The map darkens the left half by two stops, and the right half by none."""
    base = avif(tmp_path / "base.avif", PQ).read_bytes()
    map_image = Image.new("RGB", (64, 24), "white")
    map_image.paste("black", (0, 0, 32, 24))
    pairs = ((2, 1), (0, 1), (-2, 1), (0, 1), (1, 1), (1, 64), (1, 64))
    numbers = struct.pack(">HHB", 0, 0, 0x40) + b"".join(struct.pack(">iI", *pair) for pair in pairs)
    source = gain_map_items.write(tmp_path / "x.avif", base, gain_map_items.avif(map_image), numbers)
    made = make(source, recipe(PNG), tmp_path / "out")
    gain = np.where(np.arange(256) < 128, 0.25, 1.0)[None, :, None]
    light = np.maximum((pq_light(colors()) / 203 + 1 / 64) * gain - 1 / 64, 0)
    linear = np.clip(np.minimum(light, 1) @ TO_SRGB.T, 0, 1)
    wanted = 255 * np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    error = np.abs(np.asarray(made.image.convert("RGB"), dtype=float) - wanted)
    error[:, 120:136] = 0  # where the map's own steps are soft
    assert "ordinary ones was taken" in made.notes[0]
    assert len(made.notes) == 1
    assert error.mean() < 1.2
    small = make(source, recipe(PNG, steps=(Resize(fit=Dimensions(64, 64)),)), tmp_path / "small").image
    assert np.abs(np.asarray(small.convert("RGB"), dtype=float) - wanted[::4, ::4])[2:6, 2:30].mean() < 4
    optimized = make(source, recipe(Output(format="same", lossless=True, min_saving=0.0)), tmp_path / "optimized")
    assert b"tmap" in optimized.paths[0].read_bytes()
    assert optimized.notes == ()


def test_what_is_to_be_mapped_is_mapped_also_where_its_file_would_stay_as_it_is(tmp_path):
    source = png(tmp_path / "x.png", PQ)
    output = Output(format="same", lossless=True, min_saving=0.0)
    made = make(source, recipe(output, hdr="tonemap"), tmp_path / "out")
    assert "tone mapped" in made.notes[0]
    assert b"cICP" not in made.paths[0].read_bytes()
