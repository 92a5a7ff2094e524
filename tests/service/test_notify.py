"""systemd hears how the watcher is."""

import socket

import pytest

from fileq.service.notify import Notifier


@pytest.fixture
def systemd(tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(str(tmp_path / "notify"))
        channel.settimeout(10)
        yield channel


def notifier(systemd, **environ):
    return Notifier({"NOTIFY_SOCKET": systemd.getsockname()} | environ)


def test_it_hears_that_the_watcher_is_ready(systemd):
    notifier(systemd).tell("READY=1")
    assert systemd.recv(100) == b"READY=1"


def test_a_sign_of_life_comes_three_times_in_the_time_that_it_waits(systemd):
    telling = notifier(systemd, WATCHDOG_USEC="60000000")
    systemd.setblocking(False)
    heard = []
    for now in range(100):
        telling.alive(float(now))
        try:
            heard.append((now, systemd.recv(100)))
        except BlockingIOError:
            continue
    assert heard == [(now, b"WATCHDOG=1") for now in (0, 20, 40, 60, 80)]


def test_where_nobody_listens_nothing_is_said():
    Notifier({}).tell("READY=1")
    Notifier({}).alive(0.0)
