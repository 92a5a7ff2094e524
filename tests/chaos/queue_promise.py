"""What must be true of the ledger, the queue and their model, at any moment and in the end."""

import json
from collections import Counter
from contextlib import suppress

from fileq import control, queue
from fileq.job import FINAL
from tests.chaos.queue_model import World

_OTHER = queue.messages.encode_message([0], -1)
"""A message that is no job's."""


def check(world: World) -> None:
    rows = world.ask("select id, state, attempts, purged_at is not null, message_id, size, batch_id from jobs")
    assert {job: (state, attempts, forgotten) for job, state, attempts, forgotten, *_ in rows} == {
        number: (job.state, job.attempts, job.is_forgotten) for number, job in world.jobs.items()
    }
    assert all(job.ends <= 1 for job in world.jobs.values())
    counted = Counter((batch, state) for _, state, _, forgotten, _, _, batch in rows if not forgotten)
    assert {
        (batch, state): jobs for batch, state, jobs in world.ask("select batch_id, state, jobs from tallies") if jobs
    } == counted
    sent = {message: _arguments_of(data) for message, data in world.ask("select id, data from task")}
    sent |= {-message: _arguments_of(data) for message, data in world.ask("select id, data from schedule")}
    for job, *_, message, _, _ in rows:
        assert message is None or job in sent[message], f"job {job} has no message {message}"


def let_it_run(world: World) -> None:
    """With a worker, no pause, and time going on, all that is to be done is done, under a feed that never ends.

    For each message that is taken another comes that is no job's. Workers that are frozen stay so. Two rounds of
    recovery are enough: the first one sees who is gone.
    """
    world.pause(paused=False)
    world.start_worker()
    ((longest,),) = world.ask(
        "select max(moment) from (select max(due_at) as moment from jobs union all"
        " select max(taken_at) from jobs union all select max(heartbeat_at) from workers)"
    )
    world.tick(max(0.0, (longest or 0.0) - world.now) + queue.PATIENCE + 1)
    for worker in world.workers:
        world.do_all(worker)
    _feed(world, 200)
    for _ in range(2):
        ((messages,),) = world.ask("select count(*) from task where data <> ?", _OTHER)
        world.recover()
        world.tick()
        _work_off(world, messages + len(world.jobs))
        check(world)
    left = {number: job.state for number, job in world.jobs.items() if job.state not in FINAL}
    world.ask("delete from task where data = ?", _OTHER)
    assert not left, f"they starve: {left}"


def _feed(world, count):
    world.ledger.messages.insert_messages(queue.MAIN, [(_OTHER, -1)] * count)


def _work_off(world, messages):
    for _ in range(messages):
        for worker in world.workers:
            _feed(world, 1)
            if not world.take(worker) and worker.queue != queue.MAIN:
                control.resend_jobs(world.ledger, worker.queue, world.now, patience=0.0)  # as it drains
            world.do_all(worker)


def _arguments_of(data):
    with suppress(ValueError):
        message = json.loads(data)
        if isinstance(message, dict) and isinstance(message.get("args"), list):
            return message["args"]
    return []
