"""What of the ends of jobs and batches hooks are to be told."""

from fileq.config.settings import HookSettings
from fileq.ledger.tables.hooks import HookRule


def list_rules(hooks: tuple[HookSettings, ...]) -> list[HookRule]:
    """Return which events of which recipes' jobs the ledger is to write down for these hooks."""
    return [
        HookRule(hook.name, event, recipe)
        for hook in hooks
        for event in hook.on
        for recipe in (hook.recipe_names if event != "batch" and hook.recipe_names else ("",))
    ]
