"""Which strikes are tried: all of them, or a few by chance."""

import random
from collections.abc import Iterator

from tests.chaos.checker import Reference
from tests.chaos.random_kills import RandomKills
from tests.chaos.steps import FAULTS, Act, Strike

MARGIN = 1.15
"""Steps come in another number each time: threads and clocks have a say. So far we look for the last one."""

WHILE = 25
"""For so many steps a fault lasts that goes away by itself."""


RANDOM = 100
"""Tries of each scenario with kills at random moments, one to four in each."""


def last_step(reference: Reference) -> int:
    return int(reference.steps * MARGIN) + 5


def every_kill(reference: Reference) -> Iterator[Strike]:
    """Before and after every step, of the process that makes it; and of the command and the group in turn."""
    for at in range(1, last_step(reference) + 1):
        yield Strike(act=Act.KILL, at=at)
        yield Strike(act=Act.KILL, at=at, is_after=True)
        yield Strike(act=Act.KILL_GROUP if at % 2 else Act.KILL_LEADER, at=at)


def every_fault(reference: Reference) -> Iterator[Strike]:
    """Every fault at every step, once and for a while."""
    for at in range(1, last_step(reference) + 1):
        for error in FAULTS:
            yield Strike(act=Act.FAIL, error=error, at=at)
            yield Strike(act=Act.FAIL, error=error, at=at, length=WHILE)


def random_kills(reference: Reference) -> Iterator[RandomKills]:
    yield from map(RandomKills, range(RANDOM))


def some_kills(reference: Reference, count: int, chance: random.Random) -> list[Strike]:
    """As many by chance, spread over the whole run."""
    acts = (Act.KILL, Act.KILL, Act.KILL_LEADER, Act.KILL_GROUP)
    return [
        Strike(act=chance.choice(acts), at=at, is_after=chance.random() < 0.5)
        for at in _spread(reference, count, chance)
    ]


def some_faults(reference: Reference, count: int, chance: random.Random) -> list[Strike]:
    return [
        Strike(act=Act.FAIL, error=chance.choice(list(FAULTS)), at=at, length=chance.choice((1, WHILE)))
        for at in _spread(reference, count, chance)
    ]


def _spread(reference: Reference, count: int, chance: random.Random) -> list[int]:
    """One step out of each of `count` parts of the run."""
    return [1 + int(reference.steps * (part + chance.random()) / count) for part in range(count)]
