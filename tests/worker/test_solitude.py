"""Slots work beside each other; one that is to be alone waits for the others, and they begin nothing meanwhile."""

import threading
import time

import pytest

from fileq.worker.solitude import Solitude

LIMIT = 10.0


@pytest.fixture
def solitude():
    return Solitude()


def waiting_to_be_alone(solitude):
    thread = threading.Thread(target=solitude.begin_alone, args=(lambda: False,), daemon=True)
    thread.start()
    while not solitude.is_wanted:
        time.sleep(0.001)
    return thread


def waits(thread):
    thread.join(0.3)
    return thread.is_alive()


def goes_on(thread):
    thread.join(LIMIT)
    return not thread.is_alive()


def test_turns_go_on_beside_each_other(solitude):
    assert all(solitude.begin_turn() for _ in range(3))


def test_one_that_is_to_be_alone_waits_for_the_others_and_they_do_not_pass_it(solitude):
    solitude.begin_turn()
    alone = waiting_to_be_alone(solitude)
    assert waits(alone)
    assert not solitude.begin_turn()
    solitude.end_turn()
    assert goes_on(alone)
    assert not solitude.begin_turn()
    solitude.end_alone()
    assert solitude.begin_turn()


def test_two_that_are_to_be_alone_are_so_one_after_the_other(solitude):
    solitude.begin_alone(lambda: False)
    other = threading.Thread(target=solitude.begin_alone, args=(lambda: False,), daemon=True)
    other.start()
    assert waits(other)
    solitude.end_alone()
    assert goes_on(other)
    assert solitude.is_wanted


def test_one_that_is_given_up_waits_no_longer_and_holds_up_nobody(solitude):
    solitude.begin_turn()
    assert not solitude.begin_alone(lambda: True)
    assert solitude.begin_turn()
