import errno
import os
import subprocess
import time

import psutil
import pytest

from fileq import queue
from fileq.errors import ErrorKind
from fileq.job import JobState
from fileq.ledger import open_ledger
from fileq.operations.programs.runner import OUTPUT_VARIABLE
from fileq.presence import ProcessIdentity, this_process
from fileq.publish import discard_temps
from fileq.worker import recovery
from fileq.worker.recovery import DEATHS, HeartbeatWatch, recover, sweep_after_boot
from tests.support.drives import drive
from tests.support.jobs import NOW, begin, enter, state
from tests.support.publication import make, stand

BEAT = 5.0


def sign_on(ledger, pid=None, started=None, where=None, queue="fileq", heartbeat_at=NOW):
    me = this_process()
    process = ProcessIdentity(where or me.host, pid or me.pid, started or me.started)
    return ledger.workers.register_worker(process, queue, 2, heartbeat_at).id


def nobody():
    """A pid that no process has."""
    return max(psutil.pids()) + 100_000


GONE = {
    "its process is gone": lambda ledger: sign_on(ledger, pid=nobody()),
    "its pid is another process's now": lambda ledger: sign_on(ledger, started=f"{this_process().started}0"),
    "it was silent too long, on another host": lambda ledger: sign_on(ledger, where="elsewhere", heartbeat_at=NOW - 31),
}
ALIVE = {
    "its process is there": sign_on,
    "it slept with the whole machine": lambda ledger: sign_on(ledger, heartbeat_at=NOW - 7 * 3600),
    "the clock was set forward": lambda ledger: sign_on(ledger, heartbeat_at=NOW - 86400),
    "it was heard of lately, from another host": lambda ledger: sign_on(
        ledger, pid=nobody(), where="elsewhere", heartbeat_at=NOW - 19
    ),
}


@pytest.mark.parametrize("how", GONE)
def test_a_job_whose_worker_is_gone_is_queued_again(ledger, how):
    (job,) = enter(ledger)
    token = begin(ledger, job, GONE[how](ledger))
    assert recover(ledger, NOW, BEAT) == 1
    assert ledger.workers.list_workers() == []
    assert state(ledger, job) is JobState.QUEUED
    assert ledger.messages.has_messages(queue.MAIN)
    assert begin(ledger, job).attempt == token.attempt + 1


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


