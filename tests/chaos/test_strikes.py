"""Whatever is killed and whatever fails, at whatever step: nothing is lost, half, or double.

A few steps by chance; `python -m tests.chaos` takes all, in many processes, and FILEQ_CHAOS=long takes all in this one.
FILEQ_CHAOS_SEED chooses others, or repeats a run.
"""

import os
import random
import secrets
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.chaos.checker import Reference
from tests.chaos.random_kills import RandomKills
from tests.chaos.scenarios import SCENARIOS
from tests.chaos.series import every_fault, every_kill, random_kills, some_faults, some_kills
from tests.chaos.steps import Strike, build
from tests.chaos.trial import attempt, reference_of

LONG = os.environ.get("FILEQ_CHAOS") == "long"
SEED = int(os.environ.get("FILEQ_CHAOS_SEED") or (secrets.randbelow(1_000_000) if LONG else 1))
KILLS, FAULTS = 3, 2
"""Of each scenario."""

pytestmark = [
    pytest.mark.skipif(
        sys.platform != "linux" or shutil.which("gcc") is None, reason="steps are counted by what gcc builds for Linux"
    ),
    pytest.mark.timeout(48 * 3600 if LONG else 300),
]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("steps"))


@pytest.fixture(scope="module", params=SCENARIOS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def reference(name: str, library: Path, tmp_path_factory: pytest.TempPathFactory) -> Reference:
    return reference_of(name, library, tmp_path_factory.mktemp("reference"))


@pytest.fixture
def chance(name: str) -> random.Random:
    return random.Random(f"{SEED} {name}")


def test_nothing_is_lost_whatever_is_killed_at_whatever_step(name, reference, chance, library, tmp_path) -> None:
    strikes = every_kill(reference) if LONG else some_kills(reference, KILLS, chance)
    all_end_well(name, strikes, reference, library, tmp_path)


def test_nothing_is_lost_whatever_is_killed_at_any_moment(name, reference, chance, library, tmp_path) -> None:
    strikes = random_kills(reference) if LONG else [RandomKills(chance.randrange(1_000_000))]
    all_end_well(name, strikes, reference, library, tmp_path)


def test_nothing_is_lost_whatever_fails_at_whatever_step(name, reference, chance, library, tmp_path) -> None:
    strikes = every_fault(reference) if LONG else some_faults(reference, FAULTS, chance)
    all_end_well(name, strikes, reference, library, tmp_path)


def all_end_well(
    name: str, strikes: Iterable[Strike | RandomKills], reference: Reference, library: Path, folder: Path
) -> None:
    outcomes = [attempt(name, strike, reference, library, folder) for strike in strikes]
    print(f"{name}: {len(outcomes)} tries, FILEQ_CHAOS_SEED={SEED}")  # noqa: T201  # what repeats it
    assert not any(outcome.problems for outcome in outcomes), "\n".join(map(str, outcomes))
