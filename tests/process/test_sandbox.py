"""A child that crashes, hangs or eats memory is an error of one attempt, and the slot has a new one for the next."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress

import psutil
import pytest
from mischief import Crash, Devour, Doze, Exhaust, Stumble

from fileq.errors import ErrorKind, JobError, Shortage
from fileq.images.pipeline import Assignment, OutputTarget
from fileq.job import Token
from fileq.operations.builtin.resize import Resize
from fileq.operations.programs.command import Command
from fileq.process import forkserver
from fileq.process import sandbox as module
from fileq.process.child import Plan, Result
from fileq.process.sandbox import Lost, Sandbox, Stopped, Verdict
from fileq.recipes.recipe import Output, Recipe
from fileq.units import Dimensions

TOKEN = Token(1, 1)
MEMORY = 256 * 2**20


@contextmanager
def sandbox(timeout=60.0, memory=MEMORY):
    box = Sandbox(timeout, memory)
    try:
        yield box
    finally:
        box.close()


@pytest.fixture
def box():
    with sandbox() as box:
        yield box


class Bench:
    """Sends assignments about one photo through a sandbox."""

    def __init__(self, photo, folder):
        self.photo = photo
        self.folder = folder

    def assignment(self, *steps):
        output = Output(name="small.png", format="png")
        recipe = Recipe(name="test", steps=(*steps, Resize(fit=Dimensions(16, 16))), outputs=(output,))
        return Assignment(str(self.photo), -1, -1, recipe, str(self.folder), "", 10**8)

    def do(self, box, *steps, token=TOKEN):
        """One attempt from its begin to its end; what an earlier one made goes."""
        (self.folder / ".small.tmp").unlink(missing_ok=True)
        box.begin(token)
        try:
            plan = box.call(self.assignment(*steps))
            assert isinstance(plan, Plan)
            return box.call([OutputTarget(str(self.folder / ".small.tmp"))])
        finally:
            box.end()

    def works(self, box):
        result = self.do(box, token=Token(2, 1))
        return isinstance(result, Result) and result.encoded[0].format == "png"


@pytest.fixture
def bench(photo, tmp_path):
    return Bench(photo, tmp_path)


def pid_of(box):
    return box._process.pid


def failure(bench, box, *steps):
    with pytest.raises(JobError) as raised:
        bench.do(box, *steps)
    assert box.token is None
    return raised.value


def test_a_child_makes_what_it_is_told_and_is_used_again(bench, box):
    assert bench.works(box)
    pid = pid_of(box)
    assert bench.works(box)
    assert pid_of(box) == pid
    assert (bench.folder / ".small.tmp").stat().st_size > 0


def test_a_child_tells_an_error_of_the_job_as_it_is_and_lives(bench, box):
    bench.photo.write_bytes(b"no picture")
    assert failure(bench, box).kind is ErrorKind.UNREADABLE
    pid = pid_of(box)
    assert failure(bench, box).kind is ErrorKind.UNREADABLE
    assert pid_of(box) == pid


def test_an_error_that_nobody_thought_of_is_internal_and_told(bench, box):
    error = failure(bench, box, Stumble(saying="the moon is full"))
    assert error.kind is ErrorKind.INTERNAL
    assert "LookupError: the moon is full" in error.message
    assert bench.works(box)


def test_a_child_that_may_open_no_more_files_says_so_and_it_is_no_fault_of_the_job(bench, box):
    assert isinstance(failure(bench, box, Exhaust()), Shortage)


def test_outputs_that_are_not_wanted_are_not_made(bench, box):
    box.begin(TOKEN)
    box.call(bench.assignment())
    assert box.call([None]).encoded == (None,)
    box.end()


@pytest.mark.parametrize("by", ["SIGSEGV", "SIGABRT", "SIGBUS", "SIGFPE"])
def test_a_crash_is_told_with_its_signal_and_the_next_job_goes_well(bench, box, by):
    error = failure(bench, box, Crash(by=by))
    assert error.kind is ErrorKind.CRASHED
    assert by in error.message
    assert bench.works(box)


def test_an_attempt_that_takes_too_long_is_ended_even_inside_one_c_call(bench):
    with sandbox(timeout=0.5) as box:
        error = failure(bench, box, Doze(seconds=300))
    assert error.kind is ErrorKind.TIMEOUT
    assert "0.5 s" in error.message


def test_the_time_of_an_attempt_begins_anew_with_each(bench):
    with sandbox(timeout=0.2) as box:
        failure(bench, box, Doze(seconds=300))
        box._timeout = 60
        assert bench.works(box)


def test_more_memory_than_allowed_fails_inside_the_child(bench, box):
    error = failure(bench, box, Devour(amount=2**30))
    assert error.kind is ErrorKind.MEMORY
    assert bench.works(box)


def test_a_child_with_too_much_memory_is_ended_from_outside(bench, tmp_path):
    with sandbox() as box:
        box._memory = -(2**40)  # whatever it has is too much
        with during(bench, box, tmp_path) as ended:
            box.check_memory()
        assert ended[0].kind is ErrorKind.MEMORY


@contextmanager
def during(bench, box, tmp_path, seconds=300):
    """A block in which an attempt dozes in another thread; then a list of how that ended."""
    mark, ended = tmp_path / "dozing", []

    def doze():
        try:
            bench.do(box, Doze(seconds=seconds, mark=str(mark)))
        except (JobError, Stopped, Lost) as error:
            ended.append(error)

    thread = threading.Thread(target=doze)
    thread.start()
    while not mark.exists():
        time.sleep(0.01)
    try:
        yield ended
    finally:
        thread.join(60)
    assert box.token is None


@pytest.mark.parametrize("verdict", [Verdict.STOPPED, Verdict.CANCELLED])
def test_an_attempt_can_be_stopped_from_another_thread(bench, box, tmp_path, verdict):
    with during(bench, box, tmp_path) as ended:
        box.stop(verdict, TOKEN)
    assert isinstance(ended[0], Stopped)
    assert bench.works(box)


def test_stopping_an_attempt_that_is_over_stops_no_other(bench, box, tmp_path):
    with during(bench, box, tmp_path) as ended:
        box.stop(Verdict.CANCELLED, Token(1, 7))
        assert box.token == TOKEN
        box.stop(Verdict.STOPPED)
    assert isinstance(ended[0], Stopped)


def test_stopping_when_nothing_is_done_stops_nothing(bench, box):
    assert bench.works(box)
    pid = pid_of(box)
    box.stop(Verdict.CANCELLED)
    assert bench.works(box)
    assert pid_of(box) == pid


def test_a_child_that_is_killed_from_outside_is_lost_and_no_fault_of_the_job(bench, box, tmp_path):
    with during(bench, box, tmp_path) as ended:
        os.kill(pid_of(box), signal.SIGKILL)
    assert isinstance(ended[0], Lost)
    assert bench.works(box)


def test_a_child_that_is_killed_with_its_server_is_lost_too(bench, box, tmp_path):
    with during(bench, box, tmp_path) as ended:
        child = psutil.Process(pid_of(box))
        child.parent().kill()
        child.kill()
    assert isinstance(ended[0], Lost)
    assert bench.works(box)


def test_an_attempt_goes_on_when_the_server_of_its_child_is_killed(bench, box, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_GRACE", 0.1)
    with during(bench, box, tmp_path, seconds=3) as ended:
        psutil.Process(pid_of(box)).parent().kill()
    assert ended == []
    assert bench.works(box)


def test_an_idle_child_that_is_killed_is_replaced(bench, box):
    assert bench.works(box)
    process = psutil.Process(pid_of(box))
    process.kill()
    while is_alive(process):
        time.sleep(0.01)
    assert bench.works(box)


def is_alive(process):
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_stop_that_comes_when_all_is_made_costs_the_next_job_nothing(bench, box):
    box.begin(TOKEN)
    box.call(bench.assignment())
    box.call([OutputTarget(str(bench.folder / ".small.tmp"))])
    box.stop(Verdict.CANCELLED, TOKEN)
    box.end()
    assert bench.works(box)


def test_looking_at_the_memory_of_a_child_that_just_died_is_no_mistake(bench, box):
    box.begin(TOKEN)
    box.call(bench.assignment(Crash()))
    with pytest.raises(JobError):
        box.call([OutputTarget(str(bench.folder / ".small.tmp"))])
    box.check_memory()  # from the worker's thread, before the slot has come to the attempt's end
    box.stop(Verdict.STOPPED)
    box.end()
    assert bench.works(box)


def test_an_attempt_that_is_left_after_its_plan_ends_its_child(bench, box):
    box.begin(TOKEN)
    box.call(bench.assignment())
    box.end()
    assert bench.works(box)


def test_an_attempt_that_asks_its_child_for_nothing_leaves_it_to_the_next_one(bench, box):
    box.begin(TOKEN)
    pid = pid_of(box)
    box.end()
    assert bench.works(box)
    assert pid_of(box) == pid


def test_closing_ends_the_child(bench, box):
    assert bench.works(box)
    process = psutil.Process(pid_of(box))
    box.close()
    assert not process.is_running()


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
    box.begin(TOKEN)
    try:
        recipe = Recipe(name="test", steps=(command,), outputs=(Output(),))
        box.call(Assignment(str(bench.photo), -1, -1, recipe, str(bench.folder), "", 10**8))
        box.call([OutputTarget(str(bench.folder / ".made.tmp"))])
    except (JobError, Stopped, Lost) as error:
        ended.append(error)
    finally:
        box.end()


def wait_for_stopped(mark):
    """The supervisor, once it is stopped."""
    while not (mark.exists() and mark.read_text()):
        time.sleep(0.01)
    supervisor = psutil.Process(int(mark.read_text()))
    while supervisor.status() != psutil.STATUS_STOPPED:
        time.sleep(0.01)
    return supervisor


def cancel(box):
    box.stop(Verdict.CANCELLED, TOKEN)


def kill_from_outside(box):
    os.kill(pid_of(box), signal.SIGKILL)


def let_it_take_too_long(_box):
    pass


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who holds a connection")
@pytest.mark.parametrize(
    ("end", "kind", "timeout"),
    [(cancel, Stopped, 300), (kill_from_outside, Lost, 300), (let_it_take_too_long, JobError, 5)],
)
def test_an_attempt_whose_supervisor_is_stopped_ends_with_all_its_processes(bench, monkeypatch, end, kind, timeout):
    monkeypatch.setattr(module, "_GRACE", 1.0)
    ended = []
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
        box.stop(Verdict.STOPPED)
    assert isinstance(ended[0], Stopped)


def test_where_no_child_can_be_started_that_is_a_shortage_and_a_later_attempt_goes_well(bench, box, monkeypatch):
    def refuse(_process):
        raise BlockingIOError(11, "Resource temporarily unavailable")

    with monkeypatch.context() as patch:
        patch.setattr(forkserver.context.Process, "start", refuse)
        for _ in range(2):
            assert isinstance(failure(bench, box), Shortage)
    assert bench.works(box)


DYING = """
import sys, threading
from mischief import Doze
from fileq.job import Token
from fileq.images.pipeline import Assignment, OutputTarget
from fileq.recipes.recipe import Recipe
from fileq.process.sandbox import Sandbox

source, folder, mark = sys.argv[1:]

def attempt(box, *steps):
    box.begin(Token(1, 1))
    box.call(Assignment(source, -1, -1, Recipe(name="test", steps=steps), folder, "", 10**8))
    box.call([OutputTarget(folder + "/.made.tmp")])
    box.end()

idle, busy = Sandbox(60, 2**30), Sandbox(600, 2**30)
attempt(idle)
print(idle._process.pid, flush=True)
attempt(busy, Doze(seconds=600, mark=mark))
"""


def test_children_idle_and_busy_end_when_their_worker_is_killed(photo, tmp_path, plugins):
    mark = tmp_path / "dozing"
    worker = subprocess.Popen(
        [sys.executable, "-c", DYING, photo, tmp_path, mark],
        env={**os.environ, "PYTHONPATH": plugins}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with worker:
        idle = psutil.Process(int(worker.stdout.readline()))
        while not (mark.exists() and mark.read_text()):
            time.sleep(0.01)
        busy = psutil.Process(int(mark.read_text()))
        worker.kill()
    _, alive = psutil.wait_procs([idle, busy], timeout=30)
    assert alive == []
