"""Who starts fileq may have closed what it says things to, or type numbers of any size."""

import os
import shutil
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


def shell(fileq: Program, command: str) -> int:
    """The exit code of a line of bash, in which $F is the program."""
    environment = {**fileq.environment, "F": f"{sys.executable} -m fileq"}
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], cwd=fileq.folder, env=environment, check=False, timeout=100,
        stdin=subprocess.DEVNULL,
    ).returncode  # fmt: skip


@pytest.mark.parametrize("way", ["| head -1", "2>&1 | head -1", "--json | head -1", "2>/dev/null | head -3"])
def test_a_live_status_in_a_pipe_ends_with_its_reader(fileq: Program, photos: Path, way: str) -> None:
    fileq.run("add", photos)
    shell(fileq, f"$F status --live {way}")
    said = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m fileq status --live | head -1"], cwd=fileq.folder, env=fileq.environment,
        check=True, timeout=100, capture_output=True, text=True,
    ).stdout  # fmt: skip
    assert said.split() == ["jobs", "8", "queued"]


@pytest.mark.parametrize(
    "way", ["2>&1 | head -1", "2>&1 | true", "| true", "--json | true", "2> /dev/full", "--json 2> /dev/full | true"]
)
def test_work_goes_on_to_its_end_when_the_reader_leaves(fileq: Program, small_photos: list[Path], way: str) -> None:
    folder = fileq.folder / "p"
    folder.mkdir()
    for photo in small_photos[:4]:
        shutil.copy(photo, folder)
    assert shell(fileq, f"$F run p -o out {way}") == 0
    assert len(list((fileq.folder / "out").iterdir())) == 4
    (folder / "cut.jpg").write_bytes(small_photos[0].read_bytes()[:2000])
    assert shell(fileq, f"$F run p -o out {way}") == 1


@pytest.mark.parametrize("options", ["--live", "--live --json"])
def test_a_view_ends_when_nobody_looks_any_more(fileq: Program, photos: Path, options: str) -> None:
    fileq.run("add", photos)
    assert shell(fileq, f"$F status {options} 2>&1 | true") == 0


def test_an_answer_for_which_there_is_no_room_is_exit_3_and_the_work_is_done(fileq: Program, photos: Path) -> None:
    assert shell(fileq, f"$F run {photos} -r thumbnail -o out > /dev/full") == 3
    assert set(fileq.states()) == {"done"}


@pytest.mark.parametrize("words", [("show",), ("retry",), ("cancel",), ("status",), ("wait",)])
def test_a_number_beyond_all_numbers_is_wrong_usage(fileq: Program, photos: Path, words: tuple[str, ...]) -> None:
    fileq.run("add", photos)
    said = fileq.run(*words, "9" * 30, expect=2).stderr
    assert "inside fileq" not in said


def test_so_is_a_priority_beyond_all_numbers(fileq: Program, photos: Path) -> None:
    assert "too large" in fileq.run("add", photos, "--priority", "9" * 30, expect=2).stderr
    assert "too large" in fileq.run("add", photos, f"--priority=-{2**63}", expect=2).stderr
    assert fileq.states() == {}
