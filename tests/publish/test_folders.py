"""The folders that outputs go to: made, synced, waited for, or told to be in the way."""

import os

import pytest

from fileq.errors import ErrorKind, FolderUnavailable, JobError
from fileq.job import JobState
from fileq.publish import publish_jobs, reservation
from tests.support.jobs import state
from tests.support.publication import claim, make, refusal_of, reserved, stand, written


def test_a_file_in_the_folders_place_is_a_conflict_that_reserves_nothing(ledger, out):
    stand(out)
    claimed = claim(ledger)
    with pytest.raises(JobError, match="a file stands in its place") as raised:
        reserved(ledger, claimed, out / "a.jpg")
    assert raised.value.kind is ErrorKind.CONFLICT
    assert ledger.outputs.find_reserved_paths(claimed.token.job_id) == []


def test_a_folder_that_can_not_be_made_is_told_and_reserves_nothing(ledger, out, monkeypatch):
    def deny(*_args, **_keys):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "mkdir", deny)
    claimed = claim(ledger)
    with pytest.raises(JobError) as raised:
        reserved(ledger, claimed, out / "a.jpg")
    assert raised.value.kind is ErrorKind.PERMISSION
    assert ledger.outputs.find_owner(str(out / "a.jpg")) is None


@pytest.mark.parametrize("number", [13, 22])
def test_a_folder_that_can_not_be_synced_keeps_no_output_from_its_name(ledger, out, monkeypatch, number):
    def refuse(*_args, **_keys):
        raise OSError(number, os.strerror(number))

    really = os.open
    claimed = claim(ledger)
    finished = written(claimed, reserved(ledger, claimed, out / "a.jpg"))
    if number == 13:  # one may put files into it, and not list it
        monkeypatch.setattr(
            os, "open", lambda path, *rest, **keys: (refuse if path == "." else really)(path, *rest, **keys)
        )
    else:
        monkeypatch.setattr(os, "fsync", refuse)
    assert publish_jobs(ledger, [finished]) == {}
    assert state(ledger, claimed.token.job_id) is JobState.DONE


def test_a_disk_that_fails_while_the_folder_is_synced_fails_the_job(ledger, out, monkeypatch):
    def fail(*_args):
        raise OSError(5, "Input/output error")

    claimed = claim(ledger)
    finished = written(claimed, reserved(ledger, claimed, out / "a.jpg"))
    monkeypatch.setattr(os, "fsync", fail)
    assert refusal_of(ledger, finished).kind is ErrorKind.INTERNAL


@pytest.mark.parametrize("filled", [True, False])
def test_a_folder_whose_drive_is_away_is_waited_for_unless_somebody_uses_it_without(ledger, out, monkeypatch, filled):
    make(ledger, out / "a.jpg")
    monkeypatch.setattr(reservation, "is_drive_missing", lambda *_: True)
    if not filled:
        (out / "a.jpg").unlink()
    claimed = claim(ledger, "/photos/b.jpg")
    if filled:
        assert reserved(ledger, claimed, out / "b.jpg")
    else:
        with pytest.raises(FolderUnavailable, match="is not there"):
            reserved(ledger, claimed, out / "b.jpg")
