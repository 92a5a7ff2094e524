"""What the threads of a worker log is shown as messages."""

import io
import logging

import pytest

from fileq.cli.views.live import log_to_display
from fileq.display import create_display
from fileq.errors import LedgerError
from tests.support.recording_display import RecordingDisplay


@pytest.fixture(autouse=True)
def loggers(monkeypatch):
    """As they were before any worker."""
    for name in ("huey", "fileq"):
        monkeypatch.setattr(logging.getLogger(name), "handlers", [])
        monkeypatch.setattr(logging.getLogger(name), "propagate", True)


def test_what_hueys_threads_complain_of_is_one_line():
    display = RecordingDisplay()
    log_to_display(display, debug=False)
    locked = LedgerError("The database is locked.", "Wait.")
    logging.getLogger("huey.consumer.Worker").error("Error reading from queue", exc_info=locked)
    assert display.errors == [("Error reading from queue: The database is locked. Wait.", "")]


def test_a_thread_whose_complaint_nobody_can_hear_goes_on():
    stderr = io.StringIO()
    log_to_display(create_display(stderr=stderr), debug=False)
    stderr.close()
    logging.getLogger("fileq").warning("clean went wrong: %s", "it was dark")
