"""Which links are sources, and that nothing is swapped between the look at a file and its entry in the ledger."""

import os

import pytest

from fileq.files.directory import FolderMissing
from fileq.watch import collector, links
from fileq.watch.links import LinkKind, LinkRefused, RefusedLinks, check_link
from fileq.watch.scan import Scan
from fileq.watch.specification import PollMode, WatchSpec
from fileq.watch.stability import seconds_until_next_probe
from fileq.watch.watcher import Watcher
from tests.support.jobs import recipe


class Silent:
    live = False

    def __init__(self):
        self.told = []

    def on_queued(self, paths, batch_id):
        """Nobody looks."""

    def on_notice(self, text):
        self.told.append(text)

    def on_status(self, statuses):
        """Nobody looks."""

    def on_turn(self):
        """Nobody looks."""


@pytest.fixture
def inbox(tmp_path):
    folder = tmp_path / "inbox"
    folder.mkdir(mode=0o755)
    return folder


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "private" / "a.jpg"
    path.parent.mkdir()
    path.write_bytes(b"\xff\xd8 secret. \xff\xd9")
    return path


def write(path):
    path.write_bytes(b"\xff\xd8 picture \xff\xd9")
    return path


def same_time(path, other):
    status = other.stat()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def kind(path, top):
    with pytest.raises(LinkRefused) as caught:
        check_link(str(path), str(top))
    return caught.value.kind


def test_the_status_is_that_of_the_file_itself(inbox):
    path = write(inbox / "a.jpg")
    (inbox / "link.jpg").symlink_to("a.jpg")
    assert check_link(str(inbox / "link.jpg"), str(inbox)).st_ino == path.stat().st_ino


@pytest.mark.parametrize("target", ["../private/a.jpg", "../inbox/../private/a.jpg", "/etc/passwd", "../inbox2/a.jpg"])
def test_a_link_that_leads_out(inbox, secret, tmp_path, target):
    (tmp_path / "inbox2").symlink_to("private")
    (inbox / "a.jpg").symlink_to(target)
    assert kind(inbox / "a.jpg", inbox) is LinkKind.OUTSIDE


def test_a_folder_on_the_way_that_became_a_link(inbox, secret):
    (inbox / "sub").symlink_to(secret.parent)
    assert kind(inbox / "sub" / "a.jpg", inbox) is LinkKind.OUTSIDE


def test_what_is_swapped_for_a_link_while_it_is_looked_at_is_looked_at_again(inbox, secret, monkeypatch):
    sub = inbox / "sub"
    sub.mkdir()
    path = write(sub / "a.jpg")
    resolve = os.path.realpath

    def swap(name):
        real = resolve(name)
        path.unlink()
        sub.rmdir()
        sub.symlink_to(secret.parent)
        return real

    monkeypatch.setattr(os.path, "realpath", swap)
    with pytest.raises((FolderMissing, OSError)):
        check_link(str(path), str(inbox))


@pytest.mark.parametrize(("mode", "taken"), [(0o700, True), (0o755, True), (0o775, False), (0o1777, False)])
def test_a_hard_link_is_taken_where_only_the_owner_can_have_made_it(inbox, secret, mode, taken):
    os.link(secret, inbox / "a.jpg")
    inbox.chmod(mode)
    if taken:
        check_link(str(inbox / "a.jpg"), str(inbox))
    else:
        assert kind(inbox / "a.jpg", inbox) is LinkKind.HARD
        secret.unlink()
        check_link(str(inbox / "a.jpg"), str(inbox))


def test_a_scan_leaves_them_out_and_counts_them(inbox, secret, monkeypatch):
    monkeypatch.setattr("fileq.watch.scan.FRESH", 0.0)
    write(inbox / "mine.jpg")
    (inbox / "link.jpg").symlink_to(secret)
    os.link(secret, inbox / "hard.jpg")
    inbox.chmod(0o777)
    scan = Scan(WatchSpec(path=str(inbox), recipes=(recipe(),)))
    assert [found.name for found in scan] == ["mine.jpg"]
    assert scan.refused_links.count_by_kind() == {"outside": 1, "hard_link": 1}
    assert "1 leads out of the folder, 1 is a hard link" in scan.refused_links.describe()
    follows = Scan(WatchSpec(path=str(inbox), recipes=(recipe(),), follow_links=True))
    assert sorted(found.name for found in follows) == ["hard.jpg", "link.jpg", "mine.jpg"]


def test_a_million_links_take_no_room(monkeypatch):
    monkeypatch.setattr(links, "MAX_LINKS", 3)
    left = RefusedLinks()
    for number in range(10):
        left.add(f"/{number}.jpg", LinkKind.OUTSIDE)
    assert len(left) == 3
    assert left.describe().startswith("3 links or more left alone: ")


@pytest.fixture
def when_complete(monkeypatch):
    """Do something, once, when a file was seen to be complete and is not in the ledger yet."""

    def do(something):
        def judge_and_do(*arguments):
            wait = seconds_until_next_probe(*arguments)
            if wait is None:
                monkeypatch.setattr(collector, "seconds_until_next_probe", seconds_until_next_probe)
                something()
            return wait

        monkeypatch.setattr(collector, "seconds_until_next_probe", judge_and_do)

    return do


def watch_once(ledger, folder, listener):
    watched = WatchSpec(path=str(folder), recipes=(recipe(),), settle=0.1, poll=PollMode.ALWAYS)
    Watcher(ledger, lambda: [watched], listener, once=True).run()
    with ledger.database.reading() as connection:
        return connection.execute("select source, inode from jobs").fetchall()


def test_a_link_that_takes_the_place_of_a_complete_file_is_not_queued(inbox, secret, ledger, when_complete):
    path, listener = write(inbox / "a.jpg"), Silent()
    same_time(secret, path)

    def swap():
        path.unlink()
        path.symlink_to(secret)

    when_complete(swap)
    assert watch_once(ledger, inbox, listener) == []


def test_the_inode_that_is_queued_is_that_of_the_file_that_was_judged(inbox, ledger, when_complete):
    path, other = write(inbox / "a.jpg"), write(inbox / ".other")
    same_time(other, path)
    inode = other.stat().st_ino
    when_complete(lambda: other.replace(path))
    assert watch_once(ledger, inbox, Silent()) == [(str(path), inode)]
