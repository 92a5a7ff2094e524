"""Whatever ends an attempt from outside, its child goes with all that it has started, and the next one goes well."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress

import psutil
import pytest

from fileq.errors import JobError
from fileq.images.protocol import PipelineRequest, Reservation
from fileq.job import Token
from fileq.operations.programs.command import Command
from fileq.process import forkserver
from fileq.process import sandbox as module
from fileq.process.sandbox import AttemptStopped, ChildLost, KillReason
from fileq.recipes.recipe import Output, Recipe
from tests.support.assignments import TOKEN, during, is_alive, pid_of, sandbox


@pytest.mark.parametrize("verdict", [KillReason.STOPPED, KillReason.CANCELLED])
def test_an_attempt_can_be_stopped_from_another_thread(bench, box, tmp_path, verdict):
    with during(bench, box, tmp_path) as ended:
        box.stop(verdict, TOKEN)
    assert isinstance(ended[0], AttemptStopped)
    assert bench.works(box)


def test_stopping_an_attempt_that_is_over_stops_no_other(bench, box, tmp_path):
    with during(bench, box, tmp_path) as ended:
        box.stop(KillReason.CANCELLED, Token(1, 7))
        assert box.token == TOKEN
        box.stop(KillReason.STOPPED)
    assert isinstance(ended[0], AttemptStopped)


def test_stopping_when_nothing_is_done_stops_nothing(bench, box):
    assert bench.works(box)
    pid = pid_of(box)
    box.stop(KillReason.CANCELLED)
    assert bench.works(box)
    assert pid_of(box) == pid


def test_a_child_that_is_killed_from_outside_is_lost_and_no_fault_of_the_job(bench, box, tmp_path):
    with during(bench, box, tmp_path) as ended:
        os.kill(pid_of(box), signal.SIGKILL)
    assert isinstance(ended[0], ChildLost)
    assert bench.works(box)


def server_of(box):
    server = psutil.Process(pid_of(box)).parent()
    assert server is not None
    return server


def test_a_child_that_is_killed_with_its_server_is_lost_too(bench, box, tmp_path):
    with during(bench, box, tmp_path) as ended:
        child = psutil.Process(pid_of(box))
        server_of(box).kill()
        child.kill()
    assert isinstance(ended[0], ChildLost)
    assert bench.works(box)


def test_an_attempt_goes_on_when_the_server_of_its_child_is_killed(bench, box, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_GRACE", 0.1)
    with during(bench, box, tmp_path, seconds=3) as ended:
        server_of(box).kill()
    assert ended == []
    assert bench.works(box)


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="nobody can be stopped here")
@pytest.mark.parametrize("when", ["before a child is asked for", "while one is asked for", "when its child is dead"])
def test_a_server_that_is_stopped_is_ended_and_another_one_asked(bench, box, monkeypatch, when):
    monkeypatch.setattr(forkserver, "_LOOK", 0.05)
    monkeypatch.setattr(module, "_GRACE", 0.5)
    assert bench.works(box)
    server = server_of(box)
    if when == "before a child is asked for":
        box.close()
    server.suspend()
    if when == "while one is asked for":
        child = psutil.Process(pid_of(box))
        child.kill()
        while is_alive(child):
            time.sleep(0.01)
        monkeypatch.setattr(forkserver, "join", lambda *_: None)  # so that the old child's end is not waited for
    elif when == "when its child is dead":
        box.close()
        assert not is_alive(server)  # else who exits would wait for that child for ever
    assert bench.works(box)
    assert not is_alive(server)
    assert psutil.Process(pid_of(box)).parent() != server


def test_an_idle_child_that_is_killed_is_replaced(bench, box):
    assert bench.works(box)
    process = psutil.Process(pid_of(box))
    process.kill()
    while is_alive(process):
        time.sleep(0.01)
    assert bench.works(box)


def test_a_stop_that_comes_when_all_is_made_costs_the_next_job_nothing(bench, box):
    with box.attempt(TOKEN):
        box.plan(bench.request())
        box.encode([Reservation(path=str(bench.folder / ".small.tmp"), temp=str(bench.folder / ".small.tmp"))])
        box.stop(KillReason.CANCELLED, TOKEN)
    assert bench.works(box)


def test_closing_ends_the_child(bench, box):
    assert bench.works(box)
    process, connection = psutil.Process(pid_of(box)), box._connection
    box.close()
    assert not process.is_running()
    assert connection.closed


STOPPER = """
import os, signal, sys
with open(sys.argv[1], "w") as mark:
    mark.write(str(os.getppid()))
