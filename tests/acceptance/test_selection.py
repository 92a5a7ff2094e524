"""Which files are meant: patterns, lists, trees, and what is said of files that nothing is made of."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.program import Program, files


@pytest.fixture
def tree(fileq: Program, small_photos: list[Path]) -> Path:
    folder = fileq.folder / "p"
    for name, photo in zip(["a.jpg", "sub/a.jpg", "private/b.JPG"], small_photos, strict=False):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(photo, folder / name)
    return folder


def test_a_list_keeps_the_tree_below_out_however_its_lines_end(fileq: Program, tree: Path) -> None:
    for number, (start, end) in enumerate([(b"", b"\n"), (b"", b"\r\n"), (b"\xef\xbb\xbf", b"\n")]):
        (fileq.folder / "list.txt").write_bytes(start + end.join([b"p/a.jpg", b"p/sub/a.jpg", b""]))
        fileq.run("run", "--files-from", "list.txt", "-o", f"out{number}")
        assert files(fileq.folder / f"out{number}") == ["a.jpg", "sub/a.jpg"]
    fileq.run("run", "--files-from", "list.txt", "-o", "based", "--base", ".")
    assert files(fileq.folder / "based") == ["p/a.jpg", "p/sub/a.jpg"]


def test_what_is_excluded_is_not_published_and_a_pattern_of_no_use_is_told(fileq: Program, tree: Path) -> None:
    answer = fileq.run("run", "p", "-o", "out", "--exclude", "private", "--exclude", "privat")
    assert files(fileq.folder / "out") == ["a.jpg", "sub/a.jpg"]
    assert "--exclude 'privat' matched nothing." in answer.stderr


def test_what_is_named_in_several_ways_is_planned_once(fileq: Program, tree: Path) -> None:
    (fileq.folder / "list.txt").write_text("p/a.jpg\np/sub/a.jpg\n")
    named = ["p/a.jpg", "p/*.jpg", "./p/../p/a.jpg", "p/sub", "p", "p", "--files-from", "list.txt"]
    plan = fileq.json("run", *named, "-o", "out", "--dry-run")
    assert sorted(job["source"] for job in plan["plan"]) == sorted(
        str(tree / name) for name in ["a.jpg", "sub/a.jpg", "private/b.JPG"]
    )
    fileq.run("run", "p/a.jpg", "p", "-o", "out")
    assert files(fileq.folder / "out") == ["a.jpg", "private/b.JPG", "sub/a.jpg"]


def test_a_folder_of_outputs_is_known_where_the_only_source_beside_it_is_named_too(fileq: Program, tree: Path) -> None:
    shutil.rmtree(tree / "sub")
    shutil.rmtree(tree / "private")
    for _ in range(2):
        fileq.run("run", "p", "p/a.jpg")
    assert files(tree) == ["a.jpg", "web/a.jpg"]


def test_a_folder_for_a_list_and_a_list_of_names_that_end_with_nul_are_exit_2(fileq: Program, tree: Path) -> None:
    (fileq.folder / "list0").write_bytes(b"p/a.jpg\0p/sub/a.jpg\0")
    assert "Say so with -0." in fileq.run("run", "--files-from", "list0", expect=2).stderr
    assert "Name the folder itself" in fileq.run("run", "--files-from", "p", expect=2).stderr


def test_an_empty_list_and_one_of_which_nothing_is_left_are_said(fileq: Program, tree: Path) -> None:
    (fileq.folder / "empty.txt").write_text("")
    assert "The list of files is empty." in fileq.run("run", "--files-from", "empty.txt", "-o", "out").stderr
    answer = fileq.run("run", "p/a.jpg", "--exclude", "*.jpg")
    assert "None of the files that were named is meant, by --include and --exclude." in answer.stderr
    (fileq.folder / "nothing").mkdir()
    assert "No files were found in nothing." in fileq.run("run", "nothing").stderr


def test_brackets_and_dashes_are_explained(fileq: Program, tree: Path) -> None:
    tree.rename(fileq.folder / "y [2024]")
    answer = fileq.run("run", "y [2024]/*.jpg", expect=2)
    assert "'y [[]2024]/*.jpg'" in answer.stderr
    fileq.run("run", "y [[]2024]/*.jpg")
    shutil.copy(fileq.folder / "y [2024]" / "a.jpg", fileq.folder / "-x.jpg")
    assert "./-x.jpg" in fileq.run("run", "-x.jpg", expect=2).stderr
    fileq.run("run", "./-x.jpg")


@pytest.mark.parametrize("command", ["add", "run"])
def test_a_file_that_is_named_and_that_no_recipe_takes_is_exit_1_with_a_reason(
    fileq: Program, tree: Path, command: str
) -> None:
    (tree / "IMG.CR2").write_bytes(b"raw")
    assert "camera raw" in fileq.run(command, "p/IMG.CR2", expect=1).stderr
    assert "camera raw" in fileq.json(command, "p/IMG.CR2", "p/a.jpg", expect=1)["problems"][0]
    assert fileq.json(command, "p/*.CR2", expect=1)["problems"]
    assert fileq.json(command, "p")["problems"] == []
    said = fileq.run(command, "p").stderr
    assert "Skipped 1 camera raw file, which fileq does not develop." in said


def run_barred(fileq: Program, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command that has no right to look into a folder."""
    without_rights = ["setpriv", "--inh-caps=-all", "--bounding-set=-all"] if os.geteuid() == 0 else []
    fileq.keep_in_file()
    folder.chmod(0)
    try:
        return subprocess.run(
            [*without_rights, sys.executable, "-m", "fileq", *arguments],
            cwd=fileq.folder, env=fileq.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
    finally:
        folder.chmod(0o755)


@pytest.mark.parametrize("pattern", ["p/**/*.jpg", "p/*/*.jpg", "p/*/b.JPG", "p/private/*.JPG", "p/private/b.JPG"])
def test_a_folder_without_rights_that_a_pattern_or_path_leads_into_is_exit_1(
    fileq: Program, tree: Path, pattern: str
) -> None:
    said = run_barred(fileq, tree / "private", "add", pattern, "--json")
    assert said.returncode == 1, said
    (problem,) = json.loads(said.stdout)["problems"]
    assert problem.startswith(str(tree / "private"))
    assert problem.endswith("Permission denied")


def test_a_watch_that_looks_once_says_which_folder_it_could_not_read_and_is_exit_1(fileq: Program, tree: Path) -> None:
    said = run_barred(fileq, tree / "private", "watch", "p", "--once")
    assert said.returncode == 1, said
    assert f"{tree / 'private'}: Permission denied" in said.stderr
    assert "queued" in said.stdout  # the others are


@pytest.mark.parametrize("way", ["p/private", "./p/private/", "absolute", "p/private/**"])
def test_a_folder_is_excluded_by_its_path_as_people_see_it(fileq: Program, tree: Path, way: str) -> None:
    answer = fileq.run("run", "p", "-o", "out", "--exclude", str(tree / "private") if way == "absolute" else way)
    assert files(fileq.folder / "out") == ["a.jpg", "sub/a.jpg"]
    assert "matched nothing" not in answer.stderr


def test_a_pattern_takes_endings_in_capital_and_small_letters(fileq: Program, tree: Path) -> None:
    (tree / "a.jpg").rename(tree / "a.JPG")
    fileq.run("run", "p/*.jpg", "-o", "out")
    assert files(fileq.folder / "out") == ["a.JPG"]


@pytest.mark.parametrize("out", ["", "new.jpg"])
def test_out_that_names_no_folder_is_exit_2(fileq: Program, tree: Path, out: str) -> None:
    assert "Name" in fileq.run("run", "p", "-o", out, expect=2).stderr
