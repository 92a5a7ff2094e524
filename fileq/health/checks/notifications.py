"""Whether people can be told."""

import os

from fileq.health.check import Finding, bad, ok, together, warning
from fileq.health.context import Case
from fileq.notifications import unsent, unusable


def notices(case: Case) -> Finding:
    notify = case.config.settings.notify
    if not notify.is_on:
        return ok("Nobody is to be told of anything.")
    # What a worker can't use it finds out when it sends; a variable may be set for the worker alone.
    hindered = unusable(notify, os.environ) if case.thorough else []
    late = unsent(case.ledger, case.now)
    findings = [
        *(bad(problem, "Mend that; what can still be sent is tried again by itself.") for problem in late),
        *(warning(problem, "Mend [notify] in the config, then: fileq doctor --notify") for problem in hindered),
    ]
    return together(findings, ok("Nothing waits to be sent."))