while True:
    os.kill(os.getppid(), signal.SIGSTOP)
"""


def stopper(bench, box, ended):
    """An attempt whose program stops its supervisor all the time; `ended` is told how that ends."""
    command = Command(argv=(sys.executable, "-c", STOPPER, str(bench.folder / "mark"), "{source}", "{output}"))
    recipe = Recipe(name="test", steps=(command,), outputs=(Output(),))
    try:
        with box.attempt(TOKEN):
            box.plan(
                PipelineRequest(
                    source=str(bench.photo),
                    size=-1,
                    mtime_ns=-1,
                    recipe=recipe,
                    folder=str(bench.folder),
                    relative="",
                    max_pixels=10**8,
                )
            )
            box.encode([Reservation(path=str(bench.folder / ".made.tmp"), temp=str(bench.folder / ".made.tmp"))])
    except (JobError, AttemptStopped, ChildLost) as error:
        ended.append(error)


def wait_for_stopped(mark):
    """The supervisor, once it is stopped."""
    while not (mark.exists() and mark.read_text()):
        time.sleep(0.01)
    supervisor = psutil.Process(int(mark.read_text()))
    while supervisor.status() != psutil.STATUS_STOPPED:
        time.sleep(0.01)
    return supervisor


def cancel(box):
    box.stop(KillReason.CANCELLED, TOKEN)


def kill_from_outside(box):
    os.kill(pid_of(box), signal.SIGKILL)


def let_it_take_too_long(_box):
    pass


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who holds a connection")
@pytest.mark.parametrize(
    ("end", "kind", "timeout"),
    [(cancel, AttemptStopped, 300), (kill_from_outside, ChildLost, 300), (let_it_take_too_long, JobError, 5)],
)
def test_an_attempt_whose_supervisor_is_stopped_ends_with_all_its_processes(bench, monkeypatch, end, kind, timeout):
    monkeypatch.setattr(module, "_GRACE", 1.0)
    ended: list[Exception] = []
    with sandbox(timeout) as box:
        thread = threading.Thread(target=stopper, args=(bench, box, ended), daemon=True)
        thread.start()
        supervisor = wait_for_stopped(bench.folder / "mark")
        family = [supervisor, *supervisor.children(recursive=True)]
        try:
            end(box)
            thread.join(30)
            assert not thread.is_alive()
            assert isinstance(ended[0], kind)
            _, alive = psutil.wait_procs(family, timeout=10)
            assert [one for one in alive if is_alive(one)] == []
            assert bench.works(box)
        finally:
            for one in family:
                with suppress(psutil.NoSuchProcess):
                    one.kill()


def test_children_heed_no_ctrl_c_and_no_sigterm(bench, box, tmp_path):
    with during(bench, box, tmp_path) as ended:
        os.kill(pid_of(box), signal.SIGINT)
        os.kill(pid_of(box), signal.SIGTERM)
        assert psutil.Process(pid_of(box)).is_running()
        box.stop(KillReason.STOPPED)
    assert isinstance(ended[0], AttemptStopped)


DYING = """
import sys, threading
from mischief import Doze
from fileq.job import Token
from fileq.images.protocol import Reservation, PipelineRequest
from fileq.recipes.recipe import Recipe
from fileq.process.sandbox import Sandbox

source, folder, mark = sys.argv[1:]

def attempt(box, *steps):
    with box.attempt(Token(1, 1)):
        recipe, place = Recipe(name="test", steps=steps), {"folder": folder, "relative": ""}
        box.plan(PipelineRequest(source=source, size=-1, mtime_ns=-1, recipe=recipe, max_pixels=10**8, **place))
        box.encode([Reservation(path=folder + "/made", temp=folder + "/.made.tmp")])

idle, busy = Sandbox(60, 2**30), Sandbox(600, 2**30)
attempt(idle)
print(idle._process.pid, flush=True)
attempt(busy, Doze(seconds=600, mark=mark))
"""


def test_children_idle_and_busy_end_when_their_worker_is_killed(photo, tmp_path, plugins):
    mark = tmp_path / "dozing"
    worker = subprocess.Popen(
        [sys.executable, "-c", DYING, photo, tmp_path, mark],
        env={**os.environ, "PYTHONPATH": os.pathsep.join((plugins, *sys.path))}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with worker:
        assert worker.stdout is not None
        idle = psutil.Process(int(worker.stdout.readline()))
        while not (mark.exists() and mark.read_text()):
            time.sleep(0.01)
        busy = psutil.Process(int(mark.read_text()))
        worker.kill()
    _, alive = psutil.wait_procs([idle, busy], timeout=30)
    assert alive == []
