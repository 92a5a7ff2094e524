"""The weekly page and its summary."""

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from fileq.errors import EnvironmentFailure, ErrorKind
from fileq.job import Failure
from fileq.report.page import WeeklyReport, write_weekly_report
from tests.support.jobs import NOW, SOMEBODY, begin, enter, recipe

MANY = 1_000_000


@pytest.fixture(autouse=True)
def in_utc(monkeypatch):
    monkeypatch.setenv("TZ", "UTC")


def test_the_page_is_named_after_the_day_in_a_folder_that_is_made(studio, database):
    studio.make()
    folder = studio.folder / "new" / "reports"
    written = write_weekly_report(database, str(folder), MANY, NOW + 60)
    assert written.path == str(folder / "fileq-1970-01-12.html")
    assert os.listdir(folder) == ["fileq-1970-01-12.html"]
    assert "1 job done" in written.title
    assert (folder / "fileq-1970-01-12.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert "Jobs:     1 done, 0 failed\n" in written.summary
    assert write_weekly_report(database, str(folder), MANY, NOW + 61).path == written.path


def test_it_is_made_in_a_child_process(studio, database, tmp_path):
    studio.make()
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as children:
        written = children.submit(write_weekly_report, database, str(tmp_path / "reports"), MANY, NOW + 60).result()
    assert isinstance(written, WeeklyReport)
    assert os.path.exists(written.path)


def test_a_week_in_which_nothing_was_done_says_so(studio, database, tmp_path):
    studio.make(now=NOW - 8 * 86400)
    written = write_weekly_report(database, str(tmp_path / "reports"), MANY, NOW)
    assert "Nothing was done in this time." in written.summary
    assert "Nothing was done in this time." in Path(written.path).read_text(encoding="utf-8")


def test_the_summary_is_never_longer_than_40_lines_and_steers_nothing(studio, database, tmp_path):
    ledger = studio.ledger
    for number, kind in enumerate(ErrorKind):
        (job,) = enter(ledger, f"/{number}.jpg", wanted=recipe(f"recipe\x1b[2J{number}"))
        ledger.attempts.fail_attempt(begin(ledger, job), Failure(kind, "It\nis bad.", "Fix\nit."), NOW)
        ledger.watches.upsert_watch(f"/inbox\n{number}", SOMEBODY, NOW)
    with ledger.transaction() as connection:
        connection.execute(
            "insert into cleanings (cleaned_at, outputs, bytes, kept_changed, jobs) values (?, 1, 1, 1, 1)", (NOW,)
        )
    summary = write_weekly_report(database, str(tmp_path / "reports"), MANY, NOW + 1).summary
    assert 20 < len(summary.splitlines()) <= 40
    assert summary.replace("\n", "").isprintable()
    assert "and 8 more" in summary
    assert "1 output removed by retention" in summary


def test_a_folder_that_cannot_be_made_is_said(studio, database):
    (studio.folder / "file").write_text("")
    with pytest.raises(EnvironmentFailure) as caught:
        write_weekly_report(database, str(studio.folder / "file" / "reports"), MANY, NOW)
    assert str(studio.folder / "file" / "reports") in caught.value.message
