"""What others do meanwhile: a second process that sees off the same source, people who save newer files, crashes."""

import errno
import hashlib
import os
import threading
import time

import pytest

from fileq.disposition import copy, disposal, dispose, relocation
from fileq.disposition.departing_file import DepartingFile
from fileq.files import directory
from fileq.files.directory import Directory
from fileq.ledger import opened
from fileq.ledger.tables import dispositions
from fileq.ledger.tables.jobs import Fenced
from fileq.presence import ProcessIdentity, hostname, identify, this_process
from tests.disposition.test_disposal import complete, leaving, names, source
from tests.support.jobs import NOW

OTHER_DEVICE = "/dev/shm"


@pytest.fixture
def inbox(tmp_path):
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


@pytest.fixture
def shared_memory(tmp_path):
    """A folder on another device than that of the inbox."""
    if not os.path.isdir(OTHER_DEVICE) or os.stat(OTHER_DEVICE).st_dev == os.stat(tmp_path).st_dev:
        pytest.skip("There is no second device here to move files to.")
    folder = f"{OTHER_DEVICE}/{os.path.basename(tmp_path)}-{os.getpid()}"
    yield folder
    for name in os.listdir(folder) if os.path.isdir(folder) else ():
        os.unlink(os.path.join(folder, name))
    if os.path.isdir(folder):
        os.rmdir(folder)


def ended(ledger, path, out, done_to):
    """A source whose one job is done."""
    (job,) = leaving(ledger, path, done_to)
    complete(ledger, job, out / f"{path.stem}.out")
    return job


def everything(*folders):
    """All that stands in some folders, hidden files too, by its content."""
    found = []
    for folder in folders:
        for name in os.listdir(folder) if os.path.isdir(folder) else ():
            with open(os.path.join(folder, name), "rb") as file:
                found.append((name, file.read()))
    return found


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
        with opened(database) as own:
            for _ in range(5):
                dispose(own)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(everything(shared_memory)) == [(f"{number}.jpg", content + bytes([number])) for number in range(5)]
    assert everything(inbox) == []
    assert ledger.dispositions.find_ready(time.time()) == []


def test_what_another_process_sees_off_is_left_to_it(ledger, inbox, tmp_path):
    ended(ledger, source(inbox), tmp_path, tmp_path / "done")
    (disposition,) = ledger.dispositions.find_ready(NOW)
    parent = identify(os.getppid())
    assert ledger.dispositions.take_lease(disposition.id, parent, time.time(), time.time() + 60)
    dispose(ledger)
    assert names(inbox) == ["a.jpg"]


@pytest.mark.parametrize("holder", ["dead", "silent elsewhere", "this process, whose ledger failed"])
def test_what_nobody_sees_off_any_more_is_taken_over(ledger, inbox, tmp_path, holder):
    ended(ledger, source(inbox), tmp_path, tmp_path / "done")
    (disposition,) = ledger.dispositions.find_ready(NOW)
    process, until = {
        "dead": (ProcessIdentity(hostname(), 2**22 + 1, "1"), time.time() + 60),
        "silent elsewhere": (ProcessIdentity("elsewhere", 1, "1"), time.time() - 1),
        "this process, whose ledger failed": (this_process(), time.time() + 60),
    }[holder]
    old = ledger.dispositions.take_lease(disposition.id, process, time.time(), until)
    dispose(ledger)
    assert (names(inbox), names(tmp_path / "done")) == ([], ["a.jpg"])
    with pytest.raises(Fenced):
        ledger.dispositions.check_lease(old)


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
    assert ledger.dispositions.find_ready(NOW) == []


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


