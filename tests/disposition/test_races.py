"""What others do meanwhile: a second process that disposes of the same source, people who save newer files, crashes."""

import errno
import os
import threading
import time

import pytest

from fileq.disposition import copy, disposal, dispose
from fileq.disposition.leased_file import LeasedFile
from fileq.files import directory
from fileq.files.directory import Directory
from fileq.ledger import open_ledger
from tests.support.dispositions import DEAD, ended, everything, names, source
from tests.support.jobs import NOW
from tests.support.kills import Killed, die


@pytest.fixture
def slowly(monkeypatch):
    """Copies that take their time, so that many things come in between."""
    pump = copy._pump

    def wait(original, handle, keep_alive):
        time.sleep(0.05)
        return pump(original, handle, keep_alive)

    monkeypatch.setattr(copy, "_pump", wait)
    monkeypatch.setattr(copy, "_CHUNK", 1000)


def test_many_at_once_move_a_file_to_another_device_once(ledger, database, inbox, tmp_path, shared_memory, slowly):
    content = os.urandom(50_000)
    for number in range(5):
        path = inbox / f"{number}.jpg"
        path.write_bytes(content + bytes([number]))
        ended(ledger, path, tmp_path, shared_memory)

    def work():
        with open_ledger(database) as own:
            for _ in range(5):
                dispose(own)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(everything(shared_memory)) == [(f"{number}.jpg", content + bytes([number])) for number in range(5)]
    assert everything(inbox) == []
    assert ledger.dispositions.find_ready_dispositions(time.time()) == []


def test_a_source_that_somebody_removes_at_the_last_moment_is_gone_and_no_problem(ledger, inbox, tmp_path, monkeypatch):
    path = source(inbox)
    ended(ledger, path, tmp_path, tmp_path / "done")
    rename = Directory.rename

    def remove_first(self, name, to):
        path.unlink(missing_ok=True)
        rename(self, name, to)

    monkeypatch.setattr(Directory, "rename", remove_first)
    assert dispose(ledger) == []
    assert (names(inbox), names(tmp_path / "done")) == ([], ["a.jpg"])
    assert ledger.dispositions.find_ready_dispositions(NOW) == []


def test_a_newer_file_that_got_the_link_has_its_own_name_alone(ledger, inbox, tmp_path, monkeypatch):
    path = source(inbox)
    ended(ledger, path, tmp_path, tmp_path / "done")
    link = Directory.link

    def save_first(self, *arguments):
        path.unlink()
        path.write_text("a newer one")
        link(self, *arguments)

    monkeypatch.setattr(Directory, "link", save_first)
    assert dispose(ledger) == []
    assert (everything(inbox), names(tmp_path / "done")) == ([("a.jpg", b"a newer one")], [])


@pytest.mark.parametrize("to", ["delete", "move", "another device"])
@pytest.mark.parametrize("handles", [True, False], ids=["handles", "paths"])
def test_a_newer_file_that_comes_in_between_any_two_steps_stays(
    ledger, inbox, tmp_path, monkeypatch, shared_memory, to, handles
):
    """It is renamed onto the source before the n-th step, for each n there is."""
    monkeypatch.setattr(directory, "HAS_HANDLES", handles)
    done_to = {"delete": "", "move": str(tmp_path / "done"), "another device": shared_memory}[to]
    steps = 0
    for number in range(1000):
        path = source(inbox, f"{number}.jpg", f"original {number}")
        ended(ledger, path, tmp_path, done_to)
        newer = tmp_path / "newer"
        newer.write_text(f"newer {number}")
        with monkeypatch.context() as patch:
            reached = interrupting(patch, number, lambda newer=newer, path=path: os.replace(newer, path))
            dispose(ledger)
        dispose(ledger)
        if not reached():
            break
        steps += 1
        found = everything(inbox, tmp_path / "done", shared_memory)
        assert f"newer {number}".encode() in [content for _, content in found]
        assert not [name for name, _ in found if name.startswith(".fileq")]
        for folder in (inbox, tmp_path / "done", shared_memory):
            for name in os.listdir(folder) if os.path.isdir(folder) else ():
                os.unlink(os.path.join(folder, name))
    assert steps >= 4


