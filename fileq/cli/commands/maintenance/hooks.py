"""fileq hooks: show what is called when jobs have ended, and send again what could not be delivered."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from fileq.cli import options
from fileq.cli.app import new_app
from fileq.cli.session import Session, session_of
from fileq.cli.times import iso_or_none, local_time
from fileq.cli.views.hooks import count_document
from fileq.config.problems import suggest_names
from fileq.config.settings import HookSettings
from fileq.display import Answer, Column, Table, Text, Tone
from fileq.display.answer import Block
from fileq.errors import ExitCode, NotFoundError
from fileq.hooks.target import describe_target
from fileq.ledger import Ledger
from fileq.ledger.tables.hook_calls import HookCall, HookSummary
from fileq.units import describe_count

app = new_app()

_SHOWN = 20
"""Calls that are shown where nobody says how many."""

_HOOKS = (
    Column("hook"),
    Column("on"),
    Column("waiting", kind="number"),
    Column("tried again", kind="number"),
    Column("given up", kind="number"),
    Column("calls", kind="path"),
)
_CALLS = (
    Column("hook"),
    Column("event"),
    Column("of", kind="number"),
    Column("tries", kind="number"),
    Column("next try"),
    Column("problem", kind="prose"),
)


@app.command(epilog="Example: fileq hooks --retry")
def hooks(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="The hook that is meant; else all.", show_default=False)
    ] = None,
    *,
    retry: Annotated[
        bool, typer.Option("--retry", help="Send again what could not be delivered.", show_envvar=False)
    ] = False,
    limit: options.Limit = None,
    json: options.Json = False,
) -> ExitCode:
    """Show what is called when jobs end, and what could not be delivered.

    With --retry calls that failed are due at once, also those that were given up after a day; a worker makes them.
    """
    session = session_of(context)
    display = session.display(json=json)
    with session.ledger() as ledger:
        if name is not None:
            _require_hook(session, ledger, name)
        if retry:
            count = ledger.hook_calls.retry_calls(ledger.now(), name)
            words = f"{describe_count(count, 'call')} {'is' if count == 1 else 'are'} due again."
            display.answer(Answer({"retried": count}, [Text(words)]))
            return ExitCode.DONE
        configured = [hook for hook in session.config.hooks if name in (None, hook.name)]
        summaries = [one for one in ledger.hook_calls.summarize() if name in (None, one.hook)]
        failed = ledger.hook_calls.list_failed_calls(_SHOWN if limit is None else limit, name)
    display.answer(_answer(configured, summaries, failed))
    session.hint_at_hooks()
    return ExitCode.DONE


def _require_hook(session: Session, ledger: Ledger, name: str) -> None:
    known = {hook.name for hook in session.config.hooks}
    known |= {summary.hook for summary in ledger.hook_calls.summarize()}
    if name not in known:
        raise NotFoundError(f"There is no hook {name}.", suggest_names(name, known))


def _answer(hooks: Sequence[HookSettings], summaries: Sequence[HookSummary], failed: Sequence[HookCall]) -> Answer:
    counts = {summary.hook: summary for summary in summaries}
    by_name: dict[str, HookSettings | None] = {**dict.fromkeys(counts), **{hook.name: hook for hook in hooks}}
    nothing = HookSummary(hook="", waiting=0, retrying=0, given_up=0)
    rows = [(name, hook, counts.get(name, nothing)) for name, hook in sorted(by_name.items())]
    document = {
        "hooks": [
            {
                "name": name,
                "target": None if hook is None else describe_target(hook),
                "on": [] if hook is None else list(hook.on),
                **count_document(count),
            }
            for name, hook, count in rows
        ],
        "failed": [_call_document(call) for call in failed],
    }
    table = Table(
        _HOOKS,
        [
            (
                name,
                "" if hook is None else ", ".join(hook.on),
                str(count.waiting),
                str(count.retrying),
                Text(str(count.given_up), Tone.BAD if count.given_up else Tone.PLAIN),
                Text("not in this config", Tone.WARNING) if hook is None else describe_target(hook),
            )
            for name, hook, count in rows
        ],
    )
    blocks: list[Block] = [table if rows else Text("There is no [[hook]] in the config. See: fileq help when-done")]
    if failed:
        blocks += [Text(), _calls_table(failed)]
    return Answer(document, blocks)


def _call_document(call: HookCall) -> dict[str, Any]:
    return {
        "id": call.token,
        "hook": call.hook,
        "event": _event(call),
        "batch": call.batch_id,
        "job": call.job_id,
        "happened_at": iso_or_none(call.happened_at),
        "tries": call.tries,
        "due_at": iso_or_none(max(call.due_at, call.happened_at)) if call.given_up_at is None else None,
        "given_up_at": iso_or_none(call.given_up_at),
        "problem": call.problem,
    }


def _event(call: HookCall) -> str:
    return "batch.ended" if call.job_id is None else f"job.{call.event}"


def _calls_table(failed: Sequence[HookCall]) -> Table:
    return Table(
        _CALLS,
        [
            (
                call.hook,
                _event(call),
                str(call.batch_id if call.job_id is None else call.job_id),
                str(call.tries),
                Text("given up", Tone.BAD)
                if call.given_up_at is not None
                else local_time(call.due_at or None) or "now",
                call.problem or "",
            )
            for call in failed
        ],
    )
