"""How each check of our health stood last, and what the checks themselves must remember."""

import msgspec

from fileq.ledger.columns import T, decode_column, encode_text, read_row
from fileq.ledger.database import Database

_WHOLE, _JUMP = "found_whole", "clock_jump"


class CheckRecord(msgspec.Struct, frozen=True, kw_only=True):
    """How a check stood when it was recorded last. Times are seconds since the epoch.

    `since` is when it became bad, or ceased to be. `bad_since` is not None from when people were told that it is
    bad until they were told that it is well again.
    """

    name: str
    state: str
    message: str
    since: float
    bad_since: float | None
    checked_at: float


class ClockJump(msgspec.Struct, frozen=True):
    """The system's clock was set by so many seconds, at a time that it told afterwards."""

    seconds: float
    at: float


class Checks:
    def __init__(self, database: Database) -> None:
        self._database = database

    def list_records(self) -> dict[str, CheckRecord]:
        """Return the records of all checks, by name."""
        with self._database.reading() as connection:
            rows = connection.execute("select name, state, message, since, bad_since, checked_at from checks")
            return {row[0]: read_row(CheckRecord, row) for row in rows}

    def upsert_record(self, record: CheckRecord) -> None:
        with self._database.transaction() as connection:
            connection.execute(
                "insert into checks (name, state, message, since, bad_since, checked_at) values (?, ?, ?, ?, ?, ?)"
                " on conflict (name) do update set state = excluded.state, message = excluded.message,"
                " since = excluded.since, bad_since = excluded.bad_since, checked_at = excluded.checked_at",
                msgspec.structs.astuple(msgspec.structs.replace(record, message=encode_text(record.message))),
            )

    def record_intact(self, now: float) -> None:
        """Record that every page of the database was looked at, and nothing is wrong."""
        self._note(_WHOLE, [now])

    def find_last_intact(self) -> float | None:
        """Return when every page was last looked at and well; None where nobody has looked yet."""
        noted = self._noted(_WHOLE, tuple[float])
        return noted[0] if noted else None

    def record_clock_jump(self, seconds: float, now: float) -> None:
        """Record that the system's clock was set: forward, or back where `seconds` is negative."""
        self._note(_JUMP, [seconds, now])

    def find_clock_jump(self) -> ClockJump | None:
        """Return the last jump of the system's clock; None where there was none."""
        noted = self._noted(_JUMP, tuple[float, float])
        return ClockJump(*noted) if noted else None

    def _note(self, key: str, numbers: list[float]) -> None:
        with self._database.transaction() as connection:
            connection.execute(
                "insert into meta values (?, ?) on conflict (key) do update set value = excluded.value",
                (key, msgspec.json.encode(numbers).decode()),
            )

    def _noted(self, key: str, kind: type[T]) -> T | None:
        with self._database.reading() as connection:
            row = connection.execute("select value from meta where key = ?", (key,)).fetchone()
        return decode_column(row[0], kind) if row else None
