"""Files with damage where gain maps are told of: a picture is made or refused, and nothing else happens."""

from __future__ import annotations

import random

import pytest

from fileq.errors import ErrorKind, JobError
from fileq.operations.builtin.resize import Resize
from fileq.recipes.recipe import Output
from tests.images import heic
from tests.images.gain_maps import gain_map_items, test_apple, ultra_hdr
from tests.support.images import make, photo, recipe

NAMES = (
    b"MPF\0", b"hdrgm", b"21496", b"Container", b"Length", b"HDRGain", b"Apple iOS", b"ipma", b"iloc", b"iinf", b"iref",
    b"dimg", b"tmap", b"pitm", b"auxC", b"ipco",
)  # fmt: skip
EXTREMES = (b"\0\0\0\0", b"\0\0\0\1", b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff")
RECIPES = [
    recipe(Output(name="o.jpg"), steps=(Resize(scale=0.5),)),
    recipe(Output(format="same", lossless=True, min_saving=0.0)),
]


def sources(folder):
    """One file of each kind that has a gain map."""
    small, picture = ultra_hdr.gain_map((16, 12)), photo((64, 48))
    plain, camera = heic.PLAIN.read_bytes(), test_apple.exif(1.0, 0.0)
    parts = gain_map_items.avif(picture), gain_map_items.avif(small.convert("RGB"))
    return [
        ultra_hdr.write(folder / "a.jpg", picture, small, more=ultra_hdr.CREDIT),
        ultra_hdr.write(folder / "b.jpg", picture, small.convert("RGB"), channels=3, by_iso=False),
        test_apple.jpeg(folder / "c.jpg", test_apple.OLD_XMP, camera),
        gain_map_items.write(folder / "d.avif", *parts),
        gain_map_items.write(folder / "e.heic", plain, plain),
        gain_map_items.write_auxiliary(folder / "f.heic", plain, plain, test_apple.OLD_XMP, camera),
    ]


def damaged(content: bytes, chance: random.Random) -> bytes:
    places = [content.find(name) for name in NAMES if name in content]
    at = max(0, min(len(content) - 4, chance.choice(places) + chance.randrange(-8, 70)))
    new = chance.choice((*EXTREMES, bytes((chance.randrange(256),)), b""))
    return content[:at] + new + content[at + max(1, len(new)) :]


@pytest.mark.parametrize("seed", range(6))
def test_damage_is_no_internal_failure(tmp_path, seed):
    chance, kinds = random.Random(seed), list[ErrorKind | None]()
    whole = sources(tmp_path)[seed]
    for number in range(40):
        source = tmp_path / f"{number}{whole.suffix}"
        source.write_bytes(damaged(whole.read_bytes(), chance))
        try:
            make(source, RECIPES[number % 2], tmp_path / f"out{number}")
            kinds.append(None)
        except JobError as error:
            kinds.append(error.kind)
    assert set(kinds) <= {None, ErrorKind.UNREADABLE, ErrorKind.UNSUPPORTED, ErrorKind.TOO_LARGE}
    assert kinds.count(None) > 3
