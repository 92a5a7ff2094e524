"""Small JPEGs, which take fewer bytes in one scan than when progressive: beside jpegtran, and with the same pixels."""

from __future__ import annotations

import io
import random
import shutil
import subprocess
from typing import Any

import mozjpeg_lossless_optimization as mozjpeg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fileq.images.errors import DAMAGE
from fileq.images.lossless.comparison import show_the_same
from fileq.images.lossless.jpeg_huffman import code_lengths, encode_again
from fileq.images.metadata.mark import without_mark
from fileq.recipes.recipe import Output
from tests.support.images import make, photo, recipe

KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "plain": ("RGB", {}), "full colour": ("RGB", {"subsampling": 0}), "half": ("RGB", {"subsampling": 1}),
    "gray": ("L", {}), "inks": ("CMYK", {}), "worst": ("RGB", {"quality": 1}), "best": ("RGB", {"quality": 98}),
    "packed": ("RGB", {"optimize": True}),
}  # fmt: skip
needs_jpegtran = pytest.mark.skipif(shutil.which("jpegtran") is None, reason="jpegtran is not installed")


def jpeg(size: tuple[int, int], mode: str = "RGB", **options: Any) -> bytes:
    content = io.BytesIO()
    photo(size).convert(mode).save(content, "JPEG", **options)
    return content.getvalue()


@needs_jpegtran
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [(1, 1), (8, 8), (17, 9), (60, 40), (97, 61)])
def test_one_scan_shows_the_same_and_is_no_larger_than_jpegtrans(tmp_path, kind, size):
    mode, options = KINDS[kind]
    (tmp_path / "x.jpg").write_bytes(content := jpeg(size, mode, **options))
    command = ["jpegtran", "-copy", "all", "-optimize", str(tmp_path / "x.jpg")]
    judged = subprocess.run(command, check=True, capture_output=True).stdout
    again = encode_again(content)
    if again is not None:  # else its scan is long
        assert len(again) <= len(judged)
        assert show_the_same(again, content, "JPEG")


@needs_jpegtran
@pytest.mark.parametrize("size", [(1, 1), (60, 40), (120, 80), (400, 300)])
def test_optimize_makes_small_and_large_ones_no_larger_than_jpegtran_or_mozjpeg_do(tmp_path, size):
    (tmp_path / "x.jpg").write_bytes(content := jpeg(size))
    output = Output(format="same", lossless=True, min_saving=0.0)
    made = make(tmp_path / "x.jpg", recipe(output), tmp_path / "out").paths[0].read_bytes()
    command = ["jpegtran", "-copy", "none", "-optimize", str(tmp_path / "x.jpg")]
    judged = subprocess.run(command, check=True, capture_output=True).stdout
    assert len(without_mark(made, "jpeg")) <= min(len(judged), len(mozjpeg.optimize(content)))
    assert show_the_same(made, content, "JPEG")


@pytest.mark.parametrize("options", [{"progressive": True}, {"restart_marker_blocks": 4}], ids=str)
def test_what_is_in_several_parts_is_left_alone(options):
    assert encode_again(jpeg((60, 40), **options)) is None


def test_a_damaged_file_gives_none_or_an_error_that_is_known():
    content, chance = jpeg((60, 40)), random.Random(4)
    for _ in range(400):
        damaged = bytearray(content)
        damaged[chance.randrange(2, len(content))] = chance.randrange(256)
        try:
            encode_again(bytes(damaged))
        except (OSError, *DAMAGE):
            continue


@given(st.dictionaries(st.integers(0, 255), st.integers(1, 10**6), min_size=1, max_size=256))
def test_codes_are_at_most_16_bits_long_and_leave_all_ones_free(frequencies):
    lengths = code_lengths(frequencies)
    assert set(lengths) == set(frequencies)
    assert all(1 <= length <= 16 for length in lengths.values())
    assert sum(2.0**-length for length in lengths.values()) < 1
    assert list(lengths.values()) == sorted(lengths.values())


def test_codes_stay_short_where_use_falls_off_as_fast_as_it_can():
    lengths = code_lengths({symbol: 2**symbol for symbol in range(60)})
    assert max(lengths.values()) == 16
    assert sum(2.0**-length for length in lengths.values()) < 1
