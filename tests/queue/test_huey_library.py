"""Huey is loaded without the clients of servers, which who has a file alone need not wait for."""

import subprocess
import sys


def test_a_worker_loads_no_client_until_a_storage_needs_it():
    program = """
import sys
import fileq.worker.worker
print(sorted({"redis", "psycopg"} & set(sys.modules)))
from fileq.queue.huey_library import load_client
load_client("redis")
load_client("psycopg")
import huey.storage, psycopg, redis
print(huey.storage.Redis is redis.Redis, huey.storage.psycopg is psycopg)
made = huey.storage.PostgresStorage("a", dsn="host=/nowhere", create_tables=False)
print(type(made).__name__)
"""
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert said.splitlines() == ["[]", "True True", "PostgresStorage"]
