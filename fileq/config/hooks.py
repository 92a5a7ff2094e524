"""The hooks of a config: their names, and what can be wrong with them."""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from fileq.config.problems import ConfigProblem, unknown_name_problem
from fileq.config.settings import VARIABLE, HookSettings

_FUNCTION = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")
_ENTRY_POINT = re.compile(r"[\w.-]+")
_NAME = re.compile(r"[\w.:-]+")
_URL = re.compile(r"(https?://|\$\{\w+\})[!-~]*", re.IGNORECASE)
_LONGEST_TIMEOUT = 3600

_ONE_TARGET = 'Write function = "shop.hooks:ready", command = ["…"], or url = "https://…".'


def named_hooks(hooks: Sequence[HookSettings]) -> tuple[HookSettings, ...]:
    """Return the hooks, each with a name: one that its target has, too, wherever it stands in the config.

    By it workers know whose a call is that was written down before the config was changed.
    """
    return tuple(msgspec.structs.replace(hook, name=hook.name or _default_name(hook)) for hook in hooks)


def _default_name(hook: HookSettings) -> str:
    if hook.function is not None:
        return hook.function
    kind, target = ("url", hook.url) if hook.url is not None else ("command", "\0".join(hook.command))
    # Of a URL that may hold a key so much is told as would be of any other.
    return f"{kind}-{hashlib.sha256((target or '').encode('utf-8', 'surrogateescape')).hexdigest()[:6]}"


def hook_problems(hooks: Sequence[HookSettings], recipes: Mapping[str, object]) -> Iterator[ConfigProblem]:
    """Yield what is wrong with hooks that have names."""
    for number, hook in enumerate(hooks):
        for problem in (*_target_problems(hook), *_key_problems(hook, recipes)):
            yield problem._replace(key=f"hook[{number}].{problem.key}".rstrip("."))
        if any(hook.name == other.name for other in hooks[:number]):
            yield ConfigProblem(
                f"hook[{number}].name", f"there is a hook {hook.name} already", "Give this one a name of its own."
            )


def _target_problems(hook: HookSettings) -> Iterator[ConfigProblem]:
    targets = {"function": hook.function, "command": hook.command or None, "url": hook.url}
    given = [key for key, value in targets.items() if value is not None]
    if not given:
        yield ConfigProblem("", "calls nothing", _ONE_TARGET)
    elif len(given) > 1:
        yield ConfigProblem(given[1], f"stands beside {given[0]}, and a hook calls one thing", "Write two [[hook]].")
    if hook.function is not None and not (_FUNCTION.fullmatch(hook.function) or _ENTRY_POINT.fullmatch(hook.function)):
        yield ConfigProblem(
            "function", f"{hook.function!r} is no function", "Write MODULE:NAME, or the name of an entry point."
        )
    if hook.command and not hook.command[0].strip():
        yield ConfigProblem("command", "names no program", "Begin it with the program.")
    if hook.url is not None and not _URL.fullmatch(hook.url):
        yield ConfigProblem("url", "is no URL that can be called", "Begin it with https://, or http://.")


def _key_problems(hook: HookSettings, recipes: Mapping[str, object]) -> Iterator[ConfigProblem]:
    if not hook.on:
        yield ConfigProblem("on", "an empty list calls nobody", 'Write it like ["done", "failed"].')
    if hook.secret is not None and hook.url is None:
        yield ConfigProblem("secret", "signs what is sent to a URL, and there is none", "Leave it out.")
    elif hook.secret is not None and not VARIABLE.fullmatch(hook.secret):
        yield ConfigProblem(
            "secret", "is to be taken from the environment", 'Write it like "${HOOK_SECRET}", and set that variable.'
        )
    if not 0 < hook.timeout <= _LONGEST_TIMEOUT:
        yield ConfigProblem("timeout", "must be more than 0, and one hour at most")
    if not _NAME.fullmatch(hook.name):
        yield ConfigProblem("name", f"{hook.name!r} is no name for a hook", "Use letters, digits, and _ . : -")
    for name in hook.recipe_names:
        if name not in recipes:
            yield unknown_name_problem("recipe", name, recipes)
