from itertools import pairwise

import pytest

from fileq.ledger import open_ledger
from fileq.ledger.tables.notifications import BACKOFF, KEPT, LEASE, PATIENCE
from tests.support.jobs import NOW

MINUTE = 60.0


@pytest.fixture
def notices(ledger):
    return ledger.notifications


def entered(notices, title="Hello", now=NOW):
    return notices.insert_notification("failed", title, "It was.", now)


def only(notices):
    (notice,) = notices.list_notifications()
    return notice


def walk(notices, now, until):
    """The times of all tries, each of which fails at once."""
    times = []
    while now <= until:
        if (notice := notices.lease_notification(now)) is not None:
            times.append(now - NOW)
            notices.record_failed_try(notice, "No.", now)
        now += MINUTE
    return times


def test_a_notice_is_due_at_once_and_leased_once(ledger, database):
    entered(ledger.notifications)
    with open_ledger(database) as other:
        leased = [one.notifications.lease_notification(NOW) for one in (ledger, other, ledger)]
    assert [notice and notice.title for notice in leased] == ["Hello", None, None]


def test_the_one_that_waited_longest_goes_first(notices):
    for title, now in (("second", NOW + 1), ("first", NOW)):
        entered(notices, title, now)
    assert [notices.lease_notification(NOW + 1).title for _ in range(2)] == ["first", "second"]


def test_what_is_not_due_yet_is_not_leased(notices):
    entered(notices, now=NOW + 1)
    assert not notices.has_due_notification(NOW)
    assert notices.lease_notification(NOW) is None
    assert notices.has_due_notification(NOW + 1)


def test_one_whose_sender_died_is_due_again_and_says_so(notices):
    entered(notices)
    assert notices.lease_notification(NOW)
    assert notices.lease_notification(NOW + LEASE - 1) is None
    assert notices.list_failed_notifications() == []
    again = notices.lease_notification(NOW + LEASE)
    assert again.tries == 2
    assert "ended on the way" in only(notices).problem


def test_what_was_sent_is_gone(notices):
    entered(notices)
    notices.delete_sent(notices.lease_notification(NOW))
    assert notices.list_notifications() == []


def test_a_failed_one_is_tried_less_and_less_often_and_given_up_after_a_day(notices):
    entered(notices)
    times = walk(notices, NOW, NOW + 3 * PATIENCE)
    assert [later - earlier for earlier, later in pairwise(times)] == [
        *BACKOFF, BACKOFF[-1], BACKOFF[-1], PATIENCE - sum(BACKOFF) - 2 * BACKOFF[-1],
    ]  # fmt: skip
    assert times[-1] == PATIENCE
    assert only(notices).given_up_at == NOW + PATIENCE
    assert [notice.problem for notice in notices.list_failed_notifications()] == ["No."]


def test_one_that_comes_late_to_its_first_try_is_tried_once(notices):
    entered(notices)
    assert walk(notices, NOW + 3 * PATIENCE, NOW + 4 * PATIENCE) == [3 * PATIENCE]


def test_one_that_kills_every_sender_is_given_up(notices):
    entered(notices)
    now, tries = NOW, 0
    while only(notices).given_up_at is None:
        tries += notices.lease_notification(now) is not None
        now += 600
    assert tries < 15


def test_the_problem_of_the_last_try_stays_while_the_next_one_is_under_way(notices):
    entered(notices)
    notices.record_failed_try(notices.lease_notification(NOW), "No.", NOW)
    notices.lease_notification(NOW + MINUTE)
    assert only(notices).problem == "No."


def test_only_the_targets_that_remain_are_told_again(notices):
    entered(notices)
    notice = notices.lease_notification(NOW)
    assert notice.targets is None
    assert notices.record_remaining_targets(notice, ["notify.urls[1]"], NOW)
    notices.record_failed_try(notice, "No.", NOW)
    assert notices.lease_notification(NOW + MINUTE).targets == ("notify.urls[1]",)


def test_a_lease_begins_anew_with_every_target(notices):
    entered(notices)
    notices.record_remaining_targets(notices.lease_notification(NOW), ["notify.urls[1]"], NOW + 200)
    assert notices.lease_notification(NOW + LEASE) is None
    assert notices.lease_notification(NOW + 200 + LEASE)


def test_who_was_thought_dead_changes_nothing_any_more(notices):
    entered(notices)
    late = notices.lease_notification(NOW)
    assert notices.lease_notification(NOW + LEASE)
    due_at = only(notices).due_at
    assert not notices.record_remaining_targets(late, [], NOW + LEASE)
    notices.record_failed_try(late, "Too late.", NOW + LEASE)
    assert (only(notices).due_at, only(notices).targets) == (due_at, None)
    assert "Too late" not in only(notices).problem


def test_what_was_given_up_goes_once_another_could_be_sent_or_a_week_is_over(notices):
    for end in ("sent", "a week"):
        entered(notices)
        walk(notices, NOW + 2 * PATIENCE, NOW + 2 * PATIENCE)
        assert only(notices).given_up_at
        if end == "sent":
            entered(notices, now=NOW + 2 * PATIENCE)
            notices.delete_sent(notices.lease_notification(NOW + 2 * PATIENCE))
        else:
            notices.lease_notification(NOW + 2 * PATIENCE + KEPT)
        assert notices.list_notifications() == []


def test_an_attachments_name_need_not_be_utf_8(notices):
    notices.insert_notification("report", "The week", "", NOW, attachment="/reports/caf\udce9.html")
    assert notices.lease_notification(NOW).attachment == "/reports/caf\udce9.html"


def test_nothing_waits_once_nobody_is_to_be_told(notices):
    entered(notices)
    notices.delete_notifications()
    assert notices.list_notifications() == []
