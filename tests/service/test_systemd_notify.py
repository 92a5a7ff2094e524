"""systemd hears how the watcher is."""

import socket

import pytest

from fileq.service.systemd_notify import SystemdNotifier


@pytest.fixture
def systemd(tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(str(tmp_path / "notify"))
        channel.settimeout(10)
        yield channel


def notifier(systemd, **environ):
    return SystemdNotifier({"NOTIFY_SOCKET": systemd.getsockname()} | environ)


def test_it_hears_that_the_watcher_is_ready(systemd):
    notifier(systemd).send("READY=1")
    assert systemd.recv(100) == b"READY=1"


def test_a_sign_of_life_comes_three_times_in_the_time_that_it_waits(systemd):
    sender = notifier(systemd, WATCHDOG_USEC="60000000")
    systemd.setblocking(False)
    heard = []
    for now in range(100):
        sender.keep_alive(float(now))
        try:
            heard.append((now, systemd.recv(100)))
        except BlockingIOError:
            continue
    assert heard == [(now, b"WATCHDOG=1") for now in (0, 20, 40, 60, 80)]


def test_where_nobody_listens_nothing_is_said():
    SystemdNotifier({}).send("READY=1")
    SystemdNotifier({}).keep_alive(0.0)
