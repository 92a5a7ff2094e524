from fileq.presence import ProcessIdentity
from tests.support.jobs import NOW, begin, enter, finish
from tests.support.ledgers import ask


def sign_on(ledger, pid=1):
    return ledger.workers.register_worker(ProcessIdentity("host", pid, "boot/1/5"), "fileq", 2, NOW)


def test_a_worker_is_listed_from_its_sign_on_to_its_leave(ledger):
    one, two = sign_on(ledger, 1), sign_on(ledger, 2)
    assert ledger.workers.list_workers() == [one, two]
    assert (one.process, one.slots, one.started_at, one.heartbeat_at) == (
        ProcessIdentity("host", 1, "boot/1/5"),
        2,
        NOW,
        NOW,
    )
    ledger.workers.unregister_worker(one.id)
    assert ledger.workers.list_workers() == [two]


def test_a_beat_is_kept(ledger):
    worker = sign_on(ledger)
    assert ledger.workers.record_heartbeat(worker.id, NOW + 5)
    assert ledger.workers.list_workers()[0].heartbeat_at == NOW + 5


def test_a_worker_that_was_struck_off_hears_it_at_its_next_beat(ledger):
    worker = sign_on(ledger)
    ledger.workers.unregister_worker(worker.id)
    assert not ledger.workers.record_heartbeat(worker.id, NOW + 5)


def test_the_host_of_a_worker_that_was_struck_off_is_known_for_a_day(ledger):
    dead = sign_on(ledger)
    ledger.workers.strike_off_worker(dead, NOW + 30)
    assert ledger.workers.list_workers() == []
    assert ledger.workers.list_dead_hosts(NOW + 30) == {"host": NOW}
    assert ledger.workers.list_dead_hosts(NOW + 86400) == {}
    ledger.workers.strike_off_worker(dead, NOW + 30)
    other = ledger.workers.register_worker(ProcessIdentity("other", 1, "boot/1/5"), "fileq", 2, NOW)
    ledger.workers.strike_off_worker(other, NOW + 86400)
    assert ask(ledger, "select count(*) from meta where key like 'dead_host:%'") == [(1,)], "old ones are forgotten"


def test_a_host_is_not_dead_once_a_worker_has_begun_there_or_has_signed_off(ledger):
    ledger.workers.strike_off_worker(sign_on(ledger), NOW)
    leaving = sign_on(ledger)
    assert ledger.workers.list_dead_hosts(NOW) == {}
    ledger.workers.strike_off_worker(sign_on(ledger, 2), NOW)
    ledger.workers.unregister_worker(leaving.id)
    assert ledger.workers.list_dead_hosts(NOW) == {}


def test_a_worker_that_was_struck_off_and_wakes_up_keeps_no_other_one_alive(ledger):
    asleep = sign_on(ledger)
    ledger.workers.unregister_worker(asleep.id)
    sign_on(ledger)
    assert not ledger.workers.record_heartbeat(asleep.id, NOW + 5)


def test_the_number_of_a_worker_that_had_a_job_is_never_given_again(ledger):
    (job,) = enter(ledger)
    old = sign_on(ledger)
    finish(ledger, begin(ledger, job, old.id))
    ledger.workers.unregister_worker(old.id)
    ask(ledger, "delete from meta where key = 'last_worker'")  # older versions had no such row
    assert sign_on(ledger).id > old.id


def test_nor_is_that_of_one_that_had_none(ledger):
    old = sign_on(ledger)
    ledger.workers.unregister_worker(old.id)
    assert sign_on(ledger).id > old.id
