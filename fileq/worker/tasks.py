"""Huey's tasks: what messages and the clock set off."""

from collections.abc import Callable

from huey import Huey, crontab

from fileq.queue import PROCESS
from fileq.worker import slot


def process(*jobs: int) -> None:
    """Do these jobs, one after another, in this thread's slot."""
    slot.current().work(jobs)


def register(huey: Huey, every_minute: Callable[[], None] | None = None) -> None:
    """Make the tasks known to this Huey."""
    huey.task(name=PROCESS.rpartition(".")[2])(process)
    if every_minute is not None:
        huey.periodic_task(crontab(), name="upkeep")(every_minute)
