"""How attempts end, and that a void token ends none. A part of the contract, like test_jobs."""

import pytest

from fileq.job import JobState
from fileq.ledger.tables.attempts import Fenced
from tests.support.jobs import AFTER, DAMAGED, ENDINGS, NOW, OUTCOMES, SLOW, begin, claim_one, enter, finish, state


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_attempt_ends_with_its_outcome(ledger, ending):
    (job,) = enter(ledger)
    ENDINGS[ending](ledger, begin(ledger, job, worker=5))
    (attempt,) = ledger.overview.list_attempts(job)
    assert state(ledger, job) is AFTER[ending]
    assert (attempt.number, attempt.worker_id, attempt.started_at, attempt.finished_at) == (1, 5, NOW, NOW)
    assert attempt.outcome == OUTCOMES[ending]


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_attempt_ends_once(ledger, ending):
    (job,) = enter(ledger)
    token = begin(ledger, job)
    ENDINGS[ending](ledger, token)
    for again in ENDINGS.values():
        with pytest.raises(Fenced):
            again(ledger, token)


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_worker_that_was_thought_dead_ends_nothing(ledger, ending):
    (job,) = enter(ledger)
    old = begin(ledger, job)
    ledger.attempts.lose_attempt(old, NOW)
    new = begin(ledger, job, worker=2)
    with pytest.raises(Fenced):
        ENDINGS[ending](ledger, old)
    with pytest.raises(Fenced):
        ledger.attempts.check_token(old)
    ledger.attempts.check_token(new)
    assert [attempt.outcome for attempt in ledger.overview.list_attempts(job)] == ["worker died", None]


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_cancelled_job_stays_cancelled_whatever_its_attempt_says(ledger, ending):
    (job,) = enter(ledger)
    token = begin(ledger, job)
    assert ledger.jobs.cancel_jobs([job], NOW) == [job]
    with pytest.raises(Fenced):
        ENDINGS[ending](ledger, token)
    assert state(ledger, job) is JobState.CANCELLED
    assert ledger.overview.list_attempts(job)[0].outcome == "cancelled"


def test_a_fenced_ending_undoes_nothing_around_it(ledger):
    (job,) = enter(ledger)
    token = begin(ledger, job)
    ledger.attempts.lose_attempt(token, NOW)
    with ledger.transaction():
        enter(ledger, "/photos/b.jpg")
        with pytest.raises(Fenced):
            finish(ledger, token)
    assert ledger.overview.tally_jobs().total == 2


def test_every_attempt_is_counted_before_it_starts(ledger):
    (job,) = enter(ledger)
    for number in range(1, 4):
        token = begin(ledger, job)
        assert token.attempt == ledger.overview.find_job(job).attempts == number
        ledger.attempts.lose_attempt(token, NOW)
    assert len(ledger.overview.list_attempts(job)) == 3


def test_only_faults_of_the_job_count_as_tries(ledger):
    (job,) = enter(ledger)
    ledger.attempts.return_attempt(begin(ledger, job), NOW)
    ledger.attempts.lose_attempt(begin(ledger, job), NOW)
    ledger.attempts.retry_attempt_later(begin(ledger, job), SLOW, NOW, NOW)
    claim = claim_one(ledger, job, 1, NOW)
    assert (claim.token.attempt, claim.tries, claim.deaths) == (4, 2, 1)


def test_a_retried_job_has_all_its_tries_again_and_a_new_token(ledger):
    (job,) = enter(ledger, priority=2)
    ledger.attempts.lose_attempt(begin(ledger, job), NOW)
    ledger.attempts.fail_attempt(begin(ledger, job), DAMAGED, NOW)
    (due,) = ledger.jobs.retry_jobs([job])
    assert (due.job_id, due.priority, due.due_at, due.size) == (job, 2, None, 1000)
    claim = claim_one(ledger, job, 1, NOW)
    assert (claim.token.attempt, claim.tries, claim.deaths) == (3, 1, 0)


