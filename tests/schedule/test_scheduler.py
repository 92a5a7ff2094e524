"""Each due time is run once, by one of several workers, late if it must be; a failure is tried again."""

import os

import pytest

from fileq.cron import Cron
from fileq.errors import UsageError
from fileq.ledger import Ledger
from fileq.presence import ProcessIdentity, hostname, identify
from fileq.schedule.scheduler import DEFERRAL, RETRY_DELAYS, Scheduler
from tests.schedule.clock import BERLIN, at

DAILY = {"clean": Cron("0 2 * * *")}
NOON = at(2026, 5, 17, 12)
NIGHT = at(2026, 5, 18, 2)
_GONE = 2**22 + 1  # no pid is that large


def runner(number=0):
    """Processes that are there, each of which stands for a worker: this one, its parent, and the first of all."""
    return identify((os.getpid(), os.getppid(), 1)[number])


@pytest.fixture
def scheduler(ledger):
    scheduler = Scheduler(ledger, DAILY, BERLIN, runner())
    assert scheduler.claim_due_tasks(NOON) == []
    return scheduler


def test_a_new_task_waits_for_its_first_time(scheduler, ledger):
    (entry,) = ledger.scheduled_tasks.list_entries()
    assert (entry.name, entry.due_at, entry.outcome) == ("clean", NIGHT, None)
    assert scheduler.claim_due_tasks(NIGHT - 1) == []
    (run,) = scheduler.claim_due_tasks(NIGHT)
    assert run.name == "clean"


def test_a_due_time_is_one_workers_alone(scheduler, database):
    other = Ledger(database)
    second = Scheduler(other, DAILY, BERLIN, runner(1))
    (run,) = second.claim_due_tasks(NIGHT + 5)
    assert scheduler.claim_due_tasks(NIGHT + 6) == []
    second.end_run(run, NIGHT + 7, None, "4 outputs removed.")
    assert scheduler.claim_due_tasks(NIGHT + 60) == second.claim_due_tasks(NIGHT + 60) == []
    (entry,) = other.scheduled_tasks.list_entries()
    assert (entry.outcome, entry.message, entry.due_at) == ("done", "4 outputs removed.", at(2026, 5, 19, 2))
    other.close()


def test_of_many_times_that_were_missed_one_is_made_up_for(scheduler):
    late = at(2026, 6, 3, 9)
    (run,) = scheduler.claim_due_tasks(late)
    scheduler.end_run(run, late + 1, None, "")
    assert scheduler.claim_due_tasks(at(2026, 6, 4, 1, 59)) == []
    assert len(scheduler.claim_due_tasks(at(2026, 6, 4, 2))) == 1


def test_a_task_that_still_runs_when_it_is_due_again_is_not_begun_twice(scheduler):
    (run,) = scheduler.claim_due_tasks(NIGHT)
    next_night = at(2026, 5, 19, 2)
    assert scheduler.claim_due_tasks(next_night) == []
    scheduler.end_run(run, next_night + 60, None, "")
    assert len(scheduler.claim_due_tasks(next_night + 120)) == 1


def test_a_failure_is_tried_again_later_each_time_and_then_left_until_it_is_due(scheduler, ledger):
    now = NIGHT
    for pause in (*RETRY_DELAYS, None):
        (run,) = scheduler.claim_due_tasks(now)
        scheduler.end_run(run, now, "It was dark.", "")
        (entry,) = ledger.scheduled_tasks.list_entries()
        assert (entry.outcome, entry.message) == ("failed", "It was dark.")
        assert entry.retry_at == (None if pause is None else now + pause)
        now += pause or 0
        assert scheduler.claim_due_tasks(now - 1) == []
    assert scheduler.claim_due_tasks(at(2026, 5, 19, 1, 59)) == []
    (run,) = scheduler.claim_due_tasks(at(2026, 5, 19, 2))
    assert run.tries == 1


def test_what_a_dead_process_had_begun_is_run_by_another(scheduler, ledger):
    dead = Scheduler(ledger, DAILY, BERLIN, ProcessIdentity(hostname(), _GONE, "1"))
    assert len(dead.claim_due_tasks(NIGHT)) == 1
    (run,) = scheduler.claim_due_tasks(NIGHT + 60)
    assert run.tries == 2


def test_what_kills_every_process_that_runs_it_is_left_alone_until_it_is_due(scheduler, ledger):
    for number in range(len(RETRY_DELAYS) + 1):
        dead = Scheduler(ledger, DAILY, BERLIN, ProcessIdentity(hostname(), _GONE + number, "1"))
        assert len(dead.claim_due_tasks(NIGHT + number)) == 1
    assert scheduler.claim_due_tasks(NIGHT + 60) == []
    (entry,) = ledger.scheduled_tasks.list_entries()
    assert (entry.outcome, entry.message) == ("failed", "The process that ran it died, 4 times.")
    assert len(scheduler.claim_due_tasks(at(2026, 5, 19, 2))) == 1


def test_a_process_that_was_taken_for_dead_changes_nothing_when_it_ends(scheduler, ledger):
    dead = Scheduler(ledger, DAILY, BERLIN, ProcessIdentity(hostname(), _GONE, "1"))
    (theirs,) = dead.claim_due_tasks(NIGHT)
    (ours,) = scheduler.claim_due_tasks(NIGHT + 60)
    dead.end_run(theirs, NIGHT + 61, "It was dark.", "")
    scheduler.end_run(ours, NIGHT + 62, None, "well done")
    (entry,) = ledger.scheduled_tasks.list_entries()
    assert (entry.outcome, entry.message) == ("done", "well done")