def test_a_name_that_another_source_is_on_its_way_to_is_taken(ledger, inbox, tmp_path):
    ended(ledger, source(inbox), tmp_path, tmp_path / "done")
    (disposition,) = ledger.dispositions.find_ready(NOW)
    lease = ledger.dispositions.take_lease(disposition.id, identify(os.getppid()), NOW, time.time() + 60)
    assert ledger.dispositions.choose_target(lease, str(tmp_path / "done" / "a.jpg"))
    (inbox / "sub").mkdir()
    ended(ledger, source(inbox / "sub", content="other"), inbox / "sub", tmp_path / "done")
    assert dispose(ledger) == []
    assert everything(tmp_path / "done") == [("a-1.jpg", b"other")]


def test_another_host_leaves_a_source_alone_while_it_is_seen_off(ledger, inbox, tmp_path, monkeypatch):
    ended(ledger, source(inbox), tmp_path, tmp_path / "done")
    monkeypatch.setattr(dispositions, "is_elsewhere", lambda _: True)
    elsewhere, link, taken = ProcessIdentity("elsewhere", 1, "1"), Directory.link, []

    def try_to_take(self, *arguments):
        moments = [time.time() + seconds for seconds in (100, 150)]
        taken.extend(dispositions._is_held(*_holder(ledger), elsewhere, moment) for moment in moments)
        link(self, *arguments)

    monkeypatch.setattr(Directory, "link", try_to_take)
    assert dispose(ledger) == []
    assert taken == [True, False]


def _holder(ledger):
    return ledger.database.connection.execute("select holder_json, held_until from dispositions").fetchone()


@pytest.mark.parametrize("hidden", [None, ".hidden"])
def test_who_was_thought_dead_takes_nothing_away(ledger, inbox, tmp_path, monkeypatch, hidden):
    ended(ledger, source(inbox), tmp_path, tmp_path / "done")
    if hidden:  # an earlier try has written down how it will be called
        (disposition,) = ledger.dispositions.find_ready(NOW)
        lease = ledger.dispositions.take_lease(disposition.id, this_process(), NOW, NOW + 60)
        ledger.dispositions.announce_hidden(lease, str(inbox / hidden))
    link = Directory.link

    def freeze(self, *arguments):
        link(self, *arguments)
        (row,) = ledger.database.connection.execute("update dispositions set token = token + 1 returning 1")
        assert row

    monkeypatch.setattr(Directory, "link", freeze)
    dispose(ledger)
    assert (names(inbox), names(tmp_path / "done")) == (["a.jpg"], ["a.jpg"])
    monkeypatch.undo()
    dispose(ledger)
    assert (names(inbox), names(tmp_path / "done")) == ([], ["a.jpg"])


def test_a_lease_of_a_disposition_that_is_over_counts_for_no_later_one(ledger, inbox, tmp_path):
    ended(ledger, source(inbox), tmp_path, tmp_path / "done")
    (first,) = ledger.dispositions.find_ready(NOW)
    old = ledger.dispositions.take_lease(first.id, this_process(), NOW, NOW + 60)
    ledger.dispositions.close(old)
    ended(ledger, source(inbox, "b.jpg"), tmp_path, tmp_path / "done")
    (second,) = ledger.dispositions.find_ready(NOW)
    assert ledger.dispositions.take_lease(second.id, this_process(), NOW, NOW + 60)
    with pytest.raises(Fenced):
        ledger.dispositions.check_lease(old)


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


STEPS = ["look", "rename", "unlink", "link", "create", "open"]


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


class Killed(BaseException):
    """As if the process had ended here."""


def die():
    raise Killed


