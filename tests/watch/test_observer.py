"""An observer tells what happens in a folder, and what is wrong with itself."""

import errno
import os
from queue import SimpleQueue
from typing import Any

import pytest
from watchdog.observers.inotify_c import CallbackId, InotifyConstants, InotifyEvent, Mask, WatchDescriptor

from fileq.watch.inotify import InotifyReader
from fileq.watch.observer import FolderObserver, ObserverTrouble, describe_limit, file_system_type, lacks_events

CALLBACK: Any = object()
NUMBER = CallbackId(7)


@pytest.fixture
def hints():
    return SimpleQueue()


@pytest.fixture
def observation(tmp_path, hints):
    observation = FolderObserver(str(tmp_path), hints, recursive=True)
    yield observation
    observation.abandon()


def heard(hints, kinds, name):
    while True:
        observation, event = hints.get(timeout=30)
        assert not isinstance(event, ObserverTrouble), event
        path = event.dest_path if event.event_type == "moved" else event.src_path
        if event.event_type in kinds and os.path.basename(path) == name:
            return observation


def test_it_tells_of_files_that_are_made_closed_and_moved(tmp_path, hints, observation):
    (tmp_path / "a.jpg").write_bytes(b"x")
    assert heard(hints, {"created"}, "a.jpg") is observation
    assert heard(hints, {"closed"}, "a.jpg") is observation
    (tmp_path / "a.jpg").rename(tmp_path / "b.jpg")
    assert heard(hints, {"moved"}, "b.jpg") is observation


def test_it_watches_folders_that_come(tmp_path, hints, observation):
    assert observation.watches == 1
    (tmp_path / "sub" / "deep").mkdir(parents=True)
    heard(hints, {"created"}, "deep")
    (tmp_path / "sub" / "deep" / "a.jpg").write_bytes(b"x")
    heard(hints, {"created", "closed"}, "a.jpg")  # which of them comes is chance in a folder that is new itself
    assert observation.watches == 3
    assert observation.trouble == ""


def test_a_thread_that_ended_is_trouble(observation):
    observation._observer.reader.stop()
    observation._observer.reader.join()
    assert observation.trouble == "one of its threads has ended"


def test_an_overflow_is_told_and_its_watches_stay(hints, observation):
    overflow = InotifyEvent(WatchDescriptor(-1), InotifyConstants.IN_Q_OVERFLOW, 0, b"")
    observation._observer.reader.handle_event(overflow)
    assert "more events came" in hints.get(timeout=30)[1]
    assert observation.watches == 1


def test_an_error_that_ends_the_reading_thread_is_told(monkeypatch):
    told: list[str] = []

    def fail(*_):
        raise KeyError(7)

    monkeypatch.setattr(InotifyReader, "read_events", fail)
    reader = InotifyReader(told.append)
    reader.start()
    reader.join()
    reader.close()
    assert told == ["reading events went wrong (KeyError: 7)"]


def test_the_systems_limit_on_watches_is_noticed(monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "inotify watch limit reached")

    reader = InotifyReader(lambda _: None)
    monkeypatch.setattr(reader, "_get_or_create_watch", full)
    with pytest.raises(OSError, match="limit"):
        reader.add_callback(b"/", Mask(0), CALLBACK, CallbackId(0))
    assert reader.limit_reached
    reader._is_reading = False
    reader.close()


def test_a_folder_that_is_told_of_twice_is_watched_once(tmp_path):
    reader = InotifyReader(lambda _: None)
    folder = os.fsencode(tmp_path)
    watches = [reader.add_callback(folder, InotifyConstants.IN_CREATE, CALLBACK, NUMBER) for _ in range(2)]
    assert watches == [1, 1]
    reader.remove_callbacks([(watch, NUMBER) for watch in watches])
    assert reader.watches == 0
    reader._is_reading = False
    reader.close()


def test_a_limit_is_told_with_its_sysctl():
    assert describe_limit("max_user_watches").startswith(
        "The system lets fileq watch no more folders: raise fs.inotify.max"
    )


TABLE = r"""
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:25 / /mnt/photos rw - nfs4 server:/photos rw
31 22 0:26 / /mnt/photos/local rw - ext4 /dev/vdb rw
32 22 0:27 / /media/My\040Drive rw shared:5 - fuse.sshfs ada@server: rw
33 22 0:28 / /mnt/windows rw - cifs //server/c rw
""".strip()


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "mountinfo"
    path.write_text(TABLE)
    return str(path)


@pytest.mark.parametrize(
    ("path", "kind", "silent"),
    [
        ("/home/ada", "ext4", False),
        ("/mnt/photos/2026", "nfs4", True),
        ("/mnt/photos2", "ext4", False),
        ("/mnt/photos/local/x", "ext4", False),
        ("/media/My Drive/x", "fuse.sshfs", True),
        ("/mnt/windows", "cifs", True),
    ],
)
def test_the_nearest_mount_point_says_it(table, path, kind, silent):
    assert file_system_type(path, table) == kind
    assert lacks_events(path, table) is silent


def test_without_a_table_events_are_trusted(tmp_path):
    assert file_system_type("/", str(tmp_path / "none")) is None
    assert not lacks_events("/", str(tmp_path / "none"))
