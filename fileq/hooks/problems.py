"""What is wrong with hooks, as far as that can be seen without calling them."""

import os
import shutil
from collections.abc import Iterable, Mapping

from fileq.config.settings import HookSettings
from fileq.errors import FileqError, JobError
from fileq.hooks.call_error import CallError
from fileq.hooks.program import describe_failure, fill_variables, function_command, require_variable
from fileq.hooks.webhook import check_url, sign
from fileq.operations.programs.runner import run_program

_CHECK_TIMEOUT = 30.0
"""Seconds that the import of a function's module may take."""


def find_hook_problems(hooks: Iterable[HookSettings], environ: Mapping[str, str] = os.environ) -> list[str]:
    """Return what is wrong with hooks, a sentence each. Functions are imported, each in a process of its own."""
    problems = []
    for hook in hooks:
        try:
            _check_hook(hook, environ)
        except CallError as error:
            problems.append(f"The hook {hook.name}: {error}.")
    return problems


def _check_hook(hook: HookSettings, environ: Mapping[str, str]) -> None:
    for name in hook.variables:
        require_variable(name, environ)
    if hook.url is not None:
        check_url(fill_variables(hook.url, environ))
        if hook.secret is not None:
            sign(fill_variables(hook.secret, environ), "", 0, b"")
    elif hook.function is not None:
        argv = function_command(hook.function, "--check")
        try:
            run_program(argv, _CHECK_TIMEOUT, environ=environ)
        except JobError as error:
            raise CallError(describe_failure(error, argv[0], hook.function, _CHECK_TIMEOUT)) from None
        except (FileqError, OSError) as error:
            raise CallError(f"{hook.function} can't be looked at: {error}") from None
    elif shutil.which(hook.command[0], path=environ.get("PATH")) is None:
        raise CallError(f"the program {hook.command[0]} was not found")
