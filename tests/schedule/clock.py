"""Times on the wall, in a zone whose clocks change."""

from datetime import datetime
from zoneinfo import ZoneInfo

BERLIN = ZoneInfo("Europe/Berlin")


def at(year, month, day, hour=0, minute=0, second=0, *, fold=0):
    """A time in Berlin, as seconds since the epoch."""
    return datetime(year, month, day, hour, minute, second, tzinfo=BERLIN, fold=fold).timestamp()
