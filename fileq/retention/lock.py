"""One cleaning at a time: two would take each other's hidden files for what a crash has left."""

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from fileq.errors import EnvironmentFailure
from fileq.ledger import Ledger
from fileq.ledger.columns import decode_column
from fileq.presence import ProcessIdentity, may_be_at_work, this_process


class Cleaner(msgspec.Struct, frozen=True):
    """The process that cleans, since `at`."""

    process: ProcessIdentity
    at: float

    def goes_on(self, now: float) -> bool:
        return may_be_at_work(self.process, now - self.at)


@contextmanager
def alone(ledger: Ledger, now: float) -> Iterator[None]:
    """Raises EnvironmentFailure where somebody else cleans."""
    me = msgspec.json.encode(Cleaner(this_process(), now)).decode()
    with ledger.transaction():
        other = decode_column(ledger.retention.find_cleaner(), Cleaner)
        if other is not None and other.goes_on(now):
            raise EnvironmentFailure(
                f"Another cleaning is under way: process {other.process.pid} on {other.process.host}.",
                "Wait for it to end, then try again.",
            )
        ledger.retention.begin_cleaning(me)
    try:
        yield
    finally:
        ledger.retention.end_cleaning(me)
