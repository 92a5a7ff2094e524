"""Huey is loaded without the clients of servers, which who has a file alone need not wait for."""

import subprocess
import sys


def test_a_worker_loads_no_client_until_a_storage_needs_it():
    program = """
import sys
import fileq.worker.worker
print(sorted({"redis", "psycopg"} & set(sys.modules)))
from fileq.queue.huey_library import load_client
load_client("Redis")
import huey.storage, redis
print(huey.storage.Redis is redis.Redis)
"""
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert said.split("\n")[:2] == ["[]", "True"]
