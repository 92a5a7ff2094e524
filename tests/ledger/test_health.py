from fileq.ledger.queries.health import JobFlow, WaitingQueue
from tests.support.jobs import DAMAGED, NOW, SLOW, begin, enter, finish
from tests.support.ledgers import ask
from tests.support.publication import make


def test_jobs_wait_by_queue_since_they_were_due_or_came_or_were_given_back(ledger):
    enter(ledger, "a", due_at=NOW - 5)
    enter(ledger, "b", due_at=NOW + 5, queue="later")
    (lost,) = enter(ledger, "c", queue="lost")
    ledger.attempts.lose_attempt(begin(ledger, lost), NOW + 7)
    (slow,) = enter(ledger, "d", queue="slow")
    ledger.attempts.retry_attempt_later(begin(ledger, slow), SLOW, NOW + 10, NOW)
    (failed,) = enter(ledger, "e", queue="failed")
    ledger.attempts.fail_attempt(begin(ledger, failed), DAMAGED, NOW)
    assert ledger.health.list_waiting_queues(NOW + 4) == [WaitingQueue("lost", NOW + 7), WaitingQueue("fileq", NOW)]
    assert ledger.health.list_waiting_queues(NOW + 10)[-1] == WaitingQueue("slow", NOW + 10)
    ledger.jobs.retry_jobs([failed])
    assert WaitingQueue("failed", None) in ledger.health.list_waiting_queues(NOW + 10)


def test_what_came_ended_and_is_left_is_counted(ledger):
    one, two, three = enter(ledger, *"abc")
    enter(ledger, "d", due_at=NOW + 60)
    finish(ledger, begin(ledger, one), now=NOW + 1)
    ledger.attempts.fail_attempt(begin(ledger, two), DAMAGED, NOW + 2)
    assert ledger.health.measure_flow(NOW - 1, NOW) == JobFlow(4, 2, 1)
    assert ledger.health.measure_flow(NOW + 1, NOW + 60) == JobFlow(0, 1, 2)
    begin(ledger, three)
    assert ledger.health.measure_flow(NOW + 2, NOW) == JobFlow(0, 0, 1)


def test_folders_are_those_of_unfinished_jobs_and_of_those_that_ended_lately(ledger):
    enter(ledger, "a", folder="/queued")
    for folder, when in (("/ended", NOW), ("/long ago", NOW - 10)):
        (job,) = enter(ledger, folder, folder=folder)
        finish(ledger, begin(ledger, job), now=when)
    assert sorted(ledger.health.list_output_folders(NOW - 10)) == ["/ended", "/queued"]


def test_folders_of_outputs_are_told_the_latest_first(ledger, tmp_path):
    paths = [tmp_path / f"caf\udce9-{number}" / "x" / "a.jpg" for number in range(4)]
    for number, path in enumerate(paths):
        job = make(ledger, path, source=f"/{number}")
        ask(ledger, "update jobs set finished_at = ? where id = ?", NOW + number, job)
    assert ledger.health.list_recent_output_folders(NOW, 2) == [str(paths[3].parent), str(paths[2].parent)]
    assert ledger.health.list_recent_output_folders(NOW + 2, 9) == [str(paths[3].parent)]


def test_running_jobs_are_told_with_their_attempt(ledger):
    one, two = enter(ledger, *"ab")
    ledger.attempts.lose_attempt(begin(ledger, one), NOW)
    begin(ledger, one)
    assert ledger.health.find_running_attempts([one, two, 99]) == {one: 2}


def test_an_empty_ledger_knows_of_no_time(ledger):
    assert ledger.health.find_latest_moment() is None
