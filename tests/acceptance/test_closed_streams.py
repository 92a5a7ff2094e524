"""Who starts fileq may have closed what it says things to, or type numbers of any size."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.program import Program


@pytest.mark.parametrize("closed", [[1], [2], [0, 1, 2]])
def test_what_nobody_hears_is_done_all_the_same(fileq: Program, photos: Path, closed: list[int]) -> None:
    def close() -> None:
        for number in closed:
            os.close(number)

    arguments = [
        sys.executable,
        "-m",
        "fileq",
        "run",
        str(photos / "IMG_0001.jpg"),
        "-r",
        "thumbnail",
        "-o",
        str(fileq.folder / "out"),
    ]
    done = subprocess.run(
        arguments, cwd=fileq.folder, env=fileq.environment, preexec_fn=close, check=False, timeout=100,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 0
    assert fileq.states() == {"done": 1}
    assert len(list((fileq.folder / "out").iterdir())) == 1


@pytest.mark.parametrize("words", [("show",), ("retry",), ("cancel",), ("status",), ("wait",)])
def test_a_number_beyond_all_numbers_is_wrong_usage(fileq: Program, photos: Path, words: tuple[str, ...]) -> None:
    fileq.run("add", photos)
    said = fileq.run(*words, "9" * 30, expect=2).stderr
    assert "inside fileq" not in said


def test_so_is_a_priority_beyond_all_numbers(fileq: Program, photos: Path) -> None:
    fileq.run("add", photos, "--priority", "9" * 30, expect=2)
    assert fileq.states() == {}
