"""All checks together."""

import pytest

from fileq import health
from fileq.errors import LedgerError
from fileq.health import is_there
from fileq.health.check import State, bad, ok, together, warning


def test_all_is_well_where_nothing_was_done_yet(patient):
    checks = patient.examine(opened=None)
    assert list(checks) == [name for name, _ in health.ALL]
    assert {check.state for check in checks.values()} == {State.OK}
    assert not any(check.remedy for check in checks.values())


def test_all_is_well_with_an_empty_ledger(patient):
    assert {check.state for check in patient.examine().values()} == {State.OK}


def test_a_check_that_goes_wrong_is_bad_and_says_so_and_the_others_go_on(patient, monkeypatch):
    def broken(case):
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(health, "ALL", (("first", broken), *health.ALL))
    first, *rest = patient.examine().values()
    assert (first.state, first.message) == (
        State.BAD,
        "The check itself went wrong: ZeroDivisionError: division by zero.",
    )
    assert {check.state for check in rest} == {State.OK}


def test_a_database_that_can_not_be_opened_is_said_once_with_its_remedy(patient):
    checks = patient.examine(opened=LedgerError("It is locked.", "Wait."))
    database = checks.pop("database")
    assert (database.state, database.message, database.remedy) == (State.BAD, "It is locked.", "Wait.")
    assert checks["workers"].message == "Not looked at, as the database can't be read."
    assert State.BAD not in {check.state for check in checks.values()}
    assert checks["disk"].state is State.OK
    assert checks["codecs"].state is State.OK


@pytest.mark.parametrize(("content", "there"), [(None, False), (b"", False), (b"x", True)])
def test_a_database_is_there_once_something_is_in_it(tmp_path, content, there):
    path = tmp_path / "fileq.db"
    if content is not None:
        path.write_bytes(content)
    assert is_there(str(path)) is there


def test_of_several_findings_the_worst_comes_first_each_with_its_remedy():
    found = together([ok("a"), warning("b", "do b"), bad("c", "do c"), warning("b", "do b")], ok("fine"))
    assert (found.state, found.message, found.remedy) == (State.BAD, "c\nb", "do c\ndo b")
    assert together([ok("a")], ok("fine")) == ok("fine")


def test_a_name_with_the_end_of_a_line_makes_no_line():
    assert bad("a\nb", "").message == "a\\nb"
