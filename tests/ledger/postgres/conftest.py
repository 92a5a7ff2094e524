"""What is PostgreSQL's alone."""

import pytest

from tests.support.postgres import own_schema


@pytest.fixture
def database(postgres):
    with own_schema(postgres) as address:
        yield address
