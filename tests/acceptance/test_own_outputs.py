"""Own outputs are never taken for originals, whichever way they come."""

import os
import shutil
from pathlib import Path
from unittest import mock

import pytest
from PIL import Image

from tests.acceptance.program import Program, files

ORIGINALS = ["IMG_0001.jpg", "IMG_0002.jpg", "sub/IMG_0003.jpg"]
FIRST = sorted([*ORIGINALS, "web/IMG_0001.jpg", "web/IMG_0002.jpg", "sub/web/IMG_0003.jpg"])


@pytest.fixture
def tree(fileq: Program, small_photos: list[Path]) -> Path:
    """A folder with two photos, and one in a sub-folder."""
    folder = fileq.folder / "p"
    (folder / "sub").mkdir(parents=True)
    for name, photo in zip(ORIGINALS, small_photos, strict=False):
        shutil.copy(photo, folder / name)
    return folder


def tiny_jpeg(fileq: Program) -> Path:
    """A JPEG that no optimizing makes smaller, so that its output is the very same file, with no mark."""
    path = fileq.folder / "tiny.jpg"
    Image.new("L", (8, 8)).save(path, quality=50, optimize=True)
    return path


def listed(fileq: Program, folder: Path) -> str:
    """A list of all JPEGs below the folder, as find writes it."""
    path = fileq.folder / "list.txt"
    path.write_text("".join(f"{one}\n" for one in sorted(folder.rglob("*.jpg"))))
    return str(path)


def expanded(folder: Path) -> list[str]:
    return [str(one) for one in sorted(folder.rglob("*.jpg"))]


@pytest.mark.parametrize("way", ["walk", "pattern", "list", "shell"])
@pytest.mark.parametrize("database", ["same", "another"])
def test_what_was_made_is_never_made_again_of_what_was_made(
    fileq: Program, tree: Path, way: str, database: str
) -> None:
    fileq.run("run", "p")
    assert files(tree) == FIRST
    for again in range(2):
        if database == "another":
            fileq.environment["FILEQ_DATABASE"] = str(fileq.folder / f"{again}.db")
        what = {"walk": ["p"], "pattern": ["p/**/*.jpg"], "list": ["--files-from", listed(fileq, tree)]}
        fileq.run("add", *(what[way] if way in what else expanded(tree)), "-r", "web", "-r", "thumbnail")
        sources = {job["source"] for job in fileq.json("list")}
        assert sources == {str(tree / name) for name in ORIGINALS}


def test_outputs_in_a_folder_of_any_name_are_known_to_another_database(fileq: Program, tree: Path) -> None:
    fileq.run("run", "p", "-o", "p/small")
    fileq.run("run", "p", "-o", "p/small")
    assert files(tree) == sorted([*ORIGINALS, *(f"small/{name}" for name in ORIGINALS)])
    os.rename(tree / "small" / "IMG_0001.jpg", tree / "renamed.jpg")
    os.link(tree / "small" / "IMG_0002.jpg", tree / "sub" / "linked.jpg")
    fileq.environment["FILEQ_DATABASE"] = str(fileq.folder / "another.db")
    answer = fileq.json("add", "p")
    assert (answer["queued"], answer["problems"]) == (3, [])


def test_outputs_that_people_rename_or_link_stay_outputs(fileq: Program, tree: Path) -> None:
    fileq.run("run", "p")
    os.rename(tree / "web" / "IMG_0001.jpg", tree / "renamed.jpg")
    os.link(tree / "web" / "IMG_0002.jpg", tree / "linked.jpg")
    assert (
        fileq.json("add", "p/renamed.jpg", "p/linked.jpg", "p/**/*.jpg")["queued"] == 1
    )  # the one whose output is gone


def test_one_output_that_is_named_goes_through_another_recipe_and_not_through_its_own(
    fileq: Program, tree: Path
) -> None:
    fileq.run("run", "p")
    answer = fileq.run("run", "p/web/IMG_0001.jpg")
    assert "made by fileq itself" in answer.stdout
    fileq.run("run", "p/web/IMG_0001.jpg", "-r", "thumbnail")
    assert (tree / "web" / "thumbnail" / "IMG_0001.jpg").exists()


