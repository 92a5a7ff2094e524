"""Output paths are made a job's own before anything is written there."""

import os
from collections.abc import Sequence

from fileq.errors import ErrorKind, JobError
from fileq.files.names import free_names, temp_name
from fileq.images.protocol import Reservation
from fileq.ledger import Ledger
from fileq.ledger.tables.jobs import Claim
from fileq.publish.folders import make_ready
from fileq.publish.occupant import Placing
from fileq.recipes.recipe import Recipe


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
        ledger.jobs.check_token(claim.token)
        reservations = [_reserve_one(ledger, claim, recipe, paths, number) for number in range(len(paths))]
        for folder in {os.path.dirname(reservation.path) for reservation in reservations if reservation}:
            make_ready(ledger, folder)
    return reservations


def _twice(paths: Sequence[str]) -> str:
    return next(path for path in paths if paths.count(path) > 1)


def _reserve_one(ledger: Ledger, claim: Claim, recipe: Recipe, paths: Sequence[str], number: int) -> Reservation | None:
    placing = Placing(ledger, claim, recipe, _own_file(claim, recipe, paths[number]))
    if placing.is_taken:
        if recipe.on_conflict == "skip":
            return None
        if recipe.on_conflict == "rename":
            placing = Placing(ledger, claim, recipe, _free_name(ledger, claim, recipe, paths, number))
    placing.refuse_if_taken()
    name = temp_name(ledger.name, ledger.secret, claim.token.job, claim.token.attempt, number)
    temp = os.path.join(os.path.dirname(placing.path), name)
    ledger.outputs.reserve_path(placing.path, claim.token.job, temp, standing=placing.version)
    return Reservation(
        path=placing.path, temp=temp, replaces=placing.exists, version=placing.replaceable,
        is_source=placing.replaces_source,
    )  # fmt: skip


def _own_file(claim: Claim, recipe: Recipe, path: str) -> str:
    """The path at which an output replaces its source: where a link leads to it, the file and not the link."""
    real = os.path.realpath(path)
    return real if recipe.replace and real == os.path.realpath(claim.source) else path


def _free_name(ledger: Ledger, claim: Claim, recipe: Recipe, paths: Sequence[str], number: int) -> str:
    return next(
        name
        for name in free_names(paths[number])
        if name not in paths and not Placing(ledger, claim, recipe, name).is_taken
    )
