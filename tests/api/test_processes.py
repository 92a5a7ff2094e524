"""Threads, forks and databases that are away: real processes."""

import multiprocessing
import os
import subprocess
import sys
import textwrap
import threading
from functools import partial
from types import SimpleNamespace

import pytest

import fileq
from fileq import errors
from tests.support.forks import in_child


def test_many_threads_add_to_one_queue(queue, picture):
    paths = [picture(f"{number}.jpg") for number in range(40)]
    receipts: list[fileq.Receipt] = []
    threads = [
        threading.Thread(target=lambda some=paths[start::8]: receipts.extend(queue.add(path) for path in some))
        for start in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(receipt.jobs[0].id for receipt in receipts) == list(range(1, 41))
    assert queue.count()["queued"] == 40


def test_the_children_of_a_server_go_on_with_connections_of_their_own(queue, picture, worker):
    """A server opens the queue, uses it, and forks its workers, as gunicorn does with preloading."""
    queue.add(picture("before.jpg"))
    paths = [picture(f"{number}.jpg") for number in range(3)]

    def serve(path):
        job = queue.add(path, "thumbnail").jobs[0]
        assert job.wait(60).state == "done"
        queue.close()

    with worker():
        assert [in_child(partial(serve, path)) for path in paths] == [True] * 3
        assert queue.add(picture("after.jpg")).jobs[0].wait(60).state == "done"
    assert queue.count()["done"] == 5


def test_a_fork_amid_the_adds_and_waits_of_other_threads_hangs_nobody(queue, picture):
    paths = [picture(f"{number}.jpg") for number in range(60)]
    waited = queue.add(picture("waited.jpg")).jobs[0]
    waiting = threading.Thread(target=lambda: waited.wait(60))
    adding = threading.Thread(target=lambda: [queue.add(path) for path in paths])

    def add_and_cancel():
        queue.cancel(queue.add(paths[0]).jobs[0])

    waiting.start()
    adding.start()
    went_well = [in_child(add_and_cancel) for _ in range(6)]
    adding.join()
    queue.cancel(waited)
    waiting.join(60)
    assert went_well == [True] * 6
    assert not waiting.is_alive()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_child_s_locks_are_its_own_in_the_file(queue, picture, database):
    """SQLite in a child that kept its parent's connection would believe in locks that it does not have.

    Then the last of the others to close the file would take its log away under the child.
    """
    queue.add(picture("a.jpg"))
    script = "import sys, fileq; fileq.connect(sys.argv[1]).close()"

    def use():
        assert queue.count()["queued"] == 1
        subprocess.run([sys.executable, "-c", script, database], check=True)
        assert os.path.exists(f"{database}-wal")
        queue.add(picture("b.jpg"))

    def use_alone():
        assert in_child(use)

    queue._connection.ledger.database.before_fork()  # the parent has closed it: the child is alone with the file
    queue._connection.ledger.database.after_fork(in_child=False)
    use_alone()
    assert queue.count()["queued"] == 2


def test_a_database_that_was_moved_away_is_said_so(folder, picture):
    with fileq.connect(folder / "fileq.db") as queue:
        queue.add(picture("a.jpg"))
        (folder / "fileq.db").rename(folder / "moved.db")
        with pytest.raises(errors.LedgerError, match="removed or moved"):
            queue.add(picture("b.jpg"))


def test_a_server_that_is_not_there_is_said_so(folder):
    with pytest.raises(errors.LedgerError):
        fileq.connect(f"postgresql://nobody@/none?host={folder}")


def test_the_database_is_found_as_commands_find_it(folder, monkeypatch, picture):
    (folder / "fileq.toml").write_text('[queue]\ndatabase = "of-config.db"\n')
    with pytest.raises(errors.UntrustedError, match="fileq trust"):
        fileq.connect()
    fileq.connect(config="fileq.toml").close()
    assert (folder / "of-config.db").exists()
    monkeypatch.setenv("FILEQ_DATABASE", "of-environment.db")
    fileq.connect().close()
    assert (folder / "of-environment.db").exists()
    with pytest.raises(errors.NotFoundError):
        fileq.connect(config="gone.toml")


def test_a_script_s_run_needs_no_guard_and_answers_for_all(folder, picture):
    """A child that imported the script again would run it again."""
    picture("a.jpg")
    (folder / "bad.jpg").write_text("no picture")
    (folder / "script.py").write_text(
        textwrap.dedent("""
            import fileq
            seen = []
            with fileq.connect("fileq.db") as queue:
                receipt = queue.run(["a.jpg", "bad.jpg"], "thumbnail", workers=1, progress=seen.append, key="order-17")
                print([str(job.state) for job in receipt.jobs], receipt.failed[0].error.kind, receipt.failed[0].key)
            print(seen[-1].total, seen[-1].ended, seen[-1].done, seen[-1].failed)
        """)
    )
    said = subprocess.run([sys.executable, "script.py"], capture_output=True, text=True, check=True)
    assert said.stdout == "['done', 'failed'] unreadable order-17\n2 2 1 1\n"
    assert said.stderr == ""


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_child_of_a_fork_runs_jobs_with_children_of_its_own(queue, picture):
    path, other = picture("a.jpg"), picture("b.jpg")

    def run():
        assert queue.run(other, workers=1).jobs[0].state == "done"

    assert queue.run(path, workers=1).jobs[0].state == "done"
    assert in_child(run)
    assert queue.run(path, workers=1, force=True).jobs[0].state == "done"


def test_a_run_in_a_thread_adopts_what_was_queued(queue, picture):
    path = picture()
    before = queue.add(path).jobs[0]
    receipts = []
    thread = threading.Thread(target=lambda: receipts.append(queue.run(path, workers=1)))
    thread.start()
    thread.join()
    assert list(receipts[0].jobs) == [before]
    assert before.refresh().state == "done"


def test_what_the_progress_function_raises_ends_the_run_well(queue, picture):
    def fail(_progress):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        queue.run(picture(), workers=1, progress=fail)
    assert queue.run(picture(), workers=1).jobs[0].state == "done"


def test_what_a_child_that_was_forked_amid_a_run_adds_is_there_after_its_parent_has_closed_all(
    queue, picture, database
):
    """The worker of a run has the database open a second time."""
    late = picture("late.jpg")
    children: list[int] = []
    waits, goes_on = os.pipe()
    looks, has_looked = os.pipe()

    def fork_once(_):
        if children:
            return
        children.append(os.fork())
        if children[0] == 0:
            os.close(goes_on)
            queue.count()  # it has the file open from here on
            os.write(has_looked, b"1")
            os.read(waits, 1)  # until the parent has closed its end
            os._exit(0 if queue.add(late).queued == 1 else 1)
        os.read(looks, 1)

    queue.run(picture(), "thumbnail", progress=fork_once)
    queue.close()
    os.close(goes_on)
    assert os.waitstatus_to_exitcode(os.waitpid(children[0], 0)[1]) == 0
    for end in (waits, looks, has_looked):
        os.close(end)
    with fileq.connect(database) as other:
        assert sorted(os.path.basename(job.source) for job in other.jobs()) == ["late.jpg", "upload.jpg"]


def test_a_daemonic_process_is_told_that_it_can_run_nothing(queue, picture, monkeypatch):
    monkeypatch.setattr(multiprocessing, "current_process", lambda: SimpleNamespace(daemon=True))
    with pytest.raises(errors.UsageError, match="daemonic"):
        queue.run(picture(), "thumbnail")
    assert list(queue.jobs()) == []
