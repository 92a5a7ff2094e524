"""The main job on real-looking photos: every one upright, sRGB, small enough; and only once."""

import os
from functools import lru_cache
from pathlib import Path

import pytest
from PIL import Image

from tests.acceptance.program import Program, files
from tests.support.photos import photo, write

COUNT = 24


@pytest.fixture(scope="module")
def album(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Photos of 12 megapixels, several in each orientation."""
    return write(tmp_path_factory.mktemp("album"), COUNT)


def test_a_folder_of_photos_becomes_web_pictures_once(fileq: Program, album: list[Path]) -> None:
    folder = album[0].parent
    answer = fileq.run("run", folder, "-r", "web")
    outputs = files(folder / "web")
    assert outputs == [path.name for path in album]
    for number, name in enumerate(outputs):
        check_web_picture(folder / "web" / name, number % 4)
    assert f"{COUNT} done" in answer.stdout

    again = fileq.run("run", folder, "-r", "web")
    assert str(COUNT) in again.stdout + again.stderr
    assert fileq.json("status")["jobs"]["done"] == COUNT
    assert len(fileq.ask("select * from attempts")) == COUNT

    touched = album[7]
    photo((4000, 3000), 99).save(touched)
    os.utime(touched, (1_700_000_000, 1_700_000_000))
    before = {name: os.stat(folder / "web" / name).st_mtime_ns for name in outputs}
    fileq.run("run", folder, "-r", "web")
    changed = [name for name in outputs if os.stat(folder / "web" / name).st_mtime_ns != before[name]]
    assert changed == [touched.name]
    assert files(folder / "web") == outputs


def check_web_picture(path: Path, motif: int) -> None:
    with Image.open(path) as image:
        assert image.format == "JPEG"
        assert image.size == (1600, 1200)
        assert image.getexif().get(0x0112, 1) == 1
        assert "icc_profile" not in image.info or b"sRGB" in image.info["icc_profile"]
        assert difference(image.resize((40, 30)), upright(motif)) < 8


@lru_cache
def upright(motif: int) -> Image.Image:
    return photo((4000, 3000), motif).resize((40, 30))


def difference(one: Image.Image, other: Image.Image) -> float:
    """The mean difference of two pictures of the same size, in levels of 255."""
    pairs = zip(one.convert("RGB").tobytes(), other.convert("RGB").tobytes(), strict=True)
    distances = [abs(a - b) for a, b in pairs]
    return sum(distances) / len(distances)
