"""A process is known for ever, and is seen to be gone as soon as it is."""

import os
import signal
import subprocess
import sys

import psutil
import pytest

from fileq.presence import ProcessIdentity, identify, is_elsewhere, is_gone, is_running, this_process


@pytest.fixture
def other():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def test_this_process_is_running_here():
    assert this_process().pid == os.getpid()
    assert is_running(this_process())
    assert not is_elsewhere(this_process())


def test_a_step_of_the_clock_makes_no_other_process_of_it(monkeypatch):
    before = this_process()
    born = psutil.Process.create_time
    monkeypatch.setattr(psutil.Process, "create_time", lambda self: born(self) + 120)
    assert this_process() == before
    assert is_running(before)


def test_a_process_that_was_killed_is_gone_at_once_even_if_nobody_waits_for_it(other):
    identity = identify(other.pid)
    assert is_running(identity)
    other.kill()
    os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)  # it is a zombie now
    assert not is_running(identity)
    assert is_gone(identity, silence=0, patience=30)


def test_another_process_with_the_same_pid_is_not_the_same_one(other):
    identity = identify(other.pid)
    later = ProcessIdentity(identity.host, identity.pid, f"{identity.started}1")
    assert not is_running(later)


def test_a_process_of_an_earlier_boot_is_gone():
    me = this_process()
    before = ProcessIdentity(me.host, me.pid, "00000000-" + me.started[9:])
    assert not is_running(before)
    assert is_gone(before, silence=0, patience=30)


@pytest.mark.parametrize("where", ["another host", "another container"])
def test_what_cannot_be_seen_is_gone_by_its_silence_alone(where):
    me = this_process()
    boot, namespace, ticks = me.started.split("/")
    host = "elsewhere" if where == "another host" else me.host
    other = ProcessIdentity(host, 1, f"{boot}/{int(namespace) + (host == me.host)}/{ticks}")
    assert is_elsewhere(other)
    assert not is_gone(other, silence=29, patience=30)
    assert is_gone(other, silence=31, patience=30)


def test_a_silent_process_that_is_there_may_have_slept_and_one_that_was_stopped_is_gone(other):
    identity = identify(other.pid)
    assert not is_gone(identity, silence=599, patience=30)
    assert is_gone(identity, silence=601, patience=30)
    other.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, other.pid, os.WSTOPPED | os.WNOWAIT)
    assert is_gone(identity, silence=31, patience=30)
    assert not is_gone(identity, silence=29, patience=30)


def test_a_pid_that_nobody_has_names_no_process():
    with pytest.raises(ProcessLookupError):
        identify(2**22 + 1)
