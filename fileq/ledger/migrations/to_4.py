"""From schema 3 to 4: a job whose source has a newer version is superseded, and knows where its source was put."""

import sqlite3

from fileq.ledger.script import read_script, run_script

_TABLES = (
    "meta", "recipes", "batches", "workers", "jobs", "attempts", "outputs", "folders", "cleanings", "scheduled_tasks",
    "checks", "notifications", "watches", "dispositions", "leftover_temps",
)  # fmt: skip
"""In the order in which they are copied. The sums come by the jobs' triggers."""

_SUPERSEDE = (
    "update jobs set state = 'superseded', needs_notice = 0 where state in ('failed', 'cancelled')"
    " and purged_at is null and exists (select 1 from jobs as newer where newer.source = jobs.source"
    " and newer.fingerprint = jobs.fingerprint and newer.folder = jobs.folder and newer.batch_id > jobs.batch_id)"
)
"""Failures that were mended before anybody could say so."""


def migrate_to_4(connection: sqlite3.Connection) -> None:
    """Copy all tables of ours into new ones: SQLite changes no condition of a table. Huey's stay as they are."""
    for kind, name in connection.execute(
        "select type, name from sqlite_master where sql is not null and (type = 'trigger' and tbl_name in (?, ?)"  # noqa: S608  # ours
        f" or type in ('trigger', 'index') and tbl_name in ({', '.join('?' * (len(_TABLES) + 1))}))",
        ("task", "schedule", "tallies", *_TABLES),
    ).fetchall():
        connection.execute(f'drop {kind} "{name}"')
    for table in _TABLES:
        connection.execute(f"alter table {table} rename to {table}_3")
    connection.execute("drop table tallies")
    run_script(connection, read_script("migrations/schema_4.sql"))
    run_script(connection, read_script("migrations/triggers_4.sql"))
    for table in _TABLES:
        names = ", ".join(name for _, name, *_ in connection.execute(f"pragma table_info({table}_3)"))
        connection.execute(f"insert into {table} ({names}) select {names} from {table}_3")  # noqa: S608  # ours
        connection.execute(f"drop table {table}_3")
    connection.execute(_SUPERSEDE)
