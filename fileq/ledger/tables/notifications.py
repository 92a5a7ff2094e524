"""The outbox: what somebody is to be told, until it is sent."""

from collections.abc import Sequence
from typing import Any

import msgspec

from fileq.ledger.columns import decode_column, decode_path, encode_path, encode_text
from fileq.ledger.database import Database

LEASE = 300.0
"""Seconds that a try may take at least: longer than any one target may."""

BACKOFF = (60.0, 300.0, 1800.0, 7200.0, 21600.0)
"""Seconds from a failed try to the next one; the last figure serves for all later ones."""

PATIENCE = 86400.0
"""Seconds after which a notification is given up."""

KEPT = 7 * 86400.0
"""Seconds for which one that was given up is shown."""

_MOST_TRIES = 12  # more than a day has room for: what reaches it kills whoever sends it
_DIED = "Whoever was to send it was ended on the way."

_ROW = (
    "select id, event, title, body, attachment, created_at, due_at, tries, targets_json, problem, given_up_at"
    " from notifications"
)


class Notification(msgspec.Struct, frozen=True, kw_only=True):
    """Something to be told, and how far that has come. Times are seconds since the epoch.

    `attachment` is a file's path. `targets` are the places in the config of those that have not had it, None where
    nobody has. `problem` says why the last try went wrong.
    """

    notification_id: int
    event: str
    title: str
    body: str
    attachment: str | None
    created_at: float
    due_at: float
    tries: int
    targets: tuple[str, ...] | None
    problem: str | None
    given_up_at: float | None


class Notifications:
    def __init__(self, database: Database) -> None:
        self._database = database

    def insert_notification(
        self, event: str, title: str, body: str, now: float, *, attachment: str | None = None
    ) -> int:
        """Insert what is to be told, due at once, and return its id."""
        with self._database.transaction() as connection:
            (notification_id,) = connection.execute(
                "insert into notifications (event, title, body, attachment, created_at, due_at)"
                " values (?, ?, ?, ?, ?, ?)"
                " returning id",
                (event, title, body, attachment and encode_path(attachment), now, now),
            ).fetchone()
        return int(notification_id)

    def has_due_notification(self, now: float) -> bool:
        with self._database.reading() as connection:
            return bool(
                connection.execute(
                    "select 1 from notifications where given_up_at is null and due_at <= ? limit 1", (now,)
                ).fetchone()
            )

    def lease_notification(self, now: float) -> Notification | None:
        """Return what has waited longest, for this process to send; None where nothing is due.

        The try is counted, and the next one's time is set, before it begins: should its sender die, another one
        sends it later.
        """
        with self._database.transaction() as connection:
            self._give_up_hopeless(now)
            row = connection.execute(
                f"{_ROW} where given_up_at is null and due_at <= ? order by due_at, id limit 1",
                (now,),
            ).fetchone()
            if row is None:
                return None
            notification = _notification(row)
            tries = notification.tries + 1
            due_at = max(now + LEASE, _next_try(notification, tries, now))
            connection.execute(
                "update notifications set tries = ?, due_at = ?, problem = coalesce(problem, ?) where id = ?",
                (tries, due_at, _DIED if notification.tries else None, notification.notification_id),
            )
        return msgspec.structs.replace(notification, tries=tries, due_at=due_at)

    def _give_up_hopeless(self, now: float) -> None:
        with self._database.transaction() as connection:
            connection.execute("delete from notifications where given_up_at <= ?", (now - KEPT,))
            connection.execute(
                "update notifications set given_up_at = ? where given_up_at is null and due_at <= ? and tries >= ?",
                (now, now, _MOST_TRIES),
            )

    def record_remaining_targets(self, notification: Notification, targets: Sequence[str], now: float) -> bool:
        """Record who has not had it yet, and begin the lease anew. Return False where another process has it by now."""
        with self._database.transaction() as connection:
            return bool(
                connection.execute(
                    "update notifications set targets_json = ?, due_at = ? where id = ? and tries = ?",
                    (
                        msgspec.json.encode(targets).decode(),
                        max(notification.due_at, now + LEASE),
                        notification.notification_id,
                        notification.tries,
                    ),
                ).rowcount
            )

    def delete_sent(self, notification: Notification) -> None:
        """Delete what all have had, and what was given up before, as what hindered that is fixed."""
        with self._database.transaction() as connection:
            connection.execute(
                "delete from notifications where id = ? or given_up_at is not null", (notification.notification_id,)
            )

    def record_failed_try(self, notification: Notification, problem: str, now: float) -> None:
        """Record why a try went wrong: it is tried again, for a day, where no other process has it by now."""
        over = now >= notification.created_at + PATIENCE
        with self._database.transaction() as connection:
            connection.execute(
                "update notifications set problem = ?, due_at = ?, given_up_at = ? where id = ? and tries = ?",
                (
                    encode_text(problem),
                    _next_try(notification, notification.tries, now),
                    now if over else None,
                    notification.notification_id,
                    notification.tries,
                ),
            )

    def delete_notifications(self) -> None:
        """Delete all: nobody is to be told anything any more."""
        with self._database.transaction() as connection:
            connection.execute("delete from notifications")

    def list_notifications(self) -> list[Notification]:
        return self._where("1 = 1")

    def list_failed_notifications(self) -> list[Notification]:
        """Return those that could not be sent: they are tried again, or were given up."""
        return self._where("problem is not null")

    def _where(self, condition: str) -> list[Notification]:
        with self._database.reading() as connection:
            rows = connection.execute(f"{_ROW} where {condition} order by id").fetchall()
        return [_notification(row) for row in rows]


def _next_try(notification: Notification, tries: int, now: float) -> float:
    """When it is due again after so many tries: at the end of its day once more, for the last time."""
    later = now + BACKOFF[min(tries, len(BACKOFF)) - 1]
    end = notification.created_at + PATIENCE
    return min(later, end) if now < end else later


def _notification(row: Any) -> Notification:
    number, event, title, body, attachment, created_at, due_at, tries, targets, problem, given_up_at = row
    return Notification(
        notification_id=number,
        event=event,
        title=title,
        body=body,
        attachment=attachment and decode_path(attachment),
        created_at=created_at,
        due_at=due_at,
        tries=tries,
        targets=decode_column(targets, tuple[str, ...]),
        problem=problem,
        given_up_at=given_up_at,
    )
