import errno
import os
from stat import S_ISDIR

import pytest

from fileq.health import run_checks
from fileq.health.check import CheckState, DiskSpace
from fileq.health.checks.disk import measure_disk_space
from tests.support.jobs import NOW, begin, enter, finish

GB = 10**9
WEEK = 7 * 86400


@pytest.mark.parametrize(
    ("total", "free", "state"),
    [
        (1000 * GB, 2 * GB, CheckState.OK),
        (1000 * GB, 2 * GB - 1, CheckState.WARNING),
        (1000 * GB, GB // 2, CheckState.WARNING),
        (1000 * GB, GB // 2 - 1, CheckState.BAD),
        (10 * GB, GB // 2, CheckState.OK),
        (10 * GB, GB // 2 - 1, CheckState.WARNING),
        (10 * GB, GB // 10, CheckState.WARNING),
        (10 * GB, GB // 10 - 1, CheckState.BAD),
    ],
)
def test_a_disk_is_judged_by_share_or_bytes_whichever_is_less(checked, total, free, state):
    found = checked.run_check("disk", room=lambda _: DiskSpace(total, free))
    assert found.state is state
    assert bool(found.remedy) == (state is not CheckState.OK)


def looked_at(checked, monkeypatch, now=NOW):
    """The folders whose disks are looked at, as if each were on a disk of its own."""
    folders = []
    real = os.stat

    def stat(path, *rest, **keys):
        status = real(path, *rest, **keys)
        return os.stat_result([*status[:2], hash(path), *status[3:]]) if S_ISDIR(status.st_mode) else status

    def room(folder):
        folders.append(folder)
        return DiskSpace(GB, GB)

    monkeypatch.setattr(os, "stat", stat)
    checked.run_check("disk", now, room=room)
    return folders


def test_the_disks_of_the_database_of_jobs_and_of_watches_are_looked_at(checked, tmp_path, monkeypatch):
    for name in ("queued", "ended", "long ago", "watched"):
        (tmp_path / name).mkdir()
    checked.configure(f'[[watch]]\npath = "{tmp_path}"\nout = "{tmp_path}/watched"\n')
    enter(checked.ledger, "a", folder=str(tmp_path / "queued" / "not yet made"))
    for name, when in (("ended", NOW), ("long ago", NOW - WEEK - 1)):
        (job,) = enter(checked.ledger, name, folder=str(tmp_path / name))
        finish(checked.ledger, begin(checked.ledger, job), now=when)
    expected = [tmp_path / name for name in ("state", "watched", "queued", "ended")]
    assert sorted(looked_at(checked, monkeypatch)) == sorted(map(str, expected))


def test_a_disk_is_looked_at_once(checked, tmp_path):
    enter(checked.ledger, folder=str(tmp_path))
    seen = []

    def look(folder):
        seen.append(folder)
        return DiskSpace(GB, GB)

    checked.run_check("disk", room=look)
    assert len(seen) == 1


def test_a_disk_that_does_not_answer_is_bad(checked):
    def fail(folder):
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE), folder)

    found = checked.run_check("disk", room=fail)
    assert found.state is CheckState.BAD
    assert found.message.endswith("can't be asked for its space: Stale file handle.")


def test_the_figures_are_the_systems(tmp_path):
    room = measure_disk_space(str(tmp_path))
    assert 0 <= room.free <= room.total
    assert room.total > 0


def test_where_no_folder_is_known_that_is_said(checked):
    results = run_checks(checked.ledger, checked.config, "postgresql://fileq@db.example/fileq", NOW)
    (found,) = (result for result in results if result.name == "disk")
    assert (found.state, found.message) == (
        CheckState.OK,
        "No folder to look at: the database is on a server, and no job has outputs on this host.",
    )
