"""What is news about our health: what turned bad, and what is well again.

The rule, so that a notice comes once, and nothing that comes and goes makes a stream of them:

- A check turns bad when two looks in a row, at least 60 s apart, found it bad. The database and the disk do so at the
  first look: there is no time to lose.
- It is well again when two looks in a row, at least 60 s apart, found it not bad, and the last found it ok. Where it
  stays at a warning, that counts as well after an hour.
- A warning is never bad, and no news.
"""

from collections.abc import Iterator, Sequence

import msgspec

from fileq.health.check import DATABASE, DISK, Check, State
from fileq.ledger import Ledger
from fileq.ledger.tables.checks import CheckRecord
from fileq.presence import hostname
from fileq.units import describe_seconds

AT_ONCE = frozenset({DATABASE, DISK})

_SURE = 60.0
_CALM = 3600.0


class Change(msgspec.Struct, frozen=True):
    """What somebody is to be told, as plain text: the title in a line, the body in several."""

    title: str
    body: str


class _News(msgspec.Struct, frozen=True):
    """A check that turned, and, where it turned well, for how many seconds it was not."""

    check: Check
    lasted: float | None


def record(ledger: Ledger, checks: Sequence[Check], now: float) -> Change | None:
    """Write down how the checks stand; answer what has turned since the last time, None where nothing has.

    Of several workers that record at the same time, one is told of a change. Raises LedgerError.
    """
    with ledger.transaction():
        before = ledger.checks.list_records()
        news = [found for check in checks if (found := _recorded(ledger, check, before.get(check.name), now))]
    return _change(ledger, news) if news else None


def _recorded(ledger: Ledger, check: Check, before: CheckRecord | None, now: float) -> _News | None:
    is_bad = check.state is State.BAD
    same = before is not None and (before.state == State.BAD) == is_bad
    since = before.since if before is not None and same else now
    bad_since = before.bad_since if before is not None else None
    if bad_since is None:
        turns = is_bad and (check.name in AT_ONCE or now - since >= _SURE)
        news = _News(check, None)
    else:
        turns = not is_bad and now - since >= (_SURE if check.state is State.OK else _CALM)
        news = _News(check, since - bad_since)
    after = (since if is_bad else None) if turns else bad_since
    ledger.checks.upsert_record(CheckRecord(check.name, check.state, check.message, since, after, now))
    return news if turns else None


def _change(ledger: Ledger, news: Sequence[_News]) -> Change:
    ill = [one.check for one in news if one.lasted is None]
    well = [one for one in news if one.lasted is not None]
    named = {"not well": ill, "well again": [one.check for one in well]}
    title = "; ".join(f"{what}: {', '.join(one.name for one in checks)}" for what, checks in named.items() if checks)
    where = f"On {hostname()}, with the database {ledger.database.path}. fileq doctor shows all checks."
    lines = [*(line for check in ill for line in _ill(check)), *map(_well, well), "", where]
    return Change(f"fileq is {title}", "\n".join(lines))


def _ill(check: Check) -> Iterator[str]:
    for message, remedy in check.lines:
        yield f"{check.name}: {message}"
        if remedy:
            yield f"  What to do: {remedy}"


def _well(news: _News) -> str:
    return f"{news.check.name} is well again, after {describe_seconds(news.lasted or 0.0)}: {news.check.message}"
