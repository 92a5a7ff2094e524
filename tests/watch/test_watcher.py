"""The watcher in this process, with real folders, real events and a real ledger."""

import os
import sqlite3
import threading
from contextlib import contextmanager

import pytest

from fileq.errors import UsageError
from fileq.ledger.queries.overview import JobSelection
from fileq.ledger.tables.sources.watches import WatchState
from fileq.presence import identify
from fileq.watch import collector, stability, watched_folder, watcher
from fileq.watch.observer import FolderObserver, ObserverTrouble
from fileq.watch.specification import PollMode, WatchSpec
from fileq.watch.stability import UnsettledReason
from fileq.watch.status import is_watched
from fileq.watch.watcher import OneShotListener, Watcher, watch_once
from tests.support.jobs import NOW, begin, finish, recipe


class Heard:
    """What a watcher has told up to now."""

    live = True

    def __init__(self):
        self.paths, self.said, self.statuses = [], [], {}
        self._turn = threading.Condition()

    def on_queued(self, paths, batch_id):
        self.paths += paths

    def on_notice(self, text):
        self.said.append(text)

    def on_status(self, statuses):
        self.statuses = {os.path.basename(one.path): one for one in statuses}

    def on_turn(self):
        with self._turn:
            self._turn.notify_all()

    def until(self, condition):
        with self._turn:
            assert self._turn.wait_for(condition, timeout=20), (self.paths, self.said, self.statuses)

    def names(self):
        return sorted(os.path.basename(path) for path in self.paths)

    def state(self, name="inbox"):
        return self.statuses[name].state if name in self.statuses else None


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    for name in ("_TICK", "_RETRY", "_SHOWN_EVERY", "_WRITTEN_EVERY", "_FLUSH_SECONDS"):
        monkeypatch.setattr(watcher, name, 0.02)
    for module in (watched_folder, collector):
        monkeypatch.setattr(module, "_RETRY", 0.02)
    monkeypatch.setattr(stability, "_SOONEST", 0.02)


@pytest.fixture
def inbox(tmp_path):
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


@pytest.fixture
def put(photo):
    """Have a whole picture there at once."""

    def put(path):
        temp = photo.with_name("on its way")
        temp.write_bytes(photo.read_bytes())
        return temp.rename(path)

    return put


def folder(path, **keys):
    return WatchSpec(path=str(path), recipes=(recipe(match=("*.jpg",)),), settle=0.02, **keys)


@contextmanager
def watching(ledger, *folders):
    """A watcher that has caught up with its folders, what it tells, and the list of folders, which may change."""
    heard, wanted = Heard(), list(folders)
    watch = Watcher(ledger, lambda: tuple(wanted), heard)
    thread = threading.Thread(target=watch.run)
    thread.start()
    try:
        heard.until(lambda: all(heard.state(os.path.basename(one.path)) in _AWAKE for one in folders))
        yield watch, heard, wanted
    finally:
        watch.stop()
        thread.join()


_AWAKE = (WatchState.EVENTS, WatchState.POLLING)


def test_what_comes_is_queued_as_its_event_tells_and_what_no_recipe_is_for_is_not(ledger, inbox, put):
    with watching(ledger, folder(inbox)) as (_, heard, _):
        put(inbox / "notes.txt")
        put(inbox / "a.jpg")
        heard.until(lambda: heard.names() == ["a.jpg"])
        heard.until(lambda: heard.statuses["inbox"].queued == 1)
        assert heard.statuses["inbox"].missed == 0
    assert [job.source for job in ledger.overview.list_jobs(JobSelection())] == [str(inbox / "a.jpg")]
    assert ledger.folders.find_folder(str(inbox)) is not None  # so that retention knows when its drive is away


def test_what_was_there_before_is_caught_up_with_and_no_event_was_missed(ledger, inbox, put):
    put(inbox / "a.jpg")
    with watching(ledger, folder(inbox)) as (_, heard, _):
        heard.until(lambda: heard.names() == ["a.jpg"])
        assert (heard.statuses["inbox"].missed, heard.statuses["inbox"].rebuilt) == (0, 0)


def test_a_file_that_gets_its_name_when_it_is_whole_is_queued_under_that(ledger, inbox, put):
    with watching(ledger, folder(inbox)) as (_, heard, _):
        put(inbox / "a.jpg.part").rename(inbox / "a.jpg")
        heard.until(lambda: heard.names() == ["a.jpg"])


def test_all_that_is_in_a_folder_that_comes_is_queued_and_what_comes_into_it_later(ledger, inbox, put, tmp_path):
    (tmp_path / "trip" / "day 1").mkdir(parents=True)
    put(tmp_path / "trip" / "a.jpg")
    put(tmp_path / "trip" / "day 1" / "b.jpg")
    with watching(ledger, folder(inbox)) as (_, heard, _):
        (tmp_path / "trip").rename(inbox / "trip")
        heard.until(lambda: heard.names() == ["a.jpg", "b.jpg"])
        put(inbox / "trip" / "day 1" / "c.jpg")
        heard.until(lambda: heard.names() == ["a.jpg", "b.jpg", "c.jpg"])


