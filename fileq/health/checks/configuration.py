"""The config: whether all that it says counts."""

from fileq.health.check import CheckContext, Finding, ok, warning


def check_config(context: CheckContext) -> Finding:
    """Check that nothing of the config is withheld until somebody trusts it."""
    config = context.config
    if config.file is None:
        return ok("There is none; the defaults serve.")
    if asked := config.withheld.describe():
        untrusted = config.untrusted_error(f"asks for {asked}")
        return warning(untrusted.message, untrusted.hint)
    return ok(f"{config.file} is in use{', found by the way' if config.was_found else ''}.")
