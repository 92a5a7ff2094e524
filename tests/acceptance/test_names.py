"""Every file name that a file system takes is taken, kept, shown and given back."""

import os
import shutil
from pathlib import Path

import pytest

from tests.acceptance.program import Program

NAMES = [
    b"with space.jpg",
    b"new\nline.jpg",
    b'"quotes" \'n such.jpg',
    "\U0001f600 caf\u00e9.jpg".encode(),
    b"-r.jpg",
    b"--help.jpg",
    b"[brackets]*?.jpg",
    b"{stem}.jpg",
    b"not utf-8 \xff\xfe.jpg",
    b"\x1b[31mred.jpg",
    b"a" * 251 + b".jpg",
    "\u4e2d".encode() * 83 + b".jpg",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_file_goes_through_whatever_its_name(fileq: Program, photos: Path, name: bytes) -> None:
    source = os.path.join(os.fsencode(fileq.folder), name)
    shutil.copy(os.fsencode(photos / "IMG_0001.jpg"), source)
    fileq.run("run", "-r", "thumbnail", "--", source)
    assert os.path.exists(os.path.join(os.fsencode(fileq.folder), b"thumbnail", name))
    job = fileq.json("list")[0]
    assert os.fsencode(job["source"]) == source
    shown = fileq.run("list").stdout + fileq.run("show", "1").stdout
    assert "\x1b" not in shown


@pytest.mark.parametrize("name", NAMES)
def test_a_file_that_fails_fails_with_a_reason_whatever_its_name(fileq: Program, name: bytes) -> None:
    source = os.path.join(os.fsencode(fileq.folder), name)
    with open(source, "wb") as broken:
        broken.write(b"no picture")
    fileq.run("run", "-r", "thumbnail", "--", source, expect=1)
    (job,) = fileq.json("list")
    assert job["error"]["kind"] == "unreadable"
    fileq.run("show", "1")
    fileq.run("report", "--html", "page.html")
    fileq.run("doctor")


def test_a_folder_of_odd_names_goes_through_whole(fileq: Program, photos: Path) -> None:
    folder = os.path.join(os.fsencode(fileq.folder), b"odd \xff")
    os.mkdir(folder)
    for name in NAMES:
        shutil.copy(os.fsencode(photos / "IMG_0001.jpg"), os.path.join(folder, name))
    fileq.run("run", "-r", "thumbnail", folder)
    assert sorted(os.listdir(os.path.join(folder, b"thumbnail"))) == sorted(NAMES)


def test_names_come_in_through_a_list_too(fileq: Program, photos: Path) -> None:
    listed = fileq.folder / "list"
    listed.write_bytes(b"\0".join(os.fsencode(path) for path in sorted(photos.iterdir())))
    assert fileq.json("add", "--files-from", listed, "--null")["queued"] == 8


@pytest.mark.parametrize(
    "options",
    [
        ["--exec", b"cp {source} {output} \xff", "--name", "{stem}.o"],
        ["--exec", "cp {source} {output}", "--name", b"{stem}\xfe.o"],
        ["--op", b"watermark text=\xff"],
        ["--op", b"watermark picture=/logos/\xff.png"],
    ],
)
def test_a_recipe_that_is_no_text_is_refused(fileq: Program, photos: Path, options: list[str | bytes]) -> None:
    said = fileq.run("add", photos, *options, expect=2).stderr
    assert "UTF-8" in said or "\\xff" in said
    assert "inside fileq" not in said
