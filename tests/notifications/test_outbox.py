"""What is told of batches and failures, over simulated time, with several workers on one ledger."""

import pytest

from fileq.config.settings import NotifySettings
from fileq.errors import ErrorKind
from fileq.job import Failure
from fileq.ledger import open_ledger
from fileq.notifications import enqueue_event_notifications
from fileq.presence import hostname
from tests.support.jobs import DAMAGED, NOW, SLOW, begin, enter, finish

MINUTE = 60.0
ON = NotifySettings(command=("true",))
OFF = NotifySettings()


def only(*events):
    return NotifySettings(command=("true",), on=events)


def fail(ledger, job, failure=DAMAGED, now=NOW):
    ledger.attempts.fail_attempt(begin(ledger, job), failure, now)


def told(ledger):
    return [(notice.event, notice.title.partition(": ")[2]) for notice in ledger.notifications.list_notifications()]


def body(ledger):
    return ledger.notifications.list_notifications()[-1].body


@pytest.fixture
def other(ledger, database):
    with open_ledger(database) as other:
        yield other


def test_a_batch_that_has_ended_is_told_once_by_one_of_several_workers(ledger, other):
    first, second = enter(ledger, "a", "b")
    finish(ledger, begin(ledger, first))
    for minute in range(3):
        enqueue_event_notifications(other, ON, NOW + minute * MINUTE)
    assert told(ledger) == []
    finish(ledger, begin(ledger, second))
    for minute in range(3, 9):
        for worker in (ledger, other):
            enqueue_event_notifications(worker, ON, NOW + minute * MINUTE)
    assert told(ledger) == [("batch", "batch 1 has ended, 2 of 2 jobs done")]
    assert ledger.notifications.list_notifications()[0].title.startswith(f"fileq on {hostname()}: ")
    assert body(ledger) == "Batch 1: 2 done; 2 outputs, 2 KB became 200 B."


def test_batches_that_ended_within_a_minute_are_told_together(ledger):
    for source in ("a", "b", "c"):
        (job,) = enter(ledger, source)
        finish(ledger, begin(ledger, job)) if source != "b" else fail(ledger, job)
    enqueue_event_notifications(ledger, ON, NOW)
    assert told(ledger) == [("batch", "3 batches have ended, 1 of 3 jobs failed")]
    assert body(ledger).splitlines() == [
        "Batch 1: 1 done; 1 output, 1 KB became 100 B.",
        "Batch 2: 1 failed.",
        "Batch 3: 1 done; 1 output, 1 KB became 100 B.",
        "",
        "1 job failed:",
        "  1 unreadable. Get another.",
        "",
        "To see them all: fileq list --state failed",
        "To try them again, once the cause is fixed: fileq retry --failed",
    ]


def test_of_very_many_batches_the_first_are_listed(ledger):
    for number in range(25):
        finish(ledger, begin(ledger, *enter(ledger, f"{number}")))
    enqueue_event_notifications(ledger, ON, NOW)
    assert told(ledger) == [("batch", "25 batches have ended, 25 of 25 jobs done")]
    assert body(ledger).splitlines()[-1] == "And 5 more."


def test_what_a_batch_notice_says_of_failures_is_not_told_twice(ledger):
    jobs = enter(ledger, "a", "b", "c")
    finish(ledger, begin(ledger, jobs[0]))
    fail(ledger, jobs[1])
    fail(ledger, jobs[2], SLOW)
    for minute in range(20):
        enqueue_event_notifications(ledger, ON, NOW + minute * MINUTE)
    assert told(ledger) == [("batch", "batch 1 has ended, 2 of 3 jobs failed")]
    assert "fileq retry --failed --batch 1" in body(ledger)
    assert "  1 timeout. Wait longer." in body(ledger)


def test_failures_are_gathered_until_their_batches_have_ended(ledger):
    jobs = enter(ledger, "a", "b", "c")
    fail(ledger, jobs[0])
    enqueue_event_notifications(ledger, only("failed"), NOW + MINUTE)
    fail(ledger, jobs[1], SLOW, NOW + 2 * MINUTE)
    enqueue_event_notifications(ledger, only("failed"), NOW + 2 * MINUTE)
    assert told(ledger) == []
    finish(ledger, begin(ledger, jobs[2]))
    enqueue_event_notifications(ledger, only("failed"), NOW + 3 * MINUTE)
    assert told(ledger) == [("failed", "2 jobs failed")]
    assert body(ledger).splitlines() == [
        "2 jobs failed:",
        "  1 timeout. Wait longer.",
        "  1 unreadable. Get another.",
        "",
        "These are:",
        "  a: It is damaged.",
        "  b: It took too long.",
        "",
        "To see them all: fileq list --state failed",
        "To try them again, once the cause is fixed: fileq retry --failed",
    ]


def test_failures_of_a_batch_that_goes_on_are_told_after_ten_minutes(ledger, other):
    jobs = enter(ledger, "a", "b", "c")
    fail(ledger, jobs[0])
    for minute in range(1, 10):
        enqueue_event_notifications(ledger, ON, NOW + minute * MINUTE)
    assert told(ledger) == []
    for worker in (ledger, other):
        enqueue_event_notifications(worker, ON, NOW + 10 * MINUTE)
    assert told(ledger) == [("failed", "1 job failed")]
    fail(ledger, jobs[1], now=NOW + 11 * MINUTE)
    finish(ledger, begin(ledger, jobs[2]))
    enqueue_event_notifications(ledger, ON, NOW + 12 * MINUTE)
    assert told(ledger)[1:] == [("batch", "batch 1 has ended, 2 of 3 jobs failed")]


