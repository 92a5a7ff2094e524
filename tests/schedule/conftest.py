"""What the schedule promises holds in each database."""

import pytest

from tests.support.postgres import own_schema


@pytest.fixture(params=["sqlite", "postgres"])
def database(request, tmp_path):
    """The address of a database that is not there yet."""
    if request.param == "sqlite":
        yield str(tmp_path / "state" / "fileq.db")
        return
    with own_schema(request.getfixturevalue("postgres")) as address:
        yield address
