"""Where a path leads, by whichever way."""

import os
import subprocess

import pytest

from fileq.files.identity import relative_within


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "in"
    (path / "sub").mkdir(parents=True)
    return path


def test_a_path_below_a_folder_is_known_by_its_name_also_where_it_is_not_there_yet(folder):
    assert relative_within(str(folder), str(folder)) == ""
    assert relative_within(str(folder / "sub" / "deep" / "er"), str(folder)) == os.path.join("sub", "deep", "er")
    assert relative_within(str(folder.parent), str(folder)) is None
    assert relative_within(f"{folder}-2", str(folder)) is None


@pytest.mark.parametrize(("target", "place"), [("in", "done"), ("in/sub", os.path.join("sub", "done"))])
def test_a_path_that_leads_there_by_a_link_is_known_too(folder, target, place):
    (folder.parent / "link").symlink_to(target)
    assert relative_within(str(folder.parent / "link" / "done"), str(folder)) == place


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
def test_another_mount_of_the_folder_is_the_folder(folder):
    other = folder.parent / "mounted"
    other.mkdir()
    subprocess.run(["mount", "--bind", folder, other], check=True)
    try:
        assert relative_within(str(other / "done"), str(folder)) == "done"
        assert relative_within(str(other), str(folder)) == ""
    finally:
        subprocess.run(["umount", other], check=True)