@pytest.mark.parametrize("to", ["delete", "move", "another device"])
def test_after_a_death_before_any_step_the_next_one_finishes_it(
    ledger, inbox, tmp_path, monkeypatch, shared_memory, to
):
    done_to = {"delete": "", "move": str(tmp_path / "done"), "another device": shared_memory}[to]
    dead = ProcessIdentity(hostname(), 2**22 + 1, "1")
    steps = 0
    for number in range(1000):
        path = source(inbox, f"{number}.jpg", f"original {number}")
        ended(ledger, path, tmp_path, done_to)
        with monkeypatch.context() as patch:
            patch.setattr(disposal, "this_process", lambda: dead)
            patch.setattr(ledger.dispositions, "release", lambda _: None)
            reached = interrupting(patch, number, die)
            try:
                dispose(ledger)
            except Killed:
                steps += 1
        assert dispose(ledger) == []
        kept = [] if to == "delete" else [(f"{number}.jpg", f"original {number}".encode())]
        assert everything(inbox) == []
        assert everything(done_to)[-1:] == kept if to == "delete" else kept[0] in everything(done_to)
        assert ledger.dispositions.find_ready(time.time()) == []
        if not reached():
            break
    assert steps >= 4


def test_a_copy_that_its_disk_does_not_give_back_is_not_trusted(ledger, inbox, tmp_path, shared_memory, monkeypatch):
    path = source(inbox)
    ended(ledger, path, tmp_path, shared_memory)
    monkeypatch.setattr(copy, "_digest", lambda *_: b"another")
    (problem,) = dispose(ledger)
    assert "the copy is not what was read" in problem.message
    assert (names(inbox), os.listdir(shared_memory)) == (["a.jpg"], [])


def test_a_copy_keeps_times_mode_and_attributes(ledger, inbox, tmp_path, shared_memory):
    path = source(inbox)
    os.chmod(path, 0o640)
    os.utime(path, (100, 100))
    with_attributes = True
    try:
        os.setxattr(path, "user.note", b"from the scanner")
        os.makedirs(shared_memory)
        os.setxattr(shared_memory, "user.note", b"")
    except OSError:
        with_attributes = False
    ended(ledger, path, tmp_path, shared_memory)
    assert dispose(ledger) == []
    copied = os.path.join(shared_memory, "a.jpg")
    status = os.stat(copied)
    assert (status.st_mode & 0o777, status.st_mtime) == (0o640, 100)
    if with_attributes:
        assert os.getxattr(copied, "user.note") == b"from the scanner"


def test_what_cannot_go_is_told_once_and_tried_again_until_it_can(ledger, inbox, tmp_path, monkeypatch):
    (tmp_path / "done").write_text("a file where the folder should be")
    ended(ledger, source(inbox), tmp_path, tmp_path / "done")
    assert len(dispose(ledger)) == 1
    assert dispose(ledger) == []
    ((path, reason),) = ledger.dispositions.find_problems()
    assert path == str(inbox / "a.jpg")
    assert str(tmp_path / "done") in reason
    later = time.time() + 400
    monkeypatch.setattr(disposal.time, "time", lambda: later)
    assert dispose(ledger) == []
    (tmp_path / "done").unlink()
    monkeypatch.setattr(disposal.time, "time", lambda: later + 400)
    dispose(ledger)
    assert (names(inbox), names(tmp_path / "done")) == ([], ["a.jpg"])


def test_each_of_several_that_cannot_go_is_told(ledger, inbox, tmp_path):
    (tmp_path / "done").write_text("a file where the folder should be")
    for name in ("a.jpg", "b.jpg"):
        ended(ledger, source(inbox, name), tmp_path, tmp_path / "done")
    assert len(dispose(ledger)) == 2


def test_what_cannot_go_is_tried_again_after_longer_and_longer(ledger, inbox, tmp_path, monkeypatch):
    (tmp_path / "done").write_text("a file where the folder should be")
    ended(ledger, source(inbox), tmp_path, tmp_path / "done")
    waits, now = [], time.time()
    monkeypatch.setattr(disposal.time, "time", lambda: now)
    for _ in range(7):
        dispose(ledger)
        (due_at,) = ledger.database.connection.execute("select retry_at from dispositions").fetchone()
        waits.append(due_at - now)
        now = due_at
    assert waits == pytest.approx([10, 20, 40, 80, 160, 300, 300])


