"""From schema 2 to 3: the field's words for tables and columns, and tables that refuse what is of another type.

What schema 2 let in and schema 3 does not take is repaired, row by row: one strange row keeps no ledger from opening.
"""

import sqlite3

import msgspec

from fileq.ledger.columns import encode_name, encode_text
from fileq.ledger.script import read_script, run_script

_TABLES = {
    "fileq": "meta",
    "recipes": "recipes",
    "batches": "batches",
    "workers": "workers",
    "jobs": "jobs",
    "attempts": "attempts",
    "outputs": "outputs",
    "folders": "folders",
    "cleanings": "cleanings",
    "timetable": "scheduled_tasks",
    "checks": "checks",
    "notices": "notifications",
    "watches": "watches",
    "dispositions": "dispositions",
    "leftover_temps": "leftover_temps",
}
"""By their old names, the new ones, in the order in which they are copied. The sums come by the jobs' triggers."""

_OLD_COLUMNS = {
    "recipes": {"recipe_json": "body"},
    "batches": {"watch_id": "watch", "handed_over": "handed_over <> 0", "notified": "told <> 0"},
    "workers": {"heartbeat_at": "beat_at"},
    "jobs": {
        "batch_id": "batch",
        "recipe_id": "recipe",
        "worker_id": "worker",
        "needs_notice": "untold <> 0",
        "purged_at": "forgotten_at",
    },
    "attempts": {"job_id": "job", "worker_id": "worker"},
    "outputs": {
        "job_id": "job",
        "temp_path": "temp",
        "pending_version": "coming",
        "published_version": "stands",
        "hidden_path": "removing",
    },
    "folders": {"real_path": "real", "created_by_fileq": "made <> 0", "maybe_empty": "thinned <> 0"},
    "cleanings": {"cleaned_at": "at"},
    "scheduled_tasks": {"cron": "line"},
    "notifications": {"targets_json": "targets"},
    "watches": {"status_json": "said", "status_at": "said_at"},
    "dispositions": {"target_path": "target", "hidden_path": "hidden", "temp_path": "temp"},
}
"""By the new names of tables and columns, what each column was, where it had another name."""

_STATES = frozenset({"queued", "running", "waiting", "done", "failed", "cancelled"})
_Value = int | float | str | bytes | None


class _Column(msgspec.Struct, frozen=True):
    name: str
    type: str
    is_required: bool


def migrate_to_3(connection: sqlite3.Connection) -> None:
    """Copy all tables of ours into new ones; Huey's stay as they are. 100,000 jobs take 2 s on two cores."""
    for kind, name in connection.execute(
        "select type, name from sqlite_master where sql is not null and (type = 'trigger' and tbl_name in (?, ?)"  # noqa: S608  # ours
        f" or type in ('trigger', 'index') and tbl_name in ({', '.join('?' * (len(_TABLES) + 1))}))",
        ("task", "schedule", "tallies", *_TABLES),
    ).fetchall():
        connection.execute(f'drop {kind} "{name}"')
    for old in _TABLES:
        connection.execute(f"alter table {old} rename to {old}_2")
    connection.execute("drop table tallies")
    run_script(connection, read_script("migrations/schema_3.sql"))
    for old, new in _TABLES.items():
        _copy_table(connection, f"{old}_2", new)
        connection.execute(f"drop table {old}_2")


def _copy_table(connection: sqlite3.Connection, old: str, new: str) -> None:
    columns = [
        _Column(name, kind, bool(is_required))
        for _, name, kind, is_required, *_ in connection.execute(f"pragma table_info({new})")
    ]
    names = ", ".join(column.name for column in columns)
    was = ", ".join(_OLD_COLUMNS.get(new, {}).get(column.name, column.name) for column in columns)
    try:
        connection.execute(f"insert into {new} ({names}) select {was} from {old}")  # noqa: S608  # ours
    except sqlite3.IntegrityError:
        insert = f"insert into {new} ({names}) values ({', '.join('?' * len(columns))})"  # noqa: S608  # ours
        _copy_rows(connection, f"select {was} from {old}", new, columns, insert)  # noqa: S608  # ours


def _copy_rows(connection: sqlite3.Connection, select: str, table: str, columns: list[_Column], insert: str) -> None:
    """Copy a table row by row, each as far as it can be read; one that fits nowhere is put into a table of its own."""
    connection.text_factory = lambda text: text.decode("utf-8", "surrogateescape")
    try:
        for row in connection.execute(select):
            values = {column.name: _repair(value, column) for column, value in zip(columns, row, strict=True)}
            if table == "jobs":
                _repair_job(connection, values)
            try:
                connection.execute(insert, tuple(values.values()))
            except sqlite3.IntegrityError:
                connection.execute("create table if not exists unreadable_rows (table_name text, row_text text)")
                connection.execute("insert into unreadable_rows values (?, ?)", (table, repr(row)))
    finally:
        connection.text_factory = str


def _repair(value: _Value, column: _Column) -> _Value:
    """Return a value as its column takes it; where that can't be, null, or what says nothing."""
    if value is None and not column.is_required:
        return None
    match column.type, value:
        case ("ANY", str()) | ("TEXT", int() | float()):
            return encode_name(str(value))
        case "TEXT", str():
            return encode_text(str(value))
        case ("ANY", bytes()) | ("INTEGER", int()) | ("REAL", int() | float()):
            return value
        case "ANY" | "TEXT", _:
            return "" if column.is_required else None
    return 0 if column.is_required else None


def _repair_job(connection: sqlite3.Connection, values: dict[str, _Value]) -> None:
    """Give a job a state and a batch, so that it is listed, ends, or can be asked for again."""
    if values["state"] not in _STATES:
        values |= {
            "state": "failed",
            "finished_at": values["finished_at"] or values["added_at"],
            "error_kind": "internal",
            "error_message": "What the database said of this job could not be read.",
            "error_hint": "Try it again with `fileq retry`.",
            "needs_notice": 1,
        }
    batch = (values["batch_id"],)
    if connection.execute("select 1 from batches where id = ?", batch).fetchone() is None:
        (values["batch_id"],) = connection.execute("select coalesce(max(id), 0) from batches").fetchone()
