"""What an older schema of PostgreSQL's has become is what a new one is."""

from pathlib import Path

import pytest

from fileq.ledger import open_ledger
from tests.support.postgres import describe_schema, own_schema, restore_schema

FIXTURES = Path(__file__).parents[2] / "fixtures"


@pytest.mark.parametrize("frozen", sorted(FIXTURES.glob("ledger-v*.sql")), ids=lambda path: path.stem)
def test_every_ledger_gets_the_schema_that_a_new_one_has(postgres, frozen):
    with own_schema(postgres) as old, own_schema(postgres) as new:
        restore_schema(old, frozen.read_text(encoding="utf-8"))
        for address in (old, new):
            with open_ledger(address):
                pass
        assert describe_schema(old) == describe_schema(new)
        assert len(describe_schema(new)) > 200
