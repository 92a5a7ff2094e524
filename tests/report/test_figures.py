"""The figures of the report against sums that are computed in another way."""

import random
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from fileq.report.figures import compute_figures
from tests.support.jobs import DAMAGED, SLOW, begin, enter, finish, recipe

BERLIN = ZoneInfo("Europe/Berlin")


def at(zone, year, month, day, hour=0, minute=0):
    return datetime(year, month, day, hour, minute, tzinfo=zone).timestamp()


def do(ledger, source, moment, took=1.0, wanted="web", bytes_out=100, failure=None):
    (job,) = enter(ledger, source, wanted=recipe(wanted))
    token = begin(ledger, job, now=moment - took)
    if failure:
        ledger.attempts.fail_attempt(token, failure, moment)
    else:
        finish(ledger, token, now=moment, bytes_out=bytes_out)


@pytest.fixture
def lived(ledger):
    """Jobs of 20 days, and what is known of each."""
    chance, known = random.Random(5), []
    first = at(UTC, 2026, 3, 20)
    for number in range(300):
        moment = first + chance.random() * 20 * 86400
        took, wanted, bytes_out = chance.random() * 9, chance.choice(["web", "thumb", "avif"]), chance.randrange(2000)
        failure = chance.choice([None, None, None, DAMAGED, SLOW])
        do(ledger, f"/{number % 200}.jpg-{number}", moment, took, wanted, bytes_out, failure)
        known.append((moment, took, wanted, bytes_out, failure))
    return known


@pytest.mark.parametrize("zone", [UTC, BERLIN, ZoneInfo("Asia/Kathmandu"), ZoneInfo("Pacific/Apia")], ids=str)
def test_all_sums_are_those_of_the_jobs(ledger, lived, zone):
    since, until = at(UTC, 2026, 3, 24, 7, 13), at(UTC, 2026, 4, 6, 22, 41)
    inside = [one for one in lived if since <= one[0] < until]
    done = [one for one in inside if one[4] is None]
    found = compute_figures(ledger, since, until, zone)
    assert (found.jobs.done, found.jobs.failed) == (len(done), len(inside) - len(done))
    assert (found.files, found.outputs) == (len(inside), len(done))
    assert (found.bytes_in, found.bytes_out) == (1000 * len(done), sum(one[3] for one in done))
    assert found.bytes_saved == found.bytes_in - found.bytes_out
    assert found.seconds == pytest.approx(sum(one[1] for one in inside), abs=0.01)
    dates = Counter(datetime.fromtimestamp(one[0], zone).date().isoformat() for one in done)
    assert {day.date: day.done for day in found.days if day.done} == dates
    assert sum(day.failed for day in found.days) == found.jobs.failed
    assert sum(day.bytes_out for day in found.days) == found.bytes_out


def test_recipes_have_their_own_sums_the_longest_first(ledger, lived):
    since, until = at(UTC, 2026, 3, 1), at(UTC, 2026, 5, 1)
    found = compute_figures(ledger, since, until, UTC)
    for one in found.recipes:
        mine = [job for job in lived if job[2] == one.recipe]
        done = [job for job in mine if job[4] is None]
        assert (one.jobs, one.failed, one.outputs) == (len(mine), len(mine) - len(done), len(done))
        assert (one.bytes_in, one.bytes_out) == (1000 * len(done), sum(job[3] for job in done))
        seconds = sum(job[1] for job in mine)
        assert one.seconds == pytest.approx(seconds, abs=0.01)
        assert one.seconds_per_job == pytest.approx(seconds / len(mine), abs=0.001)
        assert one.jobs_per_minute == pytest.approx(60 * len(mine) / seconds, abs=0.1)
        assert one.bytes_per_second == pytest.approx(one.bytes_in / seconds, abs=0.1)
    assert [one.seconds for one in found.recipes] == sorted((one.seconds for one in found.recipes), reverse=True)
    assert {cause.kind: cause.count for cause in found.failures} == Counter(one[4].kind for one in lived if one[4])


