"""What cannot go is told, and tried again."""

import time

import pytest

from fileq.disposition import dispose
from tests.support.dispositions import ended, names, source


def test_what_cannot_go_is_told_once_and_tried_again_until_it_can(ledger, inbox, tmp_path, monkeypatch):
    (tmp_path / "done").write_text("a file where the folder should be")
    ended(ledger, source(inbox), tmp_path, tmp_path / "done")
    assert len(dispose(ledger)) == 1
    assert dispose(ledger) == []
    ((path, reason),) = ledger.dispositions.find_problems()
    assert path == str(inbox / "a.jpg")
    assert str(tmp_path / "done") in reason
    later = time.time() + 400
    monkeypatch.setattr(time, "time", lambda: later)
    assert dispose(ledger) == []
    (tmp_path / "done").unlink()
    monkeypatch.setattr(time, "time", lambda: later + 400)
    dispose(ledger)
    assert (names(inbox), names(tmp_path / "done")) == ([], ["a.jpg"])


def test_each_of_several_that_cannot_go_is_told(ledger, inbox, tmp_path):
    (tmp_path / "done").write_text("a file where the folder should be")
    for name in ("a.jpg", "b.jpg"):
        ended(ledger, source(inbox, name), tmp_path, tmp_path / "done")
    assert len(dispose(ledger)) == 2


def test_what_cannot_go_is_tried_again_after_longer_and_longer(ledger, inbox, tmp_path, monkeypatch):
    (tmp_path / "done").write_text("a file where the folder should be")
    ended(ledger, source(inbox), tmp_path, tmp_path / "done")
    waits, now = [], time.time()
    monkeypatch.setattr(time, "time", lambda: now)
    for _ in range(7):
        dispose(ledger)
        (due_at,) = ledger.database.connection.execute("select retry_at from dispositions").fetchone()
        waits.append(due_at - now)
        now = due_at
    assert waits == pytest.approx([10, 20, 40, 80, 160, 300, 300])
