"""Cron lines: when something is due by the clock on the wall, also on the days when that clock changes."""

from datetime import datetime

import pytest

from fileq.cron import Cron
from tests.schedule.clock import BERLIN, at


def times(line, start, count):
    """The next `count` due times after `start`, as a clock in Berlin shows them with its offset."""
    shown = []
    for _ in range(count):
        start = Cron(line).next_after(start, BERLIN)
        shown.append(datetime.fromtimestamp(start, BERLIN).strftime("%d %H:%M%z")[:-2])
    return shown


SPRING = at(2026, 3, 28, 23)  # at 2:00 on the 29th it is 3:00
AUTUMN = at(2026, 10, 24, 23)  # at 3:00 on the 25th it is 2:00


def test_a_time_that_is_not_there_in_spring_counts_as_the_first_moment_after_it():
    assert times("30 2 * * *", SPRING, 2) == ["29 03:00+02", "30 02:30+02"]


def test_a_time_that_is_there_twice_in_autumn_counts_once():
    assert times("30 2 * * *", AUTUMN, 2) == ["25 02:30+02", "26 02:30+01"]


def test_each_hour_is_each_real_hour():
    assert times("0 * * * *", at(2026, 3, 29, 1, 30), 2) == ["29 03:00+02", "29 04:00+02"]
    assert times("0 * * * *", at(2026, 10, 25, 1, 30), 3) == ["25 02:00+02", "25 02:00+01", "25 03:00+01"]


def test_in_the_hour_that_comes_again_a_time_that_is_over_does_not_come_again():
    assert times("30 2 * * *", at(2026, 10, 25, 2, 10, fold=1), 1) == ["26 02:30+01"]


@pytest.mark.parametrize("line", ["30 2 * * *", "0 * * * *", "*/5 2 * * *", "15 2,3 * * sun"])
def test_the_next_time_is_always_later(line):
    moment = at(2026, 10, 25, 0)
    while moment < at(2026, 10, 25, 6):
        next_at = Cron(line).next_after(moment, BERLIN)
        assert next_at > moment
        moment += 60


def test_names_of_days_and_blanks_are_understood():
    assert times(Cron.parse(" 0  6 * * mon"), at(2026, 5, 17, 12), 2) == ["18 06:00+02", "25 06:00+02"]


def test_off_is_never():
    assert Cron.parse("off").next_after(AUTUMN, BERLIN) is None


@pytest.mark.parametrize("line", ["", "every day", "* * * *", "60 * * * *", "@daily", 5, None])
def test_what_is_no_cron_line_is_refused_with_an_example(line):
    with pytest.raises(ValueError, match=r"is no cron line.*0 2"):
        Cron.parse(line)
