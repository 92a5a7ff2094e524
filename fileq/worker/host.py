"""Which process a worker is, and whether it is still there."""

import os
import socket

import psutil

from fileq.ledger.workers import WorkerRecord

SILENCES = 6
"""A worker is gone when it was silent for this many heartbeats."""

_SAME_START = 1.5
"""Seconds: the system's own figure for a process's start wavers a little between readings."""


def name() -> str:
    return socket.gethostname()


def process() -> tuple[int, float]:
    """This process's pid, and when it began, in seconds since the epoch: together they name it for ever."""
    return os.getpid(), float(psutil.Process().create_time())


def is_gone(worker: WorkerRecord, now: float, heartbeat: float) -> bool:
    """On this host a worker is gone as soon as its process is; anywhere, when it has long been silent."""
    if now - worker.beat_at > SILENCES * heartbeat:
        return True
    return worker.host == name() and not _is_alive(worker)


def _is_alive(worker: WorkerRecord) -> bool:
    try:
        process = psutil.Process(worker.pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        return abs(process.create_time() - worker.process_started) < _SAME_START
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True  # it is somebody else's, and there
