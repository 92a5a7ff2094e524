"""The same command goes on: what was queued before is followed to its end, and exit 0 says that all of it stands."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.acceptance.program import Program, files, kill_group

MANY = 40
SLOW = (
    '[recipes.slow]\nsteps = [{op = "command", argv = ["sh", "-c", "sleep 0.5; cp $0 $1", "{source}", "{output}"]}]\n'
)


@pytest.fixture
def many(fileq: Program, small_photos: list[Path]) -> Path:
    folder = fileq.folder / "many"
    folder.mkdir()
    for number in range(MANY):
        shutil.copy(small_photos[number % 8], folder / f"{number:04}.jpg")
    return folder


def done_in(fileq: Program) -> int:
    return fileq.states().get("done", 0)


def test_run_does_what_add_has_queued(fileq: Program, photos: Path) -> None:
    fileq.run("add", photos)
    answer = fileq.run("run", photos)
    assert "Going on with 8 jobs of batch 1." in answer.stderr
    assert fileq.states() == {"done": 8}
    assert len(files(photos / "web")) == 8


def test_its_document_says_what_was_adopted_and_how_it_ended(fileq: Program, photos: Path) -> None:
    fileq.run("add", photos / "IMG_0001.jpg", photos / "IMG_0002.jpg")
    document = fileq.json("run", photos)
    assert (document["adopted"], document["queued"], document["already_queued"]) == (2, 6, 2)
    assert document["jobs"]["done"] == 8
    assert document["outputs"] == 8
    assert fileq.json("add", photos)["adopted"] == 0


def test_one_that_was_queued_for_later_is_run_now(fileq: Program, photos: Path) -> None:
    fileq.run("add", photos, "--at", "5h")
    fileq.run("run", photos)
    assert fileq.states() == {"done": 8}


def test_forced_jobs_that_are_queued_are_done_once(fileq: Program, photos: Path) -> None:
    fileq.run("run", photos)
    fileq.run("add", "--force", photos)
    assert fileq.json("run", "--force", photos)["adopted"] == 8
    assert fileq.ask("select distinct state, attempts from jobs") == [("done", 2)]


def test_what_was_retried_is_done_by_run(fileq: Program, photos: Path) -> None:
    one = photos / "IMG_0001.jpg"
    one.write_bytes(one.read_bytes()[:-5000])
    fileq.run("run", one, expect=1)
    fileq.run("retry", "--failed")
    assert fileq.json("run", one, expect=1)["adopted"] == 1
    assert fileq.states() == {"failed": 1}


def test_what_has_failed_or_was_cancelled_is_queued_again_when_it_is_named_again(fileq: Program, photos: Path) -> None:
    bad, other = photos / "IMG_0001.jpg", photos / "IMG_0002.jpg"
    bad.write_bytes(bad.read_bytes()[:-5000])
    fileq.run("run", bad, expect=1)
    fileq.run("add", other)
    fileq.run("cancel", "--all")
    assert fileq.json("run", bad, other, expect=1)["queued"] == 2
    assert fileq.states() == {"failed": 1, "done": 1}


def test_a_run_that_adopts_a_failure_exits_1(fileq: Program, photos: Path) -> None:
    one = photos / "IMG_0001.jpg"
    one.write_bytes(one.read_bytes()[:-5000])
    fileq.run("add", photos)
    document = fileq.json("run", photos, expect=1)
    assert (document["jobs"]["failed"], len(document["failures"])) == (1, 1)


def test_after_ctrl_c_the_same_command_goes_on(fileq: Program, many: Path) -> None:
    process = fileq.start("run", many, "-w", "1")
    fileq.wait_until(lambda: done_in(fileq) > 2 or process.poll() is not None)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    left = MANY - done_in(fileq)
    assert f"Stopped. {left} jobs of batch 1 wait in the queue. Go on: the same command." in stderr.decode()
    assert "Drop the rest: fileq cancel --batch 1" in " ".join(stderr.decode().split())
    answer = fileq.run("run", many)
    assert f"Going on with {left} jobs of batch 1." in answer.stderr
    assert fileq.states() == {"done": MANY}
    assert fileq.ask("select count(*) from task") == [(0,)]


def test_two_runs_at_once_both_end_when_all_is_done_and_nothing_is_done_twice(fileq: Program, many: Path) -> None:
    first = fileq.start("run", many, "-w", "1", "--json")
    fileq.wait_until(lambda: fileq.ask("select 1 from jobs"))
    second = fileq.start("run", many, "-w", "1", "--json")
    outputs = [process.communicate(timeout=100) for process in (first, second)]
    assert [process.returncode for process in (first, second)] == [0, 0], outputs
    assert fileq.states() == {"done": MANY}
    assert fileq.ask("select max(attempts) from jobs") == [(1,)]


def test_jobs_of_a_run_that_was_killed_are_done_by_the_next_one(fileq: Program, many: Path) -> None:
    process = fileq.start("run", many, "-w", "2")
    fileq.wait_until(lambda: done_in(fileq) > 2)
    kill_group(process)
    fileq.run("run", many)
    assert fileq.states() == {"done": MANY}
    assert files(many / "web") == [f"{number:04}.jpg" for number in range(MANY)]


def test_one_that_runs_elsewhere_is_waited_for(fileq: Program, photos: Path) -> None:
    fileq.trust(SLOW.replace("0.5", "5"))  # longer than it takes to start
    with fileq.worker("--workers", "1"):
        fileq.run("add", photos / "IMG_0001.jpg", "-r", "slow")
        fileq.wait_until(lambda: fileq.states() == {"running": 1})
        assert fileq.json("run", photos / "IMG_0001.jpg", "-r", "slow")["jobs"]["done"] == 1
    assert fileq.ask("select max(attempts) from jobs") == [(1,)]


def test_one_whose_worker_is_killed_is_done_by_the_run_that_waits_for_it(fileq: Program, photos: Path) -> None:
    fileq.trust(SLOW.replace("0.5", "3"))
    with fileq.worker("--workers", "1") as worker:
        fileq.run("add", photos / "IMG_0001.jpg", "-r", "slow")
        fileq.wait_until(lambda: fileq.states() == {"running": 1})
        run = fileq.start("run", photos / "IMG_0001.jpg", "-r", "slow")
        fileq.wait_until(lambda: len(fileq.worker_pids()) == 2)
        kill_group(worker)
        assert run.wait(timeout=60) == 0
        kill_group(run)
    assert fileq.states() == {"done": 1}


def test_who_waits_with_add_follows_what_was_queued_before(fileq: Program, photos: Path) -> None:
    fileq.run("add", photos)
    process = fileq.start("add", "--wait", photos)
    fileq.wait_until(lambda: fileq.ask("select 1 from jobs"))
    time.sleep(1)  # it would have ended long ago, did it not wait
    assert process.poll() is None
    with fileq.worker():
        stdout, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert b"Going on with 8 jobs of batch 1." in stdout
    assert fileq.states() == {"done": 8}


def test_who_waits_for_what_is_cancelled_meanwhile_hears_of_it(fileq: Program, photos: Path) -> None:
    fileq.run("add", photos)
    process = fileq.start("add", "--wait", photos)
    assert process.stdout is not None
    process.stdout.readline()
    fileq.run("cancel", "--all")
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 1
    assert b"8 jobs were cancelled meanwhile." in stderr


@pytest.mark.parametrize("command", [("add", "--wait"), ("run",)])
def test_what_is_forgotten_meanwhile_is_not_done(fileq: Program, photos: Path, command: tuple[str, ...]) -> None:
    fileq.run("pause")
    process = fileq.start(*command, photos, stderr=subprocess.PIPE)
    fileq.wait_until(lambda: fileq.states() == {"queued": 8})
    fileq.run("cancel", "1")
    fileq.run("forget", "1")
    fileq.run("resume")
    if command[0] == "add":
        fileq.run("worker", "--drain")
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 1
    assert b"1 job was forgotten meanwhile" in stderr
    assert done_in(fileq) == 7


def test_what_another_command_queues_again_meanwhile_is_found_in_its_batch(fileq: Program, photos: Path) -> None:
    for photo in sorted(photos.iterdir())[2:]:
        photo.unlink()
    fileq.trust(SLOW.replace("sleep 0.5", f"mkdir {fileq.folder / 'second'} || sleep 5"))
    process = fileq.start("run", photos, "-r", "slow", "-w", "1", stderr=subprocess.PIPE)
    fileq.wait_until(lambda: done_in(fileq) == 1)
    ((quick,),) = fileq.ask("select source from jobs where state = 'done'")
    fileq.run("add", quick, "-r", "slow", "--force", "--at", "2h")
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 1
    assert b"1 job was queued again by another command" in stderr


def test_a_run_while_all_is_paused_says_so_and_waits(fileq: Program, photos: Path) -> None:
    fileq.run("add", photos)
    fileq.run("pause")
    process = fileq.start("run", photos, stderr=subprocess.PIPE)
    assert process.stderr is not None
    said = b""
    while b"fileq resume" not in said:
        line = process.stderr.readline()
        assert line, said
        said += line
    assert done_in(fileq) == 0
    fileq.run("resume")
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert fileq.states() == {"done": 8}


def test_one_that_waits_for_another_try_is_waited_for_and_done(fileq: Program, photos: Path) -> None:
    flag = fileq.folder / "flag"
    once = f"test -e {flag} && cp $0 $1 || {{ touch {flag}; sleep 60; }}"
    step = f'{{op = "command", argv = ["sh", "-c", "{once}", "{{source}}", "{{output}}"]}}'
    fileq.trust(f'[worker]\ntimeout = "1s"\nretry_delay = "4s"\n[recipes.slow]\nsteps = [{step}]\n')
    with fileq.worker("--workers", "1") as worker:
        fileq.run("add", photos / "IMG_0001.jpg", "-r", "slow")
        fileq.wait_until(lambda: fileq.states() == {"waiting": 1})
        kill_group(worker)
    assert fileq.json("run", photos / "IMG_0001.jpg", "-r", "slow")["adopted"] == 1
    assert fileq.states() == {"done": 1}


def test_who_stops_waiting_hears_how_to_go_on(fileq: Program, photos: Path) -> None:
    process = fileq.start("add", "--wait", photos)
    assert process.stderr is not None
    assert b"No worker is running." in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "8 jobs of batch 1 wait in the queue. Go on: the same command." in stderr.decode()


def test_one_of_two_runs_that_is_stopped_says_that_the_other_goes_on(fileq: Program, photos: Path) -> None:
    both_run = fileq.folder / "both run"
    fileq.trust(SLOW.replace("sleep 0.5", f"until [ -e '{both_run}' ]; do sleep 0.1; done; sleep 0.5"))
    first = fileq.start("run", photos, "-r", "slow", "-w", "1")
    fileq.wait_until(lambda: fileq.states().get("running") == 1)
    second = fileq.start("run", photos, "-r", "slow", "-w", "1")
    fileq.wait_until(lambda: fileq.states().get("running") == 2)
    first.send_signal(signal.SIGINT)
    both_run.touch()
    _, stderr = first.communicate(timeout=60)
    assert first.returncode == 130
    assert "Stopped here. Another worker goes on with " in stderr.decode()
    second.communicate(timeout=60)
    assert second.returncode == 0


def test_a_worker_that_drains_the_queue_does_what_a_killed_run_had_adopted(fileq: Program, photos: Path) -> None:
    fileq.trust(SLOW.replace("0.5", "3"))
    fileq.run("add", photos, "-r", "slow")
    run = fileq.start("run", photos, "-r", "slow", "-w", "1")
    fileq.wait_until(lambda: fileq.states().get("running"))
    drain = fileq.start("worker", "--drain", "--no-periodic", "-w", "4")
    fileq.wait_until(lambda: len(fileq.worker_pids()) == 2)
    kill_group(run)
    assert drain.wait(timeout=100) == 0
    kill_group(drain)
    assert fileq.states() == {"done": 8}


@pytest.mark.parametrize("strike", range(4))
def test_a_run_that_adopts_and_is_killed_loses_nothing(fileq: Program, many: Path, strike: int) -> None:
    fileq.run("add", many)
    for number in range(3):
        process = fileq.start("run", many, "-w", "2")
        fileq.wait_until(lambda: fileq.worker_pids() or process.poll() is not None)  # noqa: B023
        time.sleep(0.05 * strike + 0.02 * number)  # the random moment
        kill_group(process)
    assert sum(fileq.states().values()) == MANY
    fileq.run("worker", "--drain")
    assert fileq.states() == {"done": MANY}
    assert files(many / "web") == [f"{number:04}.jpg" for number in range(MANY)]
    assert not [name for name in os.listdir(many / "web") if name.startswith(".")]


def test_what_is_wanted_sooner_is_due_sooner_and_never_later(fileq: Program, photos: Path) -> None:
    fileq.run("add", photos, "--at", "5h")
    fileq.run("add", photos / "IMG_0001.jpg", "--priority", "7", "--at", "6h")
    fileq.run("add", photos / "IMG_0002.jpg", "--priority", "9")
    assert fileq.ask("select count(*) from jobs where due_at is not null") == [(7,)]
    assert fileq.ask("select priority from jobs where priority > 0 order by priority") == [(7,), (9,)]
    fileq.run("add", photos)
    answer = fileq.run("add", photos, "--at", "5h")
    assert "What was queued already keeps its time." in answer.stderr
    fileq.run("worker", "--drain")
    assert fileq.states() == {"done": 8}
    assert fileq.ask("select attempts from jobs where attempts <> 1") == []
