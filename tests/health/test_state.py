"""What is news, over simulated time, with two workers on one database."""

import threading
from contextlib import closing

import pytest

from fileq.health.check import CheckResult, CheckState
from fileq.health.state import record_results
from fileq.ledger import Ledger
from fileq.presence import hostname
from tests.support.jobs import NOW

OK = CheckResult(name="workers", state=CheckState.OK, message="2 workers are running.", remedy="")
WARNING = CheckResult(name="workers", state=CheckState.WARNING, message="One died.", remedy="Wait.")
BAD = CheckResult(name="workers", state=CheckState.BAD, message="Jobs wait.", remedy="Start one.")
DISK_OK = CheckResult(name="disk", state=CheckState.OK, message="There is room.", remedy="")
DISK_LOW = CheckResult(name="disk", state=CheckState.WARNING, message="It gets full.", remedy="Free some space.")
DISK_FULL = CheckResult(name="disk", state=CheckState.BAD, message="It is full.", remedy="Free some space.")

SIGNS = {".": OK, "w": WARNING, "B": BAD}
DISK = {".": DISK_OK, "w": DISK_LOW, "B": DISK_FULL}


@pytest.fixture
def ledgers(ledger, database):
    with closing(Ledger(database)) as other:
        yield ledger, other


def told(ledgers, looks, signs, every=300):
    """For each look, one a `every` seconds by the workers in turn: "-" where nothing turned, "b" bad, "g" good."""
    answers = ""
    for number, sign in enumerate(looks):
        change = record_results(ledgers[number % 2], [signs[sign]], NOW + number * every)
        answers += "-" if change is None else "b" if "not well" in change.title else "g"
    return answers


@pytest.mark.parametrize(
    ("looks", "answers"),
    [
        (".....", "-----"),
        (".BB..", "--b-g"),
        ("BB", "-b"),
        ("BBBBBB", "-b----"),
        (".B.B.B.B", "--------"),
        ("wwwwww", "------"),
        (".BwBwBwB", "--------"),
        ("BB.B.B.B..", "-b-------g"),
        ("BB" + "w" * 12 + "w.BB", "-b" + "-" * 12 + "g--b"),
        ("BBw.", "-b-g"),
    ],
)
def test_a_check_turns_at_the_second_look_in_a_row(ledgers, looks, answers):
    assert told(ledgers, looks, SIGNS) == answers


@pytest.mark.parametrize(
    ("looks", "answers"),
    [
        (".B...", "-b-g-"),
        ("B..B", "b-gb"),
        ("BwBwBwBw", "b-------"),
        ("B.B.B.", "b-----"),
        ("Bw.", "b-g"),
    ],
)
def test_the_disk_turns_bad_at_once_and_well_at_the_second_look(ledgers, looks, answers):
    assert told(ledgers, looks, DISK) == answers


def test_two_looks_are_a_minute_apart(ledgers):
    assert told(ledgers, "B" * 5, SIGNS, every=20) == "---b-"


def test_of_workers_that_look_at_the_same_time_one_is_told(database, ledger):
    record_results(ledger, [BAD], NOW)
    answers = []

    def look():
        with closing(Ledger(database, 60)) as own:
            answers.append(record_results(own, [BAD, DISK_FULL], NOW + 60))

    threads = [threading.Thread(target=look) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (change,) = [answer for answer in answers if answer is not None]
    assert change.title == "fileq is not well: workers, disk"


def test_the_text_says_what_where_and_what_to_do(ledger):
    record_results(ledger, [BAD, DISK_OK], NOW)
    change = record_results(ledger, [BAD, DISK_FULL], NOW + 300)
    assert change is not None
    assert change.title == "fileq is not well: workers, disk"
    assert change.body.splitlines() == [
        "workers: Jobs wait.",
        "  What to do: Start one.",
        "disk: It is full.",
        "  What to do: Free some space.",
        "",
        f"On {hostname()}, with the database {ledger.database.path}. fileq doctor shows all checks.",
    ]


def test_good_news_say_how_long_it_was_not_well(ledger):
    for after, check in ((0, DISK_FULL), (3600, DISK_FULL), (7200, DISK_OK)):
        record_results(ledger, [check], NOW + after)
    change = record_results(ledger, [DISK_OK], NOW + 7260)
    assert change is not None
    assert change.title == "fileq is well again: disk"
    assert change.body.startswith("disk is well again, after 2 h 0 min: There is room.\n")


def test_bad_and_good_news_come_together(ledger):
    for after in (0, 60):
        record_results(ledger, [BAD, DISK_OK], NOW + after)
    record_results(ledger, [OK, DISK_OK], NOW + 120)
    change = record_results(ledger, [OK, DISK_FULL], NOW + 180)
    assert change is not None
    assert change.title == "fileq is not well: disk; well again: workers"


def test_how_each_check_stands_is_kept_since_when(ledger):
    record_results(ledger, [OK], NOW)
    record_results(ledger, [BAD], NOW + 60)
    record_results(ledger, [BAD], NOW + 90)
    standing = ledger.checks.list_records()["workers"]
    assert (standing.state, standing.message) == ("bad", "Jobs wait.")
    assert (standing.since, standing.bad_since, standing.checked_at) == (NOW + 60, None, NOW + 90)
