"""Which outputs are due, by their age and by what all of them take together. The same for a dry run and a real one."""

from collections.abc import Collection, Iterator, Mapping

import msgspec

from fileq.config.settings import Settings
from fileq.ledger import Ledger
from fileq.ledger.queries.retention import RemovableOutput
from fileq.recipes.recipe import from_config
from fileq.units import KeepDuration

_AT_ONCE = 500
_FOREVER = float("inf")


class Rules(msgspec.Struct, frozen=True):
    """For each recipe, by its number in the ledger: outputs from before `cutoffs` are due; `counted` ones count for
    the total, of which there may be `most` bytes.
    """

    cutoffs: Mapping[int, float]
    counted: Collection[int]
    most: int | None

    def is_old(self, output: RemovableOutput) -> bool:
        return output.published_at < self.cutoffs[output.recipe]


def rules(recipes: Mapping[int, str], settings: Settings, now: float, older_than: KeepDuration | None) -> Rules:
    """The rules in force now for the recipes of the ledger, each a number and the recipe's JSON.

    A recipe that this config doesn't have keeps its word as it was: another folder has a config of its own.
    """
    general = settings.retention.outputs if older_than is None else older_than
    own = {number: _keep(body, settings) for number, body in recipes.items()}
    return Rules(
        {number: now - (general if keep is None else keep) for number, keep in own.items()},
        [number for number, keep in own.items() if keep != _FOREVER],
        settings.retention.max_total,
    )


class _Stored(msgspec.Struct):
    """What counts here of a recipe, whatever else it has: its operations may no longer be installed."""

    name: str
    keep: KeepDuration | None = None


def _keep(body: str, settings: Settings) -> KeepDuration | None:
    try:
        stored = msgspec.json.decode(body, type=_Stored, dec_hook=from_config)
    except (msgspec.MsgspecError, TypeError, ValueError, RecursionError):  # no recipe: what it made stays
        return KeepDuration(_FOREVER)
    recipe = settings.recipes.get(stored.name)
    return stored.keep if recipe is None else recipe.keep


def old(ledger: Ledger, rules: Rules) -> Iterator[RemovableOutput]:
    """Those that are due by their age, the oldest first."""
    recipes = [number for number, cutoff in rules.cutoffs.items() if cutoff > -_FOREVER]
    until = max((rules.cutoffs[number] for number in recipes), default=-_FOREVER)
    return filter(rules.is_old, _oldest(ledger, recipes, until))


def surplus(ledger: Ledger, rules: Rules) -> Iterator[RemovableOutput]:
    """Those that may go for others to fit, the oldest first."""
    return (output for output in _oldest(ledger, rules.counted, _FOREVER) if not rules.is_old(output))


def _oldest(ledger: Ledger, recipes: Collection[int], until: float) -> Iterator[RemovableOutput]:
    after: tuple[float, int] | None = None
    while recipes and (some := ledger.retention.find_removable_outputs(recipes, until, after, _AT_ONCE)):
        yield from some
        after = (some[-1].published_at, some[-1].number)
