"""A WebP whose canvas has no room in memory is no damaged one: libwebp says the same of both."""

from __future__ import annotations

import io
import subprocess
import sys

import pytest
from PIL import Image

from fileq.images.formats import webp
from tests.support.images import photo

WITH_LITTLE_MEMORY = """
import resource, sys
from fileq.errors import JobError
from fileq.images.decode.opener import open_image
from fileq.images.memory import estimate_memory, refuse_beyond
from fileq.recipes.recipe import Output, Recipe
limit = 100 * 2**20
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
recipe = Recipe(name="x", outputs=(Output(),))
try:
    with open(sys.argv[1], "rb") as file:
        def claim(header):
            refuse_beyond(limit, estimate_memory(header, recipe), "x.webp")

        open_image(file, "x.webp", 10**8, claim)
except JobError as error:
    print(error.kind.value, error.message)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the memory of a process by RLIMIT_DATA")
def test_a_valid_webp_without_room_in_memory_is_not_called_damaged(tmp_path):
    Image.new("RGB", (6000, 5000), "teal").save(tmp_path / "x.webp")
    said = subprocess.run(
        [sys.executable, "-c", WITH_LITTLE_MEMORY, tmp_path / "x.webp"], capture_output=True, text=True, check=True
    )
    assert said.stdout.startswith("memory x.webp needs about")


@pytest.mark.parametrize("options", [{}, {"lossless": True}, {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\0"}])
def test_the_size_of_each_kind_of_webp_is_told_by_its_first_bytes(options):
    file = io.BytesIO()
    photo((301, 207)).save(file, "WEBP", **options)
    assert webp.read_size(file.getvalue()) == (301, 207)


def test_what_is_no_webp_has_no_size():
    assert webp.read_size(b"RIFF\0\0\0\0WAVEfmt " + bytes(40)) is None
