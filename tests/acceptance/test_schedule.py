"""What happens by itself, with real workers. Only the time is made up: what is due is made overdue in the ledger."""

import signal

from tests.acceptance.program import kill_group

NIGHTLY = """
[schedule]
clean = "off"
report = "off"
health = "off"
rescan = "off"

[[schedule.add]]
cron = "0 0 1 1 *"
paths = ["photos"]
name = "nightly"
"""


def overdue(fileq):
    """Have the nightly batch overdue since yesterday, as on a machine that slept."""
    fileq.run("schedule", "run", "nightly", expect=0)
    fileq.pretend("update scheduled_tasks set due_at = due_at - 400 * 86400")


def nightly(fileq):
    (task,) = [task for task in fileq.json("schedule") if task["name"] == "nightly"]
    return task


def runs(fileq):
    return fileq.ask("select started_at from scheduled_tasks where name = 'nightly'")[0][0]


def test_every_task_is_listed_before_any_worker_has_run(fileq):
    fileq.configure(NIGHTLY.replace('clean = "off"', 'clean = "0 2 * * *"'))
    listed = {task["name"]: task for task in fileq.json("schedule")}
    assert {"rescan", "nightly"} <= set(listed)
    assert listed["nightly"]["cron"] == "0 0 1 1 *"
    assert listed["nightly"]["last_run"] is None
    assert listed["nightly"]["next_run"].endswith("Z")
    assert listed["rescan"]["next_run"] is None
    assert "nightly" in fileq.run("schedule").stdout


def test_a_missed_batch_is_added_late_by_one_of_two_workers_and_worked_off(fileq, photos):
    fileq.configure(NIGHTLY)
    overdue(fileq)
    (photos / "new.jpg").write_bytes((photos / "IMG_0001.jpg").read_bytes())
    before = runs(fileq)
    with fileq.worker(), fileq.worker():
        fileq.wait_until(lambda: runs(fileq) != before and fileq.states().get("done") == 9)
        fileq.wait_until(lambda: nightly(fileq)["outcome"] == "done")  # its jobs may be done before that is said
    assert len(fileq.ask("select id from batches")) == 2
    task = nightly(fileq)
    assert task["message"] == "1 queued as batch 2."


def test_a_draining_worker_does_what_is_due_before_it_ends(fileq, photos):
    fileq.configure(NIGHTLY)
    overdue(fileq)
    before = runs(fileq)
    fileq.run("worker", "--drain")
    assert runs(fileq) != before
    assert fileq.states() == {"done": len(list(photos.glob("*.jpg")))}


def test_a_pause_and_a_backlog_hold_nothing_up(fileq, photos):
    fileq.configure(NIGHTLY)
    overdue(fileq)
    fileq.run("pause")
    before = runs(fileq)
    with fileq.worker():
        fileq.wait_until(lambda: runs(fileq) != before and nightly(fileq)["outcome"] == "done")
    assert fileq.states() == {"queued": len(list(photos.glob("*.jpg")))}


def test_without_the_periodic_tasks_nothing_happens_by_itself(fileq, photos):
    del photos
    fileq.configure(NIGHTLY)
    overdue(fileq)
    before = runs(fileq)
    fileq.run("worker", "--drain", "--no-periodic")
    fileq.run("run", "photos")
    assert runs(fileq) == before


def test_a_task_that_fails_is_listed_with_its_reason_and_exits_1_when_it_is_run_by_hand(fileq):
    fileq.configure(NIGHTLY)
    answer = fileq.run("schedule", "run", "nightly", expect=1)
    assert "There is no file, folder or match" in answer.stdout
    assert nightly(fileq)["outcome"] == "failed"
    assert "There is no file, folder or match" in fileq.run("schedule").stdout


def test_a_task_that_does_not_exist_is_named_with_the_nearest(fileq):
    fileq.configure(NIGHTLY)
    answer = fileq.run("schedule", "run", "nigthly", expect=2)
    assert "There is no task nigthly. Did you mean nightly?" in answer.stderr


def test_a_worker_that_is_told_to_stop_amid_its_upkeep_ends_soon_and_well(fileq, photos):
    del photos
    fileq.configure(NIGHTLY)
    overdue(fileq)
    before = runs(fileq)
    worker = fileq.start("worker")
    try:
        fileq.wait_until(lambda: runs(fileq) != before)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(60) == 0
    finally:
        kill_group(worker)
    assert nightly(fileq)["outcome"] in ("done", "stopped")
