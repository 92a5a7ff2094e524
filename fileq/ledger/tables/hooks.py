"""The hooks that workers' configs ask for: triggers look here for what is to be told as jobs and batches end.

They are in the ledger, as whoever ends a job tells it: a worker, recovery on another host, or `fileq cancel`. What a
hook calls, and with which secret, is in the configs alone.
"""

from collections.abc import Iterable

import msgspec

from fileq.ledger.columns import encode_text
from fileq.ledger.database import Database

_REFRESH = 3600.0
"""Seconds after which it is written down again that somebody has this config still."""

_UNSEEN = 7 * 86400.0
"""Seconds after which a config that no worker has had since counts no more."""


class HookRule(msgspec.Struct, frozen=True, order=True):
    """An event of which a hook wants to hear; of jobs of one recipe, or of any where its name is ""."""

    hook: str
    event: str
    recipe_name: str = ""


class Hooks:
    def __init__(self, database: Database) -> None:
        self._database = database

    def replace_rules(self, config: str, rules: Iterable[HookRule], now: float) -> None:
        """Have these rules, and no others, be those of a config; nothing is written where they are."""
        config, wanted = encode_text(config), sorted(set(rules))
        with self._database.reading() as connection:
            rows = connection.execute(
                "select name, event, recipe_name, seen_at from hooks where config = ?", (config,)
            ).fetchall()
        known = sorted(HookRule(*row[:-1]) for row in rows)
        if known == wanted and all(now - _REFRESH < seen_at <= now for *_, seen_at in rows):
            return
        with self._database.transaction() as connection:
            connection.execute("delete from hooks where config = ?", (config,))
            connection.executemany(
                "insert into hooks (name, config, event, recipe_name, seen_at) values (?, ?, ?, ?, ?)",
                [(rule.hook, config, rule.event, rule.recipe_name, now) for rule in wanted],
            )
            connection.execute("delete from hooks where seen_at <= ?", (now - _UNSEEN,))

    def renew_rules(self, config: str, now: float) -> None:
        """Write down that a worker has this config still, whatever its rules are by now; at most once an hour."""
        config = encode_text(config)
        is_old = "config = ? and not (seen_at > ? and seen_at <= ?)"
        values = (config, now - _REFRESH, now)
        with self._database.reading() as connection:
            if connection.execute(f"select 1 from hooks where {is_old} limit 1", values).fetchone() is None:  # noqa: S608  # ours
                return
        with self._database.transaction() as connection:
            connection.execute("update hooks set seen_at = ? where config = ?", (now, config))
            connection.execute("delete from hooks where seen_at <= ?", (now - _UNSEEN,))

    def list_names(self) -> list[str]:
        """Return the names of all hooks, in order."""
        with self._database.reading() as connection:
            return [name for (name,) in connection.execute("select distinct name from hooks order by name")]