def test_an_original_that_was_replaced_goes_through_other_recipes(fileq: Program, tree: Path) -> None:
    fileq.run("run", "p", "--resize", "50%", "--replace")
    fileq.run("run", "p", "-r", "thumbnail")
    assert (tree / "thumbnail" / "IMG_0001.jpg").exists()
    assert (tree / "sub" / "thumbnail" / "IMG_0003.jpg").exists()


def test_a_folder_of_the_name_of_a_recipe_that_holds_originals_is_told_of_and_taken_when_named(
    fileq: Program, tree: Path, small_photos: list[Path]
) -> None:
    (tree / "web").mkdir()
    shutil.copy(small_photos[3], tree / "web" / "original.jpg")
    answer = fileq.run("add", "p")
    assert "Skipped p/web: outputs of the recipe web go there." in answer.stderr
    assert fileq.json("add", "p/web")["queued"] == 1


def test_a_schedule_with_a_pattern_takes_no_outputs(fileq: Program, tree: Path) -> None:
    fileq.configure('[[schedule.add]]\nname = "all"\npaths = ["p/**/*.jpg"]\ncron = "0 3 * * *"\n')
    for _ in range(3):
        fileq.run("schedule", "run", "all")
        fileq.run("worker", "--drain", "--no-periodic")
    assert fileq.states() == {"done": 3}
    assert files(tree) == FIRST


@pytest.mark.parametrize("after", ["move", "delete"])
def test_a_watch_with_a_lost_database_takes_no_published_output_for_a_source(
    fileq: Program, tree: Path, after: str
) -> None:
    shutil.copy(tiny_jpeg(fileq), tree / "IMG_0001.jpg")
    move = 'move_to = "done"\n' if after == "move" else ""
    fileq.configure(f'[[watch]]\npath = "p"\nrecipe = ["web", "optimize"]\nafter = "{after}"\nsettle = "100ms"\n{move}')
    fileq.run("watch", "--once", "--work")
    published = [name for name in files(tree) if "web" in name or "optimize" in name]
    assert len(published) == 6
    fileq.environment["FILEQ_DATABASE"] = str(fileq.folder / "another.db")
    fileq.run("watch", "--once", "--work")
    assert files(tree) == published


def test_what_one_line_has_replaced_goes_through_another_line(fileq: Program, tree: Path) -> None:
    fileq.run("run", "p", "--strip", "--replace")
    fileq.run("run", "p", "--resize", "30x", "-o", "small")
    assert files(fileq.folder / "small") == ORIGINALS
    again = fileq.json("run", "p", "--strip", "--replace")
    assert (again["queued"], again["up_to_date"]) == (0, 0)  # the very same line would go round


@pytest.mark.parametrize("database", ["same", "another"])
def test_a_copy_of_what_one_line_has_made_is_as_good_as_any_picture(fileq: Program, tree: Path, database: str) -> None:
    fileq.run("run", "p", "--crop", "1:1", "-o", "square")
    shutil.copy(fileq.folder / "square" / "IMG_0001.jpg", fileq.folder / "copy.jpg")
    if database == "another":
        fileq.environment["FILEQ_DATABASE"] = str(fileq.folder / "another.db")
    fileq.run("run", "copy.jpg", "--resize", "30x", "-o", "small")
    assert files(fileq.folder / "small") == ["copy.jpg"]


def test_a_folder_of_outputs_that_is_named_is_taken_with_its_sub_folders(fileq: Program, tree: Path) -> None:
    fileq.run("run", "p", "--crop", "1:1", "-o", "square")
    fileq.run("run", "square", "-r", "thumbnail", "-o", "small")
    assert files(fileq.folder / "small") == ORIGINALS


def test_a_watch_takes_no_outputs_of_another_recipe_among_their_sources(fileq: Program, tree: Path) -> None:
    fileq.run("run", "p", "--resize", "30x")
    fileq.run("watch", "p", "-r", "thumbnail", "--once", "--work")
    assert {job["source"] for job in fileq.json("list")} == {str(tree / name) for name in ORIGINALS}