@pytest.mark.parametrize(
    ("zone", "date", "hours"),
    [
        (BERLIN, date(2026, 3, 29), 23),
        (BERLIN, date(2026, 10, 25), 25),
        (ZoneInfo("Africa/Cairo"), date(2026, 4, 24), 23),  # where midnight is left out
        (ZoneInfo("America/Havana"), date(2026, 11, 1), 25),  # where midnight comes twice
        (ZoneInfo("Australia/Lord_Howe"), date(2026, 4, 5), 24.5),
    ],
    ids=str,
)
def test_every_moment_of_a_day_on_which_clocks_change_counts_for_that_day(ledger, zone, date, hours):
    midnight = datetime.combine(date, time(), zone)
    noon, start, end = midnight.replace(hour=12), midnight.timestamp(), (midnight + timedelta(days=1)).timestamp()
    assert end - start == hours * 3600
    moments = [start + quarter * 900 for quarter in range(int(hours * 4))]
    for number, moment in enumerate([start - 1, *moments, end]):
        do(ledger, f"/{number}.jpg", moment)
    days = compute_figures(ledger, noon.timestamp() - 3 * 86400, noon.timestamp() + 3 * 86400, zone).days
    counts = {day.date: day.done for day in days if day.done}
    before, after = (noon.date() + timedelta(days=by) for by in (-1, 1))
    assert counts == {str(before): 1, str(noon.date()): len(moments), str(after): 1}
    assert len({day.date for day in days}) == len(days) == 7


def test_a_day_that_a_zone_left_out_is_not_there(ledger):
    apia = ZoneInfo("Pacific/Apia")
    do(ledger, "/a.jpg", at(apia, 2011, 12, 31, 0, 30))
    days = compute_figures(ledger, at(apia, 2011, 12, 28), at(apia, 2012, 1, 2), apia).days
    assert [day.date[-2:] for day in days] == ["28", "29", "31", "01"]
    assert [day.done for day in days] == [0, 0, 1, 0]


def test_a_short_stretch_is_told_by_the_hour_also_when_one_comes_twice(ledger):
    since, until = at(BERLIN, 2026, 10, 25, 0, 30), at(BERLIN, 2026, 10, 25, 4, 30)
    for hour in range(5):
        do(ledger, f"/{hour}.jpg", since + hour * 3600)
    found = compute_figures(ledger, since, until, BERLIN)
    assert [(hour.date, hour.done) for hour in found.days] == [
        ("2026-10-25T00:00+02:00", 1), ("2026-10-25T01:00+02:00", 1), ("2026-10-25T02:00+02:00", 1),
        ("2026-10-25T02:00+01:00", 1), ("2026-10-25T03:00+01:00", 1), ("2026-10-25T04:00+01:00", 0),
    ]  # fmt: skip


@pytest.mark.parametrize("zone", [ZoneInfo("Asia/Kathmandu"), ZoneInfo("Australia/Lord_Howe")], ids=str)
def test_hours_hold_all_jobs_in_zones_that_are_no_whole_hour_off(ledger, zone):
    since = at(zone, 2026, 4, 4, 20, 7)
    for quarter in range(80):
        do(ledger, f"/{quarter}.jpg", since + quarter * 900)
    found = compute_figures(ledger, since, since + 20 * 3600, zone)
    assert sum(hour.done for hour in found.days) == 80
    assert max(hour.done for hour in found.days) == 4


def test_nothing_done_is_empty_and_days_are_there_all_the_same(ledger):
    found = compute_figures(ledger, at(UTC, 2026, 5, 1), at(UTC, 2026, 5, 8), UTC)
    assert found.is_empty
    assert len(found.days) == 7
    assert [found.recipes, found.formats, found.failures, found.watches] == [[], [], [], []]
