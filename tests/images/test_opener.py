from __future__ import annotations

import os
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from PIL import Image

from fileq.errors import ErrorKind, JobError
from fileq.images.pipeline import open_run
from fileq.images.protocol import Reservation
from fileq.operations.builtin.crop import Crop
from fileq.operations.builtin.resize import Resize
from fileq.operations.programs.command import Command
from fileq.recipes.recipe import Output
from fileq.units import Dimensions
from tests.images import heic
from tests.support.images import (
    BLUE,
    GREEN,
    RED,
    YELLOW,
    close,
    failure,
    make,
    photo,
    pipeline_request,
    pixel_of,
    quarters,
    recipe,
)

READ = ["jpg", "png", "gif", "webp", "avif", "tif", "bmp", "jp2", "ico", "tga", "ppm", "qoi"]


@pytest.mark.parametrize("ending", READ)
def test_every_format_is_read_whatever_the_files_name(tmp_path, ending):
    quarters((64, 64)).save(tmp_path / f"x.{ending}")
    (tmp_path / f"x.{ending}").rename(tmp_path / "x.dat")
    made = make(tmp_path / "x.dat", recipe(Output(name="o.png")), tmp_path / "out").image
    assert made.size == (64, 64)
    assert pixel_of(made.convert("RGB"), (5, 5))[0] > 180


def with_cicp(path, transfer: int) -> None:
    """A PNG that names its primaries (9: BT.2020) and transfer function."""
    quarters().save(path)
    content = path.read_bytes()
    chunk = b"cICP" + bytes((9, transfer, 0, 1))
    path.write_bytes(content[:33] + b"\0\0\0\4" + chunk + zlib.crc32(chunk).to_bytes(4, "big") + content[33:])


@pytest.mark.parametrize(("transfer", "word"), [(16, "PQ"), (18, "HLG")])
def test_high_dynamic_range_is_refused_and_not_washed_out(tmp_path, transfer, word):
    with_cicp(tmp_path / "x.png", transfer)
    kind, message = failure(tmp_path / "x.png", recipe(), tmp_path / "out")
    assert kind == ErrorKind.UNSUPPORTED
    assert word in message


@pytest.mark.parametrize("transfer", [1, 13])
def test_ordinary_transfer_functions_are_no_high_dynamic_range(tmp_path, transfer):
    with_cicp(tmp_path / "x.png", transfer)
    assert make(tmp_path / "x.png", recipe(), tmp_path / "out").image.size == (120, 80)


@pytest.mark.parametrize(("transfer", "word"), [(16, "PQ"), (18, "HLG")])
def test_heic_with_high_dynamic_range_is_refused(tmp_path, transfer, word):
    colors = b"\0\0\0\x13colrnclx\0\x09" + transfer.to_bytes(2, "big") + b"\0\x09\x80"
    (tmp_path / "x.heic").write_bytes(heic.with_boxes([colors]))
    kind, message = failure(tmp_path / "x.heic", recipe(), tmp_path / "out")
    assert kind == ErrorKind.UNSUPPORTED
    assert word in message


def test_the_gain_map_of_an_iphone_is_said_to_be_left_out(tmp_path):
    kind = b"\0\0\0\0urn:com:apple:photo:2020:aux:hdrgainmap\0"
    (tmp_path / "x.heic").write_bytes(heic.with_boxes([(8 + len(kind)).to_bytes(4, "big") + b"auxC" + kind]))
    made = make(tmp_path / "x.heic", recipe(Output(name="o.png")), tmp_path / "out")
    assert made.image.size == (96, 64)
    assert "gain map" in made.notes[0]


@pytest.mark.parametrize(("transfer", "word"), [(16, "PQ"), (18, "HLG")])
def test_avif_with_high_dynamic_range_is_refused(tmp_path, transfer, word):
    quarters().save(tmp_path / "x.avif")
    content = (tmp_path / "x.avif").read_bytes()
    at = content.index(b"colrnclx") + 10
    (tmp_path / "x.avif").write_bytes(content[:at] + transfer.to_bytes(2, "big") + content[at + 2 :])
    kind, message = failure(tmp_path / "x.avif", recipe(), tmp_path / "out")
    assert kind == ErrorKind.UNSUPPORTED
    assert word in message


def test_names_and_sizes_are_planned_without_decoding(tmp_path):
    from fileq.images.pipeline import open_run

    photo((400, 300)).save(tmp_path / "whole.jpg")
    source = tmp_path / "x.jpg"
    source.write_bytes((tmp_path / "whole.jpg").read_bytes()[:2000])
    wanted = recipe(Output(name="{stem}-{width}.jpg"), steps=(Resize(fit=Dimensions(200, 200)),))
    with open_run(pipeline_request(source, wanted, tmp_path / "out")) as picture:
        assert (picture.planned[0].width, picture.planned[0].height) == (200, 150)
        assert picture.planned[0].path == str(tmp_path / "out" / "x-200.jpg")