def test_without_recursion_and_in_folders_that_are_left_out_nothing_is_queued(ledger, inbox, put):
    for name in ("sub", "done"):
        (inbox / name).mkdir()
    other = inbox.with_name("other")
    (other / "done").mkdir(parents=True)
    folders = folder(inbox, recursive=False), folder(other, skipped=frozenset([str(other / "done")]))
    with watching(ledger, *folders) as (_, heard, _):
        put(inbox / "sub" / "a.jpg")
        put(other / "done" / "b.jpg")
        put(inbox / "c.jpg")
        put(other / "d.jpg")
        heard.until(lambda: heard.names() == ["c.jpg", "d.jpg"])


def test_a_folder_that_goes_is_offline_and_caught_up_with_once_it_is_back(ledger, inbox, put, tmp_path):
    with watching(ledger, folder(inbox)) as (_, heard, _):
        inbox.rename(tmp_path / "away")
        heard.until(lambda: heard.state() is WatchState.OFFLINE)
        put(tmp_path / "away" / "a.jpg")
        (tmp_path / "away").rename(inbox)
        heard.until(lambda: heard.names() == ["a.jpg"])
        heard.until(lambda: heard.state() is WatchState.EVENTS)
    assert len(heard.said) == len(set(heard.said)) >= 1


def test_another_folder_in_its_place_is_watched_instead(ledger, inbox, put, tmp_path):
    with watching(ledger, folder(inbox)) as (_, heard, _):
        (tmp_path / "new").mkdir()
        put(tmp_path / "new" / "a.jpg")
        inbox.rename(tmp_path / "away")
        (tmp_path / "new").rename(inbox)
        heard.until(lambda: heard.names() == ["a.jpg"])
        heard.until(lambda: heard.state() is WatchState.EVENTS)
        put(inbox / "b.jpg")
        heard.until(lambda: heard.names() == ["a.jpg", "b.jpg"])


def test_what_events_did_not_tell_is_found_by_a_scan_and_counted_and_the_events_are_begun_anew(
    ledger, inbox, put, monkeypatch
):
    monkeypatch.setattr(watched_folder, "_SCAN_INTERVAL", 0.05)
    monkeypatch.setattr(watched_folder, "_SHARE_OF_TIME", 0.0)
    with watching(ledger, folder(inbox)) as (_, heard, _):
        monkeypatch.setattr(Watcher, "_handle_hint", lambda *_: None)
        put(inbox / "a.jpg")
        heard.until(lambda: heard.state() is WatchState.EVENTS and heard.statuses["inbox"].rebuilt)
        assert (heard.names(), heard.statuses["inbox"].missed) == (["a.jpg"], 1)
        assert heard.said == [f"{inbox}: the system's events missed 1 file"]


def test_what_is_wrong_with_the_events_is_said_and_all_is_looked_through(ledger, inbox, put):
    with watching(ledger, folder(inbox)) as (watch, heard, _):
        watch._hints.put((watch._folders[0].observer, ObserverTrouble("too many at once")))
        put(inbox / "a.jpg")
        heard.until(lambda: heard.statuses["inbox"].rebuilt and heard.state() is WatchState.EVENTS)
        heard.until(lambda: heard.names() == ["a.jpg"])
        assert heard.said == [f"{inbox}: too many at once"]
        assert (heard.statuses["inbox"].rebuilt, heard.statuses["inbox"].missed) == (1, 0)


@pytest.mark.parametrize("watches", [0, 1])
def test_a_folder_with_fewer_watches_than_it_needs_is_watched_anew(ledger, inbox, monkeypatch, watches):
    (inbox / "sub").mkdir()
    monkeypatch.setattr(watched_folder, "_SECOND_COUNT", 0.02)
    really = FolderObserver.watches
    monkeypatch.setattr(FolderObserver, "watches", watches)
    with watching(ledger, folder(inbox)) as (_, heard, _):
        heard.until(lambda: heard.statuses["inbox"].rebuilt)
        monkeypatch.setattr(FolderObserver, "watches", really)
        heard.until(lambda: heard.statuses["inbox"].watches == 2)
        heard.until(lambda: heard.state() is WatchState.EVENTS)


def test_a_file_that_is_not_complete_for_very_long_is_told_once(ledger, inbox, monkeypatch):
    monkeypatch.setattr(collector, "LONG", 0.0)
    with watching(ledger, folder(inbox)) as (watch, heard, _):
        (inbox / "a.jpg").touch()
        heard.until(lambda: heard.said)
        looks = watch.unsettled_files[0].probes
        heard.until(lambda: watch.unsettled_files[0].probes > looks)
        assert len(heard.said) == 1


