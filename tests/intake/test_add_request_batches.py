"""Which files come into one batch, and when it ends."""

from fileq import queue
from fileq.intake import add_files
from tests.intake.adding import do_all, request, take, write
from tests.support.jobs import NOW


def test_nothing_matched_is_no_batch(ledger, photos):
    receipt = take(ledger, photos / "notes.txt")
    assert (receipt.batch_id, receipt.unmatched) == (None, 1)
    assert not ledger.batches.has_jobs(1)


def test_thousands_of_files_are_one_batch_in_several_transactions(ledger, tmp_path):
    for number in range(4100):
        write(tmp_path / "many" / f"{number}.jpg")
    heard: list[int] = []
    receipt = add_files(ledger, request(tmp_path / "many"), now=NOW, on_scanned=heard.append)
    assert heard == [2000, 4000, 4100]
    assert (receipt.queued, receipt.batch_id) == (4100, 1)
    assert ledger.overview.tally_jobs(1).total == 4100


def test_files_that_are_new_behind_thousands_that_are_not_are_a_batch_of_their_own(ledger, tmp_path):
    for number in range(2000):
        (tmp_path / f"{number:04}.jpg").touch()
    take(ledger, tmp_path)
    (tmp_path / "new.jpg").touch()
    receipt = take(ledger, tmp_path)
    assert (receipt.queued, receipt.already_queued) == (1, 2000)
    assert ledger.overview.tally_jobs(receipt.batch_id).total == 1


def test_a_batch_that_a_quick_worker_has_ended_meanwhile_ends_once_more(ledger, tmp_path, monkeypatch):
    monkeypatch.setattr("fileq.intake.add_request._IN_ONE_TRANSACTION", 2)
    for number in range(4):
        write(tmp_path / "many" / f"{number}.jpg")
    ended = []

    def work(_):
        do_all(ledger)
        ended.append([one.batch_id for one in ledger.pending_events.take_ended_batches(queue.MAIN)])

    add_files(ledger, request(tmp_path / "many"), now=NOW, on_scanned=work)
    assert ended == [[1], [1]]
    again = add_files(ledger, request(tmp_path / "many", exclude=("web/*",)), now=NOW)
    assert (again.up_to_date, again.batch_id) == (4, None)


def test_a_batch_that_a_quick_worker_has_ended_does_not_end_again_where_nothing_comes_into_it(
    ledger, tmp_path, monkeypatch
):
    monkeypatch.setattr("fileq.intake.add_request._IN_ONE_TRANSACTION", 2)
    for name in "cdab":
        write(tmp_path / "many" / f"{name}.jpg")
        if name == "d":
            take(ledger, tmp_path / "many")
            do_all(ledger)
            ledger.pending_events.take_ended_batches(queue.MAIN)
    ended = []

    def work(_):
        do_all(ledger)
        ended.append([one.batch_id for one in ledger.pending_events.take_ended_batches(queue.MAIN)])

    add_files(ledger, request(tmp_path / "many", exclude=("web/*",)), now=NOW, on_scanned=work)
    assert ended == [[2], []]


def test_adding_nothing_new_leaves_no_batch(ledger, photos):
    take(ledger, photos)
    assert take(ledger, photos).batch_id is None
    assert ledger.database.connection.execute("select count(*) from batches").fetchone() == (1,)
