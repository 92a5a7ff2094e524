"""What the schedule promises holds in each database."""

import pytest

from tests.support.ledgers import each_database

database = pytest.fixture(params=["sqlite", "postgres"])(each_database)
