"""The zone of the clock on the wall, in all the forms in which systems name it."""

import time
from datetime import datetime

import pytest
import tzlocal.unix

from fileq.errors import EnvironmentFailure
from fileq.timezone import local_zone

SUMMER, WINTER = 1_780_000_000.0, 1_795_000_000.0


@pytest.fixture
def zone(monkeypatch):
    def of(name):
        monkeypatch.setenv("TZ", name)
        monkeypatch.setattr(tzlocal.unix, "_cache_tz", None)  # it asks once for each process
        time.tzset()
        return local_zone()

    yield of
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    "name",
    ["Europe/Berlin", "America/New_York", "UTC", "EST5EDT", "CST-8", "<+03>-3", "CET-1CEST,M3.5.0,M10.5.0/3",
     "NZST-12NZDT,M9.5.0,M4.1.0/3"],
)  # fmt: skip
def test_it_shows_the_same_time_as_the_system(zone, name):
    there = zone(name)
    for moment in (SUMMER, WINTER):
        assert datetime.fromtimestamp(moment, there).replace(tzinfo=None) == datetime.fromtimestamp(moment)  # noqa: DTZ006  # the system's own


@pytest.mark.parametrize("name", ["Nonsense", "Europe/Berlim", "CET-1CEST,M3.5.0"])
def test_what_is_no_zone_is_named_with_a_remedy(zone, name):
    with pytest.raises(EnvironmentFailure, match=f"TZ={name} names no time zone") as raised:
        zone(name)
    assert "Europe/Berlin" in raised.value.hint
