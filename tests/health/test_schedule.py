from fileq.health.check import CheckState
from fileq.presence import ProcessIdentity
from tests.support.jobs import NOW

HOUR = 3600
CLEAN = "0 2 * * *"
RUNNER = ProcessIdentity("here", 1, "1")


def due(checked, due_at, name="clean", line=CLEAN):
    checked.ledger.scheduled_tasks.insert_entry(name, line, due_at)
    return checked.ledger.scheduled_tasks.find_entry(name, line)


def run(checked, outcome, message="", at=NOW, line=CLEAN):
    entry = due(checked, NOW, line=line)
    scheduled_tasks = checked.ledger.scheduled_tasks
    scheduled_tasks.begin_run(entry, RUNNER, at - 1, due_at=NOW + 20 * HOUR, tries=1)
    if outcome:
        scheduled_tasks.end_run(entry, RUNNER, at, outcome=outcome, message=message, retry_at=None)


def test_a_task_that_went_well_is_well(checked):
    run(checked, "done")
    found = checked.run_check("schedule")
    assert (found.state, found.message) == (CheckState.OK, "1 task known, none has failed.")


def test_a_task_that_failed_is_bad_and_says_why(checked):
    run(checked, "failed", "The disk is full.")
    found = checked.run_check("schedule")
    assert (found.state, found.message) == (CheckState.BAD, "clean failed: The disk is full.")
    assert "fileq schedule run clean" in found.remedy


def test_a_task_that_is_tried_again_or_was_stopped_has_not_failed(checked):
    run(checked, "failed", "The disk is full.")
    run(checked, None)
    assert checked.run_check("schedule").state is CheckState.OK
    run(checked, "stopped")
    assert checked.run_check("schedule").state is CheckState.OK


def test_a_failure_under_an_earlier_line_is_forgotten_once_it_went_well(checked):
    run(checked, "failed", "The disk is full.", line="0 3 * * *")
    assert checked.run_check("schedule").state is CheckState.BAD
    run(checked, "done", at=NOW + 1)
    assert checked.run_check("schedule").state is CheckState.OK


def test_a_task_that_is_overdue_though_a_worker_is_there_is_worth_a_word(checked):
    due(checked, NOW - HOUR - 1)
    assert checked.run_check("schedule").state is CheckState.OK
    checked.register_worker(ago=601)
    found = checked.run_check("schedule")
    assert found.state is CheckState.WARNING
    assert found.message == "clean is overdue by 1 h 0 min, though a worker is running."


def test_a_worker_has_time_for_what_it_missed(checked):
    due(checked, NOW - 10 * HOUR)
    checked.register_worker(ago=600)
    assert checked.run_check("schedule").state is CheckState.OK


def test_lines_of_earlier_configs_are_due_for_nobody(checked):
    due(checked, NOW - 10 * HOUR, line="0 3 * * *")
    checked.register_worker(ago=HOUR)
    assert checked.run_check("schedule").state is CheckState.OK
