"""What can't be processed ends failed, with the right kind, a clear sentence and a hint; the rest is done."""

import os
import shutil
from pathlib import Path

import pytest

from tests.acceptance.program import Program, files

QUICK_RETRIES = '[worker]\nretry_delay = "100ms"\n'


def failure_of(fileq: Program, source: Path) -> dict[str, str]:
    jobs = [job for job in fileq.json("list") if job["source"] == str(source)]
    assert [job["state"] for job in jobs] == ["failed"]
    error: dict[str, str] = jobs[0]["error"]
    assert len(error["message"]) > 10
    assert error["message"].endswith(".")
    assert error["hint"]
    return error


def nothing_is_left_half_written(folder: Path) -> bool:
    return not [name for name in files(folder) if ".fileq-" in name]


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-5000])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def turned_to_text(path: Path) -> None:
    path.write_text("This is no picture.\n")


@pytest.mark.parametrize("spoil", [truncated, emptied, turned_to_text])
def test_a_spoilt_picture_fails_as_unreadable_and_is_not_tried_again(fileq: Program, photos: Path, spoil) -> None:
    bad = photos / "IMG_0003.jpg"
    spoil(bad)
    fileq.run("run", photos, expect=1)
    assert failure_of(fileq, bad)["kind"] == "unreadable"
    assert fileq.states() == {"done": 7, "failed": 1}
    assert fileq.ask("select max(attempts) from jobs") == [(1,)]
    assert nothing_is_left_half_written(photos)


def test_a_folder_called_like_a_picture_is_walked_as_a_folder(fileq: Program, photos: Path) -> None:
    (photos / "x.jpg").mkdir()
    shutil.copy(photos / "IMG_0001.jpg", photos / "x.jpg" / "inside.jpg")
    assert fileq.json("add", photos)["queued"] == 9


def test_a_picture_over_max_pixels_fails_as_too_large(fileq: Program, photos: Path) -> None:
    fileq.configure("[worker]\nmax_pixels = 1000\n")
    fileq.run("run", photos / "IMG_0001.jpg", expect=1)
    assert failure_of(fileq, photos / "IMG_0001.jpg")["kind"] == "too_large"


def test_a_source_that_vanished_after_add_fails_as_missing(fileq: Program, photos: Path) -> None:
    fileq.run("add", photos)
    (photos / "IMG_0002.jpg").unlink()
    fileq.run("worker", "--drain")
    assert failure_of(fileq, photos / "IMG_0002.jpg")["kind"] == "missing"
    assert fileq.states() == {"done": 7, "failed": 1}


def test_a_source_that_changed_after_add_fails_as_changed(fileq: Program, photos: Path) -> None:
    fileq.run("add", photos)
    shutil.copy(photos / "IMG_0005.jpg", photos / "IMG_0002.jpg")
    fileq.run("worker", "--drain")
    assert failure_of(fileq, photos / "IMG_0002.jpg")["kind"] == "changed"
    assert fileq.json("add", photos)["queued"] == 1
    fileq.run("worker", "--drain")
    assert fileq.states() == {"done": 8, "superseded": 1}


def test_two_sources_with_one_output_name_are_one_done_and_one_conflict(fileq: Program, photos: Path) -> None:
    other = photos / "more"
    other.mkdir()
    shutil.copy(photos / "IMG_0004.jpg", other / "IMG_0001.jpg")
    out = fileq.folder / "out"
    sources = [photos / "IMG_0001.jpg", other / "IMG_0001.jpg"]
    fileq.configure(f'[recipes.flat]\nout = "{out}"\n')
    fileq.run("run", *sources, "-r", "flat", expect=1)
    jobs = {job["source"]: job for job in fileq.json("list")}
    assert sorted(job["state"] for job in jobs.values()) == ["done", "failed"]
    failed = next(job for job in jobs.values() if job["state"] == "failed")
    assert failed["error"]["kind"] == "conflict"
    assert files(out) == ["IMG_0001.jpg"]


@pytest.mark.parametrize(
    ("way", "code", "names"),
    [
        ("fail", 1, ["IMG_0001.jpg"]),
        ("skip", 0, ["IMG_0001.jpg"]),
        ("rename", 0, ["IMG_0001-1.jpg", "IMG_0001.jpg"]),
        ("overwrite", 0, ["IMG_0001.jpg"]),
    ],
)
def test_a_file_that_was_there_before_is_treated_as_the_recipe_says(
    fileq: Program, photos: Path, way: str, code: int, names: list[str]
) -> None:
    fileq.configure(f'[recipes.small]\non_conflict = "{way}"\nsteps = [ {{ op = "resize", fit = "100x100" }} ]\n')
    out = photos / "small"
    out.mkdir()
    (out / "IMG_0001.jpg").write_text("mine")
    source = (photos / "IMG_0001.jpg").read_bytes()
    fileq.run("run", photos / "IMG_0001.jpg", "-r", "small", expect=code)
    assert files(out) == names
    assert ((out / "IMG_0001.jpg").read_bytes() == b"mine") is (way != "overwrite")
    assert (photos / "IMG_0001.jpg").read_bytes() == source
    if code:
        assert failure_of(fileq, photos / "IMG_0001.jpg")["kind"] == "conflict"


def test_an_output_never_takes_the_place_of_its_source(fileq: Program, photos: Path) -> None:
    fileq.configure(
        '[recipes.here]\nout = "{folder}"\non_conflict = "overwrite"\n[[recipes.here.outputs]]\nname = "{name}"\n'
    )
    source = (photos / "IMG_0001.jpg").read_bytes()
    fileq.run("run", photos / "IMG_0001.jpg", "-r", "here", expect=1)
    assert failure_of(fileq, photos / "IMG_0001.jpg")["kind"] == "conflict"
    assert (photos / "IMG_0001.jpg").read_bytes() == source


def test_an_output_folder_that_can_not_be_written_fails_as_permission(fileq: Program, photos: Path) -> None:
    locked = fileq.folder / "locked"
    locked.write_text("a file where the folder should be")
    fileq.run("run", photos / "IMG_0001.jpg", "-o", "/proc/fileq", expect=1)
    assert failure_of(fileq, photos / "IMG_0001.jpg")["kind"] in {"permission", "missing"}


def test_a_full_disk_fails_as_no_space_and_leaves_nothing_behind(fileq: Program, photos: Path) -> None:
    import resource

    fileq.configure(QUICK_RETRIES)
    before = fileq.json("add", photos)

    def small_files_only() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2**21, 2**21))  # the database stays below that

    assert before["queued"] == 8
    noise = fileq.folder / "big.png"
    from PIL import Image

    Image.frombytes("RGB", (900, 900), os.urandom(900 * 900 * 3)).save(noise)
    fileq.configure(QUICK_RETRIES + '[recipes.raw]\n[[recipes.raw.outputs]]\nname = "{stem}.png"\n')
    fileq.run("add", noise, "-r", "raw")
    fileq.run("worker", "--drain", preexec_fn=small_files_only)
    assert failure_of(fileq, noise)["kind"] == "no_space"
    assert fileq.states() == {"done": 8, "failed": 1}
    assert nothing_is_left_half_written(fileq.folder)
