"""How SQLite goes about what the ledger asks it."""

LARGE = {"jobs", "attempts", "outputs", "task", "schedule"}
SMALL = {"jobs_to_notify", "jobs_unsent", "outputs_unfinished"}
"""Indexes that hold few rows at any time: to go through one of them is no pity."""


def scanned(ledger, look):
    """The steps of SQLite's plans for what `look` asks in which it goes through a whole large table."""
    connection = ledger.database.connection
    asked: list[str] = []
    connection.set_trace_callback(asked.append)
    look(ledger)
    connection.set_trace_callback(None)
    queries = [one for one in asked if one.lstrip().startswith(("select", "with", "update", "delete"))]
    assert queries
    plans = [step for one in queries for (*_, step) in connection.execute(f"explain query plan {one}")]
    return [step for step in plans if LARGE.intersection(step.split()[1:2]) and not _is_cheap(step)]


def _is_cheap(step):
    return "USING" in step and (step.startswith("SEARCH") or step.split()[-1] in SMALL)
