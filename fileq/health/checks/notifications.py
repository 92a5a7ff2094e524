"""The notifications: whether people can be told."""

import os

from fileq.health.check import CheckContext, Finding, bad, combine, ok, warning
from fileq.notifications import describe_unsent, find_target_problems


def check_notifications(context: CheckContext) -> Finding:
    """Check that all notifications were sent, and, where `thorough`, that their targets can be used."""
    notify = context.config.settings.notify
    if not notify.is_on:
        return ok("[notify] has no targets.")
    # What a worker can't use it finds out when it sends; a variable may be set for the worker alone.
    hindered = find_target_problems(notify, os.environ) if context.thorough else []
    late = describe_unsent(context.ledger, context.now)
    findings = [
        *(bad(problem, "Fix that; what can still be sent is tried again by itself.") for problem in late),
        *(warning(problem, "Fix [notify] in the config, then: fileq doctor --notify") for problem in hindered),
    ]
    return combine(findings, ok("Nothing waits to be sent."))