STEPS = ["lstat", "rename", "unlink", "link", "create", "open"]


def interrupting(patch, number, what):
    """Have `what` happen before the so-many-th step; the answer tells whether there was one."""
    count = iter(range(10_000))
    happened = []

    def before(step):
        whole = getattr(Directory, step)

        def do(self, *arguments):
            if next(count) == number:
                happened.append(step)
                what()
            return whole(self, *arguments)

        return do

    for step in STEPS:
        patch.setattr(Directory, step, before(step))
    return lambda: bool(happened)


@pytest.mark.parametrize("to", ["delete", "move", "another device"])
def test_after_a_death_before_any_step_the_next_one_finishes_it(
    ledger, inbox, tmp_path, monkeypatch, shared_memory, to
):
    done_to = {"delete": "", "move": str(tmp_path / "done"), "another device": shared_memory}[to]
    steps = 0
    for number in range(1000):
        path = source(inbox, f"{number}.jpg", f"original {number}")
        ended(ledger, path, tmp_path, done_to)
        with monkeypatch.context() as patch:
            patch.setattr(disposal, "this_process", lambda: DEAD)
            patch.setattr(ledger.dispositions, "release_lease", lambda _: None)
            reached = interrupting(patch, number, die)
            try:
                dispose(ledger)
            except Killed:
                steps += 1
        assert dispose(ledger) == []
        kept = [] if to == "delete" else [(f"{number}.jpg", f"original {number}".encode())]
        assert everything(inbox) == []
        assert everything(done_to)[-1:] == kept if to == "delete" else kept[0] in everything(done_to)
        assert ledger.dispositions.find_ready_dispositions(time.time()) == []
        if not reached():
            break
    assert steps >= 4


def test_a_newer_file_that_was_hidden_by_one_that_died_then_has_its_name_again(ledger, inbox, tmp_path):
    path = source(inbox)
    ended(ledger, path, tmp_path, tmp_path / "done")
    (disposition,) = ledger.dispositions.find_ready_dispositions(NOW)
    lease = ledger.dispositions.take_lease(disposition.id, DEAD, NOW, NOW + 60)
    ledger.dispositions.announce_hidden(lease, str(inbox / ".hidden"))
    path.unlink()
    (inbox / ".hidden").write_text("a newer one")
    assert dispose(ledger) == []
    assert (everything(inbox), names(tmp_path / "done")) == ([("a.jpg", b"a newer one")], [])


def test_an_original_stays_where_somebody_took_away_what_was_brought(ledger, inbox, tmp_path, monkeypatch):
    ended(ledger, source(inbox), tmp_path, tmp_path / "done")
    hide = LeasedFile.hide

    def take_away(file):
        (tmp_path / "done" / "a.jpg").unlink()
        return hide(file)

    monkeypatch.setattr(LeasedFile, "hide", take_away)
    (problem,) = dispose(ledger)
    assert f"Somebody took {tmp_path / 'done' / 'a.jpg'} away" in problem.message
    assert (everything(inbox), names(tmp_path / "done")) == ([("a.jpg", b"original")], [])


def refuse_links(*_args, **_keys):
    raise OSError(errno.EPERM, "Operation not permitted")  # what FAT and exFAT say


def test_without_hard_links_it_is_renamed_and_takes_nobodys_place(ledger, inbox, tmp_path, monkeypatch):
    done = tmp_path / "done"
    done.mkdir()
    (done / "a.jpg").write_text("theirs")
    ended(ledger, source(inbox), tmp_path, done)
    monkeypatch.setattr(os, "link", refuse_links)
    assert dispose(ledger) == []
    assert names(inbox) == []
    assert {path.name: path.read_text() for path in done.iterdir()} == {"a.jpg": "theirs", "a-1.jpg": "original"}
