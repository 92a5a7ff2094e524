"""Cron lines: when something is due by the wall clock. Pure: the time and the zone are parameters."""

from datetime import datetime, tzinfo
from typing import Self

OFF = "off"


class Cron(str):
    """Five fields as cron has them: minute, hour, day of month, month, day of week; or `off`: never.

    At the change to summer time, a time that isn't there counts as the first moment after it; at the change back, a
    time that is there twice counts once, and a wildcard goes on with the real time. The same as Debian's cron.
    """

    __slots__ = ()

    @classmethod
    def parse(cls, text: object) -> Self:
        """Return a cron line. Raises ValueError where it is none, or can never be due."""
        if not isinstance(text, str):
            raise ValueError(f'{text!r} is no cron line; write it like "0 2 * * *", or "off"')  # noqa: TRY004
        line = cls(" ".join(text.split()))
        if line.is_off:
            return line
        from cronsim import CronSim, CronSimError  # noqa: PLC0415  # most configs have no line of their own

        try:
            next(CronSim(line, datetime(2000, 1, 1)))  # noqa: DTZ001  # any moment will do
        except CronSimError as error:
            problem = str(error)[:1].lower() + str(error)[1:]
            raise ValueError(
                f'{text!r} is no cron line ({problem}); write minute, hour, day, month and weekday, like "0 2 * * *",'
                ' or "off"'
            ) from error
        except StopIteration as error:
            raise ValueError(f'{text!r} is a date that never comes; write it like "0 2 * * *", or "off"') from error
        return line

    @property
    def is_off(self) -> bool:
        """Whether the line says never."""
        return self == OFF

    def next_after(self, moment: float, zone: tzinfo) -> float | None:
        """Return the first due time after `moment`, in seconds since the epoch; None where the line is off."""
        if self.is_off:
            return None
        from cronsim import CronSim  # noqa: PLC0415  # as above

        times = (time.timestamp() for time in CronSim(self, datetime.fromtimestamp(moment, zone)))
        # In the hour that comes twice, a fixed time that is over may be named once more.
        return next((time for time in times if time > moment), None)
