"""A folder is what it is, by whichever path it comes: renamed with its outputs, or named by a link."""

import os
import shutil
from pathlib import Path

import pytest

from tests.acceptance.program import Program, files


@pytest.fixture
def tree(fileq: Program, small_photos: list[Path]) -> Path:
    """A folder with a photo, and one in a sub-folder."""
    folder = fileq.folder / "all" / "photos"
    (folder / "sub").mkdir(parents=True)
    shutil.copy(small_photos[0], folder / "a.jpg")
    shutil.copy(small_photos[1], folder / "sub" / "b.jpg")
    return folder


def stand(fileq: Program, *arguments: str) -> None:
    """All is up to date, nothing failed, and the ledger has each source once, where it is now."""
    answer = fileq.json("run", *arguments)
    assert (answer["up_to_date"], answer["queued"], answer["failures"]) == (2, 0, [])
    jobs = fileq.json("list")
    assert [job["state"] for job in jobs] == ["done"] * 2
    for job in jobs:
        assert os.path.exists(job["source"])
        assert all(os.path.exists(output["path"]) for output in job["outputs"])


RENAMED = [("all/photos", "all/album"), ("all", "everything"), ("all/photos", "photos")]


@pytest.mark.parametrize(
    ("former", "new", "out"),
    [
        *((former, new, out) for former, new in RENAMED for out in ((), ("-o", "out"))),
        ("all/photos/sub", "all/photos/pub", ()),  # below --out, the tree has the folder's name
    ],
)
def test_renaming_a_folder_with_its_outputs_leaves_all_up_to_date(
    fileq: Program, tree: Path, former: str, new: str, out: tuple[str, ...]
) -> None:
    fileq.run("run", "all/photos", *out)
    os.rename(fileq.folder / former, fileq.folder / new)
    now = str(tree.relative_to(fileq.folder)).replace(former, new, 1) if not former.endswith("sub") else "all/photos"
    before = files(fileq.folder / now)
    stand(fileq, now, *out)
    stand(fileq, f"{now}/**/*.jpg", *out)
    assert files(fileq.folder / now) == before
    os.rename(fileq.folder / new, fileq.folder / former)
    stand(fileq, "all/photos", *out)


def test_a_plan_sees_that_a_folder_was_renamed(fileq: Program, tree: Path) -> None:
    fileq.run("run", "all/photos")
    os.rename(tree, tree.parent / "album")
    assert fileq.json("run", "all/album", "--dry-run")["up_to_date"] == 2


def test_what_failed_under_the_new_name_before_stands_no_more(fileq: Program, tree: Path) -> None:
    fileq.configure("[worker]\nmark_outputs = false\n")  # by their marks, outputs would be known in any folder
    fileq.run("run", "all/photos")
    os.rename(tree, tree.parent / "album")
    fileq.pretend("update folders set inode = inode + 1000000")  # as if the folder was not recognized then
    fileq.run("run", "all/album", expect=1)
    fileq.pretend("update folders set inode = inode - 1000000 where path like '%photos%'")
    fileq.pretend("delete from folders where path like '%album%'")
    stand(fileq, "all/album")


def test_another_folder_with_the_same_inode_is_not_taken_for_the_former(fileq: Program, tree: Path) -> None:
    fileq.run("run", "all/photos")
    shutil.copytree(tree, tree.parent / "copy")
    status = os.stat(tree.parent / "copy")
    fileq.pretend("update folders set inode = ? where path like '%/photos'", status.st_ino)
    fileq.run("add", "all/copy")
    assert {job["source"] for job in fileq.json("list", "--state", "done")} == {
        str(tree / "a.jpg"), str(tree / "sub" / "b.jpg"),
    }  # fmt: skip


@pytest.mark.parametrize("first", ["all/photos", "link"])
def test_a_folder_is_the_same_by_a_link_and_by_its_own_path(fileq: Program, tree: Path, first: str) -> None:
    (fileq.folder / "link").symlink_to(tree)
    fileq.run("run", first)
    before = files(tree)
    for path in ("all/photos", "link", "all/../all/photos", "link/*.jpg", "link/sub", "./link/../link/a.jpg"):
        answer = fileq.json("run", path)
        assert (answer["queued"], answer["failures"]) == (0, [])
        assert answer["up_to_date"] >= 1
    assert files(tree) == before
    assert len(fileq.json("list")) == 2


def test_a_folder_whose_link_is_gone_is_known_by_its_own_path(fileq: Program, tree: Path) -> None:
    (fileq.folder / "link").symlink_to(tree)
    fileq.run("run", "link")
    os.unlink(fileq.folder / "link")
    stand(fileq, "all/photos")


@pytest.mark.parametrize("by_way_of", ["a third name", "one after the other"])
def test_folders_that_swap_their_names_with_all_that_is_in_them_stay_up_to_date(
    fileq: Program, small_photos: list[Path], by_way_of: str
) -> None:
    one, two, three = (fileq.folder / name for name in ("one", "two", "three"))
    for folder, photos in ((one, small_photos[:2]), (two, small_photos[2:4])):
        folder.mkdir()
        for number, photo in enumerate(photos):
            shutil.copy(photo, folder / f"{number}.jpg")
    fileq.run("run", "one", "two", "-r", "web", "-r", "png")
    one.rename(three)
    two.rename(one)
    named = ["one", "three"]
    if by_way_of == "a third name":
        three.rename(two)
        named = ["one", "two"]
    for _ in range(2):
        answer = fileq.json("run", *named, "-r", "web", "-r", "png")
        assert (answer["up_to_date"], answer["queued"], answer["failures"]) == (8, 0, [])
    made = {job["source"]: [output["path"] for output in job["outputs"]] for job in fileq.json("list")}
    assert all(
        os.path.dirname(os.path.dirname(path)) == os.path.dirname(source) for source in made for path in made[source]
    )
    assert fileq.json("clean", "--older-than", "0s")["outputs_removed"] == 8
