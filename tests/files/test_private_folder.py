"""A private folder is ours alone, and is named so that a program finds no other one."""

import os
import sys

import pytest

from fileq.files.directory import open_directory
from fileq.files.private_folder import path_for_programs, private_folder, random_name, remove_private_folder


@pytest.mark.parametrize("mode", [0o755, 0o720, 0o701])
def test_a_folder_that_others_may_enter_is_not_taken_for_one_of_ours(tmp_path, mode):
    with open_directory(str(tmp_path)) as parent:
        with private_folder(parent, "private") as folder:
            os.close(folder.create("kept"))
            os.rename(tmp_path / "private", tmp_path / "moved")
        (tmp_path / "private").mkdir()
        os.close(os.open(tmp_path / "private" / ".fileq-private", os.O_CREAT))
        os.chmod(tmp_path / "private", mode)
        with pytest.raises(PermissionError, match="no folder of fileq's"):
            remove_private_folder(parent, "private")
    assert os.listdir(tmp_path / "private") == [".fileq-private"]


def test_a_folder_goes_with_all_that_is_in_it(tmp_path):
    with open_directory(str(tmp_path)) as parent, private_folder(parent, "private") as folder:
        folder.mkdir("sub")
        (tmp_path / "private" / "sub" / "file").write_text("x")
        (tmp_path / "private" / "file").write_text("x")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(("ending", "expected"), [("jpg", ".jpg"), ("", "")])
def test_a_new_name_has_the_ending_by_which_programs_know_the_format(ending, expected):
    names = {random_name(ending) for _ in range(100)}
    assert len(names) == 100
    assert {os.path.splitext(name)[1] for name in names} == {expected}


@pytest.mark.skipif(sys.platform != "linux", reason="no path leads through a handle here")
@pytest.mark.parametrize(("mode", "is_safe"), [(0o700, True), (0o777, False), (0o1777, True), (0o770, False)])
def test_a_program_goes_by_our_handle_where_somebody_else_may_rename_the_folder(tmp_path, mode, is_safe):
    above = tmp_path / "above"
    (above / "folder").mkdir(parents=True)
    os.chmod(above, mode)
    with open_directory(str(above / "folder")) as folder:
        path = path_for_programs(folder)
        assert (path == os.path.realpath(above / "folder")) == is_safe
        assert os.path.samefile(path, above / "folder")


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root can make folders of others")
def test_so_it_does_below_a_folder_that_is_somebody_elses(tmp_path):
    above = tmp_path / "above"
    (above / "folder").mkdir(parents=True)
    os.chmod(above, 0o755)
    os.chown(above, 65534, 65534)
    with open_directory(str(above / "folder")) as folder:
        path = path_for_programs(folder)
        assert path != os.path.realpath(above / "folder")
        assert os.path.samefile(path, above / "folder")