def test_only_the_first_ten_failures_are_named(ledger):
    for job in enter(ledger, *(f"/photos/{number:02}.jpg" for number in range(30))):
        fail(ledger, job)
    enqueue_event_notifications(ledger, only("failed"), NOW)
    assert "The first 10:" in body(ledger)
    assert body(ledger).count("/photos/") == 10


def test_a_job_that_is_tried_again_before_that_is_not_told(ledger):
    jobs = enter(ledger, "a", "b")
    fail(ledger, jobs[0])
    ledger.jobs.retry_jobs([jobs[0]])
    enqueue_event_notifications(ledger, only("failed"), NOW + 60 * MINUTE)
    assert told(ledger) == []


def test_a_batch_that_was_retried_is_told_again(ledger):
    (job,) = enter(ledger, "a")
    fail(ledger, job)
    enqueue_event_notifications(ledger, ON, NOW)
    ledger.jobs.retry_jobs([job])
    enqueue_event_notifications(ledger, ON, NOW + MINUTE)
    finish(ledger, begin(ledger, job, now=NOW + MINUTE))
    enqueue_event_notifications(ledger, ON, NOW + 2 * MINUTE)
    assert told(ledger) == [
        ("batch", "batch 1 has ended, 1 of 1 job failed"), ("batch", "batch 1 has ended, 1 of 1 job done"),
    ]  # fmt: skip


def test_the_batch_of_a_run_or_of_a_watched_folder_is_not_told_but_its_failures_are(ledger):
    (own,) = enter(ledger, "a", queue="run-1-abc")
    ledger.batches.move_queue("run-1-abc", to="fileq")
    (other,) = enter(ledger, "b", queue="run-2-abc")
    (watched,) = enter(ledger, "c")
    ledger.database.connection.execute("update batches set watch_id = 1 where id = 3")
    for job in (own, other, watched):
        finish(ledger, begin(ledger, job))
    enqueue_event_notifications(ledger, ON, NOW)
    assert told(ledger) == []
    (late,) = enter(ledger, "d", queue="run-3-abc")
    fail(ledger, late)
    enqueue_event_notifications(ledger, ON, NOW)
    assert told(ledger) == [("failed", "1 job failed")]


def test_a_batch_with_nothing_left_in_it_is_not_told(ledger):
    (job,) = enter(ledger, "a")
    ledger.jobs.cancel_jobs([job], NOW)
    ledger.jobs.requeue_job(job, ledger.batches.insert_batch("fileq", NOW), NOW, recipe_id=1)
    enqueue_event_notifications(ledger, ON, NOW)
    assert told(ledger) == []


def test_one_who_wants_to_hear_of_something_else_hears_nothing(ledger):
    fail(ledger, *enter(ledger, "a"))
    enqueue_event_notifications(ledger, only("report"), NOW)
    enqueue_event_notifications(ledger, ON, NOW + MINUTE)
    assert told(ledger) == []


def test_one_who_wants_to_hear_of_batches_alone_hears_of_their_failures_there(ledger):
    fail(ledger, *enter(ledger, "a"))
    enqueue_event_notifications(ledger, only("batch"), NOW)
    assert told(ledger) == [("batch", "batch 1 has ended, 1 of 1 job failed")]
    enqueue_event_notifications(ledger, ON, NOW + 20 * MINUTE)
    assert len(told(ledger)) == 1


def test_turning_notices_on_tells_nothing_old(ledger):
    fail(ledger, *enter(ledger, "a"))
    enqueue_event_notifications(ledger, OFF, NOW)
    enqueue_event_notifications(ledger, ON, NOW + MINUTE)
    assert told(ledger) == []


def test_turning_notices_off_drops_what_waits(ledger):
    fail(ledger, *enter(ledger, "a"))
    enqueue_event_notifications(ledger, ON, NOW)
    assert told(ledger)
    enqueue_event_notifications(ledger, OFF, NOW + MINUTE)
    assert told(ledger) == []


def test_names_and_messages_steer_nothing(ledger):
    (job,) = enter(ledger, "/photos/a\n\x1b[2J\u202egpj.caf\udce9")
    fail(ledger, job, Failure(ErrorKind.COMMAND, "It said:\r\nno", "Look.\x07"))
    enqueue_event_notifications(ledger, only("failed"), NOW)
    assert r"  /photos/a\n\x1b[2J\u202egpj.caf\xe9: It said:\r\nno" in body(ledger).splitlines()
    assert r"  1 command. Look.\x07" in body(ledger).splitlines()


def test_nothing_is_written_where_there_is_nothing_to_tell(ledger, other):
    finish(ledger, begin(ledger, *enter(ledger, "a")))
    enqueue_event_notifications(ledger, ON, NOW)
    with other.transaction():  # who holds the ledger doesn't hold this up
        enqueue_event_notifications(ledger, ON, NOW + MINUTE)
