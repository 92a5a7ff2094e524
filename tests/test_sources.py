import os

import pytest

from fileq.errors import NotFoundError
from fileq.sources import SourceFilter, expand_paths, find_sources

EVERYTHING = SourceFilter()


def tree(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def walk(*paths, chosen=EVERYTHING, recursive=True):
    """The sources, and what was complained of."""
    problems: list[str] = []
    found = list(find_sources([str(path) for path in paths], chosen, recursive=recursive, on_problem=problems.append))
    return found, problems


def names(*paths, **options):
    found, problems = walk(*paths, **options)
    assert problems == []
    return [os.path.join(source.relative, source.name) for source in found]


def test_a_file_is_a_source_with_its_place_size_and_time(tmp_path):
    tree(tmp_path, "a.jpg")
    ((source,), _) = walk(tmp_path / "a.jpg")
    assert (source.path, source.name, source.folder) == (str(tmp_path / "a.jpg"), "a.jpg", str(tmp_path))
    assert (source.size, source.mtime_ns) == (1, os.stat(source.path).st_mtime_ns)
    assert (source.relative, source.named) == ("", True)


def test_a_folder_is_walked_by_name_with_what_is_in_it_before_its_sub_folders(tmp_path):
    tree(tmp_path, "b/2.jpg", "b/1.jpg", "z.jpg", "a/deep/er.jpg", "c.jpg")
    assert names(tmp_path) == ["c.jpg", "z.jpg", "a/deep/er.jpg", "b/1.jpg", "b/2.jpg"]
    assert not any(source.named for source in walk(tmp_path)[0])


def test_without_recursion_sub_folders_are_left_out(tmp_path):
    tree(tmp_path, "a.jpg", "b/c.jpg")
    assert names(tmp_path, recursive=False) == ["a.jpg"]


@pytest.mark.parametrize(
    "name", [".hidden.jpg", "a.jpg.part", "a.jpg~", "Thumbs.db", "a.crdownload", "@eaDir/a.jpg", ".git/a.jpg", "A.TMP"]
)
def test_a_walk_passes_over_what_is_hidden_or_under_way(tmp_path, name):
    tree(tmp_path, name, "a.jpg")
    assert names(tmp_path) == ["a.jpg"]


def test_a_hidden_file_that_is_named_is_meant(tmp_path):
    tree(tmp_path, ".hidden.jpg")
    assert names(tmp_path / ".hidden.jpg") == [".hidden.jpg"]


@pytest.mark.parametrize(
    ("chosen", "meant"),
    [
        (SourceFilter(include=("*.jpg",)), ["a.jpg", "sub/c.jpg"]),
        (SourceFilter(exclude=("*.jpg",)), ["b.png"]),
        (SourceFilter(include=("sub/*",)), ["sub/c.jpg"]),
        (SourceFilter(include=("*.jpg", "*.png"), exclude=("sub/*",)), ["a.jpg", "b.png"]),
    ],
)
def test_patterns_choose_by_name_or_by_path(tmp_path, chosen, meant):
    tree(tmp_path, "a.jpg", "b.png", "sub/c.jpg")
    assert names(tmp_path, chosen=chosen) == meant


def test_a_link_to_a_file_is_a_source_and_one_to_a_folder_is_not_walked(tmp_path):
    tree(tmp_path, "real/a.jpg")
    (tmp_path / "link.jpg").symlink_to("real/a.jpg")
    (tmp_path / "again").symlink_to("real")
    (tmp_path / "real" / "up").symlink_to(tmp_path)
    assert names(tmp_path) == ["link.jpg", "real/a.jpg"]


def test_a_link_to_a_folder_that_is_named_is_walked(tmp_path):
    tree(tmp_path, "real/a.jpg")
    (tmp_path / "link").symlink_to("real")
    assert names(tmp_path / "link") == ["a.jpg"]


@pytest.mark.parametrize("target", ["loop.jpg", "gone.jpg", "a.jpg/below"])
def test_a_link_that_leads_nowhere_is_a_problem_and_the_rest_is_found(tmp_path, target):
    tree(tmp_path, "a.jpg")
    (tmp_path / "loop.jpg").symlink_to(target)
    found, problems = walk(tmp_path)
    assert [source.name for source in found] == ["a.jpg"]
    assert len(problems) == 1
    assert "loop.jpg" in problems[0]


def test_what_is_no_regular_file_is_a_problem(tmp_path):
    tree(tmp_path, "a.jpg")
    os.mkfifo(tmp_path / "pipe.jpg")
    found, problems = walk(tmp_path)
    assert [source.name for source in found] == ["a.jpg"]
    assert problems == [f"{tmp_path}/pipe.jpg: not a regular file"]


def test_a_folder_that_can_not_be_read_is_a_problem_and_the_rest_is_found(tmp_path, monkeypatch):
    tree(tmp_path, "a.jpg", "shut/b.jpg")
    scandir = os.scandir

    def shut(folder):  # root may read every folder: permissions would not stop these tests there
        if folder.endswith("shut"):
            raise PermissionError(13, "Permission denied", folder)
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", shut)
    found, problems = walk(tmp_path)
    assert [source.name for source in found] == ["a.jpg"]
    assert problems == [f"{tmp_path}/shut: Permission denied"]


@pytest.mark.parametrize("name", [b"caf\xe9.jpg", b"new\nline.jpg", b"-rf.jpg", b"[1] *?.jpg", b"x" * 251 + b".jpg"])
def test_odd_names_are_found_by_a_walk_and_by_name(tmp_path, name):
    path = os.path.join(os.fsencode(tmp_path), name)
    with open(path, "wb"):
        pass
    (walked,), _ = walk(tmp_path)
    assert os.fsencode(walked.path) == path
    assert expand_paths([os.fsdecode(path)]) == [os.fsdecode(path)]


def test_patterns_are_expanded_in_order(tmp_path):
    tree(tmp_path, "b.jpg", "a.jpg", "sub/c.jpg", "d.png")
    assert expand_paths([f"{tmp_path}/*.jpg"]) == [f"{tmp_path}/a.jpg", f"{tmp_path}/b.jpg"]
    assert f"{tmp_path}/sub/c.jpg" in expand_paths([f"{tmp_path}/**/*.jpg"])


def test_a_relative_pattern_works_in_a_folder_with_brackets_in_its_name(tmp_path, monkeypatch):
    tree(tmp_path, "[2026] trip/a.jpg")
    monkeypatch.chdir(tmp_path / "[2026] trip")
    assert expand_paths(["*.jpg"]) == [f"{tmp_path}/[2026] trip/a.jpg"]


def test_relative_paths_become_absolute(tmp_path, monkeypatch):
    tree(tmp_path, "a.jpg")
    monkeypatch.chdir(tmp_path)
    assert expand_paths(["./a.jpg", "."]) == [f"{tmp_path}/a.jpg", str(tmp_path)]


def test_the_home_folder_has_a_short_name(tmp_path, monkeypatch):
    tree(tmp_path, "a.jpg")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert expand_paths(["~/a.jpg", "~/*.jpg"]) == [f"{tmp_path}/a.jpg"] * 2


@pytest.mark.parametrize("path", ["gone.jpg", "*.gone", "", "a\0b"])
def test_what_does_not_exist_is_named(tmp_path, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NotFoundError, match="There is no file") as raised:
        expand_paths([path])
    assert path in raised.value.message


def test_of_many_that_do_not_exist_five_are_named(tmp_path):
    with pytest.raises(NotFoundError, match=r"/4 and 3 more"):
        expand_paths([f"{tmp_path}/{number}" for number in range(8)])
