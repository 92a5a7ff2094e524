"""Work beside the jobs has a process of its own: what it answers comes back, and so does what goes wrong."""

import os
import signal
import subprocess
import sys
import threading
import time

import psutil
import pytest

from fileq.errors import EnvironmentFailure, UsageError
from fileq.process.isolated import IsolatedRunStopped, run_isolated
from tests.acceptance.program import wait_until


def answer(*values):
    return os.getpid(), values


def complain():
    raise UsageError("That can't be.", "Try another.")


def break_down():
    raise ZeroDivisionError("by zero")


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def tell_and_hang(path):
    with open(f"{path}.new", "w", encoding="ascii") as file:
        file.write(str(os.getpid()))
    os.rename(f"{path}.new", path)
    time.sleep(600)


def call(function, *arguments, seconds=60.0, stop=None):
    return run_isolated(function, *arguments, seconds=seconds, stop=stop or threading.Event())


def test_the_answer_comes_from_another_process():
    pid, values = call(answer, 1, "two")
    assert values == (1, "two")
    assert pid != os.getpid()


def test_what_it_complains_of_keeps_its_hint():
    with pytest.raises(EnvironmentFailure) as raised:
        call(complain)
    assert (raised.value.message, raised.value.hint) == ("That can't be.", "Try another.")


def test_what_breaks_down_there_is_named():
    with pytest.raises(EnvironmentFailure, match=r"ZeroDivisionError: by zero\."):
        call(break_down)


def test_a_process_that_dies_is_a_failure_and_no_wait():
    with pytest.raises(EnvironmentFailure, match="Its process died"):
        call(die)


def test_one_that_takes_too_long_is_ended(tmp_path):
    with pytest.raises(EnvironmentFailure, match=r"longer than 0\.5 s"):
        call(tell_and_hang, str(tmp_path / "pid"), seconds=0.5)


def test_it_ends_when_the_worker_stops(tmp_path):
    stop, file, ended = threading.Event(), tmp_path / "pid", []

    def wait():
        try:
            call(tell_and_hang, str(file), stop=stop)
        except IsolatedRunStopped:
            ended.append("stopped")

    thread = threading.Thread(target=wait)
    thread.start()
    wait_until(file.exists)
    stop.set()
    thread.join()
    assert ended == ["stopped"]
    assert not psutil.pid_exists(int(file.read_text()))


def test_it_ends_when_the_worker_is_killed(tmp_path):
    file = tmp_path / "pid"
    script = f"""
import threading
from fileq.process.isolated import run_isolated
from tests.process.test_isolated import tell_and_hang
if __name__ == "__main__":
    run_isolated(tell_and_hang, {str(file)!r}, seconds=600.0, stop=threading.Event())
"""
    program = tmp_path / "worker.py"
    program.write_text(script, "utf-8")
    worker = subprocess.Popen([sys.executable, program], env=os.environ | {"PYTHONPATH": os.getcwd()})
    try:
        wait_until(lambda: file.exists() or worker.poll() is not None)
        assert file.exists()
    finally:
        worker.kill()
        worker.wait()
    wait_until(lambda: not _runs(int(file.read_text())))


def _runs(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
