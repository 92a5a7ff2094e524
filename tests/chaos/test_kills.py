"""Whatever is killed at whatever step, nothing is lost. Some steps by chance; `python -m tests.chaos` takes all."""

import os
import random
import secrets
import shutil
import sys
from pathlib import Path

import pytest

from tests.chaos.scenarios import SCENARIOS
from tests.chaos.series import some_kills
from tests.chaos.steps import build
from tests.chaos.trial import attempt, reference_of

SEED = int(os.environ.get("FILEQ_CHAOS_SEED") or secrets.randbelow(1_000_000))
KILLS = 5
"""Of each scenario."""


pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("gcc") is None, reason="steps are counted by what gcc builds for Linux"
)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("steps"))


@pytest.mark.parametrize("name", SCENARIOS)
def test_whatever_is_killed_at_whatever_step_nothing_is_lost(name: str, library: Path, tmp_path: Path) -> None:
    chance = random.Random(f"{SEED} {name}")
    reference = reference_of(name, library, tmp_path)
    outcomes = [attempt(name, strike, reference, library, tmp_path) for strike in some_kills(reference, KILLS, chance)]
    print(f"{name}: {len(outcomes)} kills, seed {SEED}")  # noqa: T201  # what repeats it
    wrong = [outcome for outcome in outcomes if outcome.problems]
    assert not wrong, "\n".join(map(str, wrong))
