"""The times that people write after --since, and times as JSON and people read them."""

from datetime import datetime

from fileq.errors import UsageError
from fileq.units import KeepDuration, iso_time


def parse_since(text: str, now: float) -> float:
    """Return the time in the past that the text of --since means, in seconds since the epoch. Raises UsageError.

    It is so long before `now` ("7d"), or an ISO date, with or without a time; local without a zone.
    """
    try:
        found = now - KeepDuration.parse(text)
    except ValueError:
        try:
            found = _date(text)
        except ValueError as error:
            raise UsageError(
                f"--since {text}: that is no time.", 'Write how long ago ("7d", "12h"), or a date ("2026-05-17").'
            ) from error
    if not 0 <= found < now:
        raise UsageError(f"--since {text}: that is no time in the past.", 'Write how long ago: "7d", "12h".')
    return found


def _date(text: str) -> float:
    return datetime.fromisoformat(text).astimezone().timestamp()


def iso_or_none(seconds: float | None) -> str | None:
    """Return a time, in seconds since the epoch, as 2026-05-17T20:00:00.000Z; None for None."""
    return None if seconds is None else iso_time(seconds)


def local_time(seconds: float | None) -> str:
    """Return a time, in seconds since the epoch, as 2026-05-17 22:00:00 by the local clock; "" for None."""
    return "" if seconds is None else datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M:%S")
