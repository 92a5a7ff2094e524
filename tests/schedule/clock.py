"""Times on the wall, in a zone whose clocks change."""

from datetime import datetime
from zoneinfo import ZoneInfo

BERLIN = ZoneInfo("Europe/Berlin")


def at(*parts, fold=0):
    """Year, month, day, hour, … in Berlin, as seconds since the epoch."""
    return datetime(*parts, tzinfo=BERLIN, fold=fold).timestamp()