FLAT = '[recipes.flat]\nout = "{folder}"\noutputs = [{name = "{stem}-f.jpg", quality = 60}]\n'


def test_pictures_that_were_kept_as_they_are_have_the_mark_too(fileq: Program, tree: Path) -> None:
    shutil.copy(tiny_jpeg(fileq), tree / "IMG_0001.jpg")
    fileq.run("run", "p", "-r", "jpeg")
    fileq.run("run", "p", "--strip", "-o", "p/stripped")
    fileq.environment["FILEQ_DATABASE"] = str(fileq.folder / "another.db")
    fileq.run("run", "p", "-r", "thumbnail")
    assert {job["source"] for job in fileq.json("list")} == {str(tree / name) for name in ORIGINALS}


def test_outputs_beside_their_sources_are_none_for_any_recipe(fileq: Program, tree: Path) -> None:
    for quality in ("70", "60"):
        fileq.run(
            "run", "p", "--resize", "90x", "--quality", quality, "--name", "{stem}-s.{ext}", "--base", "p", "-o", "p"
        )
    fileq.configure(FLAT)
    fileq.run("run", "p", "-r", "flat")
    fileq.run("run", "p")
    fileq.run("run", "p/*.jpg", "-r", "thumbnail")
    made = {job["source"] for job in fileq.json("list")}
    assert made == {str(tree / name) for name in ORIGINALS}
    fileq.run("run", tree / ORIGINALS[0].replace(".jpg", "-s.jpg"), "-r", "png")
    assert len({job["source"] for job in fileq.json("list")}) == len(ORIGINALS) + 1


@pytest.mark.parametrize("database", ["the same", "another"])
@pytest.mark.parametrize("after", ["move", "delete"])
def test_a_watch_disposes_of_no_output_that_stands_beside_its_source(
    fileq: Program, tree: Path, after: str, database: str
) -> None:
    move = 'move_to = "done"\n' if after == "move" else ""
    fileq.configure(
        f'{FLAT}[[watch]]\npath = "p"\nrecipe = "web"\nout = "ready"\nafter = "{after}"\nsettle = "100ms"\n{move}'
    )
    own = {"FILEQ_DATABASE": str(fileq.folder / "another.db")} if database == "another" else {}
    with mock.patch.dict(fileq.environment, own):
        fileq.run("run", "p", "-r", "flat")
    for _ in range(2):
        fileq.run("watch", "--once", "--work")
    assert files(tree) == sorted(name.replace(".jpg", "-f.jpg") for name in ORIGINALS)
    assert files(fileq.folder / "ready") == ORIGINALS


def test_an_output_that_was_edited_is_an_original_again_though_its_editor_keeps_the_mark(
    fileq: Program, tree: Path
) -> None:
    fileq.run("run", "p")
    web = tree / "web"
    edited = fileq.folder / "edited"
    edited.mkdir()
    for name in files(web):
        content = bytearray((web / name).read_bytes())
        shutil.copy(web / name, edited / f"same-{os.path.basename(name)}")
        content[-20] ^= 1
        (edited / os.path.basename(name)).write_bytes(content)
    fileq.run("run", "edited")
    assert files(edited / "web") == sorted(os.path.basename(name) for name in files(web))


def test_an_output_that_has_another_time_alone_is_made_anew_in_its_place(fileq: Program, tree: Path) -> None:
    fileq.run("run", "p", "-r", "web", "-r", "png")
    for name in files(tree):
        os.utime(tree / name, (1e9, 1e9))
    assert fileq.json("run", "p", "-r", "web", "-r", "png", "--force")["jobs"]["failed"] == 0
    answer = fileq.run("run", "p", "-r", "web", "-r", "png")
    assert "changed" not in answer.stderr


def test_after_one_line_has_replaced_originals_another_line_takes_them_with_another_database(
    fileq: Program, tree: Path
) -> None:
    fileq.run("run", "p", "--strip", "--replace")
    fileq.environment["FILEQ_DATABASE"] = str(fileq.folder / "another.db")
    assert fileq.json("run", "p", "--strip", "--replace")["queued"] == 0
    assert fileq.json("run", "p", "--resize", "40x", "--replace")["jobs"]["done"] == len(ORIGINALS)
