"""The selection of outputs to remove: by age, and by the bytes of all; the same for a dry run and a real one."""

from collections.abc import Collection, Iterator, Mapping

import msgspec

from fileq.config.settings import Settings
from fileq.ledger import Ledger
from fileq.ledger.queries.retention import RemovableOutput
from fileq.recipes.recipe import decode_unit
from fileq.units import KeepDuration

_AT_ONCE = 500
_FOREVER = float("inf")


class RetentionRules(msgspec.Struct, frozen=True):
    """For each recipe, by its id: outputs from before `cutoffs` are expired, in seconds since the epoch.

    Outputs of `counted_recipe_ids` count for the total, of which there may be `max_total` bytes; None where any may.
    """

    cutoffs: Mapping[int, float]
    counted_recipe_ids: Collection[int]
    max_total: int | None

    def is_expired(self, output: RemovableOutput) -> bool:
        """Return whether an output is older than its recipe keeps it."""
        return output.published_at < self.cutoffs[output.recipe_id]


def rules_in_force(
    recipes: Mapping[int, str],
    settings: Settings,
    now: float,
    older_than: KeepDuration | None,
    keeping: Collection[str] = (),
) -> RetentionRules:
    """Return the rules in force now for the recipes of the ledger, which are recipe ids and JSON.

    A recipe that this config doesn't have keeps its own `keep`: another folder has a config of its own. What the
    recipes named `keeping` made stays.
    """
    general = settings.retention.outputs if older_than is None else older_than
    own = {recipe_id: _keep_of(recipe_json, settings, keeping) for recipe_id, recipe_json in recipes.items()}
    return RetentionRules(
        {recipe_id: now - (general if keep is None else keep) for recipe_id, keep in own.items()},
        [recipe_id for recipe_id, keep in own.items() if keep != _FOREVER],
        settings.retention.max_total,
    )


class _StoredRecipe(msgspec.Struct):
    """The keys of a recipe that count here: its operations may no longer be installed."""

    name: str
    keep: KeepDuration | None = None


def _keep_of(recipe_json: str, settings: Settings, keeping: Collection[str]) -> KeepDuration | None:
    try:
        stored = msgspec.json.decode(recipe_json, type=_StoredRecipe, dec_hook=decode_unit)
    except (msgspec.MsgspecError, TypeError, ValueError, RecursionError):  # no recipe: what it made stays
        return KeepDuration(_FOREVER)
    if stored.name in keeping:
        return KeepDuration(_FOREVER)
    recipe = settings.recipes.get(stored.name)
    return stored.keep if recipe is None else recipe.keep


def find_expired(ledger: Ledger, rules: RetentionRules) -> Iterator[RemovableOutput]:
    """Yield the outputs that are expired, the oldest first."""
    recipe_ids = [recipe_id for recipe_id, cutoff in rules.cutoffs.items() if cutoff > -_FOREVER]
    until = max((rules.cutoffs[recipe_id] for recipe_id in recipe_ids), default=-_FOREVER)
    return filter(rules.is_expired, _oldest_first(ledger, recipe_ids, until))


def find_surplus(ledger: Ledger, rules: RetentionRules) -> Iterator[RemovableOutput]:
    """Yield the outputs that may go to keep the total, the oldest first."""
    return (output for output in find_counted(ledger, rules) if not rules.is_expired(output))


def find_counted(ledger: Ledger, rules: RetentionRules) -> Iterator[RemovableOutput]:
    """Yield the outputs that count for the total and may be removed, the oldest first."""
    return _oldest_first(ledger, rules.counted_recipe_ids, _FOREVER)


def _oldest_first(ledger: Ledger, recipe_ids: Collection[int], until: float) -> Iterator[RemovableOutput]:
    after: tuple[float, int] | None = None
    while recipe_ids and (batch := ledger.retention.find_removable_outputs(recipe_ids, until, after, _AT_ONCE)):
        yield from batch
        after = (batch[-1].published_at, batch[-1].row_id)
