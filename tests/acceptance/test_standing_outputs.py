"""Outputs that stand, and that the database knows nothing of: fileq's own as long as nobody has changed them."""

import os
import shutil
from pathlib import Path

import pytest
from PIL import Image

from tests.acceptance.program import Program, files

NAMES = ["IMG_0001.jpg", "IMG_0002.jpg", "IMG_0003.jpg"]


@pytest.fixture
def made(fileq: Program, small_photos: list[Path]) -> Path:
    """A folder of photos with their outputs, which the database knows nothing of."""
    folder = fileq.folder / "p"
    folder.mkdir()
    for name, photo in zip(NAMES, small_photos, strict=False):
        shutil.copy(photo, folder / name)
    fileq.run("run", "p")
    lose_database(fileq)
    return folder


def lose_database(fileq: Program) -> None:
    fileq.environment["FILEQ_DATABASE"] = str(fileq.folder / "another.db")


def test_another_database_makes_them_anew_and_then_has_them_up_to_date(fileq: Program, made: Path) -> None:
    before = files(made)
    plan = fileq.run("run", "p", "--dry-run").stdout
    assert plan.count("replaces its own") == 3
    assert fileq.json("run", "p")["jobs"]["done"] == 3
    assert files(made) == before
    assert fileq.json("run", "p")["up_to_date"] == 3


def test_a_recipe_that_has_changed_replaces_them(fileq: Program, made: Path) -> None:
    fileq.run("run", "p", "-r", "web", "--resize", "20x20")
    with Image.open(made / "web" / NAMES[0]) as image:
        assert max(image.size) == 20


@pytest.mark.parametrize("keeps_times", [True, False])
def test_a_copy_of_the_folder_is_made_anew(fileq: Program, made: Path, keeps_times: bool) -> None:
    shutil.copytree(made, fileq.folder / "copy", copy_function=shutil.copy2 if keeps_times else shutil.copyfile)
    assert fileq.json("run", "copy")["jobs"]["done"] == 3


@pytest.mark.parametrize("place", [300, -300, -2])
def test_one_that_was_edited_stays_though_it_has_its_mark_still(fileq: Program, made: Path, place: int) -> None:
    edited = made / "web" / NAMES[1]
    content = bytearray(edited.read_bytes())
    content[place] ^= 1
    edited.write_bytes(content)
    answer = fileq.json("run", "p", expect=1)
    assert (answer["jobs"]["done"], answer["jobs"]["failed"]) == (2, 1)
    assert answer["failures"][0]["error"]["kind"] == "conflict"
    assert edited.read_bytes() == content


def test_one_that_was_made_of_another_file_of_this_name_stays(fileq: Program, made: Path) -> None:
    standing = (made / "web" / NAMES[0]).read_bytes()
    other = fileq.folder / "other"
    other.mkdir()
    shutil.copy(made / NAMES[1], other / NAMES[0])
    answer = fileq.json("run", "other", "-o", "p/web", expect=1)
    assert answer["failures"][0]["error"]["kind"] == "conflict"
    assert (made / "web" / NAMES[0]).read_bytes() == standing


def test_one_of_another_recipe_stays(fileq: Program, made: Path) -> None:
    answer = fileq.json("run", "p", "-r", "thumbnail", "-o", "p/web", expect=1)
    assert {failure["error"]["kind"] for failure in answer["failures"]} == {"conflict"}


def test_a_link_in_an_outputs_place_stays(fileq: Program, made: Path) -> None:
    os.rename(made / "web" / NAMES[0], fileq.folder / "elsewhere.jpg")
    os.symlink(fileq.folder / "elsewhere.jpg", made / "web" / NAMES[0])
    assert fileq.json("run", "p", expect=1)["jobs"]["failed"] == 1
    assert (made / "web" / NAMES[0]).is_symlink()


def test_what_is_no_file_any_more_does_not_stand_and_what_was_edited_is_kept_and_said(
    fileq: Program, small_photos: list[Path]
) -> None:
    folder = fileq.folder / "p"
    folder.mkdir()
    for name, photo in zip([*NAMES, "e.jpg"], small_photos, strict=False):
        shutil.copy(photo, folder / name)
    fileq.run("run", "p")
    emptied, linked, edited, replaced = (folder / "web" / name for name in [*NAMES, "e.jpg"])
    emptied.write_bytes(b"")
    linked.unlink()
    linked.symlink_to("nothing")
    edited.write_bytes(edited.read_bytes() + b"edited")
    replaced.unlink()
    replaced.mkdir()
    answer = fileq.run("run", "p", expect=1)
    assert "Kept p/web/IMG_0003.jpg: somebody has changed it since." in answer.stderr
    assert fileq.json("status")["jobs"]["failed"] == 3
    emptied.unlink()
    linked.unlink()
    replaced.rmdir()
    fileq.run("run", "p")
    assert files(folder / "web") == sorted([*NAMES, "e.jpg"])


@pytest.mark.parametrize("way", [(), ("--on-conflict", "rename")])
def test_an_output_of_which_the_ledger_has_lost_the_last_version_is_its_own_still(
    fileq: Program, small_photos: list[Path], way: tuple[str, ...]
) -> None:
    folder = fileq.folder / "p"
    folder.mkdir()
    for name, photo in zip(NAMES, small_photos, strict=False):
        shutil.copy(photo, folder / name)
    fileq.run("run", "p", *way)
    before = files(folder)
    fileq.pretend("update outputs set published_version = '7-7'")  # as a loss of power may leave it
    for name, photo in zip(NAMES, small_photos[1:], strict=False):
        shutil.copy(photo, folder / name)
    fileq.run("run", "p", *way)
    assert files(folder) == before
