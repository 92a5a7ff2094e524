"""Large jobs wait for each other, in their order, and for nobody who has gone."""

import threading
import time

import pytest

from fileq.process.memory_budget import MemoryBudget, name_limit, usable_memory

LIMIT = 10.0


@pytest.fixture
def budget():
    return MemoryBudget(100)


def acquiring(budget, need, is_given_up=lambda: False):
    thread = threading.Thread(target=budget.acquire, args=(need, is_given_up), daemon=True)
    thread.start()
    return thread


def test_what_fits_together_does_not_wait(budget):
    assert all(budget.acquire(need, lambda: False) for need in (40, 60))


def test_one_alone_begins_whatever_it_needs(budget):
    assert budget.acquire(1000, lambda: False)


def test_a_large_one_waits_and_small_ones_do_not_pass_it(budget):
    budget.acquire(60, lambda: False)
    large = acquiring(budget, 90)
    while not budget.waiting:
        time.sleep(0.001)
    small = acquiring(budget, 10)
    small.join(0.5)
    assert large.is_alive()
    assert small.is_alive()
    budget.release(60)
    for one in (large, small):
        one.join(LIMIT)
        assert not one.is_alive()


def test_one_that_is_given_up_waits_no_longer_and_holds_up_nobody(budget):
    budget.acquire(60, lambda: False)
    assert not budget.acquire(90, lambda: True)
    assert budget.acquire(40, lambda: False)


def test_the_jobs_of_a_machine_get_less_than_all_it_has():
    assert 0 < usable_memory() < 2**50


def test_what_limits_memory_is_the_config_until_the_machine_has_no_more():
    assert not name_limit(usable_memory() - 1)
    assert name_limit(usable_memory()).startswith(("This machine", "The container"))
