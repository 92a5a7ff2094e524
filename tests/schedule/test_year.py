"""A year of schedules, by several workers that come and go on a machine that sleeps, with both changes of the clock.

What is to be expected is worked out here by walking through the year minute by minute on the clock on the wall.
On a server a look takes ten times as long: there the hourly task has its year with FILEQ_CHAOS=long alone.
"""

import os
import random
from bisect import bisect_left
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import chain
from threading import Barrier

import pytest

from fileq.config import is_server
from fileq.cron import Cron
from fileq.ledger import Ledger
from fileq.schedule.scheduler import Scheduler
from tests.schedule.clock import BERLIN, at
from tests.schedule.test_scheduler import runner

LINES = {"clean": Cron("30 2 * * *"), "report": Cron("0 6 * * mon"), "rescan": Cron("0 * * * *")}
START, END = at(2026, 1, 1, 0, 1), at(2027, 1, 1, 0, 1)
WORKERS = 3


def pace(database):
    """The lines of the workers of a database, and the seconds between two looks of one: a real one's are 60."""
    if is_server(database) and os.environ.get("FILEQ_CHAOS") != "long":
        return {name: line for name, line in LINES.items() if name != "rescan"}, 3600
    return LINES, 300


def due_times(start, end):
    """For each task the moments at which the clock on the wall comes to its time, or passes over it."""
    due = defaultdict(list)
    seen = set()
    moment = datetime.fromtimestamp(start, UTC)
    while moment.timestamp() < end:
        moment += timedelta(minutes=1)
        wall = moment.astimezone(BERLIN)
        today = wall.date()
        if wall.minute == 0:
            due["rescan"].append(moment.timestamp())
        for name, hour, minute in (("clean", 2, 30), ("report", 6, 0)):
            if (wall.hour, wall.minute) >= (hour, minute) and (name, today) not in seen:
                seen.add((name, today))
                began_later = moment.timestamp() - start < 60 and (wall.hour, wall.minute) > (hour, minute)
                if not began_later and (name == "clean" or wall.weekday() == 0):
                    due[name].append(moment.timestamp())
    return due


def sleeps(chance):
    """When the whole machine sleeps: some nights, some days, a holiday of three weeks."""
    windows = [(at(2026, 8, 1, 12), at(2026, 8, 22, 9)), (at(2026, 3, 29, 1), at(2026, 3, 29, 4))]
    night = at(2026, 1, 3, 22)
    while night < END:
        length = chance.choice([0, 0, 4, 9, 30]) * 3600
        windows.append((night, night + length))
        night += chance.randint(2, 9) * 86400
    return sorted(windows)


def asleep(windows, moment):
    return any(start <= moment < end for start, end in windows)


@pytest.mark.parametrize("seed", [1, 2])
def test_in_a_year_each_time_runs_once_and_of_those_slept_through_one_is_made_up_for(database, seed):
    lines, look = pace(database)
    chance = random.Random(seed)
    windows = sleeps(chance)
    ledgers = [Ledger(database) for _ in range(WORKERS)]
    workers = [Scheduler(one, lines, BERLIN, runner(number)) for number, one in enumerate(ledgers)]
    ran, looks = defaultdict(list), []
    now = START
    while now < END:
        if not asleep(windows, now):
            looks.append(now)
            # One is always there, the others come and go.
            there = [workers[0], *(one for one in workers[1:] if chance.random() < 0.5)]
            for worker in chance.sample(there, len(there)):
                for run in worker.claim_due_tasks(now):
                    ran[run.name].append(now)
                    worker.end_run(run, now, None, "")
        now += look
    for one in ledgers:
        one.close()

    due_by_name = due_times(START, END)
    for name in lines:
        due = due_by_name[name]
        places = {bisect_left(looks, moment) for moment in due}
        made_up_for = [looks[place] for place in sorted(places) if place < len(looks)]
        assert ran[name] == made_up_for, name
    assert len(ran["clean"]) > 250
    assert "rescan" not in lines or len(ran["rescan"]) > 6000


def test_without_sleep_a_year_has_365_nights_52_mondays_and_8760_hours(database, ledger):
    lines, look = pace(database)
    worker = Scheduler(ledger, lines, BERLIN, runner())
    ran: Counter[str] = Counter()
    now = START
    while now <= END:
        for run in worker.claim_due_tasks(now):
            ran[run.name] += 1
            worker.end_run(run, now, None, "")
        now += look
    assert ran == {name: times for name, times in (("clean", 365), ("report", 52), ("rescan", 8760)) if name in lines}


def test_workers_that_look_at_the_same_moment_run_each_night_of_a_year_once(database):
    lines = {"clean": LINES["clean"]}
    barrier = Barrier(WORKERS)
    ledgers = [Ledger(database) for _ in range(WORKERS)]
    nights = due_times(START, END)["clean"]

    def work(number):
        worker = Scheduler(ledgers[number], lines, BERLIN, runner(number))
        claimed = []
        for now in [START, *nights]:
            barrier.wait(60)
            runs = worker.claim_due_tasks(now)
            barrier.wait(60)  # nobody has ended it while another still looks
            for run in runs:
                claimed.append(now)
                worker.end_run(run, now + 1, None, "")
        return claimed

    with ThreadPoolExecutor(WORKERS) as pool:
        claimed = list(pool.map(work, range(WORKERS)))
    for one in ledgers:
        one.close()
    assert sorted(chain.from_iterable(claimed)) == nights
    assert len(nights) == 365
