"""When jobs are to begin, as people say it."""

from datetime import datetime, timedelta

from fileq.errors import UsageError
from fileq.units import Duration

OPTION = "--at"


def parse_due_time(text: str, now: float, called: str = OPTION) -> float:
    """Return the time that a text means, in seconds since the epoch. Raises UsageError.

    It is a delay from `now` ("30m"), the next such time of day ("22:00"), or an ISO date and time; local without a
    zone. `called` is what people know it by.
    """
    try:
        return now + Duration.parse(text)
    except ValueError:
        local = datetime.fromtimestamp(now).astimezone()
    try:
        if len(text) <= len("22:00"):
            return _next_time_of_day(text, local)
        return datetime.fromisoformat(text).astimezone().timestamp()
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError(
            f"{called} {text}: that is no time.", 'Write a delay ("30m"), a time ("22:00"), or "2026-05-17T22:00".'
        ) from error


def _next_time_of_day(text: str, local: datetime) -> float:
    wanted = datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007  # it is a time of day, and local
    # The zone is worked out anew: tomorrow may have another offset.
    today = datetime.combine(local.date(), wanted).astimezone()
    return (
        today if today > local else datetime.combine(local.date() + timedelta(days=1), wanted).astimezone()
    ).timestamp()
