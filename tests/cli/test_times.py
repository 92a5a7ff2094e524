"""When is --at?"""

from datetime import datetime, timedelta

import pytest

from fileq.cli.times import iso_or_none
from fileq.errors import UsageError
from fileq.intake.due_time import parse_due_time

NOON = datetime(2026, 5, 17, 12, 0).astimezone()


def after_noon(text):
    return datetime.fromtimestamp(parse_due_time(text, NOON.timestamp())).astimezone() - NOON


@pytest.mark.parametrize(
    ("text", "later"),
    [
        ("30m", timedelta(minutes=30)),
        ("90", timedelta(seconds=90)),
        ("2d", timedelta(days=2)),
        ("22:00", timedelta(hours=10)),
        ("08:30", timedelta(hours=20.5)),
        ("12:00", timedelta(days=1)),
        ("2026-05-18", timedelta(hours=12)),
        ("2026-05-17T13:30", timedelta(hours=1.5)),
        ("2026-05-17 11:00", timedelta(hours=-1)),
    ],
)
def test_a_delay_a_time_of_day_or_a_date(text, later):
    assert after_noon(text) == later


def test_a_zone_counts():
    assert parse_due_time("2026-05-17T12:00:00+02:00", 0.0) == parse_due_time("2026-05-17T10:00:00Z", 0.0)


@pytest.mark.parametrize("text", ["", "tea", "25:00", "2026-13-01", "30 parsecs", "-5m"])
def test_what_is_no_time_says_what_is(text):
    with pytest.raises(UsageError, match="22:00"):
        parse_due_time(text, 0.0)


def test_json_times_are_utc():
    assert iso_or_none(0.5) == "1970-01-01T00:00:00.500Z"
    assert iso_or_none(None) is None
