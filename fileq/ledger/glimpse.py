"""A quick look at a ledger that may be busy, old, or not there: for who types a command, and waits for nothing."""

import json
import os
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from fileq.config.database_address import is_server
from fileq.ledger.columns import decode_path

_PATIENCE = 0.05
"""Seconds for a lock, and then for the query: nobody wants to wait at a TAB."""

_MOST = 100


class JobGlimpse(NamedTuple):
    """A job, as far as a person must know to choose one."""

    job_id: int
    state: str
    source: str


class BatchGlimpse(NamedTuple):
    """A batch: when it was added, in seconds since the epoch, and the source of one of its jobs, "" for none."""

    batch_id: int
    added_at: float
    source: str


def glimpse_jobs(database: str, states: Sequence[str], begun: str) -> list[JobGlimpse]:
    """Return the latest jobs in these states, in any for none, whose number begins with `begun`; raises nothing."""
    query = (
        "select id, state, source from jobs where (? = 0 or state in (select value from json_each(?)))"
        " and cast(id as text) like ? order by id desc limit ?"
    )
    number = begun if begun.isdecimal() else ""
    rows = _rows(database, query, len(states), json.dumps(states), f"{number}%", _MOST)
    return [JobGlimpse(job_id, state, decode_path(source)) for job_id, state, source in rows]


def glimpse_batches(database: str) -> list[BatchGlimpse]:
    """Return the latest batches; raises nothing."""
    query = (
        "select id, added_at, (select source from jobs where batch_id = batches.id limit 1)"
        " from batches order by id desc limit ?"
    )
    return [
        BatchGlimpse(batch_id, added_at, "" if source is None else decode_path(source))
        for batch_id, added_at, source in _rows(database, query, _MOST)
    ]


def _rows(database: str, query: str, *values: object) -> Sequence[tuple[Any, ...]]:
    """Return the rows of a query; none where the database isn't there, doesn't answer at once, or is a server's."""
    if is_server(database) or not os.path.exists(database):  # a server may not answer at once
        return []
    uri = f"{Path(os.path.abspath(database)).as_uri()}?mode=ro"
    deadline = time.monotonic() + 2 * _PATIENCE
    try:
        with closing(sqlite3.connect(uri, uri=True, timeout=_PATIENCE)) as connection:
            connection.set_progress_handler(lambda: time.monotonic() > deadline, 10_000)
            return connection.execute(query, values).fetchall()
    except sqlite3.DatabaseError:
        return []
