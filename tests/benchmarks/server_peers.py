"""Other task queues on the same servers, for `tests.benchmarks.servers`, which runs this file by their own Python.

`python server_peers.py TOOL ACTION COUNT POSTGRES REDIS` prints one line of JSON. Actions: `add` and `work` by two
slots, `drain` as one of several workers with one slot, `serve` until killed: each job then prints how long it waited.
"""

import asyncio
import json
import logging
import os
import signal
import sys
import threading
import time

TOOL, ACTION, COUNT, POSTGRES, REDIS = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4], sys.argv[5]
SLOTS = 1 if ACTION == "drain" else 2
ended: list[float] = []
logging.disable(logging.CRITICAL)


def note(sent_at: float) -> None:
    """What each job does: it notes that it was done, and prints how long it waited where that is asked."""
    ended.append(time.time())
    if ACTION == "serve":
        say(ended[-1] - sent_at)


def say(answer: object) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


async def procrastinate() -> None:
    from procrastinate import App, PsycopgConnector  # type: ignore[import-not-found]  # these are installed elsewhere

    app = App(connector=PsycopgConnector(conninfo=POSTGRES))

    @app.task(name="note")
    async def task(sent_at: float) -> None:
        note(sent_at)

    async with app.open_async():
        if ACTION == "make":
            await app.schema_manager.apply_schema_async()
        elif ACTION == "add":
            begun = time.perf_counter()
            for start in range(0, COUNT, 1000):
                await task.batch_defer_async(*[{"sent_at": 0.0}] * min(1000, COUNT - start))
            say((time.perf_counter() - begun) / COUNT)
        elif ACTION == "send":
            await task.defer_async(sent_at=time.time())
        else:
            await app.run_worker_async(wait=ACTION == "serve", concurrency=SLOTS, install_signal_handlers=False)


def huey() -> None:
    from huey import PostgresHuey

    queue = PostgresHuey("peers", dsn=POSTGRES, results=False)

    @queue.task()
    def task(sent_at: float) -> None:
        note(sent_at)

    if ACTION == "add":
        begun = time.perf_counter()
        for _ in range(COUNT):
            task(0.0)
        say((time.perf_counter() - begun) / COUNT)
    elif ACTION == "send":
        task(time.time())
    elif ACTION != "make":
        consumer = queue.create_consumer(workers=SLOTS, periodic=False)
        consumer.start()
        while ACTION == "serve" or queue.pending_count():
            time.sleep(0.05)
        consumer.stop(graceful=True)


def celery() -> None:
    from celery import Celery  # type: ignore[import-not-found]  # the same
    from celery.signals import worker_process_shutdown  # type: ignore[import-not-found]  # the same

    app = Celery("peers", broker=REDIS.replace("unix://", "redis+socket://"))
    app.conf.update(task_ignore_result=True, worker_redirect_stdouts=False)

    @app.task(name="note")
    def task(sent_at: float) -> None:
        note(sent_at)

    if ACTION == "add":
        begun = time.perf_counter()
        for _ in range(COUNT):
            task.delay(0.0)
        say((time.perf_counter() - begun) / COUNT)
    elif ACTION == "send":
        task.delay(time.time())
    elif ACTION != "make":
        worker_process_shutdown.connect(lambda **_: tell_ended(), weak=False)
        threading.Thread(target=stop_where_empty, daemon=True).start()
        app.worker_main(["worker", "--concurrency", str(SLOTS), "--without-mingle", "--without-gossip"])


def stop_where_empty() -> None:
    """End Celery's worker, which has no such option, once nothing is left for it."""
    from redis import Redis

    client = Redis.from_url(REDIS)
    time.sleep(2)
    while ACTION == "serve" or client.llen("celery") or client.hlen("unacked"):
        time.sleep(0.2)
    os.kill(os.getpid(), signal.SIGTERM)


def tell_ended() -> None:
    if ACTION != "serve" and ended:
        say([len(ended), min(ended), max(ended)])


if TOOL == "procrastinate":
    asyncio.run(procrastinate())
else:
    {"huey": huey, "celery": celery}[TOOL]()
tell_ended()
sys.stdout.flush()
os._exit(0)  # threads of theirs may wait for more
