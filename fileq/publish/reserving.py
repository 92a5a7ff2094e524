"""Output paths are made a job's own before anything is written there."""

import os
from collections.abc import Sequence
from itertools import count

import msgspec

from fileq.errors import ErrorKind, JobError
from fileq.job import Token
from fileq.ledger import Ledger
from fileq.ledger.jobs import Claim
from fileq.publish.folders import make_ready
from fileq.publish.placing import Placing
from fileq.recipes.recipe import Recipe


class Reservation(msgspec.Struct, frozen=True):
    """A final path that is this attempt's now, and the temp file in the same folder that is to get that name."""

    path: str
    temp: str
    replaces: bool
    """Whether a file may stand there that goes."""
    version: str | None
    """The one version of it that may go; None: whichever it is."""


def reserve(ledger: Ledger, claim: Claim, recipe: Recipe, paths: Sequence[str]) -> list[Reservation | None]:
    """Make these output paths this job's own; None where the recipe says to skip what exists.

    Raises JobError (conflict, permission, no_space), and then reserves none. Makes the folders.
    """
    if len(set(paths)) < len(paths):
        raise JobError(
            ErrorKind.CONFLICT,
            f"Two outputs of the recipe {recipe.name} have the same name, {_twice(paths)}.",
            "Give each output a name of its own.",
        )
    with ledger.transaction():
        ledger.jobs.check(claim.token)
        reservations = [_reserve_one(ledger, claim, recipe, paths, number) for number in range(len(paths))]
        for folder in {os.path.dirname(reservation.path) for reservation in reservations if reservation}:
            make_ready(ledger, folder)
    return reservations


def _twice(paths: Sequence[str]) -> str:
    return next(path for path in paths if paths.count(path) > 1)


def _reserve_one(ledger: Ledger, claim: Claim, recipe: Recipe, paths: Sequence[str], number: int) -> Reservation | None:
    placing = Placing(ledger, claim, recipe, paths[number])
    if placing.is_taken:
        if recipe.on_conflict == "skip":
            return None
        if recipe.on_conflict == "rename":
            placing = Placing(ledger, claim, recipe, _free_name(ledger, claim, recipe, paths, number))
    placing.refuse_if_taken()
    temp = temp_path(ledger, claim.token, number, placing.path)
    ledger.outputs.reserve(placing.path, claim.token.job, temp)
    return Reservation(placing.path, temp, placing.exists, placing.replaceable)


def temp_path(ledger: Ledger, token: Token, number: int, path: str) -> str:
    """A hidden name beside `path` that says whose it is, and that nothing takes for a picture."""
    return os.path.join(os.path.dirname(path), f".fileq-{ledger.name}-{token.job}-{token.attempt}-{number}.tmp")


def _free_name(ledger: Ledger, claim: Claim, recipe: Recipe, paths: Sequence[str], number: int) -> str:
    stem, ending = os.path.splitext(paths[number])
    names = (f"{stem}-{suffix}{ending}" for suffix in count(1))
    return next(name for name in names if name not in paths and not Placing(ledger, claim, recipe, name).is_taken)
