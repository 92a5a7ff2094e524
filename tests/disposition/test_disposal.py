"""A source leaves its folder once its jobs have ended, is never lost on the way, and takes nobody's place."""

import errno
import os

import pytest

from fileq import control
from fileq.disposition import dispose
from tests.support.dispositions import DEAD, choose_target, complete, leaving, names, source
from tests.support.jobs import DAMAGED, NOW, begin


def dispositions(ledger):
    with ledger.database.reading() as connection:
        return connection.execute("select source, retry_at from dispositions").fetchall()


def test_a_source_moves_once_its_job_is_done(ledger, inbox, done):
    (job,) = leaving(ledger, source(inbox), done)
    assert dispose(ledger, [job]) == []
    assert names(inbox) == ["a.jpg"]
    complete(ledger, job)
    assert dispose(ledger, [job]) == []
    assert (names(inbox), names(done)) == ([], ["a.jpg"])
    assert ledger.dispositions.find_ready_dispositions(NOW) == []


def test_it_stays_until_the_last_of_its_jobs_has_ended(ledger, inbox, done):
    first, second = leaving(ledger, source(inbox), done, jobs=2)
    complete(ledger, first)
    dispose(ledger)
    assert names(inbox) == ["a.jpg"]
    complete(ledger, second)
    dispose(ledger)
    assert names(done) == ["a.jpg"]


def test_a_source_with_a_failed_job_goes_where_failures_go_or_stays(ledger, inbox, done, tmp_path):
    first, second = leaving(ledger, source(inbox), done, tmp_path / "failed", jobs=2)
    complete(ledger, first)
    ledger.attempts.fail_attempt(begin(ledger, second), DAMAGED, NOW)
    (other,) = leaving(ledger, source(inbox, "b.jpg"), done)
    ledger.attempts.fail_attempt(begin(ledger, other), DAMAGED, NOW)
    dispose(ledger)
    assert (names(inbox), names(done), names(tmp_path / "failed")) == (["b.jpg"], [], ["a.jpg"])


def test_a_source_whose_job_was_cancelled_stays(ledger, inbox, done):
    (job,) = leaving(ledger, source(inbox), done, "")
    ledger.jobs.cancel_jobs([job], NOW)
    dispose(ledger)
    assert names(inbox) == ["a.jpg"]


@pytest.mark.parametrize("to", ["done", ""])
@pytest.mark.parametrize("is_disposed_by_all", [False, True])
def test_a_source_whose_job_is_done_after_a_retry_goes(ledger, inbox, tmp_path, to, is_disposed_by_all):
    first, second = leaving(ledger, source(inbox), to and tmp_path / to, jobs=2)
    complete(ledger, first, tmp_path / "out.jpg")
    ledger.attempts.fail_attempt(begin(ledger, second), DAMAGED, NOW)
    dispose(ledger)
    assert names(inbox) == ["a.jpg"]
    assert control.retry_jobs(ledger, [second], NOW) == [second]
    complete(ledger, second, tmp_path / "out-2.jpg")
    assert dispose(ledger, None if is_disposed_by_all else [second]) == []
    assert names(inbox) == []
    assert dispositions(ledger) == []


def test_a_source_whose_job_was_cancelled_and_is_done_after_all_goes(ledger, inbox, done):
    (job,) = leaving(ledger, source(inbox), done)
    ledger.jobs.cancel_jobs([job], NOW)
    dispose(ledger)
    control.retry_jobs(ledger, [job], NOW)
    complete(ledger, job)
    dispose(ledger)
    assert names(done) == ["a.jpg"]


def test_a_source_that_stays_is_looked_at_once(ledger, inbox, done):
    (job,) = leaving(ledger, source(inbox), done)
    ledger.attempts.fail_attempt(begin(ledger, job), DAMAGED, NOW)
    assert len(ledger.dispositions.find_ready_dispositions(NOW)) == 1
    dispose(ledger)
    assert ledger.dispositions.find_ready_dispositions(10 * NOW) == []
    assert ledger.dispositions.find_problems() == []


def test_a_job_that_is_done_by_a_retry_while_its_source_is_said_to_stay_is_not_passed_over(ledger, inbox, done):
    (job,) = leaving(ledger, source(inbox), done)
    ledger.attempts.fail_attempt(begin(ledger, job), DAMAGED, NOW)
    (disposition,) = ledger.dispositions.find_ready_dispositions(NOW)
    lease = ledger.dispositions.take_lease(disposition.id, DEAD, NOW, NOW + 60)
    control.retry_jobs(ledger, [job], NOW)
    complete(ledger, job)
    ledger.dispositions.park_disposition(lease)
    dispose(ledger)
    assert names(done) == ["a.jpg"]


@pytest.mark.parametrize("becomes", ["gone", "newer"])
def test_nothing_is_kept_of_a_failed_source_that_is_no_more(ledger, inbox, done, becomes):
    path = source(inbox)
    (job,) = leaving(ledger, path, done)
    ledger.attempts.fail_attempt(begin(ledger, job), DAMAGED, NOW)
    path.unlink()
    if becomes == "newer":
        source(inbox, content="another")
    dispose(ledger)
    assert dispositions(ledger) == []


def test_a_source_that_is_another_file_by_now_stays(ledger, inbox, done):
    path = source(inbox)
    (job,) = leaving(ledger, path, done)
    complete(ledger, job)
    path.unlink()
    source(inbox, content="another")
    dispose(ledger)
    assert (path.read_text(), names(done)) == ("another", [])


def test_a_taken_name_gets_a_suffix(ledger, inbox, done):
    done.mkdir()
    (done / "a.jpg").write_text("theirs")
    (job,) = leaving(ledger, source(inbox), done)
    complete(ledger, job)
    dispose(ledger)
    assert (done / "a.jpg").read_text() == "theirs"
    assert (done / "a-1.jpg").read_text() == "original"


