"""Roots: one name for a folder that each host has at a path of its own."""

import os

import pytest

from fileq.roots import Roots, is_here, part_for_roots, range_with_roots, whole_queue

HERE = Roots({"photos": "/mnt/nas/photos", "web": "/srv/web/"})

PATHS = {
    "/mnt/nas/photos/2026/a.jpg": "photos:2026/a.jpg",
    "/mnt/nas/photos": "photos:",
    "/srv/web/a:b.jpg": "web:a:b.jpg",
    "/mnt/nas/photos2/a.jpg": "/mnt/nas/photos2/a.jpg",
    "/home/ann/photos:a.jpg": "/home/ann/photos:a.jpg",
    "/mnt/nas/photos/caf\udce9.jpg": "photos:caf\udce9.jpg",
    "/srv/web/line\nbreak.jpg": "web:line\nbreak.jpg",
}


@pytest.mark.parametrize("path", PATHS)
def test_a_path_goes_to_the_ledger_and_comes_back(path):
    assert HERE.to_shared(path) == PATHS[path]
    assert HERE.to_local(PATHS[path]) == path
    assert is_here(path)


def test_another_host_has_it_elsewhere():
    there = Roots({"photos": "/Volumes/photos"})
    assert there.to_local(HERE.to_shared("/mnt/nas/photos/2026/a.jpg")) == "/Volumes/photos/2026/a.jpg"


def test_what_lies_in_a_root_that_is_not_here_stays_as_it_is_and_is_known_not_to_be_here():
    assert HERE.to_local("music:a.jpg") == "music:a.jpg"
    assert not is_here("music:a.jpg")
    assert not is_here("music:")


def test_a_root_may_be_the_whole_disk():
    assert Roots({"all": "/"}).to_shared("/a/b") == "all:a/b"
    assert Roots({"all": "/"}).to_local("all:a/b") == "/a/b"
    assert Roots({"all": "/"}).to_local("all:") == os.sep
    assert Roots({"all": "/"}).to_shared("") == "", "which is none"


def test_a_host_can_do_what_needs_no_root_or_only_its_own():
    needed = HERE.needed_by("/mnt/nas/photos/a.jpg", "/srv/web", "/home/ann")
    assert needed == "photos,web"
    assert HERE.has_all(needed)
    assert HERE.has_all("")
    assert not Roots({"photos": "/p"}).has_all(needed)
    assert needed in HERE.combinations()
    assert Roots().combinations() == [""]


def test_a_queue_has_a_part_for_each_set_of_roots():
    part = part_for_roots("fileq", "photos,web")
    assert whole_queue(part) == "fileq"
    assert part_for_roots("fileq", "") == "fileq"
    first, end = range_with_roots("fileq")
    assert first <= part < end
    assert not first <= part_for_roots("fileq2", "photos") < end


def test_a_root_that_is_the_whole_disk_is_found_as_such():
    assert Roots({"all": "/"}).find_root_of("/photos/a.jpg") == "/"
    assert Roots({"photos": "/mnt/photos"}).find_root_of("/mnt/photos2/a.jpg") is None
    assert Roots({"photos": "/mnt/photos/"}).find_root_of("/mnt/photos/a.jpg") == "/mnt/photos"
