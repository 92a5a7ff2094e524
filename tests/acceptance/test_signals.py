"""A signal at any moment: what is made to be stopped ends with 0, what is interrupted with 130, and nothing is lost."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fileq.__main__ import _command as command_of
from tests.acceptance.program import Program, kill_group, wait_until

AT_IMPORT = """
import os, signal, sys
from fileq.__main__ import main
number, at, log = getattr(signal, sys.argv[1]), int(sys.argv[2]), sys.argv[3]
del sys.argv[1:4]
seen = 0
def on_event(event, _):
    global seen
    if event == "import":
        seen += 1
        if seen == at:
            os.kill(os.getpid(), number)
sys.addaudithook(on_event)
try:
    main()
finally:
    with open(log, "w") as file:
        file.write(str(seen))
"""
"""The program, which gets a signal as it imports its n-th module."""

AT_EXIT = """
import atexit, os, signal
atexit.register(lambda: os.kill(os.getpid(), signal.SIGTERM))
from fileq.__main__ import main
main()
"""

POINTS = 8
MILLISECONDS = (0, 5, 10, 20, 40, 80, 130, 200, 300, 400)
COMMANDS = (["worker"], ["watch", "inbox"], ["watch", "inbox", "--work"])

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc, to see whether signals are caught")


@pytest.fixture(autouse=True)
def inbox(fileq: Program, photos: Path) -> Path:
    return photos.rename(fileq.folder / "inbox")


def start(fileq: Program, program: str, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments], cwd=fileq.folder, env=fileq.environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip


def ended(process: subprocess.Popen[bytes]) -> int:
    """The exit code of a process that is waited for."""
    return heard(process)[0]


def heard(process: subprocess.Popen[bytes]) -> tuple[int, bytes]:
    """The exit code and stderr; nobody sees a traceback, or that an exception was dropped somewhere."""
    try:
        _, stderr = process.communicate(timeout=60)
    finally:
        kill_group(process)
    assert b"Traceback" not in stderr, stderr
    assert b"ignored" not in stderr, stderr
    return process.returncode, stderr


def imports(fileq: Program, name: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """The command again and again, each time with the signal at a later one of its imports.

    The last quarter of them, among which are those after all is done, is left out.
    """
    log = fileq.folder / "imports"
    ended(start(fileq, AT_IMPORT, name, "0", str(log), *arguments, *END.get(arguments[0], ())))
    count = int(log.read_text()) * 3 // 4
    assert count > 10 * POINTS
    for point in range(POINTS):
        yield start(fileq, AT_IMPORT, name, str(1 + point * (count - 1) // (POINTS - 1)), str(log), *arguments)


END = {"worker": ("--drain",), "watch": ("--once",)}
"""What makes them end by themselves."""


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_worker_or_watcher_that_is_stopped_before_it_is_ready_ends_with_0(
    fileq: Program, command: list[str], name: str
) -> None:
    for process in imports(fileq, name, *command):
        assert ended(process) == 0
        assert fileq.ask("select count(*) from workers") in ([], [(0,)])


@on_linux
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_worker_or_watcher_that_is_stopped_at_any_moment_ends_with_0(fileq: Program, command: list[str]) -> None:
    for milliseconds in MILLISECONDS:
        process = fileq.start(*command)
        wait_until(lambda process=process: catches(process, signal.SIGTERM))  # before that it is Python's affair
        time.sleep(milliseconds / 1000)
        process.send_signal(signal.SIGTERM)
        assert ended(process) == 0
        assert fileq.ask("select count(*) from workers") in ([], [(0,)])


def catches(process: subprocess.Popen[bytes], number: int) -> bool:
    status = Path(f"/proc/{process.pid}/status").read_text()
    (mask,) = (line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(mask, 16) & 1 << (number - 1))


def test_a_run_that_is_interrupted_before_it_is_ready_ends_with_130_and_loses_nothing(
    fileq: Program, inbox: Path
) -> None:
    for process in imports(fileq, "SIGINT", "run", str(inbox), "-r", "thumbnail", "--force"):
        code, said = heard(process)
        assert code == 130
        assert said.count(b"Stopped") == 1, said
    fileq.run("worker", "--drain")
    assert set(fileq.states()) == {"done"}


@pytest.mark.parametrize("command", [["worker", "--drain"], ["watch", "inbox", "--once"]], ids=" ".join)
def test_a_signal_while_python_clears_up_changes_nothing(fileq: Program, command: list[str]) -> None:
    assert ended(start(fileq, AT_EXIT, *command)) == 0


def test_an_add_that_is_ended_before_it_is_ready_does_not_say_that_all_is_well(fileq: Program, inbox: Path) -> None:
    (inbox / "worker").write_bytes(b"")
    log = str(fileq.folder / "imports")
    assert ended(start(fileq, AT_IMPORT, "SIGTERM", "20", log, "add", "worker")) == -signal.SIGTERM
    assert ended(start(fileq, AT_IMPORT, "SIGINT", "20", log, "add", "worker")) == 130


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        ([], None),
        (["worker"], "worker"),
        (["-v", "--config", "watch", "--database", "worker", "add", "watch"], "add"),
        (["--config=worker", "status"], "status"),
        (["--help"], None),
    ],
)
def test_the_command_is_the_first_word_that_is_no_option(arguments: list[str], command: str | None) -> None:
    assert command_of(arguments) == command
