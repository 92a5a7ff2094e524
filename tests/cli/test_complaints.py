import logging

from fileq.cli.working import hear_complaints
from fileq.display.recording import Recording
from fileq.errors import LedgerError


def test_what_hueys_threads_complain_of_is_one_line(monkeypatch):
    logger = logging.getLogger("huey")
    monkeypatch.setattr(logger, "handlers", [])
    monkeypatch.setattr(logger, "propagate", True)
    display = Recording()
    hear_complaints(display, debug=False)
    locked = LedgerError("The database is locked.", "Wait.")
    logging.getLogger("huey.consumer.Worker").error("Error reading from queue", exc_info=locked)
    assert display.errors == [("Error reading from queue: The database is locked. Wait.", "")]
