"""One attempt at one job: whatever happens to it, the ledger says how it ended, and nothing is left behind."""

import errno
import os
import shutil
import threading
import time
from contextlib import suppress
from pathlib import Path
from unittest.mock import patch

import pytest
from mischief import Crash, Devour, Doze, Stumble

from fileq.config.settings import WorkerSettings
from fileq.errors import ErrorKind, FolderUnavailable, JobError, LedgerError
from fileq.job import JobState
from fileq.ledger.tables.attempts import Fenced
from fileq.process.sandbox import AttemptStopped, ChildLost, Sandbox
from fileq.publish import publish_jobs
from fileq.queue import MAIN
from fileq.units import Duration
from fileq.worker.attempt import Attempt
from fileq.worker.outages import FolderOutages
from fileq.worker.recovery import DEATHS, recover
from fileq.worker.slot import Slot
from tests.support.drives import drive
from tests.support.jobs import NOW, claim_one


def refuse(steps, reason):
    """Say to the steps of an attempt why its outputs are not published."""
    with suppress(StopIteration):
        steps.throw(reason)


def left(out):
    return sorted(os.listdir(out)) if out.exists() else []


def test_an_attempt_that_goes_well_makes_what_the_recipe_says(shop, out):
    done = shop.do(shop.enter())
    (made,) = done.outputs
    assert (done.state, done.note) == (JobState.DONE, "")
    assert (made.path, made.format, made.width, made.height) == (f"{out}/photo-small.png", "png", 16, 16)
    assert made.bytes == os.path.getsize(made.path)
    assert left(out) == ["photo-small.png"]


def test_nothing_has_its_final_name_before_it_is_published(shop, ledger, out):
    finished = shop.make(shop.enter())
    assert [os.path.basename(place.temp) for place in finished.reservations] == left(out)
    assert left(out)[0].startswith(".fileq-")


def test_a_temp_file_that_can_not_be_removed_is_written_down(shop, ledger, tmp_path):
    with drive(tmp_path / "out") as place:
        steps, finished = shop.start(shop.enter())
        place.turn_read_only()
        refuse(steps, AttemptStopped())
        (temp,) = [reservation.temp for reservation in finished.reservations]
        assert list(ledger.leftover_temps.list_temps()) == [temp]
        assert ledger.outputs.find_abandoned_paths() == []


@pytest.mark.parametrize("content", [b"", b"a letter, not a picture", b"\xff\xd8\xff\xe0 cut off"])
def test_what_is_no_picture_fails_at_once(shop, photo, out, content):
    photo.write_bytes(content)
    failed = shop.do(shop.enter())
    assert (failed.state, failed.failure.kind) == (JobState.FAILED, ErrorKind.UNREADABLE)
    assert failed.failure.hint
    assert left(out) == []


def test_a_source_that_is_gone_is_missing(shop, photo):
    job = shop.enter()
    photo.unlink()
    assert shop.do(job).failure.kind is ErrorKind.MISSING


@pytest.mark.parametrize("what", ["gone", "changed", "a picture no more"])
def test_a_job_of_a_watched_folder_is_cancelled_where_its_source_has_gone_or_changed(shop, ledger, photo, what):
    if what == "a picture no more":
        photo.write_bytes(b"a letter")
    job = shop.enter()
    ledger.database.connection.execute("update batches set watch_id = 1")
    if what == "gone":
        photo.unlink()
    elif what == "changed":
        os.utime(photo, ns=(1, 1))
    assert shop.do(job).state is (JobState.FAILED if what == "a picture no more" else JobState.CANCELLED)


def test_a_source_that_changed_since_it_was_added_is_changed(shop, photo):
    job = shop.enter()
    os.utime(photo, ns=(1, 1))
    assert shop.do(job).failure.kind is ErrorKind.CHANGED


@pytest.mark.parametrize(("step", "kind"), [(Crash(), ErrorKind.CRASHED), (Stumble(), ErrorKind.INTERNAL)])
def test_a_fault_that_may_pass_is_tried_again_later_and_then_fails(shop, out, step, kind):
    job = shop.enter(step)
    before = time.time()
    waiting = shop.do(job)
    assert (waiting.state, waiting.failure.kind) == (JobState.WAITING, kind)
    assert 10 <= waiting.due_at - before < 40
    failed = shop.do(job, now=waiting.due_at)
    assert (failed.state, failed.failure.kind, failed.attempts) == (JobState.FAILED, kind, 2)
    assert left(out) == []
    assert shop.ledger.outputs.find_reserved_paths(job) == []


