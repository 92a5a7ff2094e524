import os
import sys
from contextlib import suppress

import psutil
import pytest

from fileq.errors import ErrorKind, JobError
from fileq.operations.programs.command import Command
from fileq.units import Duration

COPY = "import shutil, sys; shutil.copy(sys.argv[1], sys.argv[2])"


def python(program, **rest):
    return Command(argv=(sys.executable, "-c", program, "{source}", "{output}"), **rest)


@pytest.fixture
def paths(tmp_path):
    (tmp_path / "in put.bin").write_bytes(b"content")
    return str(tmp_path / "in put.bin"), str(tmp_path / "out put.bin")


@pytest.mark.parametrize(
    ("argv", "remedy"),
    [
        ((), "needs a program"),
        (("", "{source}", "{output}"), "needs a program"),
        (("oxipng", "{source}"), r"needs \{output\}"),
        (("oxipng", "{output}"), r"needs \{source\}"),
        (("oxipng", "{source}", "{output}", "\0"), "NUL"),
    ],
)
def test_an_argv_that_cannot_be_is_refused_with_the_remedy(argv, remedy):
    with pytest.raises(ValueError, match=remedy):
        Command(argv=argv)


def test_a_timeout_of_nothing_is_refused():
    with pytest.raises(ValueError, match="30s"):
        python(COPY, timeout=Duration(0))


def test_the_program_gets_both_paths(paths):
    python(COPY).run(*paths)
    with open(paths[1], "rb") as file:
        assert file.read() == b"content"


@pytest.mark.parametrize("name", ["{output}", "$(touch x); 'a' \"b\"", "-rf", "new\nline", "caf\udce9"])
def test_a_file_may_have_any_name(tmp_path, name):
    source = str(tmp_path / name)
    with open(source, "wb") as file:
        file.write(b"1")
    python(COPY).run(source, str(tmp_path / "result"))
    assert sorted(os.listdir(tmp_path)) == sorted([name, "result"])


def test_the_end_of_what_the_program_says_is_in_the_error(paths):
    program = "import sys; sys.stderr.write('x' * 200_000 + 'bad marker'); sys.exit(3)"
    with pytest.raises(JobError, match=r"failed with exit code 3: x+bad marker") as caught:
        python(program).run(*paths)
    assert caught.value.kind is ErrorKind.COMMAND
    assert len(caught.value.message) < 1200


@pytest.mark.parametrize(("number", "kind"), [(15, ErrorKind.COMMAND), (9, ErrorKind.CRASHED)])
def test_a_program_ended_by_a_signal_is_an_error_and_is_tried_again_where_something_outside_killed_it(
    paths, number, kind
):
    with pytest.raises(JobError, match=f"was ended by signal {number}") as caught:
        python(f"import os; os.kill(os.getpid(), {number})").run(*paths)
    assert caught.value.kind is kind
    assert caught.value.is_transient == (number == 9)


def test_a_program_that_is_not_there_is_named(paths):
    with pytest.raises(JobError, match="The program no-such-program was not found") as caught:
        Command(argv=("no-such-program", "{source}", "{output}")).run(*paths)
    assert caught.value.kind is ErrorKind.COMMAND


def test_a_file_that_is_no_program_is_named(paths):
    with pytest.raises(JobError, match="can't be run: Permission denied"):
        Command(argv=(paths[0], "{source}", "{output}")).run(*paths)


@pytest.mark.parametrize("program", ["pass", "import sys; open(sys.argv[2], 'w')"])
def test_a_program_that_makes_no_output_is_an_error(paths, program):
    with pytest.raises(JobError, match=r"made no output\."):
        python(program).run(*paths)


PARENT = """
import os, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
with open(sys.argv[2], "w") as file:
    file.write(str(child.pid))
"""


def wait_until_dead(pid):
    """A zombie is dead too: not everywhere does somebody reap it."""
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        while process.status() != psutil.STATUS_ZOMBIE:
            with suppress(psutil.TimeoutExpired):
                process.wait(0.05)


def number_in(path):
    with suppress(FileNotFoundError), open(path) as file:
        return int(file.read() or 0)
    return 0


def test_what_the_program_started_ends_at_its_time_limit_too(paths):
    for limit in (0.5, 5, 60):  # a busy machine may not come to start the child within the first
        with pytest.raises(JobError, match="took longer than") as caught:
            python(PARENT + "child.wait()", timeout=Duration(limit)).run(*paths)
        assert caught.value.kind is ErrorKind.TIMEOUT
        if number_in(paths[1]):
            break
    child = number_in(paths[1])
    assert child
    wait_until_dead(child)


def test_what_the_program_leaves_behind_is_ended(paths):
    python(PARENT).run(*paths)
    child = number_in(paths[1])
    assert child
    wait_until_dead(child)
