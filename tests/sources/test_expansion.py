import os

import pytest

from fileq.errors import NotFoundError
from fileq.sources.expansion import expand_paths


def tree(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def expanded(*paths):
    return [one.path for one in expand_paths(paths)]


@pytest.mark.parametrize("name", [b"caf\xe9.jpg", b"new\nline.jpg", b"-rf.jpg", b"[1] *?.jpg", b"x" * 251 + b".jpg"])
def test_odd_names_are_found(tmp_path, name):
    path = os.path.join(os.fsencode(tmp_path), name)
    with open(path, "wb"):
        pass
    assert expanded(os.fsdecode(path)) == [os.fsdecode(path)]


def test_patterns_are_expanded_in_order(tmp_path):
    tree(tmp_path, "b.jpg", "a.jpg", "sub/c.jpg", "d.png")
    assert expanded(f"{tmp_path}/*.jpg") == [f"{tmp_path}/a.jpg", f"{tmp_path}/b.jpg"]
    assert f"{tmp_path}/sub/c.jpg" in expanded(f"{tmp_path}/**/*.jpg")


def test_a_relative_pattern_works_in_a_folder_with_brackets_in_its_name(tmp_path, monkeypatch):
    tree(tmp_path, "[2026] trip/a.jpg")
    monkeypatch.chdir(tmp_path / "[2026] trip")
    assert expanded("*.jpg") == [f"{tmp_path}/[2026] trip/a.jpg"]


def test_relative_paths_become_absolute(tmp_path, monkeypatch):
    tree(tmp_path, "a.jpg")
    monkeypatch.chdir(tmp_path)
    assert expanded("./a.jpg", ".") == [f"{tmp_path}/a.jpg", str(tmp_path)]


def test_the_home_folder_has_a_short_name(tmp_path, monkeypatch):
    tree(tmp_path, "a.jpg")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert expanded("~/a.jpg") == expanded("~/*.jpg") == [f"{tmp_path}/a.jpg"]


@pytest.mark.parametrize("path", ["gone.jpg", "*.gone", "", "a\0b"])
def test_what_does_not_exist_is_named(tmp_path, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NotFoundError, match="There is no file") as raised:
        expand_paths([path])
    assert path in raised.value.message


def test_of_many_that_do_not_exist_five_are_named(tmp_path):
    with pytest.raises(NotFoundError, match=r"/4 and 3 more"):
        expand_paths([f"{tmp_path}/{number}" for number in range(8)])