def test_a_job_whose_folder_is_away_waits_for_it_and_none_of_its_tries_is_lost(shop, ledger, out):
    job = shop.enter()
    claim = claim_one(ledger, job, 1, 2 * NOW)
    attempt = Attempt(shop.context(folder_outages=FolderOutages()), claim)
    attempt.postpone(FolderUnavailable(ErrorKind.MISSING, f"The drive of {out} is not there.", "Mount it.", str(out)))
    waiting = ledger.overview.find_job(job)
    assert waiting.state in (JobState.QUEUED, JobState.WAITING)
    assert waiting.due_at > time.time()
    assert claim_one(ledger, job, 1, 2 * waiting.due_at).tries == 1


@pytest.mark.parametrize("takes", ["the folder", "the file alone"])
def test_only_a_source_whose_drive_is_away_is_waited_for(shop, ledger, photo, tmp_path, takes):
    """Where somebody waits for the end, it fails, and the reason is said."""
    folder = tmp_path / "drive" / "photos"
    folder.mkdir(parents=True)
    source = folder / "a.jpg"
    source.write_bytes(photo.read_bytes())
    (folder / "another.jpg").touch()  # nothing is left on an empty mount point
    job = shop.enter(source=source)
    ledger.folders.note_if_new(str(folder))
    if takes == "the folder":
        shutil.rmtree(folder.parent)
    else:
        source.unlink()
    assert shop.do(job).failure.message == f"{source} is gone."
    ledger.jobs.retry_jobs([job])
    ledger.database.connection.execute("update folders set device = device + 1")  # so it was another drive's
    away = shop.do(job)
    assert away.state is JobState.FAILED
    assert away.failure.message == (
        f"The drive of {folder} is not there." if takes == "the folder" else f"{source} is gone."
    )


def test_the_pause_before_another_try_doubles(shop):
    shop.settings = WorkerSettings(attempts=4, retry_delay=Duration(10))
    job, box = shop.enter(), shop.sandbox
    pauses, now = [], time.time()
    for _ in range(3):
        shop.sandbox = Ending(box, JobError(ErrorKind.NO_SPACE, "It is full."))
        due_at = shop.do(job, now=now).due_at
        pauses.append(round((due_at - time.time()) / 10))
        now = due_at
    assert pauses == [1, 2, 4]


def test_a_job_that_waits_lies_in_the_schedule(shop, ledger):
    waiting = shop.do(shop.enter(Crash()))
    rows = ledger.database.connection.execute("select queue, timestamp from schedule").fetchall()
    assert rows == [(MAIN, waiting.due_at)]


def test_an_attempt_that_takes_too_long_is_a_timeout(shop):
    shop.sandbox = Sandbox(0.3, 2**30)
    assert shop.do(shop.enter(Doze(seconds=600))).failure.kind is ErrorKind.TIMEOUT


def test_an_attempt_that_takes_too_much_memory_is_told(shop):
    shop.sandbox = Sandbox(60, 2**28)
    assert shop.do(shop.enter(Devour(amount=2**30))).failure.kind is ErrorKind.MEMORY


def test_a_foreign_file_at_the_outputs_place_is_a_conflict_and_stays(shop, out):
    out.mkdir()
    (out / "photo-small.png").write_text("theirs")
    failed = shop.do(shop.enter())
    assert (failed.state, failed.failure.kind) == (JobState.FAILED, ErrorKind.CONFLICT)
    assert (out / "photo-small.png").read_text() == "theirs"
    assert left(out) == ["photo-small.png"]


def test_the_child_that_made_nothing_for_a_conflict_does_the_next_job(shop, out):
    out.mkdir()
    (out / "photo-small.png").write_text("theirs")
    shop.do(shop.enter())
    pid = shop.sandbox._process.pid
    (out / "photo-small.png").unlink()
    assert shop.do(shop.enter(background="black")).state is JobState.DONE
    assert shop.sandbox._process.pid == pid


def test_a_skipped_output_is_done_and_said(shop, out):
    out.mkdir()
    (out / "photo-small.png").write_text("theirs")
    done = shop.do(shop.enter(on_conflict="skip"))
    assert (done.state, done.outputs) == (JobState.DONE, ())
    assert done.note == "1 output skipped: a file exists there."


class Ending:
    """A sandbox in which every attempt ends this way when its outputs are to be made."""

    def __init__(self, box, error):
        self._box = box
        self._error = error

    def __getattr__(self, name):
        return getattr(self._box, name)

    def encode(self, _targets):
        raise self._error


def test_a_stopped_attempt_is_given_back_and_is_no_try(shop, ledger, out):
    job = shop.enter()
    box = shop.sandbox
    shop.sandbox = Ending(box, AttemptStopped())
    assert shop.do(job).state is JobState.QUEUED
    assert left(out) == []
    assert ledger.messages.has_messages(MAIN)
    shop.sandbox = box
    assert claim_one(ledger, job, 1, NOW).tries == 1


