"""The table of transitions is the truth: the ledger's statements change states as it says, and in no other way."""

import ast
import re
from contextlib import suppress
from pathlib import Path

import pytest

import fileq
from fileq.job import TRANSITIONS, JobState, Token
from fileq.ledger.database.sqlite import SqliteDatabase
from fileq.ledger.tables.attempts import Fenced
from fileq.ledger.tables.jobs import supersede_if_newer
from tests.support.jobs import DAMAGED, NOW, SLOW, claim_one, enter, finish, job_in
from tests.support.ledgers import ask

LATER = NOW + 100
CHANGES = {
    "claim_jobs": lambda ledger, token: claim_one(ledger, token.job_id, 1, LATER),
    "withdraw_claims": lambda ledger, token: ledger.attempts.withdraw_claims([token.job_id], 1, token.claimed_at),
    "cancel_jobs": lambda ledger, token: ledger.jobs.cancel_jobs([token.job_id], NOW),
    "retry_jobs": lambda ledger, token: ledger.jobs.retry_jobs([token.job_id]),
    "requeue_job": lambda ledger, token: ledger.jobs.requeue_job(token.job_id, 1, NOW, recipe_id=1),
    "cancel_unstarted_job": lambda ledger, token: ledger.prior_jobs.cancel_unstarted_job(token.job_id, NOW),
    "supersede_older_jobs": lambda ledger, _: ledger.jobs.supersede_older_jobs(enter(ledger, version="2000-2"), NOW),
    "supersede_if_newer": lambda ledger, token: supersede_one(ledger, token.job_id),
    "finish_attempts": finish,
    "fail_attempt": lambda ledger, token: ledger.attempts.fail_attempt(token, DAMAGED, NOW),
    "cancel_attempt": lambda ledger, token: ledger.attempts.cancel_attempt(token, DAMAGED, NOW),
    "retry_attempt_later": lambda ledger, token: ledger.attempts.retry_attempt_later(token, SLOW, LATER, NOW),
    "postpone_attempt": lambda ledger, token: ledger.attempts.postpone_attempt(token, SLOW, LATER, NOW),
    "return_attempt": lambda ledger, token: ledger.attempts.return_attempt(token, NOW),
    "lose_attempt": lambda ledger, token: ledger.attempts.lose_attempt(token, NOW),
}
"""The functions whose SQL changes a job's state, each called for a job in any state, with its last attempt's token."""

SETS_A_STATE = re.compile(r"(^|set |, )state = '\w+'(,|$| where)")


def supersede_one(ledger, job):
    enter(ledger, version="2000-2")
    with ledger.database.transaction() as connection:
        supersede_if_newer(connection, job, NOW)


WATCHES = {
    "sqlite": """create trigger watch after update of state on jobs when old.state <> new.state
        begin insert into seen values (old.state, new.state); end""",
    "postgres": """create function write_down() returns trigger language plpgsql as
        $$ begin insert into seen values (old.state, new.state); return null; end $$;
        create trigger watch after update of state on jobs for each row when (old.state <> new.state)
        execute function write_down()""",
}
"""How each database writes down what changes a state."""


class Undo(Exception):
    pass


def transitions(ledger, before, change):
    """Call a function for a job in this state, undo it, and return the pairs of states that it led the job through."""
    with suppress(Undo), ledger.database.transaction() as connection:
        job = job_in(ledger, before)
        connection.execute("delete from seen")
        with suppress(Fenced):
            found = ledger.overview.find_job(job)
            CHANGES[change](ledger, Token(job, found.attempts, found.started_at or 0.0))
        found = connection.execute("select old, new from seen").fetchall()
        raise Undo
    return {(JobState(old), JobState(new)) for old, new in found}


@pytest.fixture
def watched(ledger):
    """A ledger that writes down each change of a job's state."""
    ask(ledger, "create table seen (old text, new text)")
    with ledger.database.reading() as connection:
        connection.cursor().execute(WATCHES["sqlite" if isinstance(ledger.database, SqliteDatabase) else "postgres"])
    return ledger


@pytest.mark.parametrize("change", CHANGES)
def test_nothing_changes_a_state_but_as_the_table_says(watched, change):
    done = {pair for before in JobState for pair in transitions(watched, before, change)}
    assert all(new in TRANSITIONS[old] for old, new in done)
    assert done


def test_the_table_says_nothing_that_is_never_done(watched):
    done = {pair for before in JobState for change in CHANGES for pair in transitions(watched, before, change)}
    assert done == {(old, new) for old, after in TRANSITIONS.items() for new in after}


def test_no_function_that_changes_a_state_is_left_out_here():
    found = set()
    for path in Path(fileq.__file__).parent.rglob("*.py"):
        for function in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(function, ast.FunctionDef) and any(map(_sets_a_state, ast.walk(function))):
                found.add(function.name)
    assert found == set(CHANGES)


def _sets_a_state(node):
    return (
        isinstance(node, ast.Constant) and isinstance(node.value, str) and SETS_A_STATE.search(node.value) is not None
    )
