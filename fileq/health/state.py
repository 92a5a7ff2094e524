"""The state of each check over time: which turned bad, and which is well again.

The rule, so that a notification comes once, and nothing that comes and goes makes a stream of them:

- A check turns bad when two runs in a row, at least 60 s apart, found it bad. The database and the disk do so at the
  first run: there is no time to lose.
- It is well again when two runs in a row, at least 60 s apart, found it not bad, and the last found it ok. Where it
  stays at a warning, that counts as well after an hour.
- A warning is never bad, and is not notified.
"""

from collections.abc import Iterator, Sequence

import msgspec

from fileq.health.check import DATABASE_CHECK, DISK_CHECK, CheckResult, CheckState
from fileq.ledger import Ledger
from fileq.ledger.tables.checks import CheckRecord
from fileq.presence import hostname
from fileq.units import describe_seconds

URGENT_CHECKS = frozenset({DATABASE_CHECK, DISK_CHECK})

_CONFIRMATION = 60.0
_WARNING_CONFIRMATION = 3600.0


class HealthChange(msgspec.Struct, frozen=True):
    """What people are to be notified of, as plain text: the title in a line, the body in several."""

    title: str
    body: str


class _Turn(msgspec.Struct, frozen=True):
    """A check that turned, and, where it turned well, for how many seconds it was not."""

    check: CheckResult
    lasted: float | None


def record_results(ledger: Ledger, checks: Sequence[CheckResult], now: float) -> HealthChange | None:
    """Record the results of the checks; return what has turned since the last time, None where nothing has.

    Of several workers that record at the same time, one is told of a change. Raises LedgerError.
    """
    with ledger.transaction():
        before = ledger.checks.list_records()
        turns = [turn for check in checks if (turn := _record_result(ledger, check, before.get(check.name), now))]
    return _describe_turns(ledger, turns) if turns else None


def _record_result(ledger: Ledger, check: CheckResult, before: CheckRecord | None, now: float) -> _Turn | None:
    is_bad = check.state is CheckState.BAD
    same = before is not None and (before.state == CheckState.BAD) == is_bad
    since = before.since if before is not None and same else now
    bad_since = before.bad_since if before is not None else None
    if bad_since is None:
        has_turned = is_bad and (check.name in URGENT_CHECKS or now - since >= _CONFIRMATION)
        turn = _Turn(check, None)
    else:
        has_turned = not is_bad and now - since >= (
            _CONFIRMATION if check.state is CheckState.OK else _WARNING_CONFIRMATION
        )
        turn = _Turn(check, since - bad_since)
    after = (since if is_bad else None) if has_turned else bad_since
    ledger.checks.upsert_record(
        CheckRecord(
            name=check.name, state=check.state, message=check.message, since=since, bad_since=after, checked_at=now
        )
    )
    return turn if has_turned else None


def _describe_turns(ledger: Ledger, turns: Sequence[_Turn]) -> HealthChange:
    ill = [turn.check for turn in turns if turn.lasted is None]
    well = [turn for turn in turns if turn.lasted is not None]
    named = {"not well": ill, "well again": [turn.check for turn in well]}
    title = "; ".join(
        f"{what}: {', '.join(check.name for check in checks)}" for what, checks in named.items() if checks
    )
    where = f"On {hostname()}, with the database {ledger.database.path}. fileq doctor shows all checks."
    lines = [*(line for check in ill for line in _describe_bad(check)), *map(_describe_recovery, well), "", where]
    return HealthChange(f"fileq is {title}", "\n".join(lines))


def _describe_bad(check: CheckResult) -> Iterator[str]:
    for message, remedy in check.lines:
        yield f"{check.name}: {message}"
        if remedy:
            yield f"  What to do: {remedy}"


def _describe_recovery(turn: _Turn) -> str:
    return f"{turn.check.name} is well again, after {describe_seconds(turn.lasted or 0.0)}: {turn.check.message}"
