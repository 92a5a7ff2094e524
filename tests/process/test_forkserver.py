"""The server of children hears no Ctrl-C: that is for the worker to decide."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from fileq.process import forkserver

STARTED = """
from fileq.process import forkserver
forkserver.prepare()
print("ready", flush=True)
input()
"""


def server_of(process):
    """Its command line is there once it has begun as a program of its own."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for child in psutil.Process(process.pid).children():
            if any("forkserver" in word for word in child.cmdline()):
                return child
        time.sleep(0.005)
    raise AssertionError("there is no server of children")


def servers():
    """Those of this process that have begun as programs of their own."""
    children = [child for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE]
    return [child for child in children if any("multiprocessing.forkserver" in word for word in child.cmdline())]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells which signals a process has blocked")
def test_the_server_of_children_is_started_with_the_signals_blocked_that_are_not_for_it():
    with subprocess.Popen([sys.executable, "-c", STARTED], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        server = server_of(process)
        with open(f"/proc/{server.pid}/status", encoding="ascii") as status:
            (line,) = [line for line in status if line.startswith("SigBlk:")]
        process.communicate(b"\n")
    blocked = int(line.split()[1], 16)
    assert blocked & 1 << (signal.SIGINT - 1)
    assert blocked & 1 << (signal.SIGTERM - 1)


def test_a_server_that_is_killed_just_as_it_is_asked_is_followed_by_another(monkeypatch):
    """Its pipes end before it does: it looks alive then, and answers nobody."""
    forkserver.prepare()
    (first,) = servers()
    process = forkserver.context.Process(target=os.getpid)
    start = process.start

    def refuse():
        monkeypatch.setattr(process, "start", start)
        first.kill()
        raise ConnectionRefusedError

    monkeypatch.setattr(process, "start", refuse)
    forkserver.start(process)
    process.join()
    assert process.exitcode == 0
    assert servers() not in ([], [first])
