import errno
import os

import pytest

from fileq.health.check import State
from fileq.health.checks.disk import room_at
from fileq.health.context import Room
from tests.support.jobs import NOW, begin, enter, finish

GB = 10**9
WEEK = 7 * 86400


@pytest.mark.parametrize(
    ("total", "free", "state"),
    [
        (1000 * GB, 2 * GB, State.OK),
        (1000 * GB, 2 * GB - 1, State.WARNING),
        (1000 * GB, GB // 2, State.WARNING),
        (1000 * GB, GB // 2 - 1, State.BAD),
        (10 * GB, GB // 2, State.OK),
        (10 * GB, GB // 2 - 1, State.WARNING),
        (10 * GB, GB // 10, State.WARNING),
        (10 * GB, GB // 10 - 1, State.BAD),
    ],
)
def test_a_disk_is_judged_by_share_or_bytes_whichever_is_less(patient, total, free, state):
    found = patient.look("disk", room=lambda _: Room(total, free))
    assert found.state is state
    assert bool(found.remedy) == (state is not State.OK)


def looked_at(patient, monkeypatch, now=NOW):
    """The folders whose disks are looked at, as if each were on a disk of its own."""
    folders = []
    real = os.stat

    def stat(path, *rest, **keys):
        status = real(path, *rest, **keys)
        return os.stat_result([*status[:2], hash(path), *status[3:]]) if isinstance(path, str) else status

    def room(folder):
        folders.append(folder)
        return Room(GB, GB)

    monkeypatch.setattr(os, "stat", stat)
    patient.look("disk", now, room=room)
    return folders


def test_the_disks_of_the_database_of_jobs_and_of_watches_are_looked_at(patient, tmp_path, monkeypatch):
    for name in ("queued", "ended", "long ago", "watched"):
        (tmp_path / name).mkdir()
    patient.configure(f'[[watch]]\npath = "{tmp_path}"\nout = "{tmp_path}/watched"\n')
    enter(patient.ledger, "a", folder=str(tmp_path / "queued" / "not yet made"))
    for name, when in (("ended", NOW), ("long ago", NOW - WEEK - 1)):
        (job,) = enter(patient.ledger, name, folder=str(tmp_path / name))
        finish(patient.ledger, begin(patient.ledger, job), now=when)
    expected = [tmp_path / name for name in ("state", "watched", "queued", "ended")]
    assert sorted(looked_at(patient, monkeypatch)) == sorted(map(str, expected))


def test_a_disk_is_looked_at_once(patient, tmp_path):
    enter(patient.ledger, folder=str(tmp_path))
    seen = []
    patient.look("disk", room=lambda folder: seen.append(folder) or Room(GB, GB))
    assert len(seen) == 1


def test_a_disk_that_does_not_answer_is_bad(patient):
    def fail(folder):
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE), folder)

    found = patient.look("disk", room=fail)
    assert found.state is State.BAD
    assert found.message.endswith("can't be asked for its space: Stale file handle.")


def test_the_figures_are_the_systems(tmp_path):
    room = room_at(str(tmp_path))
    assert 0 <= room.free <= room.total
    assert room.total > 0