def test_a_trim_is_planned_as_it_will_come_out(tmp_path):
    image = Image.new("RGB", (100, 80), "white")
    image.paste(quarters((40, 20)), (30, 30))
    image.save(tmp_path / "x.png")
    made = make(
        tmp_path / "x.png", recipe(Output(name="{width}x{height}.png"), steps=(Crop(trim=True),)), tmp_path / "out"
    )
    assert made.paths[0].name == "40x20.png"
    assert made.image.size == (40, 20)


def test_hash_and_date_name_outputs(tmp_path):
    exif = Image.Exif()
    exif[0x8769] = {0x9003: "2024:02:29 12:00:00"}
    quarters().save(tmp_path / "x.jpg", exif=exif)
    made = make(tmp_path / "x.jpg", recipe(Output(name="{date}/{hash}.{ext}")), tmp_path / "out")
    assert made.paths[0].parent.name == "2024-02-29"
    assert len(made.paths[0].stem) == 16


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (3000, 1), (2, 3)])
@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "gif", "avif"])
def test_the_thinnest_pictures_are_made(tmp_path, size, ending):
    quarters(size).save(tmp_path / "x.png")
    outputs = (Output(name=f"a.{ending}", steps=(Resize(fit=Dimensions(50, 50)),)), Output(name=f"b.{ending}"))
    made = make(tmp_path / "x.png", recipe(*outputs), tmp_path / "out")
    assert [image.size for image in made.images()] == [(plan.width, plan.height) for plan in made.planned]


def test_a_name_that_is_not_utf_8_is_opened(tmp_path):
    source = str(tmp_path / "caf\udce9.png")
    with open(source, "wb") as file:
        quarters().save(file, format="PNG")
    assert make(source, recipe(), tmp_path / "out").paths[0].name == "caf\udce9.png"


def test_the_pipeline_imports_no_decoder_that_few_files_need():
    code = "import sys, fileq.images.pipeline; print('pi_heif' in sys.modules, 'numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_heic_is_read_and_becomes_jpeg(tmp_path):
    source = Path(__file__).with_name("quarters.heic")
    made = make(source, recipe(steps=(Resize(scale=0.5),)), tmp_path / "out")
    assert made.paths[0].name == "quarters.jpg"
    assert made.image.size == (48, 32)
    places = {(4, 4): RED, (43, 4): GREEN, (4, 27): BLUE, (43, 27): YELLOW}
    assert all(close(made.image.getpixel(place), color, 25) for place, color in places.items())


def test_a_heic_that_is_cut_off_is_unreadable(tmp_path):
    whole = Path(__file__).with_name("quarters.heic").read_bytes()
    (tmp_path / "x.heic").write_bytes(whole[: len(whole) * 2 // 3])
    assert failure(tmp_path / "x.heic", recipe(), tmp_path / "out")[0] == ErrorKind.UNREADABLE


def test_a_name_that_is_not_utf_8_becomes_the_title_of_a_pdf(tmp_path):
    source = str(tmp_path / "caf\udce9.png")
    with open(source, "wb") as file:
        quarters().save(file, format="PNG")
    assert make(source, recipe(Output(name="o.pdf")), tmp_path / "out").encoded[0].bytes > 0


@pytest.mark.parametrize("same", [True, False])
def test_another_file_with_the_same_size_and_time_is_not_the_one_that_was_added(tmp_path, same):
    """Somebody has swapped a folder above it for a link to one of their own."""
    added, other = tmp_path / "inbox" / "a.png", tmp_path / "other" / "a.png"
    for path in (added, other):
        path.parent.mkdir()
        quarters().save(path)
        os.utime(path, (1000, 1000))
    inode = added.stat().st_ino
    if not same:
        (tmp_path / "inbox").rename(tmp_path / "moved")
        (tmp_path / "inbox").symlink_to("other")
    if same:
        assert make(added, recipe(), tmp_path / "out", inode=inode).image
    else:
        assert failure(added, recipe(), tmp_path / "out", inode=inode)[0] is ErrorKind.CHANGED


@pytest.mark.parametrize("steps", [(), (Command(argv=("cp", "{source}", "{output}")),)], ids=["pixels", "program"])
@pytest.mark.parametrize("replace", [True, False])
def test_an_edit_within_its_size_and_time_is_seen_where_the_original_would_go(tmp_path, replace, steps):
    path = tmp_path / "a.png"
    quarters().save(path)
    with open_run(pipeline_request(path, recipe(replace=replace, steps=steps), tmp_path)) as picture:
        status = path.stat()
        with path.open("r+b") as file:
            file.seek(-1, os.SEEK_END)
            file.write(b"\x82")
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
        targets = [Reservation(path=str(tmp_path / ".temp"), temp=str(tmp_path / ".temp"), is_source=replace)]
        if not replace:
            assert picture.make(targets)
            return
        with pytest.raises(JobError) as caught:
            picture.make(targets)
        assert caught.value.kind is ErrorKind.CHANGED
