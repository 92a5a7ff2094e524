"""Outputs that are gone by no doing of ours. They are told, and not made again: somebody may not want them."""

import os
from collections import Counter
from collections.abc import Callable

from fileq.ledger import Ledger

_AT_ONCE = 500


def note_vanished(ledger: Ledger, now: float, stop: Callable[[], bool]) -> Counter[str]:
    """Look at every output that should stand, write down what has vanished, and is back; how many, by recipe."""
    gone: Counter[str] = Counter()
    last: str | None = None
    while not stop():
        outputs = ledger.outputs.list_expected_outputs(after=last, limit=_AT_ONCE)
        if not outputs:
            break
        last = outputs[-1].path
        missing = [output for output in outputs if not os.path.lexists(output.path)]
        there = [(output.path, output.version) for output in outputs if output.vanished and output not in missing]
        newly = [(output.path, output.version) for output in missing if not output.vanished]
        ledger.outputs.record_vanished(newly, there, now)
        gone.update(output.recipe for output in missing)
    return gone
