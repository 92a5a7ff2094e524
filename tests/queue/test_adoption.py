"""Jobs that are adopted are found in one more queue, and nothing is taken away from a run that is alive."""

import json

import pytest

from fileq import queue
from fileq.job import JobState
from fileq.ledger.job_group import JobGroup, is_within
from fileq.ledger.tables.jobs import QueueEntry
from tests.support.jobs import NOW, SOMEBODY, begin, enter, state

OURS = "run-ours"


def sent(ledger, *jobs, to=queue.MAIN, due_at=None):
    """Jobs in a queue, with one message for all of them."""
    message = queue.messages.encode_message(jobs)
    if due_at is None:
        ledger.messages.insert_messages(to, [(message, 0)])
    else:
        ledger.messages.schedule_messages(to, [(message, due_at)])
    return list(jobs)


def named_in(ledger, table="task"):
    """By queue, the jobs that its messages name."""
    found: dict[str, list[int]] = {}
    for name, data in ledger.database.connection.execute(f"select queue, data from {table}"):
        found.setdefault(name, []).extend(json.loads(data)["args"])
    return found


def test_messages_of_the_main_queue_move_so_that_they_do_not_pile_up(ledger):
    jobs = sent(ledger, *enter(ledger, "/a", "/b"))
    for _ in range(3):
        queue.adopt_jobs(ledger, OURS, jobs, NOW)
    assert named_in(ledger) == {OURS: jobs}


def test_a_message_that_names_others_too_stays_for_them(ledger):
    one, other = sent(ledger, *enter(ledger, "/a", "/b"))
    queue.adopt_jobs(ledger, OURS, [one], NOW)
    assert named_in(ledger) == {queue.MAIN: [one, other], OURS: [one]}


def test_a_run_that_is_alive_keeps_its_messages(ledger):
    jobs = sent(ledger, *enter(ledger, queue="run-theirs"), to="run-theirs")
    ledger.workers.register_worker(SOMEBODY, "run-theirs", 1, NOW)
    queue.adopt_jobs(ledger, OURS, jobs, NOW)
    assert named_in(ledger) == {"run-theirs": jobs, OURS: jobs}


def test_one_that_is_queued_for_later_is_due_at_once_where_that_is_asked_for(ledger):
    (job,) = enter(ledger, due_at=NOW + 100)
    sent(ledger, job, due_at=NOW + 100)
    queue.adopt_jobs(ledger, OURS, [job], NOW)
    assert named_in(ledger, "schedule") == {OURS: [job]}
    queue.adopt_jobs(ledger, OURS, [job], NOW, at_once=True)
    assert (named_in(ledger, "schedule"), named_in(ledger)) == ({}, {OURS: [job]})
    assert begin(ledger, job)


def test_one_that_runs_is_left_to_who_has_it(ledger):
    (job,) = enter(ledger)
    begin(ledger, job)
    queue.adopt_jobs(ledger, OURS, [job], NOW)
    assert named_in(ledger) == {}
    assert state(ledger, job) is JobState.RUNNING


def test_what_others_have_left_is_adopted_once_there_is_nothing_else_to_do(ledger):
    one, later = *enter(ledger, "/a"), *enter(ledger, "/b", due_at=NOW + 9)
    queue.adopt_due_jobs(ledger, OURS, [one, later], NOW)
    queue.adopt_due_jobs(ledger, OURS, [one, later], NOW + 10)
    assert named_in(ledger) == {OURS: [one]}


def test_messages_of_jobs_that_have_ended_are_deleted_and_no_others(ledger):
    one, other = enter(ledger, "/a", "/b")
    sent(ledger, one, to=OURS)
    sent(ledger, other, to=OURS)
    ledger.jobs.cancel_jobs([one], NOW)
    ledger.messages.delete_ended_messages(OURS)
    assert named_in(ledger) == {OURS: [other]}


@pytest.mark.parametrize("scope", [None, 1, "group"])
def test_sums_over_a_group_are_those_of_its_jobs(ledger, scope):
    first, second = enter(ledger, "/a", "/b"), enter(ledger, "/c", "/d")
    ledger.jobs.cancel_jobs([second[0]], NOW)
    scope = JobGroup(1, [second[0]]) if scope == "group" else scope
    tally = ledger.overview.tally_jobs(scope)
    meant = [job for job in (*first, *second) if is_within(scope, job, 1 if job in first else 2)]
    assert tally.total == len(meant)
    assert tally.jobs[JobState.CANCELLED] == (second[0] in meant)
    assert tally.bytes_in in (0, sum(1000 for job in meant if state(ledger, job) is JobState.DONE))


def test_what_is_queued_can_be_begun_and_what_is_not_there_can_not(ledger):
    (job,) = enter(ledger, priority=3)
    assert ledger.jobs.find_startable_jobs([job, 99]) == [QueueEntry(job_id=job, priority=3, due_at=None, size=1000)]
