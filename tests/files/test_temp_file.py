"""Files that take an earlier one's place once they are whole."""

import os
from contextlib import suppress

import pytest

from fileq.files.temp_file import replaced_file


def test_the_earlier_file_stands_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "page.html"
    path.write_bytes(b"old")
    with replaced_file(str(path)) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"
        assert len(os.listdir(tmp_path)) == 2
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["page.html"]


def test_what_could_not_be_written_leaves_the_earlier_file_and_nothing_else(tmp_path):
    path = tmp_path / "page.html"
    path.write_bytes(b"old")
    with suppress(ZeroDivisionError), replaced_file(str(path)) as file:
        file.write(b"new")
        raise ZeroDivisionError
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["page.html"]


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_a_private_file_is_private_from_its_first_moment(tmp_path):
    with replaced_file(str(tmp_path / "trusted"), mode=0o600):
        (temp,) = os.listdir(tmp_path)
        assert os.stat(tmp_path / temp).st_mode & 0o777 == 0o600
    assert os.stat(tmp_path / "trusted").st_mode & 0o777 == 0o600
