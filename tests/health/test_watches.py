"""Watched folders, by what their watchers said last."""

import json
import os

import pytest

from fileq.health.check import CheckState
from fileq.presence import ProcessIdentity, identify, this_process
from tests.support.jobs import NOW

DAY = 86400


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


def watch(checked, folder, process=None, said_at=NOW, host_name=None, **said):
    one = identify(process.pid if process else os.getpid())
    watcher = ProcessIdentity(host_name or one.host, one.pid, one.started)
    watches = checked.ledger.watches
    number = watches.upsert_watch(str(folder), watcher, said_at)
    if said:
        watches.record_status(number, json.dumps(said), said_at)


def configure(checked, folder):
    checked.configure(f'[[watch]]\npath = "{folder}"\n')


def test_a_folder_that_is_watched_is_well(checked, folder):
    watch(checked, folder, state="events")
    found = checked.run_check("watched folders")
    assert (found.state, found.message) == (CheckState.OK, "1 folder is watched.")


def test_a_watcher_that_has_just_begun_is_well(checked, folder):
    watch(checked, folder)
    assert checked.run_check("watched folders").state is CheckState.OK


def test_a_watcher_that_was_stopped_is_missed_by_nobody(checked, folder, other_process):
    running, kill = other_process
    watch(checked, folder, running, state="stopped")
    kill()
    assert checked.run_check("watched folders").message == "No folder is watched."


def test_a_watcher_that_was_killed_is_bad(checked, folder, other_process):
    running, kill = other_process
    watch(checked, folder, running, state="events")
    assert checked.run_check("watched folders").state is CheckState.OK
    kill()
    found = checked.run_check("watched folders")
    assert (found.state, found.message) == (CheckState.BAD, f"The watcher of {folder} has died.")
    assert "fileq watch" in found.remedy


def test_a_killed_watcher_of_a_folder_that_is_not_in_the_config_is_forgotten_after_a_week(
    checked, folder, other_process
):
    running, kill = other_process
    watch(checked, folder, running, state="events")
    kill()
    assert checked.run_check("watched folders", NOW + 8 * DAY).state is CheckState.OK
    configure(checked, folder)
    assert checked.run_check("watched folders", NOW + 8 * DAY).state is CheckState.BAD


def test_a_watcher_on_another_machine_is_gone_when_it_is_silent(checked, folder):
    watch(checked, folder, host_name="elsewhere", state="events")
    assert checked.run_check("watched folders", NOW + 90).state is CheckState.OK
    assert checked.run_check("watched folders", NOW + 91).state is CheckState.BAD


def test_a_folder_that_is_offline_is_bad_and_says_why(checked, folder):
    watch(checked, folder, state="offline", problem="the folder is gone")
    found = checked.run_check("watched folders")
    assert (found.state, found.message) == (CheckState.BAD, f"{folder} is offline: the folder is gone.")


@pytest.mark.parametrize(
    ("said", "part"),
    [
        ({"problem": "the limit max_user_watches is reached"}, "the limit max_user_watches is reached"),
        ({"missed": 3}, "The system's events missed 3 files"),
        ({"longest": [{"path": "/in/a.jpg", "reason": "open", "seconds": 3601}]}, "/in/a.jpg (open, 1 h 0 min)"),
    ],
)
def test_what_a_watcher_complains_of_is_a_warning(checked, folder, said, part):
    watch(checked, folder, state="events", **said)
    found = checked.run_check("watched folders")
    assert found.state is CheckState.WARNING
    assert part in found.message
    assert found.remedy


def test_a_source_that_cannot_be_moved_is_told_with_the_reason(checked, folder):
    watch(checked, folder, state="events")
    dispositions = checked.ledger.dispositions
    disposition_id = dispositions.upsert_disposition(str(folder / "a.jpg"), "1-1", 1, "/mnt/nas", None)
    lease = dispositions.take_lease(disposition_id, this_process(), NOW, NOW + 60)
    dispositions.postpone_disposition(lease, NOW + 10, "There is no space left to write in /mnt/nas.")
    found = checked.run_check("watched folders")
    assert found.state is CheckState.WARNING
    assert f"1 source could not be moved or deleted yet: {folder}/a.jpg. There is no space left" in found.message


def test_a_file_may_take_a_while(checked, folder):
    watch(checked, folder, state="events", longest=[{"path": "/in/a.jpg", "reason": "open", "seconds": 3599}])
    assert checked.run_check("watched folders").state is CheckState.OK


def test_a_folder_of_the_config_that_is_not_there_is_bad_and_said_once(checked, folder):
    configure(checked, folder)
    watch(checked, folder, state="offline", problem="the folder is gone")
    folder.rmdir()
    found = checked.run_check("watched folders")
    assert (found.state, found.message) == (CheckState.BAD, f"{folder} is in the config, and isn't there.")
    assert checked.run_check("watched folders", opened=None).state is CheckState.BAD


def test_a_folder_of_the_config_that_nobody_watches_is_said_and_well(checked, folder):
    configure(checked, folder)
    found = checked.run_check("watched folders")
    assert (found.state, found.message) == (
        CheckState.OK,
        f"Nobody watches {folder} of the config.",
    )