def test_a_deleted_source_is_gone_once_its_outputs_stand(ledger, inbox, tmp_path):
    (job,) = leaving(ledger, source(inbox), "")
    complete(ledger, job, tmp_path / "out.jpg")
    dispose(ledger)
    assert names(inbox) == []


@pytest.mark.parametrize("reason", ["nothing was made", "the output is gone"])
def test_a_source_is_not_deleted_when_nothing_stands_for_it(ledger, inbox, tmp_path, reason):
    (job,) = leaving(ledger, source(inbox), "")
    complete(ledger, job, tmp_path / "out.jpg" if reason == "the output is gone" else None)
    (tmp_path / "out.jpg").unlink(missing_ok=True)
    dispose(ledger)
    assert names(inbox) == ["a.jpg"]


@pytest.mark.parametrize("moment", ["before", "between", "after"])
def test_a_move_that_was_killed_is_finished(ledger, inbox, done, moment):
    path = source(inbox)
    (job,) = leaving(ledger, path, done)
    complete(ledger, job)
    done.mkdir()
    choose_target(ledger, done / "a.jpg")
    if moment != "before":
        os.link(path, done / "a.jpg")
    if moment == "after":
        path.unlink()
    assert dispose(ledger) == []
    assert (names(inbox), names(done)) == ([], ["a.jpg"])
    assert ledger.dispositions.find_ready_dispositions(NOW) == []


@pytest.mark.parametrize("content", ["longer than the original", "ORIGINAL"])
def test_what_somebody_put_where_it_was_to_go_is_not_taken_for_it(ledger, inbox, done, content):
    (job,) = leaving(ledger, source(inbox), done)
    complete(ledger, job)
    done.mkdir()
    choose_target(ledger, done / "a.jpg")
    (done / "a.jpg").write_text(content)
    assert dispose(ledger) == []
    assert {path.name: path.read_text() for path in done.iterdir()} == {"a.jpg": content, "a-1.jpg": "original"}


def test_a_file_of_the_same_content_is_not_taken_for_a_source_that_was_to_go_to_another_folder(
    ledger, inbox, done, tmp_path
):
    (job,) = leaving(ledger, source(inbox), done)
    complete(ledger, job)
    choose_target(ledger, tmp_path / "before" / "a.jpg")
    done.mkdir()
    (done / "a.jpg").write_text("original")
    assert dispose(ledger) == []
    assert (names(inbox), names(done)) == ([], ["a-1.jpg", "a.jpg"])


def other_device(monkeypatch):
    def link(*_args, **_keys):
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", link)


def test_across_devices_it_is_copied_with_its_times(ledger, inbox, done, monkeypatch):
    path = source(inbox)
    os.utime(path, (100, 100))
    (job,) = leaving(ledger, path, done)
    complete(ledger, job)
    other_device(monkeypatch)
    dispose(ledger)
    assert (names(inbox), names(done)) == ([], ["a.jpg"])
    assert os.stat(done / "a.jpg").st_mtime == 100


def test_what_the_other_device_can_not_hold_is_left_out_of_a_copy(ledger, inbox, done, monkeypatch):
    def cannot(*_args):
        raise OSError(errno.ENOTSUP, "Operation not supported")

    path = source(inbox)
    (job,) = leaving(ledger, path, done)
    complete(ledger, job)
    other_device(monkeypatch)
    monkeypatch.setattr(os, "listxattr", lambda _: ["user.note"], raising=False)
    for change in ("setxattr", "getxattr", "fchown", "fchmod"):
        monkeypatch.setattr(os, change, cannot, raising=False)
    assert dispose(ledger) == []
    assert (names(inbox), (done / "a.jpg").read_text()) == ([], "original")


def test_a_copy_that_was_killed_before_the_original_went_is_finished(ledger, inbox, done, monkeypatch):
    path = source(inbox)
    (job,) = leaving(ledger, path, done)
    complete(ledger, job)
    done.mkdir()
    (done / "a.jpg").write_text("original")
    choose_target(ledger, done / "a.jpg")
    other_device(monkeypatch)
    dispose(ledger)
    assert (names(inbox), names(done)) == ([], ["a.jpg"])


def test_a_disk_that_is_full_leaves_the_source_and_no_temp_file(ledger, inbox, done, monkeypatch):
    def full(*_args, **_keys):
        raise OSError(errno.ENOSPC, "No space left on device")

    (job,) = leaving(ledger, source(inbox), done)
    complete(ledger, job)
    other_device(monkeypatch)
    monkeypatch.setattr(os, "fsync", full)
    (problem,) = dispose(ledger)
    assert "no space left" in problem.message
    assert (names(inbox), names(done)) == (["a.jpg"], [])


def test_names_that_are_no_utf_8_are_moved_too(ledger, inbox, tmp_path):
    done = tmp_path / os.fsdecode(b"d\xe9j\xe0 vu")
    (job,) = leaving(ledger, source(inbox, os.fsdecode(b"caf\xe9.jpg")), done)
    complete(ledger, job)
    assert dispose(ledger) == []
    assert (names(inbox), names(done)) == ([], [os.fsdecode(b"caf\xe9.jpg")])


def test_two_sources_of_one_name_get_two_names(ledger, inbox, done):
    (inbox / "sub").mkdir()
    jobs = [*leaving(ledger, source(inbox), done), *leaving(ledger, source(inbox / "sub", content="other"), done)]
    for job in jobs:
        complete(ledger, job)
    dispose(ledger)
    assert names(done) == ["a-1.jpg", "a.jpg"]