def test_what_another_machine_runs_is_left_to_it_for_hours(scheduler, ledger):
    elsewhere = Scheduler(ledger, DAILY, BERLIN, ProcessIdentity("elsewhere", os.getpid(), "1"))
    assert len(elsewhere.claim_due_tasks(NIGHT)) == 1
    assert scheduler.claim_due_tasks(NIGHT + 3600) == []
    assert len(scheduler.claim_due_tasks(NIGHT + 7 * 3600)) == 1


def test_what_was_stopped_goes_on_at_the_next_look(scheduler, ledger):
    (run,) = scheduler.claim_due_tasks(NIGHT)
    scheduler.stop_run(run, NIGHT + 10)
    (entry,) = ledger.scheduled_tasks.list_entries()
    assert (entry.outcome, entry.next_at) == ("stopped", NIGHT + 10)
    assert len(scheduler.claim_due_tasks(NIGHT + 60)) == 1


def test_a_task_that_is_off_never_runs_by_itself_but_when_it_is_asked_for(ledger):
    off = Scheduler(ledger, {"clean": Cron("off")}, BERLIN, runner())
    assert off.claim_due_tasks(NIGHT) == []
    run = off.claim_task("clean", NIGHT)
    off.end_run(run, NIGHT + 1, None, "well done")
    assert off.claim_due_tasks(at(2027, 5, 18, 2)) == []
    (entry,) = ledger.scheduled_tasks.list_entries()
    assert entry.outcome == "done"


def test_a_task_that_is_off_is_not_tried_again_by_itself(ledger):
    off = Scheduler(ledger, {"clean": Cron("off")}, BERLIN, runner())
    off.end_run(off.claim_task("clean", NIGHT), NIGHT + 1, "It was dark.", "")
    (entry,) = ledger.scheduled_tasks.list_entries()
    assert (entry.outcome, entry.retry_at) == ("failed", None)


def test_a_problem_with_a_name_that_is_not_utf_8_is_written_down(scheduler, ledger):
    (run,) = scheduler.claim_due_tasks(NIGHT)
    scheduler.end_run(run, NIGHT + 1, "No permission for /out/\udcff.jpg.", "")
    (entry,) = ledger.scheduled_tasks.list_entries()
    assert entry.message == "No permission for /out/\\xff.jpg."


def test_a_run_that_was_asked_for_changes_nothing_about_the_next_due_time(scheduler, ledger):
    run = scheduler.claim_task("clean", NOON + 60)
    scheduler.end_run(run, NOON + 61, None, "")
    (entry,) = ledger.scheduled_tasks.list_entries()
    assert entry.due_at == NIGHT


def test_what_is_being_run_can_not_be_asked_for(scheduler):
    scheduler.claim_due_tasks(NIGHT)
    with pytest.raises(UsageError, match=f"run already, by process {os.getpid()}"):
        scheduler.claim_task("clean", NIGHT + 1)


def test_a_new_line_is_due_by_itself_and_takes_over_how_it_went_last(scheduler, ledger):
    scheduler.end_run(scheduler.claim_due_tasks(NIGHT)[0], NIGHT + 1, None, "well done")
    changed = Scheduler(ledger, {"clean": Cron("0 4 * * *")}, BERLIN, runner())
    changed.claim_due_tasks(NIGHT + 60)
    changed.delete_obsolete_entries()
    (entry,) = ledger.scheduled_tasks.list_entries()
    assert (entry.cron, entry.due_at, entry.message) == ("0 4 * * *", at(2026, 5, 18, 4), "well done")


def test_workers_with_different_lines_each_run_their_own(scheduler, ledger):
    other = Scheduler(ledger, {"clean": Cron("0 4 * * *")}, BERLIN, runner(1))
    hours = [at(2026, 5, 17, 12) + 3600 * hour for hour in range(48)]
    ran = [(number, now) for now in hours for number, one in enumerate((scheduler, other)) for _ in ended(one, now)]
    assert ran == [(0, NIGHT), (1, NIGHT + 7200), (0, NIGHT + 86400), (1, NIGHT + 86400 + 7200)]


def test_a_clock_that_is_set_back_by_days_stops_nothing_for_days(scheduler):
    future = at(2031, 1, 1, 12)
    assert len(ended(scheduler, future)) == 1
    assert ended(scheduler, NOON) == []
    assert len(ended(scheduler, NIGHT)) == 1


def test_a_clock_that_is_set_back_by_hours_runs_nothing_twice(scheduler):
    assert len(ended(scheduler, NIGHT + 60)) == 1
    assert ended(scheduler, NIGHT - 3600) == []
    assert ended(scheduler, NIGHT + 60) == []
    assert len(ended(scheduler, at(2026, 5, 19, 2))) == 1


def ended(scheduler, now):
    """What is due, done at once."""
    runs = scheduler.claim_due_tasks(now)
    for run in runs:
        scheduler.end_run(run, now, None, "")
    return runs


def test_a_run_is_ended_by_nobody_of_another_host(scheduler, ledger):
    here = runner()
    elsewhere = Scheduler(ledger, DAILY, BERLIN, ProcessIdentity("elsewhere", here.pid, here.started))
    (run,) = scheduler.claim_due_tasks(NIGHT)
    elsewhere.end_run(run, NIGHT + 1, None, "")
    (entry,) = ledger.scheduled_tasks.list_entries()
    assert entry.is_running


def test_a_task_that_others_can_do_better_is_left_to_them_for_a_while(scheduler):
    assert scheduler.claim_due_tasks(NIGHT, ["clean"]) == []
    assert scheduler.claim_due_tasks(NIGHT + DEFERRAL - 1, ["clean"]) == []
    assert len(scheduler.claim_due_tasks(NIGHT + DEFERRAL, ["clean"])) == 1
