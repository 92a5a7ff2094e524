from fileq.watch.watched_folder import Backoff


def test_three_times_at_once_then_ever_later_up_to_a_minute():
    backoff = Backoff()
    assert [backoff.next(1000.0) for _ in range(12)] == [0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_after_five_minutes_of_peace_it_begins_anew():
    backoff = Backoff()
    for _ in range(6):
        backoff.next(1000.0)
    assert backoff.next(1299.0) == 8
    assert backoff.next(1600.0) == 0
