"""A thread that has no memory to begin is no reason to wait for ever."""

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


def test_the_start_of_a_thread_that_dies_before_it_begins_raises_memory_error(monkeypatch):
    def die(_self: threading.Thread) -> None:
        raise SystemExit  # as for want of memory, but without the interpreter's word on stderr

    monkeypatch.setattr(thread_module, "_PATIENCE", 0.1)
    monkeypatch.setattr(threading.Thread, "_bootstrap", die)
    with pytest.raises(MemoryError):
        BoundedStartThread(target=print).start()
