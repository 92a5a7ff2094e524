"""--key: what an app knows its jobs by."""

import pytest

from fileq.errors import ErrorKind, ExitCode
from fileq.job import LONGEST_KEY, Failure
from tests.support.jobs import claim_one


def keys(fileq):
    return {job["id"]: job["key"] for job in fileq("list", "--json").document}


def test_a_key_is_told_wherever_the_job_is(fileq):
    fileq.photo("a.jpg")
    fileq("add", "photos", "--key", "order-17")
    assert keys(fileq) == {1: "order-17"}
    assert fileq("show", "1", "--json").document["key"] == "order-17"
    assert "order-17" in fileq("show", "1").out


def test_jobs_are_listed_by_their_key(fileq):
    fileq("add", fileq.photo("a.jpg"), "--key", "order-17")
    fileq("add", fileq.photo("b.jpg"), "--key", "order-18")
    fileq("add", fileq.photo("c.jpg"))
    assert [job["id"] for job in fileq("list", "--key", "order-18", "--json").document] == [2]
    assert fileq("list", "--key", "order-19", "--json").document == []
    assert keys(fileq)[3] is None


def test_what_was_queued_before_keeps_its_key_and_takes_one_where_it_has_none(fileq):
    path, other = fileq.photo("a.jpg"), fileq.photo("b.jpg")
    fileq("add", path, "--key", "order-17")
    fileq("add", other)
    fileq("add", path, other, "--key", "order-18")
    fileq("add", path, other)
    assert keys(fileq) == {1: "order-17", 2: "order-18"}


def test_what_is_queued_anew_is_known_by_the_new_key_and_by_the_old_one_where_none_is_given(fileq):
    path = fileq.photo("a.jpg")
    fileq("add", path, "--key", "order-17")
    for given, key in ((["--key", "order-18"], "order-18"), ([], "order-18")):
        fileq("cancel", "1")
        fileq("add", path, *given)
        assert keys(fileq) == {1: key}


def test_a_retry_of_a_file_that_was_added_again_hands_the_key_on(fileq):
    path = fileq.photo("a.jpg")
    fileq("add", path, "--key", "order-17")
    ledger = fileq.ledger()
    claim = claim_one(ledger, 1, worker_id=1, now=1000.0)
    fileq.photo("a.jpg", size=(60, 30))
    fileq("add", path)
    ledger.attempts.fail_attempt(claim.token, Failure(ErrorKind.UNREADABLE, "It failed.", ""), 1001.0)
    ledger.database.connection.execute("update jobs set state = 'failed' where id = 1")
    ledger.close()
    fileq("retry", "1")
    assert keys(fileq)[2] == "order-17"


@pytest.mark.parametrize("key", ["", "a\nb", "a\0b", "x" * (LONGEST_KEY + 1), "\udce9"])
def test_what_no_database_can_keep_is_refused(fileq, key):
    fileq.photo("a.jpg")
    ran = fileq("add", "photos", "--key", key)
    assert ran.code == ExitCode.USAGE
    assert "can be no key of a job" in ran.err
    assert fileq("list", "--json").document == []
