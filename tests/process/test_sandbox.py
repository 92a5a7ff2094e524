"""A child that crashes, hangs or eats memory is an error of one attempt, and the slot has a new one for the next."""

import pytest
from mischief import Crash, Devour, Doze, Exhaust, Stumble

from fileq.errors import ErrorKind, JobError, Shortage
from fileq.images.protocol import Reservation
from fileq.process import forkserver
from fileq.process.sandbox import KillReason
from tests.support.assignments import TOKEN, during, failure, pid_of, sandbox


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
    with box.attempt(TOKEN):
        box.plan(bench.request())
        assert box.encode([None]).outputs == (None,)


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
        box.start()
        box._memory = -(2**40)  # whatever it has is too much
        with during(bench, box, tmp_path) as ended:
            box.check_memory()
        assert ended[0].kind is ErrorKind.MEMORY


def test_looking_at_the_memory_of_a_child_that_just_died_is_no_mistake(bench, box):
    with box.attempt(TOKEN):
        box.plan(bench.request(Crash()))
        with pytest.raises(JobError):
            box.encode([Reservation(path=str(bench.folder / ".small.tmp"), temp=str(bench.folder / ".small.tmp"))])
        box.check_memory()  # from the worker's thread, before the slot has come to the attempt's end
        box.stop(KillReason.STOPPED)
    assert bench.works(box)


def test_an_attempt_that_is_left_after_its_plan_ends_its_child(bench, box):
    with box.attempt(TOKEN):
        box.plan(bench.request())
    assert bench.works(box)


def test_an_attempt_that_asks_its_child_for_nothing_leaves_it_to_the_next_one(bench, box):
    with box.attempt(TOKEN):
        pid = pid_of(box)
    assert bench.works(box)
    assert pid_of(box) == pid


def test_where_no_child_can_be_started_that_is_a_shortage_and_a_later_attempt_goes_well(bench, box, monkeypatch):
    def refuse(_process):
        raise BlockingIOError(11, "Resource temporarily unavailable")

    with monkeypatch.context() as patch:
        patch.setattr(forkserver.context.Process, "start", refuse)
        for _ in range(2):
            assert isinstance(failure(bench, box), Shortage)
    assert bench.works(box)


def test_who_waits_for_a_slow_child_may_do_something_else_meanwhile(bench, box):
    told = []
    assert bench.works(box)
    box.on_wait = lambda: told.append(box.token)
    bench.do(box, Doze(seconds=1))
    assert told == [TOKEN]


def test_what_goes_wrong_while_a_child_is_waited_for_ends_that_and_the_next_job_goes_well(bench, box):
    def fail():
        raise LookupError

    box.on_wait = fail
    with pytest.raises(LookupError):
        bench.do(box, Doze(seconds=1))
    box.on_wait = None
    assert bench.works(box)