def test_what_is_more_than_is_kept_is_found_by_a_scan_and_nothing_is_missed(ledger, inbox, put, monkeypatch):
    monkeypatch.setattr(watcher, "MAX_FILES", 4)
    with watching(ledger, folder(inbox)) as (_, heard, _):
        for number in range(12):
            put(inbox / f"{number}.jpg")
        heard.until(lambda: len(heard.names()) == 12)
        assert (heard.statuses["inbox"].missed, heard.said) == (0, [])


def test_a_file_that_is_renamed_while_it_is_processed_is_known_once_that_has_ended(ledger, inbox, put):
    with watching(ledger, folder(inbox)) as (watch, heard, _):
        put(inbox / "a.jpg")
        heard.until(lambda: heard.names() == ["a.jpg"])
        token = begin(ledger, 1)
        (inbox / "a.jpg").rename(inbox / "b.jpg")
        heard.until(lambda: [one.reason for one in watch.unsettled_files] == [UnsettledReason.BUSY])
        finish(ledger, token)
        heard.until(lambda: not watch.unsettled_files)
    assert [job.source for job in ledger.overview.list_jobs(JobSelection())] == [str(inbox / "b.jpg")]


def test_a_watched_folder_is_noted_as_one_that_fileq_has_not_made(ledger, inbox, put):
    put(inbox / "a.jpg")
    watch_once(ledger, folder(inbox), lambda: False)
    assert ledger.folders.find_folder(str(inbox)).created_by_fileq is False


@pytest.mark.parametrize("was_watched", [True, False])
def test_one_shot_at_a_folder_that_nobody_watches_queues_what_is_new_and_registers_none(
    ledger, inbox, put, was_watched
):
    if was_watched:
        with watching(ledger, folder(inbox)):
            pass
    for name, new in (("a.jpg", 1), ("a.jpg", 0), ("b.jpg", 1)):
        if new:
            put(inbox / name)
        seen = watch_once(ledger, folder(inbox), lambda: False)
        assert (seen.queued_files, seen.problem) == (new, "")
    assert len(list(ledger.overview.list_jobs(JobSelection()))) == 2
    assert ledger.watches.find_watch(str(inbox)).status.is_stopped
    assert not is_watched(ledger, str(inbox))


def test_one_shot_counts_all_that_it_has_queued():
    listener = OneShotListener(lambda: False)
    for paths in (["a.jpg", "b.jpg"], ["c.jpg"]):
        listener.on_queued(paths, 1)
    assert listener.queued_files == 3


def test_without_events_a_scan_finds_what_comes(ledger, inbox, put):
    with watching(ledger, folder(inbox, poll=PollMode.ALWAYS, interval=0.02)) as (_, heard, _):
        assert heard.state() is WatchState.POLLING
        put(inbox / "a.jpg")
        heard.until(lambda: heard.names() == ["a.jpg"])
        assert (heard.statuses["inbox"].missed, heard.statuses["inbox"].watches) == (0, None)


def test_a_reload_goes_on_with_what_is_the_same_begins_what_is_new_and_leaves_the_rest(ledger, inbox, put, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "third").mkdir()
    same, gone, new = folder(inbox), folder(tmp_path / "other"), folder(tmp_path / "third")
    with watching(ledger, same, gone) as (watch, heard, wanted):
        wanted[:] = [same, new]
        watch.reload()
        heard.until(lambda: heard.state("third") is WatchState.EVENTS)
        put(tmp_path / "other" / "a.jpg")
        put(tmp_path / "third" / "b.jpg")
        put(inbox / "c.jpg")
        heard.until(lambda: heard.names() == ["b.jpg", "c.jpg"])
        assert set(heard.statuses) == {"inbox", "third"}
        assert ledger.watches.find_watch(gone.path).status.is_stopped


def test_a_locked_ledger_is_said_once_and_nothing_is_lost_for_it(ledger, database, inbox, put):
    with watching(ledger, folder(inbox)) as (_, heard, _):
        other = sqlite3.connect(database, isolation_level=None, check_same_thread=False)
        other.execute("begin immediate")
        put(inbox / "a.jpg")
        heard.until(lambda: heard.said)
        other.execute("rollback")
        other.close()
        heard.until(lambda: heard.names() == ["a.jpg"])
    assert len(heard.said) == 1
    assert "locked" in heard.said[0]


def test_once_ends_when_all_is_queued_and_says_what_was_not_complete(ledger, inbox, put):
    put(inbox / "a.jpg")
    (inbox / "empty.jpg").touch()
    heard = Heard()
    watch = Watcher(ledger, lambda: (folder(inbox),), heard, once=True)
    watch.run()
    assert heard.names() == ["a.jpg"]
    assert [os.path.basename(one.path) for one in watch.unsettled_files] == ["empty.jpg"]
    assert ledger.watches.find_watch(str(inbox)).status.is_stopped


def test_what_another_process_watches_is_not_watched_twice(ledger, inbox):
    ledger.watches.upsert_watch(str(inbox), identify(os.getppid()), NOW)
    with pytest.raises(UsageError, match="is watched already"):
        Watcher(ledger, lambda: (folder(inbox),), Heard()).run()
