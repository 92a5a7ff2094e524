"""A process is known for ever, and is seen to be gone as soon as it is."""

import os
import shutil
import signal
import subprocess
import sys

import psutil
import pytest

from fileq import presence
from fileq.presence import ProcessIdentity, identify, is_elsewhere, is_gone, is_running, may_be_at_work, this_process


@pytest.fixture
def other():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


@pytest.fixture(params=["ticks", "psutil"])
def platform(request, monkeypatch):
    """What is known of a process: on Linux the kernel's ticks, elsewhere what psutil says."""
    if request.param == "psutil":
        monkeypatch.setattr(presence, "_read_status", presence._read_status_by_psutil)
        monkeypatch.setattr(presence, "_epoch", lambda: "")


def test_this_process_is_running_here(platform):
    assert this_process().pid == os.getpid()
    assert is_running(this_process())
    assert not is_elsewhere(this_process())


def test_a_step_of_the_clock_makes_no_other_process_of_it(monkeypatch):
    before = this_process()
    born = psutil.Process.create_time
    monkeypatch.setattr(psutil.Process, "create_time", lambda self: born(self) + 120)
    assert this_process() == before
    assert is_running(before)


def test_a_process_that_was_killed_is_gone_at_once_even_if_nobody_waits_for_it(other, platform):
    identity = identify(other.pid)
    assert is_running(identity)
    other.kill()
    os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)  # it is a zombie now
    assert not is_running(identity)
    assert is_gone(identity, silence=0, patience=30)


def test_another_process_with_the_same_pid_is_not_the_same_one(other, platform):
    identity = identify(other.pid)
    boot, _, count = identity.started.rpartition("/")
    later = ProcessIdentity(identity.host, identity.pid, f"{boot}{boot and '/'}{float(count) + 2}")
    assert not is_running(later)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells no ticks")
def test_the_ticks_are_those_of_the_start(other):
    ticks = int(identify(other.pid).started.rpartition("/")[2])
    start = psutil.boot_time() + ticks / os.sysconf("SC_CLK_TCK")
    assert abs(start - psutil.Process(other.pid).create_time()) < 2


def test_what_psutil_may_not_look_at_is_there(other, monkeypatch):
    def denied(pid):
        raise psutil.AccessDenied(pid)

    identity = identify(other.pid)
    monkeypatch.setattr(presence, "_read_status", presence._read_status_by_psutil)
    monkeypatch.setattr(psutil, "Process", denied)
    assert is_running(identity)
    assert not is_gone(identity, silence=599, patience=30)


@pytest.mark.parametrize("namespace", ["the same", "another"])
def test_a_process_of_an_earlier_boot_is_gone(namespace):
    me = this_process()
    boot, number, ticks = me.started.split("/")
    number = number if namespace == "the same" else str(int(number) + 1)
    before = ProcessIdentity(me.host, me.pid, f"00000000-{boot[9:]}/{number}/{ticks}")
    assert not is_elsewhere(before)
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


def test_who_began_something_is_at_work_while_it_is_there_and_for_six_hours_where_it_cannot_be_seen(other):
    here, elsewhere = identify(other.pid), ProcessIdentity("elsewhere", 1, "")
    assert may_be_at_work(here, 7 * 3600)
    assert may_be_at_work(elsewhere, 5 * 3600)
    assert not may_be_at_work(elsewhere, 7 * 3600)
    other.kill()
    other.wait()
    assert not may_be_at_work(here, 1)


def test_a_silent_process_that_is_there_may_have_slept_and_one_that_was_stopped_is_gone(other, platform):
    identity = identify(other.pid)
    assert not is_gone(identity, silence=599, patience=30)
    assert is_gone(identity, silence=601, patience=30)
    other.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, other.pid, os.WSTOPPED | os.WNOWAIT)
    assert is_gone(identity, silence=31, patience=30)
    assert not is_gone(identity, silence=29, patience=30)


def test_a_program_may_have_any_name(tmp_path):
    program, sleep = tmp_path / "a) Z b", shutil.which("sleep")
    assert sleep is not None
    shutil.copy(sleep, program)
    with subprocess.Popen([program, "60"]) as process:
        identity = identify(process.pid)
        assert is_running(identity)
        process.kill()
    assert not is_running(identity)


def test_a_pid_that_nobody_has_names_no_process(platform):
    with pytest.raises(ProcessLookupError):
        identify(2**22 + 1)