def test_only_failed_and_cancelled_jobs_are_retried(ledger):
    failed, cancelled, queued, done = enter(ledger, *"abcd")
    ledger.attempts.fail_attempt(begin(ledger, failed), DAMAGED, NOW)
    ledger.jobs.cancel_jobs([cancelled], NOW)
    finish(ledger, begin(ledger, done))
    assert [due.job_id for due in ledger.jobs.retry_jobs([failed, cancelled, queued, done, 99])] == [failed, cancelled]


def test_only_what_has_not_ended_is_cancelled(ledger):
    queued, running, done = enter(ledger, *"abc")
    begin(ledger, running)
    finish(ledger, begin(ledger, done))
    assert ledger.jobs.cancel_jobs([queued, running, done, 99], NOW) == [queued, running]


def test_a_failure_is_kept_in_its_words(ledger):
    (job,) = enter(ledger)
    ledger.attempts.fail_attempt(begin(ledger, job), DAMAGED, NOW + 3)
    failed = ledger.overview.find_job(job)
    assert (failed.failure, failed.finished_at) == (DAMAGED, NOW + 3)


def test_what_waits_is_due_at_its_time(ledger):
    (job,) = enter(ledger, priority=1)
    due = ledger.attempts.retry_attempt_later(begin(ledger, job), SLOW, NOW + 10, NOW)
    assert (due.job_id, due.priority, due.due_at) == (job, 1, NOW + 10)


def test_of_several_jobs_those_are_claimed_that_can_be_in_the_order_in_which_they_were_named(ledger):
    jobs = enter(ledger, *(f"/photos/{number}.jpg" for number in range(5)))
    begin(ledger, jobs[1])
    ledger.attempts.lose_attempt(begin(ledger, jobs[2]), NOW)
    claims = ledger.attempts.claim_jobs([jobs[4], 99, *jobs[:4]], 1, NOW)
    assert [claim.token.job_id for claim in claims] == [jobs[4], jobs[0], jobs[3]]
    assert [claim.source for claim in claims] == ["/photos/4.jpg", "/photos/0.jpg", "/photos/3.jpg"]
    assert ledger.attempts.find_void_tokens(claim.token for claim in claims) == set()


def test_one_that_was_lost_more_often_than_is_asked_for_is_not_claimed_and_can_be_found(ledger):
    (job,) = enter(ledger)
    for _ in range(3):
        ledger.attempts.lose_attempt(begin(ledger, job), NOW)
    assert ledger.attempts.claim_jobs([job], 1, NOW, max_deaths=2) == []
    assert ledger.attempts.find_lost_jobs([job, 99], 4) == set()
    assert ledger.attempts.find_lost_jobs([job, 99], 3) == {job}
    assert len(ledger.attempts.claim_jobs([job], 1, NOW, max_deaths=3)) == 1
    assert ledger.attempts.find_lost_jobs([job], 3) == set()


def test_a_claim_that_is_withdrawn_was_never_made(ledger):
    first, second = enter(ledger, "/photos/a.jpg", "/photos/b.jpg")
    tokens = [claim.token for claim in ledger.attempts.claim_jobs([first, second], 7, NOW)]
    ledger.attempts.withdraw_claims([first, second], 8, NOW)  # another's
    assert ledger.attempts.find_void_tokens(tokens) == set()
    ledger.attempts.withdraw_claims([first, second], 7, NOW)
    ledger.attempts.withdraw_claims([first, second], 7, NOW)
    assert ledger.attempts.find_void_tokens(tokens) == set(tokens)
    job = ledger.overview.find_job(first)
    assert (job.state, job.attempts, job.started_at) == (JobState.QUEUED, 0, None)
    assert ledger.overview.list_attempts(first) == []
    assert {job for job in (first, second) if state(ledger, job) is JobState.QUEUED} == {first, second}
