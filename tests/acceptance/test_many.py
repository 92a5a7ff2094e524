"""Many files, and several workers."""

import os
import subprocess
from pathlib import Path

from tests.acceptance.program import PATIENCE, Program, files

MEGABYTE = 1024  # in the kilobytes of getrusage(2)


def peak_memory_of_adding(fileq: Program, count: int) -> int:
    """Kilobytes."""
    folder = fileq.folder / str(count)
    folder.mkdir()
    for number in range(count):
        (folder / f"{number:06}.jpg").touch()
    process = fileq.start("add", folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_maxrss


def test_the_memory_of_add_does_not_grow_with_the_count(fileq: Program) -> None:
    few, many = (peak_memory_of_adding(fileq, count) for count in (11_000, 44_000))
    assert many < few + 4 * MEGABYTE
    assert fileq.json("status")["jobs"]["queued"] == 55_000


def test_several_workers_share_one_database_and_do_each_job_once(fileq: Program, small_photos: list[Path]) -> None:
    folder = fileq.folder / "shared"
    folder.mkdir()
    for number in range(80):
        os.link(small_photos[number % 8], folder / f"{number:03}.jpg")
    fileq.run("pause")
    fileq.run("add", folder)
    workers = [fileq.start("worker", "--drain", "--workers", "1") for _ in range(3)]
    fileq.wait_until(lambda: len(fileq.worker_pids()) == 3)  # else the first may have done all before another is there
    fileq.run("resume")
    for worker in workers:
        worker.communicate(timeout=PATIENCE)
        assert worker.returncode == 0
    assert fileq.states() == {"done": 80}
    assert files(folder / "web") == [f"{number:03}.jpg" for number in range(80)]
    assert fileq.ask("select count(*) from attempts") == [(80,)]
    assert len(fileq.ask("select distinct worker_id from attempts")) > 1


def test_a_run_does_only_its_own_batch(fileq: Program, photos: Path) -> None:
    fileq.run("add", photos / "IMG_0001.jpg")
    fileq.run("run", photos / "IMG_0002.jpg")
    assert fileq.states() == {"done": 1, "queued": 1}


def test_a_batch_whose_run_was_killed_is_done_by_the_next_worker(fileq: Program, photos: Path) -> None:
    process = fileq.start("run", photos)
    fileq.wait_until(lambda: fileq.states().get("queued"))
    process.kill()
    process.communicate()
    fileq.run("worker", "--drain")
    assert fileq.states() == {"done": 8}


def test_a_paused_queue_begins_nothing_until_it_is_resumed(fileq: Program, photos: Path) -> None:
    fileq.run("pause")
    fileq.run("add", photos)
    with fileq.worker():
        assert fileq.json("status")["paused"] is True
        assert fileq.states() == {"queued": 8}
        fileq.run("resume")
        fileq.run("wait")
    assert fileq.states() == {"done": 8}


def test_jobs_of_a_higher_priority_go_first(fileq: Program, photos: Path) -> None:
    for number, priority in ((1, 0), (2, -5), (3, 7)):
        fileq.run("add", photos / f"IMG_000{number}.jpg", "--priority", str(priority))
    fileq.run("worker", "--drain", "--workers", "1")
    order = [name for (name,) in fileq.ask("select source from jobs order by started_at")]
    assert [name[-5] for name in order] == ["3", "1", "2"]


def test_a_job_for_later_waits_for_its_time(fileq: Program, photos: Path) -> None:
    fileq.run("add", photos / "IMG_0001.jpg", "--at", "2s")
    fileq.run("add", photos / "IMG_0002.jpg", "--at", "10h")
    with fileq.worker():
        fileq.wait_until(lambda: fileq.states().get("done") == 1)
    ((due, started),) = fileq.ask("select added_at + 2, started_at from jobs where state = 'done'")
    assert started >= due
    assert fileq.states() == {"done": 1, "queued": 1}
