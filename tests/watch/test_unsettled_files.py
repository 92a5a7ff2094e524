from typing import Any

from fileq.ledger.tables.sources.watches import WaitingFile
from fileq.watch.stability import QUIET
from fileq.watch.unsettled_files import UnsettledFiles, longest_waiting

ROOT: Any = object()  # of a watched folder it counts here which it is


def test_each_is_due_once_after_its_quiet():
    files = UnsettledFiles()
    for _ in range(3):
        files.add_by_event("/a.jpg", ROOT, 1.0)
    assert files.take_due(1.0, 10) == []
    assert [one.path for one in files.take_due(1.0 + QUIET, 10)] == ["/a.jpg"]
    assert files.take_due(99.0, 10) == []


def test_an_event_puts_the_look_off():
    files = UnsettledFiles()
    files.add_by_event("/a.jpg", ROOT, 1.0)
    files.add_by_event("/a.jpg", ROOT, 1.02)
    assert files.take_due(1.04, 10) == []
    assert files.next_probe_at == 1.02 + QUIET


def test_what_a_scan_finds_again_is_not_put_off_and_what_an_event_told_stays_told():
    files = UnsettledFiles()
    files.add_by_event("/a.jpg", ROOT, 1.0)
    files.add_by_scan("/a.jpg", ROOT, 1.02, caught_up=False)
    (one,) = files.take_due(1.0 + QUIET, 10)
    assert one.by_event


def test_no_more_than_asked_for_come_at_once_and_the_rest_later():
    files = UnsettledFiles()
    for number in range(5):
        files.add_by_scan(f"/{number}.jpg", ROOT, 1.0, caught_up=True)
    assert len(files.take_due(2.0, 3)) == 3
    assert len(files.take_due(2.0, 3)) == 2


def test_what_is_dropped_is_never_due():
    files = UnsettledFiles()
    files.add_by_event("/a.jpg", ROOT, 1.0)
    files.add_by_event("/b.jpg", ROOT, 1.0)
    files.discard("/a.jpg")
    files.discard("/never.jpg")
    assert [one.path for one in files.take_due(2.0, 10)] == ["/b.jpg"]


def test_those_that_wait_for_a_while_are_told_the_longest_first():
    files = UnsettledFiles()
    for number in range(30):
        files.add_by_event(f"/{number}.jpg", ROOT, float(number))
    told = files.list_waiting(25.0)[ROOT]
    assert len(told) == 25
    shown = longest_waiting(told)
    assert len(shown) == 20
    assert shown[0] == WaitingFile("/0.jpg", "it has just come", 25.0)
