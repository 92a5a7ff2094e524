from fileq.health.check import State
from fileq.presence import ProcessIdentity
from tests.support.jobs import NOW

HOUR = 3600
CLEAN = "0 2 * * *"
RUNNER = ProcessIdentity("here", 1, "1")


def due(patient, due_at, name="clean", line=CLEAN):
    patient.ledger.scheduled_tasks.insert_entry(name, line, due_at)
    return patient.ledger.scheduled_tasks.find_entry(name, line)


def run(patient, outcome, message="", at=NOW, line=CLEAN):
    entry = due(patient, NOW, line=line)
    timetable = patient.ledger.scheduled_tasks
    timetable.begin_run(entry, RUNNER, at - 1, due_at=NOW + 20 * HOUR, tries=1)
    if outcome:
        timetable.end_run(entry, RUNNER, at, outcome=outcome, message=message, retry_at=None)


def test_a_task_that_went_well_is_well(patient):
    run(patient, "done")
    found = patient.look("schedule")
    assert (found.state, found.message) == (State.OK, "1 task known, none has failed.")


def test_a_task_that_failed_is_bad_and_says_why(patient):
    run(patient, "failed", "The disk is full.")
    found = patient.look("schedule")
    assert (found.state, found.message) == (State.BAD, "clean failed: The disk is full.")
    assert "fileq schedule run clean" in found.remedy


def test_a_task_that_is_tried_again_or_was_stopped_has_not_failed(patient):
    run(patient, "failed", "The disk is full.")
    run(patient, None)
    assert patient.look("schedule").state is State.OK
    run(patient, "stopped")
    assert patient.look("schedule").state is State.OK


def test_a_failure_under_an_earlier_line_is_forgotten_once_it_went_well(patient):
    run(patient, "failed", "The disk is full.", line="0 3 * * *")
    assert patient.look("schedule").state is State.BAD
    run(patient, "done", at=NOW + 1)
    assert patient.look("schedule").state is State.OK


def test_a_task_that_is_overdue_though_a_worker_is_there_is_worth_a_word(patient):
    due(patient, NOW - HOUR - 1)
    assert patient.look("schedule").state is State.OK
    patient.sign_on(ago=601)
    found = patient.look("schedule")
    assert found.state is State.WARNING
    assert found.message == "clean is overdue by 1 h 0 min, though a worker is running."


def test_a_worker_has_time_for_what_it_missed(patient):
    due(patient, NOW - 10 * HOUR)
    patient.sign_on(ago=600)
    assert patient.look("schedule").state is State.OK


def test_lines_of_earlier_configs_are_due_for_nobody(patient):
    due(patient, NOW - 10 * HOUR, line="0 3 * * *")
    patient.sign_on(ago=HOUR)
    assert patient.look("schedule").state is State.OK
