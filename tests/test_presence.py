"""A process is known for ever, and is seen to be gone as soon as it is."""

import os
import shutil
import signal
import subprocess
import sys

import psutil
import pytest

from fileq import presence
from fileq.presence import (
    ProcessIdentity,
    current_boot,
    identify,
    is_elsewhere,
    is_gone,
    is_running,
    may_be_at_work,
    this_process,
)


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
    assert not is_gone(identity, silence=899, patience=30)


@pytest.fixture
def machine(monkeypatch):
    """Give this machine an id, as it may have none, and return what its processes' starts begin with."""
    monkeypatch.setattr(presence, "_machine", lambda: "machine")
    presence._epoch.cache_clear()
    yield "machine"
    presence._epoch.cache_clear()


@pytest.mark.parametrize("namespace", ["the same", "another"])
def test_a_process_of_an_earlier_boot_of_this_machine_is_gone(machine, namespace):
    me = this_process()
    _, boot, number, ticks = me.started.split("/")
    number = number if namespace == "the same" else str(int(number) + 1)
    before = ProcessIdentity(me.host, me.pid, f"{machine}/00000000-{boot[9:]}/{number}/{ticks}")
    assert not is_elsewhere(before)
    assert not is_running(before)
    assert is_gone(before, silence=0, patience=30)


ELSEWHERE = {
    "another host": ("elsewhere", "{machine}/{boot}/{namespace}/{ticks}"),
    "another container": ("{host}", "{machine}/{boot}/1{namespace}/{ticks}"),
    "another machine of the same name": ("{host}", "other/0{boot}/{namespace}/{ticks}"),
    "another kernel's container of the same name": ("{host}", "/0{boot}/{namespace}/{ticks}"),
    "another kernel's container, of an older fileq": ("{host}", "0{boot}/{namespace}/{ticks}"),
}


@pytest.mark.parametrize("where", ELSEWHERE)
def test_what_cannot_be_seen_is_gone_by_its_silence_alone(machine, where):
    me = this_process()
    _, boot, namespace, ticks = me.started.split("/")
    facts = {"host": me.host, "machine": machine, "boot": boot, "namespace": namespace, "ticks": ticks}
    host, started = (text.format(**facts) for text in ELSEWHERE[where])
    other = ProcessIdentity(host, me.pid, started)
    assert is_elsewhere(other)
    assert not is_gone(other, silence=29, patience=30)
    assert is_gone(other, silence=31, patience=30)


def test_a_boot_is_told_from_the_same_one_of_another_machine(machine):
    assert current_boot().startswith("machine/")
    assert this_process().started.startswith(f"{current_boot()}/")


def test_a_machine_without_an_id_takes_no_other_boot_for_its_own(monkeypatch):
    monkeypatch.setattr(presence, "_MACHINE_ID_FILES", ())
    presence._epoch.cache_clear()
    me = this_process()
    presence._epoch.cache_clear()
    assert me.started.startswith("/")
    assert is_running(me)
    assert is_elsewhere(ProcessIdentity(me.host, me.pid, f"/0{me.started[1:]}"))


def test_a_process_that_an_older_fileq_wrote_down_is_known_again(machine):
    me = this_process()
    assert is_running(ProcessIdentity(me.host, me.pid, me.started.partition("/")[2]))


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
    assert not is_gone(identity, silence=899, patience=30)
    assert is_gone(identity, silence=901, patience=30)
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
