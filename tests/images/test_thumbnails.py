"""Small pictures of files: they look like them, and no file can do harm."""

import io
import os
import random

import pytest
from PIL import Image

from fileq.errors import ErrorKind, JobError
from fileq.images import thumbnails
from fileq.images.thumbnails import make_thumbnail
from tests.images import profiles
from tests.images.test_odd_files import EXTRAS, STILLS, moving, whole
from tests.support.images import BLUE, GREEN, RED, YELLOW, close, quarters
from tests.support.photos import TURNS, exif

MANY = 10_000_000


def small(path, side=60, **keys):
    made = make_thumbnail(str(path), side, MANY, **keys)
    image = Image.open(io.BytesIO(made.content))
    assert image.format == "WEBP"
    assert made.size == image.size
    return made, image


def corners(image):
    right, bottom = image.width - 8, image.height - 8
    return [image.convert("RGB").getpixel(place) for place in ((7, 7), (right, 7), (7, bottom), (right, bottom))]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_is_upright_and_fits_into_its_square(tmp_path, orientation):
    stored = quarters((240, 160))
    stored = stored.transpose(TURNS[orientation]) if orientation in TURNS else stored
    stored.save(tmp_path / "a.jpg", exif=exif(orientation), quality=95)
    made, image = small(tmp_path / "a.jpg")
    assert (made.full, image.size) == ((240, 160), (60, 40))
    assert all(close(*pair, by=30) for pair in zip(corners(image), (RED, GREEN, BLUE, YELLOW), strict=True))
    assert not image.getexif()


@pytest.mark.parametrize("ending", [*STILLS, *EXTRAS])
def test_all_formats_that_can_be_read_can_be_shown(tmp_path, ending):
    (tmp_path / f"x.{ending}").write_bytes(whole(ending))
    made, _ = small(tmp_path / f"x.{ending}")
    assert max(made.size) <= 60


@pytest.mark.parametrize("ending", ["gif", "webp", "png"])
def test_of_an_animation_the_first_frame_is_shown(tmp_path, ending):
    (tmp_path / f"x.{ending}").write_bytes(moving(ending))
    _, image = small(tmp_path / f"x.{ending}")
    assert getattr(image, "n_frames", 1) == 1


def test_its_colors_are_those_of_srgb(tmp_path):
    icc = profiles.rgb(profiles.ADOBE, 2.2)
    color = (150, 130, 110)
    Image.new("RGB", (100, 100), color).save(tmp_path / "a.png", icc_profile=icc)
    _, image = small(tmp_path / "a.png")
    assert "icc_profile" not in image.info
    seen = profiles.xyz(image.getpixel((20, 20)), profiles.SRGB, None)
    assert profiles.delta_e(seen, profiles.xyz(color, profiles.ADOBE, 2.2)) < 2
    assert profiles.delta_e(seen, profiles.xyz(color, profiles.SRGB, None)) > 4


def test_transparency_and_16_bit_stay_what_they_look_like(tmp_path):
    Image.new("RGBA", (100, 100), (200, 0, 0, 0)).save(tmp_path / "a.png")
    assert small(tmp_path / "a.png")[1].getpixel((9, 9))[3] == 0
    Image.new("I;16", (100, 100), 32768).save(tmp_path / "b.png")
    assert close(small(tmp_path / "b.png")[1].getpixel((9, 9)), (128, 128, 128), by=3)


def test_a_small_picture_is_not_enlarged(tmp_path):
    quarters((20, 10)).save(tmp_path / "a.png")
    assert small(tmp_path / "a.png")[0].size == (20, 10)


def kind_of(path, most=MANY, **keys):
    with pytest.raises(JobError) as caught:
        make_thumbnail(str(path), 60, most, **keys)
    return caught.value.kind


def test_what_is_too_large_changed_gone_or_no_picture_says_so(tmp_path):
    path = tmp_path / "a.png"
    quarters((200, 100)).save(path)
    about = os.stat(path)
    assert kind_of(path, most=19_999) is ErrorKind.TOO_LARGE
    assert kind_of(path, size=about.st_size + 1) is ErrorKind.CHANGED
    assert kind_of(path, mtime_ns=about.st_mtime_ns + 1) is ErrorKind.CHANGED
    assert kind_of(tmp_path / "gone.png") is ErrorKind.MISSING
    assert kind_of(tmp_path) is ErrorKind.UNREADABLE
    path.write_text("<svg onload='alert(1)'></svg>")
    assert kind_of(path) is ErrorKind.UNSUPPORTED
    path.write_text("a note")
    assert kind_of(path) is ErrorKind.UNREADABLE
    assert make_thumbnail(whole_jpeg(tmp_path), 60, MANY, size=-1).size


def whole_jpeg(folder):
    path = folder / "b.jpg"
    path.write_bytes(whole("jpg"))
    return str(path)


@pytest.mark.parametrize("ending", STILLS)
def test_no_damage_raises_anything_but_a_job_error(tmp_path, ending):
    content, chance = whole(ending), random.Random(ending)
    for _ in range(40):
        damaged = bytearray(content[: chance.randrange(len(content))] if chance.random() < 0.3 else content)
        for _ in range(chance.randrange(1, 30)):
            if damaged:
                damaged[chance.randrange(min(len(damaged), chance.choice([200, len(damaged)])))] = chance.randrange(256)
        (tmp_path / "x").write_bytes(damaged)
        try:
            make_thumbnail(str(tmp_path / "x"), 60, MANY)
        except JobError as error:
            assert error.message  # noqa: PT017  # most are unreadable, some can be shown all the same


class Panic(BaseException):
    """What a panic in a decoder written in Rust becomes in Python."""


@pytest.mark.parametrize("error", [Panic("index out of bounds"), Warning("odd"), MemoryError(), RecursionError("deep")])
def test_whatever_a_decoder_raises_is_this_files_failure(tmp_path, monkeypatch, error):
    def fail(*_):
        raise error

    monkeypatch.setattr(thumbnails, "open_image", fail)
    assert kind_of(whole_jpeg(tmp_path)) in {ErrorKind.UNREADABLE, ErrorKind.MEMORY}


def test_ctrl_c_still_stops_it(tmp_path, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(thumbnails, "open_image", stop)
    with pytest.raises(KeyboardInterrupt):
        make_thumbnail(whole_jpeg(tmp_path), 60, MANY)
