"""Whatever a picture's bytes are, its decoder ends with a reason: no crash, no hang, no memory without bounds."""

import os
import re
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

LONG = os.environ.get("FILEQ_CHAOS") == "long"
SEED = os.environ.get("FILEQ_CHAOS_SEED") or (str(secrets.randbelow(1_000_000)) if LONG else "1")
CASES = 20_000 if LONG else 250
PARTS = 2
SLOW = 60.0
"""Seconds that one case may take on a machine that is busy with other tests. Without such: 0.1."""

MOST_MEMORY = 700
"""MiB that the process may have had at most: four million pixels in several copies, and what Python has."""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is limited as on Linux")


@pytest.mark.timeout(7200 if LONG else 300)
@pytest.mark.parametrize("part", range(PARTS))
def test_no_damage_does_harm(tmp_path: Path, part: int) -> None:
    command = [sys.executable, "-m", "tests.chaos.fuzzing", str(tmp_path), SEED, str(part * CASES), str(CASES)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.read().splitlines()
    repeat = f"{' '.join(command)} ended with {process.returncode}, at: {said[-1:]}"
    assert process.returncode == 0, repeat
    *cases, last = said
    assert not [case for case in cases if "WRONG" in case], repeat
    assert max(float(case.split()[2]) for case in cases) < SLOW, repeat
    assert len(cases) == CASES
    kinds = {case.split()[3] for case in cases}
    assert {"done", "unreadable"} <= kinds, kinds
    found = re.fullmatch(r"peak (\d+) MiB, left (.*)", last)
    assert found is not None, last
    assert int(found[1]) < MOST_MEMORY, last
    assert found[2] == "['out', 'x.jpg']"
