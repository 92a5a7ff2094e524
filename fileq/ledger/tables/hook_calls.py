"""The calls of hooks: each is written down as its job or batch ends, and stays until it is delivered."""

from collections.abc import Sequence

import msgspec

from fileq.ledger.columns import encode_text, read_row
from fileq.ledger.database import Database
from fileq.ledger.tables.hooks import HookRule

BACKOFF = (5.0, 60.0, 300.0, 1800.0, 7200.0, 21600.0)
"""Seconds from a failed try to the next one; the last figure serves for all later ones."""

PATIENCE = 86400.0
"""Seconds from the first try after which a call is given up."""

KEPT = 30 * 86400.0
"""Seconds for which one that was given up can be sent again."""

DIED = "Whoever delivered it was ended on the way."
_UNKNOWN = "No worker has this hook in its config any more."
_AHEAD = 86400.0
"""Seconds: a lease that ends later than that was given before the clock was set back."""

_ROW = (
    "select id, token, hook, event, batch_id, job_id, happened_at, attempts, started_at, error_kind, error_message,"
    " error_hint, body, due_at, tries, first_tried_at, problem, given_up_at from hook_calls as call"
)
_DUE = (
    "given_up_at is null and due_at <= :now"
    " and (leased_until is null or leased_until <= :now or leased_until > :now + :ahead)"
    " and not exists (select 1 from hook_calls as earlier where earlier.job_id = call.job_id"
    " and earlier.id < call.id and earlier.given_up_at is null and {earlier_is_wanted})"
)
"""Whether a call is due, nobody makes it, and no earlier one of its job that is wanted, too, is left."""

_RECIPE_NAME = (
    "(select recipes.name from jobs join recipes on recipes.id = jobs.recipe_id where jobs.id = {call}.job_id)"
)


class HookCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call, and how far that has come. Times are seconds since the epoch.

    `token` is the same at each try. `event` is done, failed or cancelled, of a job, or batch; `attempts` and what
    follows is the job's, as it was when it ended. `body` is what was sent, None before the first try went wrong.
    `problem` says why the last try went wrong.
    """

    call_id: int
    token: str
    hook: str
    event: str
    batch_id: int
    job_id: int | None
    happened_at: float
    attempts: int | None
    started_at: float | None
    error_kind: str | None
    error_message: str | None
    error_hint: str | None
    body: str | None
    due_at: float
    tries: int
    first_tried_at: float | None
    problem: str | None
    given_up_at: float | None


class HookSummary(msgspec.Struct, frozen=True, kw_only=True):
    """How many calls of a hook wait for their first try, for another one, and were given up."""

    hook: str
    waiting: int
    retrying: int
    given_up: int


class HookCalls:
    def __init__(self, database: Database) -> None:
        self._database = database

    def has_due_call(self, rules: Sequence[HookRule], now: float) -> bool:
        """Return whether a call that these rules of a hook want is due."""
        with self._database.reading() as connection:
            row = connection.execute(
                f"select 1 from hook_calls as call where {_due(rules)} limit 1",  # noqa: S608  # ours
                {**_names(rules), "now": now, "ahead": _AHEAD},
            ).fetchone()
        return row is not None

    def list_untried_jobs(self, hook: str, limit: int) -> list[tuple[str, int]]:
        """Return the tokens and the job ids of a hook's calls that nobody has tried yet, the newest first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "select token, job_id from hook_calls"
                " where hook = ? and tries = 0 and given_up_at is null and job_id is not null order by id desc limit ?",
                (hook, limit),
            )
            return [(token, job_id) for token, job_id in rows.fetchall()]

    def lease_call(self, rules: Sequence[HookRule], now: float, seconds: float) -> HookCall | None:
        """Return the next call that these rules of a hook want, for this process to deliver within so many seconds.

        None where none is due. Another config may have a hook of the same name: what that one wants alone is its own.
        Of one job the earliest comes first, and no other before that one is delivered or given up. The try is counted
        before it begins: should whoever makes it die, another one makes the next.
        """
        with self._database.transaction() as connection:
            row = connection.execute(
                f"{_ROW} where {_due(rules)} order by due_at, id limit 1",
                {**_names(rules), "now": now, "ahead": _AHEAD},
            ).fetchone()
            if row is None:
                return None
            call = read_row(HookCall, row)
            leased = msgspec.structs.replace(
                call, tries=call.tries + 1, first_tried_at=now if call.first_tried_at is None else call.first_tried_at
            )
            connection.execute(
                "update hook_calls set tries = ?, first_tried_at = ?, leased_until = ?, problem = coalesce(problem, ?)"
                " where id = ?",
                (leased.tries, leased.first_tried_at, now + seconds, DIED if call.tries else None, call.call_id),
            )
        return leased

    def delete_call(self, call: HookCall) -> bool:
        """Delete a call that was delivered, or has nothing to say; return False where another process has it by now."""
        with self._database.transaction() as connection:
            deleted = connection.execute(
                "delete from hook_calls where id = ? and token = ? and tries = ?",
                (call.call_id, call.token, call.tries),
            )
        return bool(deleted.rowcount)

    def record_failed_try(
        self, call: HookCall, problem: str, now: float, *, body: str | None = None, is_final: bool = False
    ) -> None:
        """Record why a try went wrong, and what was sent. It is tried again for a day; a final problem ends that."""
        end = (call.first_tried_at or now) + PATIENCE
        later = now + BACKOFF[min(max(call.tries, 1), len(BACKOFF)) - 1]
        self._update(
            call,
            "problem = ?, body = ?, leased_until = null, due_at = ?, given_up_at = ?",
            encode_text(problem),
            body,
            min(later, end) if now < end else later,
            now if is_final or now >= end else None,
        )

    def _update(self, call: HookCall, change: str, *values: object) -> None:
        """Change a call, where no other process has it by now."""
        with self._database.transaction() as connection:
            connection.execute(
                f"update hook_calls set {change} where id = ? and token = ? and tries = ?",  # noqa: S608  # ours
                (*values, call.call_id, call.token, call.tries),
            )

    def find_batch_key(self, batch_id: int) -> str | None:
        """Return the key that all jobs of a batch have, None where they have several, or none."""
        with self._database.reading() as connection:
            keys = connection.execute(
                "select distinct key from jobs where batch_id = ? limit 2", (batch_id,)
            ).fetchall()
        return keys[0][0] if len(keys) == 1 else None

    def give_up_strays(self, now: float) -> None:
        """Give up calls, older than a day, of hooks that no config has; delete what was given up long ago.

        What no config asks its hook to be told any more is deleted, too.
        """
        with self._database.reading() as connection:
            if connection.execute("select 1 from hook_calls limit 1").fetchone() is None:
                return
        with self._database.transaction() as connection:
            connection.execute("delete from hook_calls where given_up_at <= ?", (now - KEPT,))
            connection.execute(
                "delete from hook_calls where given_up_at is null and hook in (select name from hooks) and not exists ("  # noqa: S608  # ours
                "select 1 from hooks where hooks.name = hook_calls.hook and hooks.event = hook_calls.event"
                f" and hooks.recipe_name in ('', {_RECIPE_NAME.format(call='hook_calls')}))"
            )
            connection.execute(
                "update hook_calls set given_up_at = ?, problem = ? where given_up_at is null and happened_at <= ?"
                " and hook not in (select name from hooks)",
                (now, _UNKNOWN, now - PATIENCE),
            )

    def has_calls_under_way(self, rules: Sequence[HookRule], now: float) -> bool:
        """Return whether a call that any of these rules wants waits for its first try, or is just made."""
        with self._database.reading() as connection:
            row = connection.execute(
                "select 1 from hook_calls as call where given_up_at is null and (tries = 0 or leased_until > :now)"  # noqa: S608  # ours
                f" and {_wanted(rules)} limit 1",
                {**_names(rules), "now": now},
            ).fetchone()
        return row is not None

    def summarize(self) -> list[HookSummary]:
        """Return how many calls of each hook wait, in the order of their names; of one that has none, nothing."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "select hook, sum(case when given_up_at is null and problem is null then 1 else 0 end),"
                " sum(case when given_up_at is null and problem is not null then 1 else 0 end),"
                " sum(case when given_up_at is not null then 1 else 0 end) from hook_calls group by hook order by hook"
            ).fetchall()
        return [read_row(HookSummary, (hook, *map(int, counts))) for hook, *counts in rows]

    def list_failed_calls(self, limit: int, hook: str | None = None) -> list[HookCall]:
        """Return the newest calls that could not be delivered, of a hook or of all: tried again, or given up."""
        with self._database.reading() as connection:
            rows = connection.execute(
                f"{_ROW} where problem is not null{'' if hook is None else ' and hook = ?'} order by id desc limit ?",
                (limit,) if hook is None else (hook, limit),
            ).fetchall()
        return [read_row(HookCall, row) for row in rows]

    def retry_calls(self, now: float, hook: str | None = None) -> int:
        """Have calls that could not be delivered be due now, as if never tried; of one hook, or all. Return how many.

        One that is just tried is left alone.
        """
        with self._database.transaction() as connection:
            return connection.execute(
                "update hook_calls set due_at = 0, tries = 0, first_tried_at = null, leased_until = null,"  # noqa: S608  # ours
                " given_up_at = null where problem is not null and (leased_until is null or leased_until <= ?)"
                f"{'' if hook is None else ' and hook = ?'}",
                (now,) if hook is None else (now, hook),
            ).rowcount


def _due(rules: Sequence[HookRule]) -> str:
    return f"{_wanted(rules)} and {_DUE.format(earlier_is_wanted=_wanted(rules, 'earlier'))}"


def _wanted(rules: Sequence[HookRule], call: str = "call") -> str:
    """Return the condition that any of these rules wants a call; what it names is `_names`."""
    hooks = {rule.hook: number for number, rule in enumerate(rules)}
    clauses = [
        f"{call}.hook = :hook{number} and ({' or '.join(_clauses(rules, hook, call))})"
        for hook, number in hooks.items()
    ]
    return f"({' or '.join(clauses)})"


def _clauses(rules: Sequence[HookRule], hook: str, call: str) -> list[str]:
    return [
        f"{call}.event = :event{number}"
        + (f" and {_RECIPE_NAME.format(call=call)} = :recipe{number}" if rule.recipe_name else "")
        for number, rule in enumerate(rules)
        if rule.hook == hook
    ]


def _names(rules: Sequence[HookRule]) -> dict[str, str]:
    names: dict[str, str] = {}
    for number, rule in enumerate(rules):
        names |= {f"hook{number}": rule.hook, f"event{number}": rule.event, f"recipe{number}": rule.recipe_name}
    return names
