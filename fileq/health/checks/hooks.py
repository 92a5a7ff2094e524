"""The hooks: whether they can be called, and were."""

from fileq.config import Config
from fileq.health.check import CheckContext, Finding, bad, combine, ok, warning
from fileq.hooks.undelivered import describe_undelivered


def check_hooks(context: CheckContext) -> Finding:
    """Check that no call was given up, and, where `thorough`, that each hook can be called."""
    hooks = context.config.hooks
    # What a worker can't call it finds out when it does; a variable may be set for the worker alone.
    hindered = _find_problems(context.config) if context.thorough and hooks else []
    retried, given_up = describe_undelivered(context.ledger)
    findings = [
        *(bad(problem, "Fix that, then send them: fileq hooks --retry") for problem in given_up),
        *(warning(problem, "Fix that; they are tried again by themselves.") for problem in retried),
        *(warning(problem, "Fix [[hook]] in the config, or what it calls.") for problem in hindered),
    ]
    return combine(findings, ok("All calls were delivered." if hooks else "There is no [[hook]]."))


def _find_problems(config: Config) -> list[str]:
    from fileq.hooks.problems import find_hook_problems  # noqa: PLC0415  # TLS and HTTP, for who has hooks alone

    return [problem for hook in config.hooks for problem in find_hook_problems((hook,), config.hook_environ(hook))]
