"""Messages lie in Huey's tables, and are taken off them."""

from tests.support.jobs import NOW


def test_a_queue_has_messages_left_while_one_lies_ready_in_it(ledger):
    assert not ledger.messages.has_messages("fileq")
    ledger.messages.schedule_messages("fileq", [(b"later", NOW)])
    ledger.messages.insert_messages("another", [(b"now", 0)])
    assert not ledger.messages.has_messages("fileq")
    ledger.messages.insert_messages("fileq", [(b"now", 0)])
    assert ledger.messages.has_messages("fileq")
