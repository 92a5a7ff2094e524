"""What the fork server imports first, where memory ends somewhere in it."""

import resource
import subprocess
import sys
from functools import partial

import pytest

AS_THE_SERVER_DOES = "try: import fileq.process.preload\nexcept ImportError: pass"


@pytest.mark.skipif(sys.platform != "linux", reason="limits of other systems are others")
def test_without_memory_the_fork_server_ends_and_leaves_the_sentence_to_who_asks_it() -> None:
    for megabytes in range(20, 60, 2):
        limit = megabytes * 2**20
        ended = subprocess.run(
            [sys.executable, "-c", AS_THE_SERVER_DOES],
            capture_output=True,
            text=True,
            preexec_fn=partial(resource.setrlimit, resource.RLIMIT_AS, (limit, limit)),
            check=False,
        )
        assert "fileq" not in ended.stderr, (megabytes, ended.stderr)
