"""Watched folders, by what their watchers said last."""

import json
import os

import pytest

from fileq.health.check import State
from fileq.presence import ProcessIdentity, identify, this_process
from tests.support.jobs import NOW

DAY = 86400


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


def watch(patient, folder, process=None, said_at=NOW, host_name=None, **said):
    one = identify(process.pid if process else os.getpid())
    watcher = ProcessIdentity(host_name or one.host, one.pid, one.started)
    watches = patient.ledger.watches
    number = watches.upsert_watch(str(folder), watcher, said_at)
    if said:
        watches.record_status(number, json.dumps(said), said_at)


def configure(patient, folder):
    patient.configure(f'[[watch]]\npath = "{folder}"\n')


def test_a_folder_that_is_watched_is_well(patient, folder):
    watch(patient, folder, state="events")
    found = patient.look("watched folders")
    assert (found.state, found.message) == (State.OK, "1 folder is watched.")


def test_a_watcher_that_has_just_begun_is_well(patient, folder):
    watch(patient, folder)
    assert patient.look("watched folders").state is State.OK


def test_a_watcher_that_was_stopped_is_missed_by_nobody(patient, folder, mortal):
    running, kill = mortal
    watch(patient, folder, running, state="stopped")
    kill()
    assert patient.look("watched folders").message == "None is watched."


def test_a_watcher_that_was_killed_is_bad(patient, folder, mortal):
    running, kill = mortal
    watch(patient, folder, running, state="events")
    assert patient.look("watched folders").state is State.OK
    kill()
    found = patient.look("watched folders")
    assert (found.state, found.message) == (State.BAD, f"The watcher of {folder} has died.")
    assert "fileq watch" in found.remedy


def test_a_killed_watcher_of_a_folder_that_is_not_in_the_config_is_forgotten_after_a_week(patient, folder, mortal):
    running, kill = mortal
    watch(patient, folder, running, state="events")
    kill()
    assert patient.look("watched folders", NOW + 8 * DAY).state is State.OK
    configure(patient, folder)
    assert patient.look("watched folders", NOW + 8 * DAY).state is State.BAD


def test_a_watcher_on_another_machine_is_gone_when_it_is_silent(patient, folder):
    watch(patient, folder, host_name="elsewhere", state="events")
    assert patient.look("watched folders", NOW + 90).state is State.OK
    assert patient.look("watched folders", NOW + 91).state is State.BAD


def test_a_folder_that_is_offline_is_bad_and_says_why(patient, folder):
    watch(patient, folder, state="offline", problem="the folder is gone")
    found = patient.look("watched folders")
    assert (found.state, found.message) == (State.BAD, f"{folder} is offline: the folder is gone.")


@pytest.mark.parametrize(
    ("said", "part"),
    [
        ({"problem": "the limit max_user_watches is reached"}, "the limit max_user_watches is reached"),
        ({"missed": 3}, "Events did not tell of 3 files"),
        ({"longest": [{"path": "/in/a.jpg", "reason": "open", "seconds": 3601}]}, "/in/a.jpg (open, 1 h 0 min)"),
    ],
)
def test_what_a_watcher_complains_of_is_a_warning(patient, folder, said, part):
    watch(patient, folder, state="events", **said)
    found = patient.look("watched folders")
    assert found.state is State.WARNING
    assert part in found.message
    assert found.remedy


def test_a_source_that_cannot_be_moved_is_told_with_the_reason(patient, folder):
    watch(patient, folder, state="events")
    dispositions = patient.ledger.dispositions
    disposition_id = dispositions.upsert_disposition(str(folder / "a.jpg"), "1-1", 1, "/mnt/nas", None)
    lease = dispositions.take_lease(disposition_id, this_process(), NOW, NOW + 60)
    dispositions.postpone_disposition(lease, NOW + 10, "There is no space left to write in /mnt/nas.")
    found = patient.look("watched folders")
    assert found.state is State.WARNING
    assert f"1 source could not be moved or deleted yet: {folder}/a.jpg. There is no space left" in found.message


def test_a_file_may_take_a_while(patient, folder):
    watch(patient, folder, state="events", longest=[{"path": "/in/a.jpg", "reason": "open", "seconds": 3599}])
    assert patient.look("watched folders").state is State.OK


def test_a_folder_of_the_config_that_is_not_there_is_bad_and_said_once(patient, folder):
    configure(patient, folder)
    watch(patient, folder, state="offline", problem="the folder is gone")
    folder.rmdir()
    found = patient.look("watched folders")
    assert (found.state, found.message) == (State.BAD, f"{folder} is in the config, and isn't there.")
    assert patient.look("watched folders", opened=None).state is State.BAD


def test_a_folder_of_the_config_that_nobody_watches_is_said_and_well(patient, folder):
    configure(patient, folder)
    found = patient.look("watched folders")
    assert (found.state, found.message) == (
        State.OK,
        f"Nobody watches {folder} of the config.",
    )
