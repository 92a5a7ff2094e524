"""The delivery of a hook's calls, one after another, in a process of its own."""

import json
import os
import time
from collections.abc import Mapping
from typing import Any

from fileq.config.settings import HookSettings
from fileq.hooks.body import compose_event, encode_event
from fileq.hooks.call_error import CallError
from fileq.hooks.program import expand_arguments, fill_variables, function_command, run_hook
from fileq.hooks.rules import list_rules
from fileq.hooks.webhook import post_event, sign
from fileq.ledger import Ledger, open_ledger
from fileq.ledger.tables.hook_calls import HookCall
from fileq.notifications.redaction import Redactor
from fileq.process.forkserver import Connection

_LINGER, _LOOK = 3.0, 0.1
"""Seconds that the process waits for another call, and between two looks."""


def deliver_calls(
    database: str,
    hook: HookSettings,
    until: Connection,
    turn: float,
    lease: float,
    environ: Mapping[str, str] = os.environ,
) -> int:
    """Deliver the calls of a hook that are due, until there are none for a moment; return how many were delivered.

    It begins none after `turn` seconds, nor once the other end of `until` is closed. It may be killed at any time: the
    call that it had begun is made again by another one, when its lease of so many seconds is over.
    """
    rules = list_rules((hook,))
    begun = idle_since = time.monotonic()
    delivered = 0
    with open_ledger(database) as ledger:
        while (moment := time.monotonic()) - begun < turn and moment - idle_since < _LINGER and not until.poll(0):
            call = None
            if ledger.hook_calls.has_due_call(rules, ledger.now()):
                call = ledger.hook_calls.lease_call(rules, ledger.now(), lease)
            if call is None:
                until.poll(_LOOK)
            else:
                delivered += deliver_call(ledger, hook, call, environ)
                idle_since = time.monotonic()
    return delivered


def deliver_call(ledger: Ledger, hook: HookSettings, call: HookCall, environ: Mapping[str, str]) -> bool:
    """Make a call once, and record how that went; return whether it was delivered."""
    event = json.loads(call.body) if call.body is not None else compose_event(ledger, call)
    if event is None:
        ledger.hook_calls.delete_call(call)
        return False
    body = call.body or encode_event(event)
    try:
        make_call(hook, event, body.encode(), environ, ledger.now())
    except CallError as error:
        ledger.hook_calls.record_failed_try(call, f"{error}.", ledger.now(), body=body, is_final=error.is_final)
        return False
    ledger.hook_calls.delete_call(call)
    return True


def make_call(
    hook: HookSettings, event: Mapping[str, Any], body: bytes, environ: Mapping[str, str], now: float
) -> None:
    """Call what a hook calls with an event, whose body is that in JSON. Raises CallError, whatever went wrong."""
    redactor = Redactor()
    try:
        if hook.url is not None:
            _post(hook, event["id"], body, environ, now)
            return
        redactor.add_environment(environ)  # what is called may repeat what it was given
        if hook.function is not None:
            run_hook(function_command(hook.function), hook.function, event, body, hook.timeout, environ)
        else:
            argv = expand_arguments(hook.command, event, environ)
            run_hook(argv, hook.command[0], event, body, hook.timeout, environ)
    except CallError as error:
        raise CallError(redactor.redact(str(error)), is_final=error.is_final) from None
    except Exception as error:  # noqa: BLE001  # whatever it is, it is this call's problem alone
        raise CallError(f"{type(error).__name__} while it was called") from None  # what it holds may be a secret


def _post(hook: HookSettings, message_id: str, body: bytes, environ: Mapping[str, str], now: float) -> None:
    headers = {"webhook-id": message_id, "webhook-timestamp": str(int(now))}
    if hook.secret is not None:
        headers["webhook-signature"] = sign(fill_variables(hook.secret, environ), message_id, int(now), body)
    post_event(fill_variables(hook.url or "", environ), body, headers, hook.timeout)
