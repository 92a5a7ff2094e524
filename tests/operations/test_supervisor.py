"""Nothing stays of a program: not of its children, nor of those that hide from it, whoever is killed."""

import functools
import os
import signal
import subprocess
import sys
import time
import traceback
from contextlib import suppress

import psutil
import pytest

from fileq.errors import ErrorKind, JobError
from fileq.operations.programs.runner import OUTPUT_VARIABLE, run_program

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux gives orphans to the supervisor")

IN_ITS_SESSION = "sleep 600 & sleep 600"
ORPHANED = "(sleep 600 &) ; sleep 600"
IN_A_GROUP_OF_ITS_OWN = "set -m; sleep 600 & sleep 600"
IN_A_SESSION_OF_ITS_OWN = "setsid sleep 600 & sleep 600"
DAEMON = "(setsid sh -c 'sleep 600 & sleep 600' &) ; sleep 600"
FAMILIES = [IN_ITS_SESSION, ORPHANED, IN_A_GROUP_OF_ITS_OWN, IN_A_SESSION_OF_ITS_OWN, DAEMON]

ASKER = """
import os, sys
from fileq.operations.programs.runner import run_program
print(os.getpid(), flush=True)
run_program(["sh", "-c", sys.argv[1]], None)
"""


def family(mark):
    """Whoever has the mark in its environment, the dead aside."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get(OUTPUT_VARIABLE) == mark and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def sleepers(mark):
    found = []
    for process in family(mark):
        with suppress(psutil.NoSuchProcess):  # a short one has ended meanwhile
            found += [process] if process.name() == "sleep" else []
    return found


def wait_until(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.005)


class Asker:
    """Another process, which has a program run. The mark is in the program's environment as in its own."""

    def __init__(self, mark, script):
        self.mark = mark
        self.process = subprocess.Popen(
            [sys.executable, "-c", ASKER, script], env={**os.environ, OUTPUT_VARIABLE: mark},
            stdout=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        self._said = self.process.stdout
        assert int(self._said.readline()) == self.process.pid
        wait_until(lambda: len(sleepers(mark)) == script.count("sleep"))

    @property
    def supervisor(self):
        (one,) = psutil.Process(self.process.pid).children()
        return one

    def end(self):
        self.process.kill()
        self.process.wait()
        self._said.close()
        for one in family(self.mark):
            one.kill()


def kill_who_asked(asker):
    asker.process.kill()


def kill_its_group(asker):
    os.killpg(asker.process.pid, signal.SIGKILL)


def kill_the_supervisor(asker):
    asker.supervisor.kill()


def kill_the_program(asker):
    (program,) = asker.supervisor.children()[:1]
    program.kill()


@pytest.mark.parametrize("kill", [kill_who_asked, kill_its_group, kill_the_supervisor, kill_the_program])
@pytest.mark.parametrize("script", FAMILIES)
def test_nobody_is_left_whoever_is_killed(tmp_path, script, kill):
    asker = Asker(str(tmp_path), script)
    try:
        kill(asker)
        wait_until(lambda: not family(asker.mark), seconds=10)
    finally:
        asker.end()


def test_who_asked_is_ended_from_outside_when_its_supervisor_was(tmp_path):
    asker = Asker(str(tmp_path), IN_ITS_SESSION)
    try:
        kill_the_supervisor(asker)
        assert asker.process.wait(60) == -signal.SIGKILL
    finally:
        asker.end()


@pytest.mark.parametrize("script", FAMILIES)
def test_nobody_is_left_when_the_program_has_ended(tmp_path, script):
    mark = str(tmp_path)
    ends = script.removesuffix("sleep 600") + "exit 0"
    run_program(["sh", "-c", ends], None, environ={**os.environ, OUTPUT_VARIABLE: mark})
    assert family(mark) == []


@pytest.mark.parametrize("script", FAMILIES)
def test_nobody_is_left_at_the_time_limit(tmp_path, script):
    mark = str(tmp_path)
    with pytest.raises(JobError) as caught:
        run_program(["sh", "-c", script], 0.3, environ={**os.environ, OUTPUT_VARIABLE: mark})
    assert caught.value.kind is ErrorKind.TIMEOUT
    assert family(mark) == []


STOPS_IT_ONCE = "kill -STOP $PPID; sleep 600 & sleep 600"
STOPS_IT_AND_ENDS = "(setsid sleep 600 &) ; kill -STOP $PPID; exit 0"
STOPS_IT_AGAIN_AND_AGAIN = f"""
setsid sleep 600 &
exec {sys.executable} -c 'import os, signal
parent = os.getppid()
while True: os.kill(parent, signal.SIGSTOP)'
"""


def in_a_process_of_its_own(test):
    """Whoever has a program run counts all its children to the family: those of the tests' process are others' too."""

    @functools.wraps(test)
    def isolated(*arguments, **keys):
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                signal.alarm(60)  # what hangs is a failure
                test(*arguments, **keys)
                code = 0
            except BaseException:  # noqa: BLE001  # whatever it is: the test has failed, and says so
                traceback.print_exc()
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0

    return isolated


@pytest.mark.parametrize("script", [STOPS_IT_ONCE, STOPS_IT_AND_ENDS, STOPS_IT_AGAIN_AND_AGAIN])
@in_a_process_of_its_own
def test_a_program_that_stops_its_supervisor_is_ended_with_it_at_the_time_limit(tmp_path, script):
    mark = str(tmp_path)
    with pytest.raises(JobError) as caught:
        run_program(["sh", "-c", script], 0.5, environ={**os.environ, OUTPUT_VARIABLE: mark})
    assert caught.value.kind is ErrorKind.TIMEOUT
    assert family(mark) == []
    assert psutil.Process().children() == []


@pytest.mark.parametrize("script", FAMILIES)
def test_a_stopped_supervisor_ends_all_when_who_asked_is_killed(tmp_path, script):
    asker = Asker(str(tmp_path), script)
    supervisor = asker.supervisor
    try:
        supervisor.suspend()
        kill_who_asked(asker)
        wait_until(lambda: not family(asker.mark), seconds=10)
        wait_until(lambda: not supervisor.is_running() or supervisor.status() == psutil.STATUS_ZOMBIE, seconds=10)
    finally:
        with suppress(psutil.NoSuchProcess):
            supervisor.kill()
        asker.end()


def test_one_that_forks_all_the_time_is_ended(tmp_path):
    mark = str(tmp_path)
    script = "hop() { sleep 0.01; hop & exit; }; hop & hop & sleep 600"
    with pytest.raises(JobError):
        run_program(["sh", "-c", script], 0.5, environ={**os.environ, OUTPUT_VARIABLE: mark})
    assert family(mark) == []


def test_a_program_hears_signals_and_has_no_descriptor_of_ours(tmp_path):
    script = "grep SigIgn /proc/self/status; ls /proc/self/fd; kill -TERM $$"
    with pytest.raises(JobError, match="was ended by signal 15") as caught:
        run_program(["sh", "-c", f"({script}) >&2; kill -TERM $$"], None)
    words = caught.value.message.split(": ", 1)[1].split()
    assert int(words[1], 16) & (1 << (signal.SIGTERM - 1) | 1 << (signal.SIGINT - 1) | 1 << (signal.SIGHUP - 1)) == 0
    assert len(words) <= 2 + 4  # stdin, stdout, stderr, and the one that ls has open


def test_what_a_program_said_after_it_closed_its_stderr_for_a_while_keeps_nobody_waiting(tmp_path):
    begun = time.monotonic()
    assert run_program(["sh", "-c", "echo early >&2; exec 2>&-; sleep 0.2"], None) == "early"
    assert time.monotonic() - begun < 30
