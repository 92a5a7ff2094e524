"""Messages lie in Huey's tables, and are taken off them."""

from fileq.roots import Roots, part_for_roots
from tests.support.jobs import NOW


def test_a_queue_has_messages_left_while_one_lies_ready_in_it(ledger):
    assert not ledger.messages.has_messages("fileq")
    ledger.messages.schedule_messages("fileq", [(b"later", NOW)])
    ledger.messages.insert_messages("another", [(b"now", 0)])
    assert not ledger.messages.has_messages("fileq")
    ledger.messages.insert_messages("fileq", [(b"now", 0)])
    assert ledger.messages.has_messages("fileq")


def test_a_host_with_many_roots_takes_the_most_urgent_message_of_those_that_need_some(ledger, monkeypatch):
    names = [f"root-{number:02}" for number in range(40)]
    monkeypatch.setattr("fileq.roots._here", Roots({name: f"/mnt/{name}" for name in names}))
    for data, roots, priority in [
        (b"1", "", 0),
        (b"2", "root-07,root-31", 2),
        (b"3", "root-39", 1),
        (b"4", "other", 9),
    ]:
        ledger.messages.insert_messages(part_for_roots("fileq", roots), [(data, priority)])
    ledger.messages.insert_messages("fileq-run-1", [(b"5", 9)])
    assert [ledger.messages.take_message("fileq", NOW) for _ in range(4)] == [b"2", b"3", b"1", None]
    assert not ledger.messages.has_messages("fileq")
