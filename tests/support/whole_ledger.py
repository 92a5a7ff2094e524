"""A ledger that has something in each table, and all that it has."""

import os

from fileq.ledger import open_ledger
from fileq.ledger.copy.table_shape import list_tables
from fileq.presence import ProcessIdentity
from tests.ledger.test_frozen import fill
from tests.support.jobs import NOW
from tests.support.ledgers import ask

BYTES = b"\x00\xff\\x41\n\t"

_MORE = (
    "insert into {huey}kv (queue, key, value) values ('fileq', 'ä', ?)",
    "insert into {huey}schedule (queue, data, timestamp) values ('fileq', ?, 17.5)",
    "insert into {huey}counter (queue, key, value) values ('fileq', 'n', 7)",
    "insert into notifications (event, title, body, created_at, due_at) values ('failed', 'Ä 100 %', '\\.', 1.5, 2.25)",
    "insert into dispositions (source, version, inode) values ('/a\tb\nc\\N', '1-1', 77)",
    "insert into leftover_temps (path, found_at) values ('/photos/.tmp', 1e9)",
    "insert into checks (name, state, message, since, checked_at) values ('disk', 'ok', '', 0.1, 1e300)",
    "insert into cleanings (cleaned_at, outputs, bytes, kept_changed, jobs) values (1, 2, 9000000000000000000, 4, 5)",
    "insert into scheduled_tasks (name, cron, due_at) values ('clean', '0 2 * * *', 5)",
    "insert into replaced_files values (1, '/a', 1, '/b', 3, '4', 5)",
    "insert into hooks values ('shop', 'host:/ä.toml', 'done', '', 1.5)",
    "insert into hook_calls (token, hook, event, batch_id, happened_at) values ('1f', 'shop', 'batch', 1, 2.5)",
    "insert into folders values ('/a', '/b', 3, 4, 1, 0, 'mill')",
    "insert into folder_views values ('/a', 'barn', '/b', 5, 4)",
)


def is_server(address):
    return "://" in address


def fill_whole(address):
    """Make a ledger with something in each table, and nobody at work."""
    fill(address)
    with open_ledger(address) as ledger:
        watch = ledger.watches.upsert_watch("/caf\udce9", ProcessIdentity("away", 1, "long ago"), NOW)
        ledger.watches.record_status(watch, '{"state": "stopped"}', NOW)
        ledger.counters.number_source("/out", "web", "/photos/caf\udce9.jpg")
        for statement in _MORE:
            values = [BYTES] if "?" in statement else []
            ask(ledger, statement.format(huey="huey_" if is_server(address) else ""), *values)


def contents(address):
    """All rows of a ledger by their tables, as both databases give them."""
    with open_ledger(address) as ledger:
        return {
            table.name: sorted(
                _rows(ledger, table, hueys=is_server(address) and table.name in ("kv", "counter")), key=repr
            )
            for table in list_tables()
        }


def _rows(ledger, table, *, hueys):
    name = f"huey_{table.name}" if hueys else table.name
    for row in ask(ledger, f"select {', '.join(table.columns)} from {name}"):
        if row[0] != "schema":
            yield tuple(
                os.fsdecode(value) if place in table.path_places and isinstance(value, bytes) else value
                for place, value in enumerate(row)
            )