def test_a_newer_file_that_was_hidden_by_one_that_died_then_has_its_name_again(ledger, inbox, tmp_path):
    path = source(inbox)
    ended(ledger, path, tmp_path, tmp_path / "done")
    (disposition,) = ledger.dispositions.find_ready(NOW)
    dead = ProcessIdentity(hostname(), 2**22 + 1, "1")
    lease = ledger.dispositions.take_lease(disposition.id, dead, NOW, NOW + 60)
    ledger.dispositions.announce_hidden(lease, str(inbox / ".hidden"))
    path.unlink()
    (inbox / ".hidden").write_text("a newer one")
    assert dispose(ledger) == []
    assert (everything(inbox), names(tmp_path / "done")) == ([("a.jpg", b"a newer one")], [])


def test_an_original_stays_where_somebody_took_away_what_was_brought(ledger, inbox, tmp_path, monkeypatch):
    ended(ledger, source(inbox), tmp_path, tmp_path / "done")
    hide = DepartingFile.hide

    def take_away(file):
        (tmp_path / "done" / "a.jpg").unlink()
        return hide(file)

    monkeypatch.setattr(DepartingFile, "hide", take_away)
    (problem,) = dispose(ledger)
    assert f"Somebody took {tmp_path / 'done' / 'a.jpg'} away" in problem.message
    assert (everything(inbox), names(tmp_path / "done")) == ([("a.jpg", b"original")], [])


def test_within_a_device_a_file_is_moved_without_being_read(ledger, inbox, tmp_path, monkeypatch):
    ended(ledger, source(inbox), tmp_path, tmp_path / "done")
    monkeypatch.setattr(copy, "_digest", lambda *_: pytest.fail("it was read"))
    assert dispose(ledger) == []
    assert names(tmp_path / "done") == ["a.jpg"]


def test_a_file_of_another_device_with_the_same_inode_is_not_the_source(
    ledger, inbox, tmp_path, shared_memory, monkeypatch
):
    ended(ledger, source(inbox), tmp_path, shared_memory)
    os.mkdir(shared_memory)
    theirs = os.path.join(shared_memory, "a.jpg")
    with open(theirs, "w") as file:
        file.write("THEIRS!!")
    (disposition,) = ledger.dispositions.find_ready(NOW)
    lease = ledger.dispositions.take_lease(disposition.id, ProcessIdentity(hostname(), 2**22 + 1, "1"), NOW, NOW + 60)
    assert ledger.dispositions.choose_target(lease, theirs)
    monkeypatch.setattr(relocation, "is_same_file", lambda *_: True)
    assert dispose(ledger) == []
    assert sorted(everything(shared_memory)) == [("a-1.jpg", b"original"), ("a.jpg", b"THEIRS!!")]


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


def test_an_original_is_not_deleted_for_an_output_that_somebody_changed(ledger, inbox, tmp_path):
    ended(ledger, source(inbox), tmp_path, "")
    (tmp_path / "a.out").write_text("emptied by an accident")
    dispose(ledger)
    assert names(inbox) == ["a.jpg"]


def test_an_original_whose_content_was_edited_within_its_size_and_time_is_not_deleted(ledger, inbox, tmp_path):
    """As programs do that write a rating into a picture and set its time back."""
    path = source(inbox)
    job = ended(ledger, path, tmp_path, "")
    ledger.arrivals.has_content(job, hashlib.sha256(b"original").hexdigest())
    status = path.stat()
    with path.open("r+b") as file:
        file.write(b"ORIGINAL")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    dispose(ledger)
    assert path.read_text() == "ORIGINAL"


def test_one_that_is_as_it_was_read_is(ledger, inbox, tmp_path):
    path = source(inbox)
    job = ended(ledger, path, tmp_path, "")
    ledger.arrivals.has_content(job, hashlib.sha256(b"original").hexdigest())
    dispose(ledger)
    assert names(inbox) == []
