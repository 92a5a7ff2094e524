"""Whoever sees a source off has a lease of it: one at a time, and void once another has it."""

import os
import time

import pytest

from fileq.disposition import dispose
from fileq.files.directory import Directory
from fileq.ledger.tables.attempts import Fenced
from fileq.ledger.tables.sources import dispositions
from fileq.presence import ProcessIdentity, identify, this_process
from tests.support.dispositions import DEAD, complete, ended, everything, leaving, names, source
from tests.support.jobs import DAMAGED, NOW, begin


def test_what_another_process_disposes_of_is_left_to_it(ledger, inbox, tmp_path):
    ended(ledger, source(inbox), tmp_path, tmp_path / "done")
    (disposition,) = ledger.dispositions.find_ready_dispositions(NOW)
    parent = identify(os.getppid())
    assert ledger.dispositions.take_lease(disposition.id, parent, time.time(), time.time() + 60)
    dispose(ledger)
    assert names(inbox) == ["a.jpg"]


@pytest.mark.parametrize("holder", ["dead", "silent elsewhere", "this process, whose ledger failed"])
def test_what_nobody_disposes_of_any_more_is_taken_over(ledger, inbox, tmp_path, holder):
    ended(ledger, source(inbox), tmp_path, tmp_path / "done")
    (disposition,) = ledger.dispositions.find_ready_dispositions(NOW)
    process, until = {
        "dead": (DEAD, time.time() + 60),
        "silent elsewhere": (ProcessIdentity("elsewhere", 1, "1"), time.time() - 1),
        "this process, whose ledger failed": (this_process(), time.time() + 60),
    }[holder]
    old = ledger.dispositions.take_lease(disposition.id, process, time.time(), until)
    dispose(ledger)
    assert (names(inbox), names(tmp_path / "done")) == ([], ["a.jpg"])
    with pytest.raises(Fenced):
        ledger.dispositions.check_lease(old)


def test_a_name_that_another_source_is_on_its_way_to_is_taken(ledger, inbox, tmp_path):
    ended(ledger, source(inbox), tmp_path, tmp_path / "done")
    (disposition,) = ledger.dispositions.find_ready_dispositions(NOW)
    lease = ledger.dispositions.take_lease(disposition.id, identify(os.getppid()), NOW, time.time() + 60)
    assert ledger.dispositions.choose_target(lease, str(tmp_path / "done" / "a.jpg"))
    (inbox / "sub").mkdir()
    ended(ledger, source(inbox / "sub", content="other"), inbox / "sub", tmp_path / "done")
    assert dispose(ledger) == []
    assert everything(tmp_path / "done") == [("a-1.jpg", b"other")]


def test_another_host_leaves_a_source_alone_while_it_is_disposed_of(ledger, inbox, tmp_path, monkeypatch):
    ended(ledger, source(inbox), tmp_path, tmp_path / "done")
    monkeypatch.setattr(dispositions, "is_elsewhere", lambda _: True)
    elsewhere, link, taken = ProcessIdentity("elsewhere", 1, "1"), Directory.link, list[bool]()

    def try_to_take(self, *arguments):
        moments = [time.time() + seconds for seconds in (100, 150)]
        holder, until = _holder(ledger)
        taken.extend(dispositions._is_held(holder, until, elsewhere, moment) for moment in moments)
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
        (disposition,) = ledger.dispositions.find_ready_dispositions(NOW)
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
    (first,) = ledger.dispositions.find_ready_dispositions(NOW)
    old = ledger.dispositions.take_lease(first.id, this_process(), NOW, NOW + 60)
    ledger.dispositions.close_disposition(old)
    ended(ledger, source(inbox, "b.jpg"), tmp_path, tmp_path / "done")
    (second,) = ledger.dispositions.find_ready_dispositions(NOW)
    assert ledger.dispositions.take_lease(second.id, this_process(), NOW, NOW + 60)
    with pytest.raises(Fenced):
        ledger.dispositions.check_lease(old)


USES = {
    "renew it": lambda dispositions, lease: dispositions.renew_lease(lease, NOW + 120),
    "choose where it goes": lambda dispositions, lease: dispositions.choose_target(lease, "/done/a.jpg"),
    "hide it": lambda dispositions, lease: dispositions.announce_hidden(lease, "/inbox/.hidden"),
    "copy it": lambda dispositions, lease: dispositions.announce_temp(lease, "/done/.temp"),
    "put it off": lambda dispositions, lease: dispositions.postpone_disposition(lease, NOW + 10, "The disk is full."),
    "give it back": lambda dispositions, lease: dispositions.release_lease(lease),
    "say that it has gone": lambda dispositions, lease: dispositions.close_disposition(lease),
}


@pytest.mark.parametrize("use", USES)
def test_with_a_void_lease_nobody_changes_a_thing(ledger, inbox, tmp_path, use):
    job = ended(ledger, source(inbox), tmp_path, tmp_path / "done")
    (disposition,) = ledger.dispositions.find_ready_dispositions(NOW)
    void = ledger.dispositions.take_lease(disposition.id, DEAD, NOW, NOW + 60)
    valid = ledger.dispositions.take_lease(disposition.id, this_process(), NOW, NOW + 60)
    with pytest.raises(Fenced):
        USES[use](ledger.dispositions, void)
    ledger.dispositions.check_lease(valid)
    assert ledger.dispositions.find_disposition(disposition.id) == disposition
    assert ledger.dispositions.find_job_ids(disposition.id) == [job]
    USES[use](ledger.dispositions, valid)


def test_a_source_is_ready_once_all_its_jobs_have_ended_whichever_is_asked_for(ledger, inbox, tmp_path):
    first, second = leaving(ledger, source(inbox), tmp_path / "done", jobs=2)
    complete(ledger, first)
    assert (
        ledger.dispositions.find_ready_dispositions(NOW, [first])
        == ledger.dispositions.find_ready_dispositions(NOW, [second])
        == []
    )
    complete(ledger, second)
    assert (
        ledger.dispositions.find_ready_dispositions(NOW, [first])
        == ledger.dispositions.find_ready_dispositions(NOW)
        != []
    )


def test_nobody_gets_a_lease_of_a_source_of_which_a_job_was_queued_again_meanwhile(ledger, inbox, tmp_path):
    (job,) = leaving(ledger, source(inbox), tmp_path / "done", tmp_path / "failed")
    ledger.attempts.fail_attempt(begin(ledger, job), DAMAGED, NOW)
    (disposition,) = ledger.dispositions.find_ready_dispositions(NOW)
    ledger.jobs.retry_jobs([job])
    assert ledger.dispositions.take_lease(disposition.id, this_process(), NOW, NOW + 60) is None
