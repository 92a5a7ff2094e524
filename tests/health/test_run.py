"""All checks together."""

import pytest

from fileq.errors import LedgerError
from fileq.health import database_exists, run
from fileq.health.check import CheckState, bad, combine, ok, warning


def test_all_is_well_where_nothing_was_done_yet(checked):
    checks = checked.run_checks(opened=None)
    assert list(checks) == [name for name, _ in run.ALL_CHECKS]
    assert {check.state for check in checks.values()} == {CheckState.OK}
    assert not any(check.remedy for check in checks.values())


def test_all_is_well_with_an_empty_ledger(checked):
    assert {check.state for check in checked.run_checks().values()} == {CheckState.OK}


def test_a_check_that_goes_wrong_is_bad_and_says_so_and_the_others_go_on(checked, monkeypatch):
    def broken(case):
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(run, "ALL_CHECKS", (("first", broken), *run.ALL_CHECKS))
    first, *rest = checked.run_checks().values()
    assert (first.state, first.message) == (
        CheckState.BAD,
        "The check itself went wrong: ZeroDivisionError: division by zero.",
    )
    assert {check.state for check in rest} == {CheckState.OK}


def test_a_database_that_can_not_be_opened_is_said_once_with_its_remedy(checked):
    checks = checked.run_checks(opened=LedgerError("It is locked.", "Wait."))
    database = checks.pop("database")
    assert (database.state, database.message, database.remedy) == (CheckState.BAD, "It is locked.", "Wait.")
    assert checks["workers"].message == "Not looked at, as the database can't be read."
    assert CheckState.BAD not in {check.state for check in checks.values()}
    assert checks["disk"].state is CheckState.OK
    assert checks["codecs"].state is CheckState.OK


@pytest.mark.parametrize(("content", "there"), [(None, False), (b"", False), (b"x", True)])
def test_a_database_is_there_once_something_is_in_it(tmp_path, content, there):
    path = tmp_path / "fileq.db"
    if content is not None:
        path.write_bytes(content)
    assert database_exists(str(path)) is there


def test_of_several_findings_the_worst_comes_first_each_with_its_remedy():
    found = combine([ok("a"), warning("b", "do b"), bad("c", "do c"), warning("b", "do b")], ok("fine"))
    assert (found.state, found.message, found.remedy) == (CheckState.BAD, "c\nb", "do c\ndo b")
    assert combine([ok("a")], ok("fine")) == ok("fine")


def test_a_name_with_the_end_of_a_line_makes_no_line():
    assert bad("a\nb", "").message == "a\\nb"
