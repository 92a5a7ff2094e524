"""Which process a worker or a watcher is, and whether it is still there."""

import os
import socket

import psutil

from fileq.ledger.watches import WatchRecord
from fileq.ledger.workers import WorkerRecord

SILENCES = 6
"""A worker on another host is gone when it was silent for this many heartbeats."""

_SILENT_WATCHER = 90.0
"""Seconds after which a watcher on another host is gone: it says something at least every 30."""

_HANGING = 20
"""One on this host, whose process is there, when it was silent for that many times as long."""

_SAME_START = 1.5
"""Seconds: the system's own figure for a process's start wavers a little between readings."""


def name() -> str:
    return socket.gethostname()


def process() -> tuple[int, float]:
    """This process's pid, and when it began, in seconds since the epoch: together they name it for ever."""
    return os.getpid(), float(psutil.Process().create_time())


def is_gone(worker: WorkerRecord, now: float, heartbeat: float) -> bool:
    """On another host a worker is gone when it has long been silent; on this one as soon as its process is.

    A process that is there but silent may only have slept with the whole machine: it is gone when somebody has
    stopped it, or when it hangs for very long.
    """
    silences = (now - worker.beat_at) / (SILENCES * heartbeat)
    if worker.host != name():
        return silences > 1
    status = _status(worker.pid, worker.process_started)
    return status is None or (silences > 1 and status == psutil.STATUS_STOPPED) or silences > _HANGING


def is_watcher_gone(watch: WatchRecord, now: float) -> bool:
    """The same for who watches a folder: on another host it is gone when it was long silent."""
    if watch.host != name():
        return now - watch.said_at > _SILENT_WATCHER
    return not is_alive(watch.pid, watch.process_started)


def is_alive(pid: int, started: float) -> bool:
    """Whether this process of this host runs, which began at `started`."""
    return _status(pid, started) is not None


def _status(pid: int, started: float) -> str | None:
    """What psutil calls the state of a process; None where it has ended."""
    try:
        process = psutil.Process(pid)
        status = str(process.status())
        same = abs(process.create_time() - started) < _SAME_START
    except psutil.NoSuchProcess:
        return None
    except psutil.AccessDenied:
        return psutil.STATUS_RUNNING  # it is somebody else's, and there
    return status if same and status != psutil.STATUS_ZOMBIE else None
