"""What a PNG says of its colors takes as few bytes as mean the same, and browsers show the same picture."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image, ImageChops, ImageCms, ImageStat

from fileq.files.containers import png_chunk, png_chunks
from fileq.images.color import icc
from fileq.images.color.icc import build_matrix_profile
from tests.images.lossless.test_never_larger import OPTIMIZE
from tests.support.images import make, photo, recipe

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.browser import Browser

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
P3 = build_matrix_profile(icc.DISPLAY_P3)
GAMMA = png_chunk(b"gAMA", (45455).to_bytes(4, "big"))
PRIMARIES = png_chunk(
    b"cHRM", b"".join(x.to_bytes(4, "big") for x in (31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000))
)
MEANING = png_chunk(b"sRGB", b"\1")
BACKGROUND = png_chunk(b"bKGD", bytes((0, 9, 0, 80, 0, 200)))


def png(path: Path, image: Image.Image, *chunks: bytes, **more: Any) -> bytes:
    image.save(file := io.BytesIO(), "PNG", **more)
    content = file.getvalue()
    path.write_bytes(content := content[:33] + b"".join(chunks) + content[33:])
    return content


def names(content: bytes) -> list[str]:
    return [chunk.name.decode() for chunk in png_chunks(io.BytesIO(content)) if chunk.name not in {b"IDAT", b"fqMK"}]


def optimized(path: Path, metadata: str = "copyright") -> bytes:
    made = make(path, recipe(OPTIMIZE, metadata=metadata), path.parent / f"out-{metadata}")
    assert made.notes == ()
    return made.paths[0].read_bytes()


@pytest.mark.parametrize("chunks", [[], [GAMMA, PRIMARIES]], ids=["alone", "with what it overrides"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
def test_a_profile_of_srgb_becomes_the_chunk_that_means_it_and_a_browser_sees_no_difference(
    tmp_path: Path, browser: Browser, mode: str, chunks: list[bytes]
) -> None:
    before = png(tmp_path / "x.png", photo((60, 40)).convert(mode), *chunks, icc_profile=SRGB)
    after = optimized(tmp_path / "x.png")
    assert len(after) < len(before) - 300
    assert "sRGB" in names(after)
    assert not {"iCCP", "gAMA", "cHRM"}.intersection(names(after))
    (tmp_path / "made.png").write_bytes(after)
    shown, made = (browser.draw(tmp_path / name, "image/png") for name in ("x.png", "made.png"))
    assert shown is not None
    assert made is not None
    difference = ImageChops.difference(shown.convert("RGB"), made.convert("RGB"))
    assert max(high for _, high in ImageStat.Stat(difference).extrema) <= 1  # a browser computes with the profile


def test_a_profile_of_other_colors_stays(tmp_path):
    png(tmp_path / "x.png", photo((60, 40)), icc_profile=P3)
    after = optimized(tmp_path / "x.png")
    assert Image.open(io.BytesIO(after)).info["icc_profile"] == P3


def test_a_profile_stays_with_colors_of_16_bits_which_it_was_not_tried_with(tmp_path):
    deep = photo((60, 40)).convert("L").convert("I;16")
    content = png(tmp_path / "x.png", deep)
    profile = png(tmp_path / "y.png", photo((60, 40)), icc_profile=SRGB)
    chunk = next(one for one in png_chunks(io.BytesIO(profile)) if one.name == b"iCCP")
    (tmp_path / "x.png").write_bytes(content[:33] + profile[chunk.start : chunk.end] + content[33:])
    assert "iCCP" in names(optimized(tmp_path / "x.png"))


def test_gamma_and_primaries_go_beside_the_chunk_that_overrides_them_and_stay_without_it(tmp_path):
    png(tmp_path / "x.png", photo((60, 40)), MEANING, GAMMA, PRIMARIES)
    assert names(optimized(tmp_path / "x.png")) == ["IHDR", "sRGB", "IEND"]
    png(tmp_path / "y.png", photo((60, 40)), GAMMA, PRIMARIES)
    assert {"gAMA", "cHRM"}.issubset(names(optimized(tmp_path / "y.png")))


def test_a_background_goes_where_no_pixel_lets_it_through(tmp_path):
    png(tmp_path / "x.png", photo((60, 40)), BACKGROUND)
    assert "bKGD" not in names(optimized(tmp_path / "x.png"))
    clear = photo((60, 40))
    clear.putalpha(photo((60, 40)).convert("L"))
    png(tmp_path / "y.png", clear, BACKGROUND)
    assert "bKGD" in names(optimized(tmp_path / "y.png"))


def test_all_of_it_stays_where_all_metadata_does(tmp_path):
    png(tmp_path / "x.png", photo((60, 40)), GAMMA, PRIMARIES, BACKGROUND, icc_profile=SRGB)
    assert {"iCCP", "gAMA", "cHRM", "bKGD"}.issubset(names(optimized(tmp_path / "x.png", metadata="all")))
