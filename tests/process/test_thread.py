"""A thread that has no memory to begin is no reason to wait for ever."""

import sys
import threading

import pytest

from fileq.process import thread as thread_module
from fileq.process.thread import BoundedStartThread


def test_a_thread_runs_what_it_is_given_and_is_a_daemon():
    done = threading.Event()
    thread = BoundedStartThread(target=done.set, name="one")
    thread.start()
    assert done.wait(10)
    assert thread.daemon
    thread.join(10)
    assert not thread.is_alive()


@pytest.mark.parametrize("step", ["_set_ident", "_set_tstate_lock"])
def test_the_start_of_a_thread_that_dies_before_it_begins_raises_memory_error(monkeypatch, step):
    def die(_self: threading.Thread) -> None:
        raise MemoryError

    unheard: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", unheard.append)
    monkeypatch.setattr(thread_module, "_PATIENCE", 0.1)
    monkeypatch.setattr(threading.Thread, step, die)
    thread = BoundedStartThread(target=print)
    with pytest.raises(MemoryError):
        thread.start()
    assert not thread.is_alive()
    assert not unheard, "it is said once"