def look_for(ledger, watch, clock, seconds, every=60.0):
    """Recover now and then for so long; answer whether the worker is entered still."""
    for _ in range(int(seconds // every)):
        clock.now += every
        recover(ledger, NOW + clock.now, BEAT, watch)
    return bool(ledger.workers.list_workers())


def test_a_worker_of_this_host_that_hangs_is_gone_once_that_was_seen_for_very_long(ledger):
    clock = Clock()
    watch = HeartbeatWatch(clock)
    worker = sign_on(ledger)
    recover(ledger, NOW, BEAT, watch)
    assert look_for(ledger, watch, clock, 600)
    ledger.workers.record_heartbeat(worker, NOW + 1)
    assert look_for(ledger, watch, clock, 660)
    assert not look_for(ledger, watch, clock, 60)


def test_what_passes_while_the_looker_itself_sleeps_or_is_stopped_is_no_silence(ledger):
    clock = Clock()
    watch = HeartbeatWatch(clock)
    sign_on(ledger)
    recover(ledger, NOW, BEAT, watch)
    assert look_for(ledger, watch, clock, 4 * 86400, every=86400)


def test_the_attempt_of_a_worker_that_is_gone_has_an_end(ledger):
    (job,) = enter(ledger)
    begin(ledger, job, worker=99)
    recover(ledger, NOW + 60, BEAT)
    (attempt,) = ledger.overview.list_attempts(job)
    assert (attempt.outcome, attempt.finished_at) == ("worker died", NOW + 60)


@pytest.mark.parametrize("how", ALIVE)
def test_a_job_whose_worker_is_alive_is_left_to_it(ledger, how):
    (job,) = enter(ledger)
    token = begin(ledger, job, ALIVE[how](ledger))
    assert recover(ledger, NOW, BEAT) == 0
    assert len(ledger.workers.list_workers()) == 1
    ledger.attempts.check_token(token)


def orphan(ledger, tmp_path):
    """A job that runs for nobody, with its token and its temp file."""
    (job,) = enter(ledger)
    token = begin(ledger, job, worker=99)
    temp = tmp_path / ".a.tmp"
    temp.touch()
    ledger.outputs.reserve_path(str(tmp_path / "a.jpg"), job, str(temp))
    return job, token, temp


def test_the_temp_files_of_an_orphan_are_removed_and_its_paths_free(ledger, tmp_path):
    _, _, temp = orphan(ledger, tmp_path)
    recover(ledger, NOW, BEAT)
    assert not temp.exists()
    assert ledger.outputs.find_owner(str(tmp_path / "a.jpg")) is None


def test_a_temp_file_whose_folder_is_gone_keeps_no_job_from_its_queue(ledger, tmp_path):
    (job,) = enter(ledger)
    begin(ledger, job, worker=99)
    (tmp_path / "file").touch()
    for number, place in enumerate(("gone/.a.tmp", "file/.a.tmp", ".")):
        ledger.outputs.reserve_path(str(tmp_path / f"{number}.jpg"), job, str(tmp_path / place))
    assert recover(ledger, NOW, BEAT) == 1
    assert state(ledger, job) is JobState.QUEUED


def test_a_temp_file_that_can_not_be_removed_is_known_until_it_is_gone(ledger, tmp_path):
    with drive(tmp_path / "drive") as place:
        _, _, temp = orphan(ledger, place.folder)
        place.turn_read_only()
        assert recover(ledger, NOW, BEAT) == 1
        recover(ledger, NOW + 60, BEAT)
        assert ledger.leftover_temps.list_temps() == {str(temp): NOW}
        place.turn_writable()
        recover(ledger, NOW + 120, BEAT)
        assert not temp.exists()
    assert ledger.leftover_temps.list_temps() == {}


def test_a_temp_file_on_a_drive_that_is_away_is_removed_when_it_is_back(ledger, tmp_path):
    with drive(tmp_path / "drive") as place:
        folder = place.folder / "out"
        folder.mkdir()
        _, _, temp = orphan(ledger, folder)
        beside = folder / f"{temp.name}.png"
        beside.touch()
        place.go()
        recover(ledger, NOW, BEAT)
        place.come()
        recover(ledger, NOW + 60, BEAT)
        assert not any(folder.iterdir())
    assert ledger.leftover_temps.list_temps() == {}


@pytest.mark.parametrize("what", ["stands", "can't be seen"])
def test_a_temp_file_is_not_gone_as_long_as_nobody_can_say_so(tmp_path, monkeypatch, what):
    (tmp_path / "a.tmp").write_text("temp")
    monkeypatch.setattr(os, "unlink", _refuse)
    if what == "can't be seen":
        monkeypatch.setattr(os, "lstat", _refuse)
    left = discard_temps([str(tmp_path / "a.tmp")])
    monkeypatch.undo()
    assert left == [str(tmp_path / "a.tmp")]


def _refuse(*_args, **_keys):
    raise OSError(errno.EIO, "Input/output error")


def test_a_temp_file_that_a_loss_of_power_has_made_the_ledger_forget_goes_after_the_boot(ledger, out, monkeypatch):
    make(ledger, out / "a.jpg")
    forgotten = stand(out / f".fileq-{ledger.name}-77-1-0-0123456789.tmp")
    sweep_after_boot(ledger, time.time())
    assert not forgotten.exists()
    stand(forgotten)
    sweep_after_boot(ledger, time.time())
    assert forgotten.exists()  # it looks once after each boot


@pytest.mark.parametrize(("boot", "is_gone"), [("boot 1", False), ("boot 2", True)])
def test_such_files_are_looked_for_again_after_another_boot_alone(ledger, out, monkeypatch, boot, is_gone):
    make(ledger, out / "a.jpg")
    for current in ("boot 1", boot):
        forgotten = stand(out / f".fileq-{ledger.name}-77-1-0-0123456789.tmp")
        monkeypatch.setattr(recovery, "current_boot", lambda current=current: current)
        sweep_after_boot(ledger, time.time())
    assert forgotten.exists() != is_gone


def test_the_programs_of_all_orphans_and_of_jobs_that_were_cancelled_are_ended(ledger, tmp_path):
    cancelled, *orphans = enter(ledger, "a", "b", "c")
    programs = []
    for job in (cancelled, *orphans):
        begin(ledger, job, worker=99)
        temp = str(tmp_path / f".{job}.tmp")
        ledger.outputs.reserve_path(str(tmp_path / f"{job}.jpg"), job, temp)
        programs.append(subprocess.Popen(["sleep", "60"], env=os.environ | {OUTPUT_VARIABLE: f"{temp}.jpg"}))
    ledger.jobs.cancel_jobs([cancelled], NOW)
    try:
        recover(ledger, NOW, BEAT)
        assert all(program.poll() is not None for program in programs)
    finally:
        for program in programs:
            program.kill()
            program.wait()


def test_a_folder_that_never_comes_back_is_forgotten_after_a_month(ledger, tmp_path):
    ledger.leftover_temps.insert_temps([str(tmp_path / "gone" / ".a.tmp")], NOW)
    recover(ledger, NOW + 30 * 86400, BEAT)
    assert ledger.leftover_temps.list_temps()
    recover(ledger, NOW + 30 * 86400 + 1, BEAT)
    assert ledger.leftover_temps.list_temps() == {}


def test_the_temp_files_of_a_cancelled_job_whose_worker_died_are_removed(ledger, tmp_path):
    job, _, temp = orphan(ledger, tmp_path)
    ledger.jobs.cancel_jobs([job], NOW)
    recover(ledger, NOW, BEAT)
    assert not temp.exists()
    assert state(ledger, job) is JobState.CANCELLED
    assert ledger.outputs.find_owner(str(tmp_path / "a.jpg")) is None


def test_what_a_living_worker_has_reserved_stays(ledger, tmp_path):
    (job,) = enter(ledger)
    begin(ledger, job, sign_on(ledger))
    temp = tmp_path / ".a.tmp"
    temp.touch()
    ledger.outputs.reserve_path(str(tmp_path / "a.jpg"), job, str(temp))
    recover(ledger, NOW, BEAT)
    assert temp.exists()
    assert ledger.outputs.find_reserved_paths(job)


def test_an_orphan_that_another_worker_has_begun_anew_is_left_alone(database, ledger, tmp_path, monkeypatch):
    job, _, _ = orphan(ledger, tmp_path)
    temp = tmp_path / ".b.tmp"
    seen = ledger.attempts.find_orphans()
    with open_ledger(database) as other:
        recover(other, NOW, BEAT)
        token = begin(other, job, sign_on(other))
        temp.touch()
        other.outputs.reserve_path(str(tmp_path / "a.jpg"), job, str(temp))
        monkeypatch.setattr(ledger.attempts, "find_orphans", lambda: seen)  # we looked before the other did
        assert recover(ledger, NOW, BEAT) == 0
        other.attempts.check_token(token)
    assert temp.exists()


def test_a_job_that_was_killed_too_often_fails_as_crashed(ledger):
    (job,) = enter(ledger)
    for death in range(DEATHS):
        assert state(ledger, job) is JobState.QUEUED, death
        begin(ledger, job, worker=99)
        recover(ledger, NOW, BEAT)
    failed = ledger.overview.find_job(job)
    assert (failed.state, failed.failure.kind) == (JobState.FAILED, ErrorKind.CRASHED)
    assert str(DEATHS) in failed.failure.message
    assert failed.attempts == DEATHS


def test_the_queue_of_a_run_that_died_goes_to_all_workers(ledger):
    (job,) = enter(ledger, queue="run-7")
    begin(ledger, job, sign_on(ledger, pid=nobody(), queue="run-7"))
    recover(ledger, NOW, BEAT)
    assert ledger.batches.find_queue(job) == queue.MAIN
    assert ledger.messages.has_messages(queue.MAIN)


def test_the_queue_of_a_run_that_lives_stays_its_own(ledger):
    (job,) = enter(ledger, queue="run-7")
    sign_on(ledger, queue="run-7")
    assert recover(ledger, NOW, BEAT) == 0
    assert ledger.batches.find_queue(job) == "run-7"
