"""The undoing of a batch, as `fileq undo` and `fileq clean --batch` do it, and its answer."""

from itertools import islice

from fileq.cli.session import Session
from fileq.cli.stop_requests import stop_requests
from fileq.cli.views.outcome.kept_outputs import hint_at_kept
from fileq.cli.views.places import relative_path
from fileq.display import Answer, Display, Text, Tone
from fileq.errors import ExitCode, UsageError
from fileq.lookup import require_batch
from fileq.retention import UndoResult, undo_batch
from fileq.units import describe_bytes, describe_count, was_or_were

_MOST_SHOWN = 20
_MOST_KEPT = 1000
"""So many paths of outputs that were kept are in the answer."""


def undo_and_answer(session: Session, display: Display, batch_id: int, *, dry_run: bool) -> ExitCode:
    """Undo a batch, or show what would be done, and answer. Returns the exit code. Raises NotFoundError, UsageError."""
    with session.ledger() as ledger, stop_requests() as stop:
        require_batch(ledger, batch_id)
        if left := ledger.overview.tally_jobs(batch_id).unfinished:
            raise UsageError(
                f"Batch {batch_id} is not at its end: {describe_count(left, 'job')} left.",
                f"Wait for it: {session.command('wait', batch_id)}."
                f" Or drop them: {session.command('cancel', '--batch', batch_id)}",
            )
        result = undo_batch(ledger, batch_id, ledger.now(), dry_run=dry_run, stop=stop)
    planned = _plan(session, batch_id, result, display.rows) if dry_run else []
    display.answer(
        Answer(
            _document(result, batch_id, dry_run=dry_run),
            [*planned, Text(_describe(result, dry_run=dry_run), Tone.TITLE)],
        )
    )
    _hint_at_rest(session, result, display)
    if result.outputs.stopped:
        return ExitCode.INTERRUPTED
    is_left = result.outputs.failed or result.not_kept or result.originals or result.outputs.elsewhere
    return ExitCode.FAILED if is_left else ExitCode.DONE


def _document(result: UndoResult, batch_id: int, *, dry_run: bool) -> dict[str, object]:
    figures: dict[str, object] = {
        "batch": batch_id,
        "outputs_removed": result.outputs.outputs_removed,
        "bytes_freed": result.outputs.bytes_freed,
        "kept_changed": result.outputs.kept_changed,
        "kept": list(islice(result.outputs.kept, _MOST_KEPT)),
        "remade": [{"batch": number, "outputs": count} for number, count in sorted(result.remade.items())],
        "originals": [{"batch": number, "files": count} for number, count in sorted(result.originals.items())],
        "put_back": result.put_back,
        "not_kept": result.not_kept,
        "elsewhere": [{"root": root, "files": count} for root, count in sorted(result.outputs.elsewhere.items())],
    }
    return figures | ({"outputs": list(result.outputs.paths)} if dry_run else {})


def _plan(session: Session, batch_id: int, result: UndoResult, rows: int | None) -> list[Text]:
    """Return a line for each file that would go or get back what it was; for people, at most `rows`."""
    lines = [relative_path(path) for path in result.outputs.paths]
    lines += [f"{relative_path(path)}  (gets back what it was)" for path in result.put_back]
    shown = [Text(line) for line in lines[:rows]]
    if more := len(lines) - len(shown):
        whole = f"{session.command('undo', batch_id, '--dry-run')} | cat"
        shown.append(Text(f"and {more:,} more; see them all with: {whole}", Tone.QUIET))
    return shown


def _describe(result: UndoResult, *, dry_run: bool) -> str:
    """Return 3 outputs removed, 1.2 MB; 2 files put back."""
    would = "would be " if dry_run else ""
    removed, back = result.outputs.outputs_removed, len(result.put_back)
    parts = []
    if removed:
        size = describe_bytes(result.outputs.bytes_freed)
        parts.append(f"{describe_count(removed, 'output')} {would}removed, {size}")
    if back:
        parts.append(f"{describe_count(back, 'file')} {would}put back")
    if result.outputs.folders_removed:
        parts.append(f"{describe_count(result.outputs.folders_removed, 'empty folder')} removed")
    outputs = result.outputs
    is_left = outputs.kept_changed or outputs.elsewhere or result.not_kept or result.remade or result.originals
    nothing = "Nothing was undone" if is_left else "Nothing to undo"
    return f"{'; '.join(parts) or nothing}.{' Nothing was changed.' if dry_run and parts else ''}"


def _hint_at_rest(session: Session, result: UndoResult, display: Display) -> None:
    for number, count in sorted(result.remade.items()):
        made = f"{describe_count(count, 'output')} {was_or_were(count)} made anew by batch {number}, and kept"
        display.hint(f"{made}. Undo that first: {session.command('undo', number)}")
    for number, count in sorted(result.originals.items()):
        replaced = f"{describe_count(count, 'file')} had been replaced by batch {number} before"
        display.reason(f"{replaced}, and stay as they are. Put the originals back: {session.command('undo', number)}")
    for path in result.not_kept[:_MOST_SHOWN]:
        display.error(f"What {path} took the place of was not kept, so it can't be put back. The output stays.")
    if (more := len(result.not_kept) - _MOST_SHOWN) > 0:
        display.reason(f"and {more:,} more")
    hint_at_kept(result.outputs.kept, display)
    for sentence in result.outputs.left_to_others:
        display.reason(sentence)
    for problem in result.outputs.problems:
        display.error(problem, "See who may change it (ls -l; lsattr on Linux), then undo it again.")
    if result.outputs.stopped:
        display.reason("Stopped. Undo it again for what is left.")
