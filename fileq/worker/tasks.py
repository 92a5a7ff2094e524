"""Huey's tasks: what messages and the clock set off."""

import time

from huey import Huey, crontab

from fileq.ledger import Ledger
from fileq.queue import PROCESS
from fileq.worker import slot
from fileq.worker.recovery import recover


def process(*jobs: int) -> None:
    """Do these jobs, one after another, in this thread's slot."""
    slot.current().work(jobs)


def register(huey: Huey, ledger: Ledger, heartbeat: float) -> None:
    """Make the tasks known to this Huey."""
    huey.task(name=PROCESS.rpartition(".")[2])(process)

    def recover_every_minute() -> None:
        recover(ledger, time.time(), heartbeat)

    huey.periodic_task(crontab(), name="recover")(recover_every_minute)
