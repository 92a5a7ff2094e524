"""The config: whether all that it says counts."""

from fileq.health.check import CheckContext, Finding, bad, combine, ok, warning


def check_config(context: CheckContext) -> Finding:
    """Check that nothing in the config has a fault, and that nothing is withheld until somebody trusts it."""
    config = context.config
    if config.file is None:
        return ok("There is no config; the defaults apply.")
    faults = [*config.section_faults.values(), *config.faults.values()]
    if faults:
        return combine([bad(fault.message, fault.hint) for fault in faults], ok(""))
    if asked := config.withheld.describe():
        untrusted = config.untrusted_error(f"asks for {asked}")
        return warning(untrusted.message, untrusted.hint)
    return ok(f"{config.file} is in use{', found in this folder or above it' if config.was_found else ''}.")
