"""Which strikes are tried: all of them, or a few by chance."""

import random
from collections.abc import Iterator

from tests.chaos.checker import Reference
from tests.chaos.random_kills import RandomKills
from tests.chaos.steps import FAULTS, KILLED, Act, StepKind, Strike

MARGIN = 1.15
"""Steps come in another number each time: threads and clocks have a say. So far we look for the last one."""

WHILE = 25
"""For so many steps a fault lasts that goes away by itself."""

BRIEFLY = 3
"""The same where few are tried: each step may be a try after a longer wait, and after a minute a command gives up."""

_WHILE_EVERY = 5
"""Such a fault begins at one of so many steps: the next one would strike nearly the same."""

RANDOM = 100
"""Tries of each scenario with kills at random moments, one to four in each."""


def last_step(reference: Reference, kinds: StepKind = KILLED) -> int:
    return int(reference.count_steps(kinds) * MARGIN) + 5


def every_kill(reference: Reference) -> Iterator[Strike]:
    """Before and after every step, of the process that makes it; and of the command and the group in turn."""
    for at in range(1, last_step(reference) + 1):
        yield Strike(act=Act.KILL, at=at)
        yield Strike(act=Act.KILL, at=at, is_after=True)
        yield Strike(act=Act.KILL_GROUP if at % 2 else Act.KILL_LEADER, at=at)


def every_fault(reference: Reference) -> Iterator[Strike]:
    """Every fault at every step that it can come at, and for a while from some on."""
    for error, kinds in FAULTS.items():
        for at in range(1, last_step(reference, kinds) + 1):
            yield Strike(act=Act.FAIL, error=error, at=at)
            if at % _WHILE_EVERY == 1:
                yield Strike(act=Act.FAIL, error=error, at=at, length=WHILE)


def random_kills(reference: Reference) -> Iterator[RandomKills]:
    yield from map(RandomKills, range(RANDOM))


def some_kills(reference: Reference, count: int, chance: random.Random) -> list[Strike]:
    """As many by chance, spread over the whole run."""
    acts = (Act.KILL, Act.KILL, Act.KILL_LEADER, Act.KILL_GROUP)
    return [
        Strike(act=chance.choice(acts), at=at, is_after=chance.random() < 0.5)
        for at in _spread(reference.count_steps(KILLED), count, chance)
    ]


def some_faults(reference: Reference, count: int, chance: random.Random) -> list[Strike]:
    errors = [chance.choice(list(FAULTS)) for _ in range(count)]
    return [
        Strike(act=Act.FAIL, error=error, at=_spread(reference.count_steps(FAULTS[error]), count, chance)[part],
               length=chance.choice((1, BRIEFLY)))
        for part, error in enumerate(errors)
    ]  # fmt: skip


def _spread(steps: int, count: int, chance: random.Random) -> list[int]:
    """One step out of each of `count` parts of the run."""
    return [1 + int(steps * (part + chance.random()) / count) for part in range(count)]
