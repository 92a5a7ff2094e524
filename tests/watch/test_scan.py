"""A scan finds what is there and what a recipe takes, by the same rules as every walk."""

import os

import pytest

from fileq.watch.scan import Scan
from fileq.watch.specification import WatchSpec, skipped_folders
from tests.support.jobs import recipe


def tree(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def scanned(folder, start=None, **keys):
    scan = Scan(WatchSpec(path=str(folder), recipes=(recipe(match=("*.jpg",)),), **keys), start)
    names = sorted(os.path.join(found.relative, found.name) for found in scan)
    return names, scan


def test_it_finds_files_with_their_place_and_inode(tmp_path):
    tree(tmp_path, "sub/a.jpg")
    (found,) = Scan(WatchSpec(path=str(tmp_path), recipes=(recipe(),)))
    status = os.stat(tmp_path / "sub" / "a.jpg")
    assert (found.path, found.folder) == (f"{tmp_path}/sub/a.jpg", f"{tmp_path}/sub")
    assert (found.relative, found.name) == ("sub", "a.jpg")
    assert (found.inode, found.version) == (status.st_ino, f"1-{status.st_mtime_ns}")


def test_it_passes_over_what_is_hidden_or_under_way_or_for_no_recipe(tmp_path):
    tree(tmp_path, "a.jpg", ".b.jpg", "c.jpg.part", "d.txt", ".git/e.jpg", "@eaDir/f.jpg", "g.JPG", "~$h.jpg")
    assert scanned(tmp_path)[0] == ["a.jpg", "g.JPG"]


def test_it_leaves_out_the_folders_that_fileq_fills_itself(tmp_path):
    tree(tmp_path, "a.jpg", "out/a.jpg", "sub/out/b.jpg", "done/c.jpg")
    skipped = skipped_folders(str(tmp_path), f"{tmp_path}/out", f"{tmp_path}/done", None, "/elsewhere", str(tmp_path))
    assert skipped == {f"{tmp_path}/out", f"{tmp_path}/done"}
    assert scanned(tmp_path, skipped=skipped)[0] == ["a.jpg", "sub/out/b.jpg"]


def test_no_link_leads_it_in_circles(tmp_path):
    tree(tmp_path, "a.jpg", "sub/b.jpg")
    (tmp_path / "sub" / "up").symlink_to("..")
    (tmp_path / "loop.jpg").symlink_to("loop.jpg")
    (tmp_path / "link.jpg").symlink_to("sub/b.jpg")
    names, scan = scanned(tmp_path)
    assert names == ["a.jpg", "link.jpg", "sub/b.jpg"]
    assert scan.folder_count == 2
    assert "loop.jpg" in scan.problems[0]


def test_without_recursion_or_from_a_sub_folder(tmp_path):
    tree(tmp_path, "a.jpg", "sub/b.jpg", "sub/deep/c.jpg", "other/d.jpg")
    assert scanned(tmp_path, recursive=False)[0] == ["a.jpg"]
    assert scanned(tmp_path, f"{tmp_path}/sub")[0] == ["sub/b.jpg", "sub/deep/c.jpg"]


def test_a_sub_folder_that_is_gone_is_a_problem_and_the_folder_itself_an_error(tmp_path):
    assert scanned(tmp_path, f"{tmp_path}/gone")[1].problems == [f"{tmp_path}/gone: No such file or directory"]
    with pytest.raises(FileNotFoundError):
        scanned(tmp_path / "gone")


@pytest.mark.parametrize(
    ("path", "covered"),
    [("", True), ("sub", True), ("sub/deep", True), (".git", False), ("sub/.git/x", False), ("out", False),
     ("out/sub", False), ("outer", True), ("../inbox2", False), ("__MACOSX/a", False)],
)  # fmt: skip
def test_which_folders_belong_to_the_watch(path, covered):
    folder = WatchSpec(path="/inbox", recipes=(recipe(),), skipped=frozenset({"/inbox/out"}))
    assert folder.covers(os.path.normpath(f"/inbox/{path}")) is covered


def test_a_folder_inside_that_is_named_by_a_link_is_left_out_all_the_same(tmp_path):
    inbox = tmp_path / "in"
    inbox.mkdir()
    (tmp_path / "link").symlink_to("in")
    places = skipped_folders(str(inbox), str(tmp_path / "link" / "done"), str(tmp_path / "elsewhere"), None, "")
    assert places == {str(inbox / "done")}
