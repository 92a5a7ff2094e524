from itertools import pairwise

import pytest

from fileq.ledger import open_ledger
from fileq.ledger.tables.notifications import BACKOFF, KEPT, LEASE, PATIENCE
from tests.support.jobs import NOW

MINUTE = 60.0


@pytest.fixture
def notifications(ledger):
    return ledger.notifications


def entered(notifications, title="Hello", now=NOW):
    return notifications.insert_notification("failed", title, "It was.", now)


def only(notifications):
    (notification,) = notifications.list_notifications()
    return notification


def walk(notifications, now, until):
    """The times of all tries, each of which fails at once."""
    times = []
    while now <= until:
        if (notification := notifications.lease_notification(now)) is not None:
            times.append(now - NOW)
            notifications.record_failed_try(notification, "No.", now)
        now += MINUTE
    return times


def test_a_notification_is_due_at_once_and_leased_once(ledger, database):
    entered(ledger.notifications)
    with open_ledger(database) as other:
        leased = [one.notifications.lease_notification(NOW) for one in (ledger, other, ledger)]
    assert [notification and notification.title for notification in leased] == ["Hello", None, None]


def test_the_one_that_waited_longest_goes_first(notifications):
    for title, now in (("second", NOW + 1), ("first", NOW)):
        entered(notifications, title, now)
    assert [notifications.lease_notification(NOW + 1).title for _ in range(2)] == ["first", "second"]


def test_what_is_not_due_yet_is_not_leased(notifications):
    entered(notifications, now=NOW + 1)
    assert not notifications.has_due_notification(NOW)
    assert notifications.lease_notification(NOW) is None
    assert notifications.has_due_notification(NOW + 1)


def test_one_whose_sender_died_is_due_again_and_says_so(notifications):
    entered(notifications)
    assert notifications.lease_notification(NOW)
    assert notifications.lease_notification(NOW + LEASE - 1) is None
    assert notifications.list_failed_notifications() == []
    again = notifications.lease_notification(NOW + LEASE)
    assert again.tries == 2
    assert "ended on the way" in only(notifications).problem


def test_what_was_sent_is_gone(notifications):
    entered(notifications)
    notifications.delete_sent(notifications.lease_notification(NOW))
    assert notifications.list_notifications() == []


def test_a_failed_one_is_tried_less_and_less_often_and_given_up_after_a_day(notifications):
    entered(notifications)
    times = walk(notifications, NOW, NOW + 3 * PATIENCE)
    assert [later - earlier for earlier, later in pairwise(times)] == [
        *BACKOFF, BACKOFF[-1], BACKOFF[-1], PATIENCE - sum(BACKOFF) - 2 * BACKOFF[-1],
    ]  # fmt: skip
    assert times[-1] == PATIENCE
    assert only(notifications).given_up_at == NOW + PATIENCE
    assert [notification.problem for notification in notifications.list_failed_notifications()] == ["No."]


def test_one_that_comes_late_to_its_first_try_is_tried_once(notifications):
    entered(notifications)
    assert walk(notifications, NOW + 3 * PATIENCE, NOW + 4 * PATIENCE) == [3 * PATIENCE]


def test_one_that_kills_every_sender_is_given_up(notifications):
    entered(notifications)
    now, tries = NOW, 0
    while only(notifications).given_up_at is None:
        tries += notifications.lease_notification(now) is not None
        now += 600
    assert tries < 15


def test_the_problem_of_the_last_try_stays_while_the_next_one_is_under_way(notifications):
    entered(notifications)
    notifications.record_failed_try(notifications.lease_notification(NOW), "No.", NOW)
    notifications.lease_notification(NOW + MINUTE)
    assert only(notifications).problem == "No."


def test_only_the_targets_that_remain_are_told_again(notifications):
    entered(notifications)
    notification = notifications.lease_notification(NOW)
    assert notification.targets is None
    assert notifications.record_remaining_targets(notification, ["notify.urls[1]"], NOW)
    notifications.record_failed_try(notification, "No.", NOW)
    assert notifications.lease_notification(NOW + MINUTE).targets == ("notify.urls[1]",)


def test_a_lease_begins_anew_with_every_target(notifications):
    entered(notifications)
    notifications.record_remaining_targets(notifications.lease_notification(NOW), ["notify.urls[1]"], NOW + 200)
    assert notifications.lease_notification(NOW + LEASE) is None
    assert notifications.lease_notification(NOW + 200 + LEASE)


def test_who_was_thought_dead_changes_nothing_any_more(notifications):
    entered(notifications)
    late = notifications.lease_notification(NOW)
    assert notifications.lease_notification(NOW + LEASE)
    due_at = only(notifications).due_at
    assert not notifications.record_remaining_targets(late, [], NOW + LEASE)
    notifications.record_failed_try(late, "Too late.", NOW + LEASE)
    assert (only(notifications).due_at, only(notifications).targets) == (due_at, None)
    assert "Too late" not in only(notifications).problem


def test_what_was_given_up_goes_once_another_could_be_sent_or_a_week_is_over(notifications):
    for end in ("sent", "a week"):
        entered(notifications)
        walk(notifications, NOW + 2 * PATIENCE, NOW + 2 * PATIENCE)
        assert only(notifications).given_up_at
        if end == "sent":
            entered(notifications, now=NOW + 2 * PATIENCE)
            notifications.delete_sent(notifications.lease_notification(NOW + 2 * PATIENCE))
        else:
            notifications.lease_notification(NOW + 2 * PATIENCE + KEPT)
        assert notifications.list_notifications() == []


def test_an_attachments_name_need_not_be_utf_8(notifications):
    notifications.insert_notification("report", "The week", "", NOW, attachment="/reports/caf\udce9.html")
    assert notifications.lease_notification(NOW).attachment == "/reports/caf\udce9.html"


def test_nothing_waits_once_nobody_is_to_be_told(notifications):
    entered(notifications)
    notifications.delete_notifications()
    assert notifications.list_notifications() == []