def test_a_lost_child_is_no_try_until_it_was_lost_too_often(shop, ledger, out):
    job, box = shop.enter(), shop.sandbox
    for _ in range(DEATHS):
        assert ledger.overview.find_job(job).state is JobState.QUEUED
        shop.sandbox = Ending(box, ChildLost())
        shop.do(job)
    shop.sandbox = box
    failed = ledger.overview.find_job(job)
    assert (failed.state, failed.failure.kind, failed.attempts) == (JobState.FAILED, ErrorKind.CRASHED, DEATHS)
    assert left(out) == []


def test_what_was_taken_over_while_it_was_made_is_left_to_the_other(shop, ledger, out):
    job = shop.enter()
    steps, finished = shop.start(job)
    ledger.attempts.lose_attempt(finished.token, NOW)
    other = claim_one(ledger, job, 1, 2 * NOW)
    refuse(steps, Fenced())
    assert left(out) == []
    ledger.attempts.check_token(other.token)
    assert finished.token != other.token


def test_an_attempt_of_a_job_that_was_cancelled_meanwhile_leaves_nothing(shop, ledger, out):
    job = shop.enter()
    assert shop.start(job, after_claim=lambda: ledger.jobs.cancel_jobs([job], NOW))[1] is None
    assert left(out) == []
    assert ledger.overview.find_job(job).state is JobState.CANCELLED


def test_what_could_not_be_published_is_written_down_and_cleared_up(shop, ledger, out):
    job = shop.enter()
    steps, _ = shop.start(job)
    refuse(steps, JobError(ErrorKind.CONFLICT, "It came into being.", "Move it."))
    assert ledger.overview.find_job(job).failure.kind is ErrorKind.CONFLICT
    assert left(out) == []
    assert ledger.outputs.find_owner(f"{out}/photo-small.png") is None


def test_a_temp_file_that_cannot_go_once_its_output_stands_is_known_and_its_job_is_done(shop, monkeypatch):
    def fail(*_args, **_keys):
        raise OSError(errno.EIO, "Input/output error")

    job = shop.enter()
    steps, finished = shop.start(job)
    with monkeypatch.context() as patch:
        patch.setattr(os, "unlink", fail)
        refuse(steps, publish_jobs(shop.ledger, [finished])[finished.token])
    assert shop.ledger.overview.find_job(job).state is JobState.DONE
    (left,) = shop.ledger.leftover_temps.list_temps()
    assert os.path.exists(left)
    recover(shop.ledger, NOW, 5.0)
    assert not os.path.exists(left)


def test_the_folder_of_a_program_that_stayed_is_removed_once_its_output_is_published(shop, out, monkeypatch):
    monkeypatch.setattr(Attempt, "_runs_programs", True)
    steps, finished = shop.start(shop.enter())
    (temp,) = [reservation.temp for reservation in finished.reservations]
    stayed = Path(f"{temp}.dir")  # as if the child had been refused to remove it
    stayed.mkdir(0o700)
    (stayed / ".fileq-private").touch()
    assert publish_jobs(shop.ledger, [finished]) == {}
    assert next(steps, None) is None
    assert left(out) == ["photo-small.png"]
    assert not shop.ledger.leftover_temps.list_temps()


def test_a_claim_whose_connection_was_lost_is_made_once_more(shop, ledger):
    job = shop.enter()
    slot = Slot(shop.context(), threading.Event())
    claim, lost = ledger.attempts.claim_jobs, iter([LedgerError("The database can't be reached.", "")])

    def lose_the_first_answer(*values):
        claimed = claim(*values)
        for error in lost:
            raise error
        return claimed

    with patch.object(ledger.attempts, "claim_jobs", lose_the_first_answer):
        (claimed,) = slot.claim_jobs([job])
    assert (claimed.token.attempt, claimed.tries) == (1, 1)
    slot.give_back()
    ledger.attempts.check_token(claimed.token)


def test_a_claim_whose_answer_was_lost_is_given_back_and_was_no_try(shop, ledger):
    job = shop.enter()
    slot = Slot(shop.context(), threading.Event())
    claim = ledger.attempts.claim_jobs

    def lose_the_answer(*values):
        claim(*values)
        raise LedgerError("The database can't be reached.", "")

    with (
        patch.object(ledger.attempts, "claim_jobs", lose_the_answer),
        patch.object(ledger.attempts, "withdraw_claims", lose_the_answer),
        pytest.raises(LedgerError),
    ):
        slot.claim_jobs([job])
    assert ledger.overview.find_job(job).state is JobState.RUNNING
    slot.give_back()
    assert ledger.overview.find_job(job).state is JobState.QUEUED
    (claimed,) = slot.claim_jobs([job])
    slot.give_back()
    assert (claimed.tries, claimed.deaths) == (1, 0)
    ledger.attempts.check_token(claimed.token)
