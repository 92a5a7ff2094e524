"""What comes into a watched folder is queued once, whatever happens to it afterwards."""

import os
import shutil

import pytest

from fileq.disposition import dispose
from fileq.files.identity import version_of
from fileq.intake import Arrival, DispositionPolicy, IntakeOutcome, WatchIntake
from fileq.intake.watch_intake import digest
from fileq.job import JobState, Made
from fileq.ledger.queries.overview import Selection
from fileq.ledger.tables.jobs import Claim
from fileq.ledger.tables.outputs import Published
from fileq.presence import this_process
from fileq.sources import SourceFile
from tests.support.jobs import DAMAGED, NOW, SLOW, begin, finish, recipe

WEB, THUMB = recipe("web"), recipe("thumb", match=("*.jpg",), background="black")


@pytest.fixture
def inbox(tmp_path):
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


def reception(ledger, *recipes, out=None, policy=None):
    return WatchIntake(ledger, 1, recipes or (WEB,), out=out, policy=policy or DispositionPolicy())


def arrival(path, root=None):
    status = os.stat(path)
    folder, name = os.path.split(str(path))
    relative = os.path.relpath(folder, root).replace(".", "", 1) if root else ""
    return Arrival(
        SourceFile(str(path), name, folder, relative, status.st_size, status.st_mtime_ns, False), status.st_ino
    )


