"""Programs whose ledger and broker are where this run of the tests is to have them."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.acceptance.program import Program
from tests.support.postgres import own_schema


@contextmanager
def program_where_asked(folder: Path, request: pytest.FixtureRequest) -> Iterator[Program]:
    """With `FILEQ_TEST_LEDGER=postgres`, its ledger is in PostgreSQL; `FILEQ_TEST_BROKER=redis` gives it a broker."""
    with ExitStack() as stack:
        on_server = os.environ.get("FILEQ_TEST_LEDGER") == "postgres"
        address = stack.enter_context(own_schema(request.getfixturevalue("postgres"))) if on_server else None
        program = Program(folder, address)
        if os.environ.get("FILEQ_TEST_BROKER") == "redis":
            program.environment["FILEQ_BROKER"] = request.getfixturevalue("redis")
        yield program
