"""fileq clean: apply retention now."""

from itertools import islice
from typing import Annotated

import typer

from fileq.cli import options
from fileq.cli.app import new_app
from fileq.cli.session import Session, session_of
from fileq.cli.stop_requests import stop_requests
from fileq.cli.times import local_time
from fileq.cli.views.outcome.kept_outputs import hint_at_kept
from fileq.config import Config
from fileq.display import Answer, Display, Text, Tone
from fileq.errors import ExitCode, UsageError
from fileq.retention import CleanupResult
from fileq.retention import clean as clean_outputs
from fileq.units import KeepDuration, describe_bytes, describe_count, describe_seconds

app = new_app()


@app.command(epilog="Example: fileq clean --older-than 30d --dry-run. What a batch made: fileq clean --batch 7")
def clean(
    context: typer.Context,
    *,
    older_than: Annotated[
        str | None,
        typer.Option(
            "--older-than", metavar="AGE", show_envvar=False, show_default=False,
            help="Remove outputs of this age (30d), whatever the config says. A recipe's own `keep` goes first.",
        ),
    ] = None,
    batch: Annotated[
        int | None,
        typer.Option(
            "--batch", "-b", metavar="N", show_envvar=False, show_default=False,
            help="Remove what this batch made, of any age, and put back what it replaced: fileq undo N.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would go. Remove nothing.", show_envvar=False)
    ] = False,
    json: options.Json = False,
) -> ExitCode:  # fmt: skip
    """Remove old outputs that nobody has changed, and forget old jobs. Workers do the same by themselves at night."""
    session = session_of(context)
    display = session.display(json=json)
    if batch is not None:
        if older_than is not None:
            raise UsageError("--batch and --older-than can't be combined.", "With --batch all of it goes, of any age.")
        from fileq.cli.undo import undo_and_answer

        return undo_and_answer(session, display, batch, dry_run=dry_run)
    age = None if older_than is None else _age(older_than)
    _hint_at_config(session.config, display)
    with session.ledger() as ledger, stop_requests() as stop:
        if age is not None and age != float("inf"):
            display.hint(f"What was made before {local_time(ledger.now() - age)} goes.")
        settings, faults = session.config.settings, session.config.faults
        result = clean_outputs(
            ledger, settings, ledger.now(), older_than=age, dry_run=dry_run, stop=stop, keeping=faults
        )
    planned = _plan(session, result, display.rows, older_than) if dry_run else []
    total = Text(_describe(result, dry_run=dry_run), Tone.TITLE)
    display.answer(Answer(_document(result, dry_run=dry_run), [*planned, total]))
    _hint_at_kept(result, display)
    if result.stopped:
        return ExitCode.INTERRUPTED
    return ExitCode.FAILED if result.failed else ExitCode.DONE


def _hint_at_config(config: Config, display: Display) -> None:
    if config.was_found:
        display.hint(f"Retention is as {config.file} says.")
    for name, fault in config.faults.items():
        display.hint(f"What the recipe {name} made stays, as it has a fault: {fault}")


def _age(text: str) -> KeepDuration:
    try:
        age = KeepDuration.parse(text)
    except ValueError as error:
        raise UsageError(f"--older-than {text}: that is no age.", 'Write it like "30d", "12h" or "forever".') from error
    if text.strip().lower().endswith("m"):  # what was meant as months would cost nearly all outputs
        number = text.strip()[:-1].strip()
        raise UsageError(
            f"--older-than {text} would be {describe_seconds(age)}.",
            f'Write "{number}min" for that; months in days: 180d.',
        )
    return age


def _document(result: CleanupResult, *, dry_run: bool) -> dict[str, object]:
    figures: dict[str, object] = {
        "outputs_removed": result.outputs_removed,
        "bytes_freed": result.bytes_freed,
        "kept_changed": result.kept_changed,
        "jobs_forgotten": result.jobs_purged,
    }
    return figures | ({"outputs": list(result.paths)} if dry_run else {})


def _plan(session: Session, result: CleanupResult, rows: int | None, older_than: str | None) -> list[Text]:
    """Return a line for each output that would go; for people, at most `rows`."""
    shown = [Text(path) for path in islice(result.paths, rows)]
    if more := len(result.paths) - len(shown):
        age = () if older_than is None else ("--older-than", older_than)
        whole = f"{session.command('clean', *age, '--dry-run')} | cat"
        shown.append(Text(f"and {more:,} more; see them all with: {whole}", Tone.QUIET))
    return shown


def _describe(result: CleanupResult, *, dry_run: bool) -> str:
    """Return 3 outputs removed, 1.2 MB; 2 folders removed; 1 job forgotten."""
    would = "would be " if dry_run else ""
    parts = []
    if result.outputs_removed:
        size = describe_bytes(result.bytes_freed)
        parts.append(f"{describe_count(result.outputs_removed, 'output')} {would}removed, {size}")
    if result.folders_removed:
        parts.append(f"{describe_count(result.folders_removed, 'empty folder')} removed")
    if result.jobs_purged:
        parts.append(f"{describe_count(result.jobs_purged, 'old job')} {would}forgotten")
    return f"{'; '.join(parts) or 'Nothing to remove'}.{' Nothing was removed.' if dry_run and parts else ''}"


def _hint_at_kept(result: CleanupResult, display: Display) -> None:
    hint_at_kept(result.kept, display)
    for sentence in result.left_to_others:
        display.hint(sentence)
    for problem in result.problems:
        display.error(problem, "See who may change it (ls -l; lsattr on Linux), then clean again.")
    if result.stopped:
        display.reason("Stopped. The next cleaning does the rest.")