def write(path, content=b"pixels", mtime=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    if mtime is not None:
        os.utime(path, (mtime, mtime))
    return path


def take(ledger, *paths, way=None, now=NOW):
    taken = (way or reception(ledger)).take([arrival(path) for path in paths], now)
    return taken.became


def do(ledger, path, output=None):
    """Do the one queued job about this path, with a real output."""
    (job,) = [job for job in jobs(ledger, JobState.QUEUED) if job.source == str(path)]
    token = begin(ledger, job.id)
    made = output or os.path.join(job.folder, os.path.basename(job.source))
    os.makedirs(os.path.dirname(made), exist_ok=True)
    with open(made, "wb") as file:
        file.write(b"small " + os.fsencode(made))
    ledger.outputs.reserve(str(made), job.id, f"{made}.tmp")
    ledger.arrivals.has_content(job.id, digest(str(path)))
    finish(ledger, token)
    status = os.stat(made)
    ledger.outputs.published(
        job.id, [Published(Made(str(made), "jpeg", 1, 1, 5), version_of(status), status.st_ino)], NOW
    )
    return made


def jobs(ledger, *states):
    return list(ledger.overview.jobs(Selection(states)))


def test_what_comes_is_queued_once_with_a_message(ledger, inbox):
    path = write(inbox / "a.jpg")
    assert take(ledger, path) == [IntakeOutcome.QUEUED]
    assert take(ledger, path) == [IntakeOutcome.KNOWN]
    assert len(jobs(ledger)) == 1
    assert ledger.messages.any_left("fileq")


def test_its_jobs_know_that_they_came_by_a_watch(ledger, inbox):
    take(ledger, write(inbox / "a.jpg"))
    claim = ledger.jobs.claim(1, 1, NOW)
    assert isinstance(claim, Claim)
    assert claim.watched


def test_what_no_recipe_matches_is_left(ledger, inbox):
    assert take(ledger, write(inbox / "a.txt")) == [IntakeOutcome.UNMATCHED]
    assert not reception(ledger).news([arrival(inbox / "a.txt")])


def test_a_burst_is_one_batch_and_a_later_one_another(ledger, inbox):
    way = reception(ledger)
    for number, now in enumerate((NOW, NOW + 5, NOW + 14, NOW + 30)):
        take(ledger, write(inbox / f"{number}.jpg"), way=way, now=now)
    assert [job.batch for job in jobs(ledger)][::-1] == [1, 1, 1, 2]


def test_nothing_new_opens_no_batch(ledger, inbox):
    path, way = write(inbox / "a.jpg"), reception(ledger)
    assert [way.take([arrival(path)], NOW).batch for _ in range(2)] == [1, None]
    take(ledger, path, now=NOW + 100)
    assert not ledger.batches.exists(2)


def test_outputs_that_were_removed_do_not_come_back(ledger, inbox):
    path = write(inbox / "a.jpg")
    take(ledger, path)
    os.unlink(do(ledger, path))
    assert take(ledger, path) == [IntakeOutcome.KNOWN]


def test_what_failed_is_not_tried_again_at_every_scan(ledger, inbox):
    path = write(inbox / "a.jpg")
    take(ledger, path)
    ledger.jobs.fail(begin(ledger, 1), DAMAGED, NOW)
    assert not reception(ledger).news([arrival(path)])
    assert take(ledger, path) == [IntakeOutcome.KNOWN]


def test_what_a_person_cancelled_stays_cancelled(ledger, inbox):
    path = write(inbox / "a.jpg")
    take(ledger, path)
    ledger.jobs.cancel([1], NOW)
    assert take(ledger, path) == [IntakeOutcome.KNOWN]


def test_what_had_vanished_and_is_back_is_queued_again(ledger, inbox):
    path = write(inbox / "a.jpg")
    take(ledger, path)
    ledger.jobs.vanish(begin(ledger, 1), SLOW, NOW)
    assert reception(ledger).news([arrival(path)])
    assert take(ledger, path) == [IntakeOutcome.QUEUED]
    assert [job.state for job in jobs(ledger)] == [JobState.QUEUED]


def test_only_the_very_file_that_came_is_opened_and_what_is_back_is_that_file_then(ledger, inbox):
    path = write(inbox / "a.jpg", mtime=1)
    take(ledger, path)
    claim = ledger.jobs.claim(1, 1, NOW)
    assert claim.inode == os.stat(path).st_ino
    ledger.jobs.vanish(claim.token, SLOW, NOW)
    kept = path.rename(inbox / ".kept")
    write(path, mtime=1)
    take(ledger, path)
    assert ledger.jobs.claim(1, 1, NOW).inode == os.stat(path).st_ino != os.stat(kept).st_ino


def test_other_content_of_the_same_size_is_new(ledger, inbox):
    path = write(inbox / "a.jpg", b"one")
    take(ledger, path)
    do(ledger, path)
    write(path, b"two", mtime=1)
    assert take(ledger, path) == [IntakeOutcome.QUEUED]


def test_a_touched_file_is_not_new_and_known_from_then_on(ledger, inbox):
    path = write(inbox / "a.jpg")
    take(ledger, path)
    do(ledger, path)
    os.utime(path, (5, 5))
    assert take(ledger, path) == [IntakeOutcome.KNOWN]
    assert not reception(ledger).news([arrival(path)])


def test_content_that_came_back_after_another_is_new(ledger, inbox):
    path = write(inbox / "a.jpg", b"one")
    for time, content in enumerate((b"one", b"two", b"one")):
        write(path, content, mtime=time + 1)
        assert take(ledger, path, now=NOW + time) == [IntakeOutcome.QUEUED]
        do(ledger, path)


def test_a_file_that_is_renamed_in_the_tree_is_not_new(ledger, inbox):
    path = write(inbox / "a.jpg")
    take(ledger, path)
    do(ledger, path)
    renamed = inbox / "sub" / "b.jpg"
    renamed.parent.mkdir()
    path.rename(renamed)
    assert take(ledger, renamed) == [IntakeOutcome.KNOWN]
    assert [job.source for job in jobs(ledger)] == [str(renamed)]
    assert not reception(ledger).news([arrival(renamed)])


def test_a_file_that_is_renamed_before_it_is_processed_is_queued_under_its_new_name_alone(ledger, inbox):
    path = write(inbox / "a.jpg")
    take(ledger, path)
    renamed = path.rename(inbox / "b.jpg")
    assert take(ledger, renamed) == [IntakeOutcome.QUEUED]
    assert {job.source: job.state for job in jobs(ledger)} == {
        str(path): JobState.CANCELLED, str(renamed): JobState.QUEUED,
    }  # fmt: skip


def test_a_file_that_is_renamed_while_it_is_processed_is_looked_at_again_later(ledger, inbox):
    path = write(inbox / "a.jpg")
    take(ledger, path)
    begin(ledger, 1)
    assert take(ledger, path.rename(inbox / "b.jpg")) == [IntakeOutcome.BUSY]


def test_a_worker_that_begins_a_job_while_its_source_is_renamed_is_waited_for(ledger, inbox, monkeypatch):
    path = write(inbox / "a.jpg")
    take(ledger, path)
    renamed = path.rename(inbox / "b.jpg")
    withdraw = ledger.arrivals.withdraw
    monkeypatch.setattr(ledger.arrivals, "withdraw", lambda *given: (begin(ledger, 1), withdraw(*given))[1])
    assert take(ledger, renamed) == [IntakeOutcome.BUSY]
    assert [job.state for job in jobs(ledger)] == [JobState.RUNNING]


def test_of_several_jobs_about_a_renamed_file_the_one_that_was_done_counts(ledger, inbox):
    path = write(inbox / "a.jpg")
    take(ledger, path)
    path = path.rename(inbox / "b.jpg")
    take(ledger, path)
    do(ledger, path)
    assert take(ledger, path.rename(inbox / "c.jpg")) == [IntakeOutcome.KNOWN]


def test_of_several_jobs_about_a_renamed_file_the_one_that_runs_counts_most(ledger, inbox):
    path = write(inbox / "a.jpg")
    take(ledger, path)
    do(ledger, path)
    link = inbox / "b.jpg"
    os.link(path, link)
    take(ledger, link)
    begin(ledger, 2)
    path.unlink()
    assert take(ledger, link.rename(inbox / "c.jpg")) == [IntakeOutcome.BUSY]


def test_of_several_jobs_about_a_renamed_file_one_that_ended_counts_more_than_one_that_has_not_begun(ledger, inbox):
    path = write(inbox / "a.jpg")
    take(ledger, path)
    do(ledger, path)
    link = inbox / "b.jpg"
    os.link(path, link)
    take(ledger, link)
    path.unlink()
    assert take(ledger, link.rename(inbox / "c.jpg")) == [IntakeOutcome.KNOWN]


def test_all_jobs_of_a_file_that_is_renamed_before_they_begin_are_withdrawn(ledger, inbox):
    path, way = write(inbox / "a.jpg"), reception(ledger, WEB, THUMB)
    take(ledger, path, way=way)
    renamed = path.rename(inbox / "b.jpg")
    assert take(ledger, renamed, way=way) == [IntakeOutcome.QUEUED]
    assert [(job.source, job.state) for job in jobs(ledger)] == [
        *[(str(renamed), JobState.QUEUED)] * 2,
        *[(str(path), JobState.CANCELLED)] * 2,
    ]


def test_a_second_link_to_a_file_is_a_file_of_its_own(ledger, inbox):
    path = write(inbox / "a.jpg")
    take(ledger, path)
    do(ledger, path)
    os.link(path, inbox / "b.jpg")
    assert take(ledger, inbox / "b.jpg") == [IntakeOutcome.QUEUED]


def test_what_fileq_made_is_no_source_of_the_same_recipe_wherever_it_is_moved(ledger, inbox):
    path = write(inbox / "a.jpg")
    take(ledger, path)
    made = do(ledger, path)
    assert take(ledger, made) == [IntakeOutcome.OWN]
    moved = shutil.move(made, inbox / "elsewhere.jpg")
    assert take(ledger, moved) == [IntakeOutcome.OWN]
    assert not reception(ledger).news([arrival(moved)])


def test_an_output_that_was_overwritten_by_a_person_is_theirs(ledger, inbox):
    path = write(inbox / "a.jpg")
    take(ledger, path)
    made = do(ledger, path)
    with open(made, "wb") as file:
        file.write(b"something else")
    assert take(ledger, made) == [IntakeOutcome.QUEUED]


def test_an_output_may_go_through_another_recipe_but_not_round_in_a_circle(ledger, inbox, tmp_path):
    path = write(inbox / "a.jpg")
    take(ledger, path)
    first = do(ledger, path)
    there = reception(ledger, THUMB)
    assert take(ledger, first, way=there) == [IntakeOutcome.QUEUED]
    second = do(ledger, first, tmp_path / "thumbs" / "a.jpg")
    assert take(ledger, second) == [IntakeOutcome.OWN]
    assert take(ledger, second, way=there) == [IntakeOutcome.OWN]


@pytest.mark.timeout(10)
def test_outputs_that_were_made_of_each_other_by_and_by_are_followed_round_once(ledger, inbox, tmp_path):
    path, there = write(inbox / "a.jpg"), reception(ledger, THUMB)
    take(ledger, path)
    first = do(ledger, path)
    take(ledger, first, way=there)
    do(ledger, first, path)
    assert take(ledger, path, way=reception(ledger, recipe("another", background="white"))) == [IntakeOutcome.QUEUED]


def test_the_tree_is_kept_below_out(ledger, inbox, tmp_path):
    path = write(inbox / "trips" / "a.jpg")
    reception(ledger, out=str(tmp_path / "out")).take([arrival(path, inbox)], NOW)
    assert jobs(ledger)[0].folder == str(tmp_path / "out" / "trips")


def test_a_source_that_is_to_be_moved_says_so_before_its_job_can_begin(ledger, inbox, tmp_path):
    path = write(inbox / "trips" / "a.jpg")
    way = reception(ledger, policy=DispositionPolicy(str(tmp_path / "done"), ""))
    way.take([arrival(path, inbox)], NOW)
    finish(ledger, begin(ledger, 1))
    (disposition,) = ledger.dispositions.find_ready(NOW, [1])
    assert (disposition.source, disposition.done_to, disposition.failed_to) == (str(path), f"{tmp_path}/done/trips", "")


def test_a_source_that_is_done_and_comes_back_is_to_be_moved_again(ledger, inbox, tmp_path):
    path = write(inbox / "a.jpg")
    way = reception(ledger, policy=DispositionPolicy(str(tmp_path / "done")))
    way.take([arrival(path)], NOW)
    do(ledger, path)
    (disposition,) = ledger.dispositions.find_ready(NOW)
    ledger.dispositions.close(ledger.dispositions.take_lease(disposition.id, this_process(), NOW, NOW + 1))
    assert way.news([arrival(path)])
    assert way.take([arrival(path)], NOW).leaving == [1]
    assert len(ledger.dispositions.find_ready(NOW)) == 1
    assert not way.news([arrival(path)])


def test_all_sources_that_are_done_and_come_back_are_to_be_moved_again(ledger, inbox, tmp_path):
    paths = [write(inbox / name) for name in ("a.jpg", "b.jpg")]
    take(ledger, *paths)
    for path in paths:
        do(ledger, path)
    way = reception(ledger, policy=DispositionPolicy(str(tmp_path / "done")))
    assert sorted(way.take([arrival(path) for path in paths], NOW).leaving) == [1, 2]


def test_a_source_that_is_to_stay_is_seen_off_by_nobody(ledger, inbox):
    take(ledger, write(inbox / "a.jpg"))
    finish(ledger, begin(ledger, 1))
    assert ledger.dispositions.find_ready(NOW) == []


@pytest.mark.parametrize("other", JobState)
def test_a_source_of_which_a_job_has_failed_goes_once_the_others_have_ended(other):
    assert DispositionPolicy(None, "/failed").takes_away(frozenset([JobState.FAILED, other])) == other.is_final
    assert not DispositionPolicy("/done", None).takes_away(frozenset([JobState.FAILED, other]))


def test_a_source_that_stayed_goes_once_its_watch_says_where_failures_go(ledger, inbox, tmp_path):
    photo = write(inbox / "a.jpg")
    take(ledger, photo, way=reception(ledger, policy=DispositionPolicy(str(tmp_path / "done"))))
    (job,) = jobs(ledger, JobState.QUEUED)
    ledger.jobs.fail(begin(ledger, job.id), DAMAGED, NOW)
    dispose(ledger)
    assert photo.exists()
    way = reception(ledger, policy=DispositionPolicy(str(tmp_path / "done"), str(tmp_path / "failed")))
    dispose(ledger, way.take([arrival(photo)], NOW).leaving)
    assert (tmp_path / "failed" / "a.jpg").exists()


def test_a_source_that_is_to_go_waits_for_what_was_queued_before(ledger, inbox, tmp_path):
    path = write(inbox / "a.jpg")
    take(ledger, path)
    way = reception(ledger, WEB, THUMB, policy=DispositionPolicy(str(tmp_path / "done")))
    assert take(ledger, path, way=way) == [IntakeOutcome.QUEUED]
    finish(ledger, begin(ledger, 2))
    assert ledger.dispositions.find_ready(NOW) == []
    finish(ledger, begin(ledger, 1))
    assert len(ledger.dispositions.find_ready(NOW)) == 1


def test_a_source_that_is_to_go_waits_for_what_is_queued_in_the_same_moment(ledger, inbox, tmp_path, monkeypatch):
    path, history = write(inbox / "a.jpg"), ledger.arrivals.history

    def another_is_faster(source):
        known = history(source)
        monkeypatch.undo()
        take(ledger, path)
        return known

    monkeypatch.setattr(ledger.arrivals, "history", another_is_faster)
    take(ledger, path, way=reception(ledger, policy=DispositionPolicy(str(tmp_path / "done"))))
    assert len(jobs(ledger)) == 1
    finish(ledger, begin(ledger, 1))
    assert len(ledger.dispositions.find_ready(NOW, [1])) == 1


def test_a_source_that_had_vanished_and_is_back_goes_once_it_is_done(ledger, inbox, tmp_path):
    path = write(inbox / "a.jpg")
    way = reception(ledger, policy=DispositionPolicy(str(tmp_path / "done")))
    take(ledger, path, way=way)
    ledger.jobs.vanish(begin(ledger, 1), SLOW, NOW)
    (disposition,) = ledger.dispositions.find_ready(NOW)
    ledger.dispositions.close(ledger.dispositions.take_lease(disposition.id, this_process(), NOW, NOW + 1))
    assert take(ledger, path, way=way) == [IntakeOutcome.QUEUED]
    finish(ledger, begin(ledger, 1))
    assert len(ledger.dispositions.find_ready(NOW)) == 1


@pytest.mark.parametrize("name", [b"caf\xe9.jpg", b"new\nline.jpg", b"-rf.jpg", b"x" * 251 + b".jpg"])
def test_odd_names_are_known_again(ledger, inbox, name):
    path = os.path.join(os.fsencode(inbox), name)
    with open(path, "wb") as file:
        file.write(b"pixels")
    assert take(ledger, os.fsdecode(path)) == [IntakeOutcome.QUEUED]
    assert take(ledger, os.fsdecode(path)) == [IntakeOutcome.KNOWN]
