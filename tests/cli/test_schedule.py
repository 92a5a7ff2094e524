"""What `schedule` shows, in words."""

import time

from fileq.cli.views.schedule import ScheduledTask, local_day_and_time, task_document, task_table
from fileq.cron import Cron
from tests.schedule.clock import at

NOON = time.mktime((2026, 5, 17, 12, 0, 0, 0, 0, -1))
HOUR = 3600.0


def task(**keys):
    given = {"name": "clean", "cron": Cron("0 2 * * *"), "started_at": None, "finished_at": None, "outcome": None,
             "message": "", "next_at": NOON + HOUR}  # fmt: skip
    return ScheduledTask(**(given | keys))


def row(one, *, is_worker_there=True):
    (cells,) = task_table([one], NOON, is_worker_there=is_worker_there).rows
    return [getattr(cell, "text", cell) for cell in cells]


def test_times_are_told_by_their_day():
    assert local_day_and_time(NOON + HOUR, NOON) == "today 13:00"
    assert local_day_and_time(NOON + 14 * HOUR, NOON) == "tomorrow 02:00"
    assert local_day_and_time(NOON - 14 * HOUR, NOON) == "yesterday 22:00"
    assert local_day_and_time(NOON + 4 * 24 * HOUR, NOON) == "Thu 21 May 12:00"


def test_a_task_that_never_ran_says_so():
    assert row(task()) == ["clean", "0 2 * * *", "never", "", "today 13:00", ""]


def test_what_is_overdue_waits_for_a_worker_or_a_moment():
    overdue = task(next_at=NOON - HOUR)
    assert row(overdue, is_worker_there=True)[4] == "within a minute"
    assert row(overdue, is_worker_there=False)[4] == "once a worker runs"


def test_what_runs_now_is_not_said_to_be_overdue():
    assert row(task(started_at=NOON - 5, outcome="running", next_at=NOON - 1))[2:5] == ["today 11:59", "running", ""]


def test_what_is_off_is_never_due():
    off = task(cron=Cron("off"), next_at=None)
    assert row(off)[4] == "never"
    assert task_document(off)["next_run"] is None


def test_json_has_times_in_utc_and_seconds():
    ran = task(
        started_at=at(2026, 5, 17, 2), finished_at=at(2026, 5, 17, 2) + 1.5, outcome="done", message="Well done."
    )
    assert task_document(ran) | {"next_run": None} == {
        "name": "clean", "cron": "0 2 * * *", "last_run": "2026-05-17T00:00:00.000Z", "seconds": 1.5,
        "outcome": "done", "message": "Well done.", "next_run": None,
    }  # fmt: skip
