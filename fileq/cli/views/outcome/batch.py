"""The answer of `run`, and the last words of who has followed a batch: how it ended, where, and what to do next."""

from collections.abc import Sequence
from typing import Any

import msgspec

from fileq.cli.session import Session
from fileq.cli.views.jobs import result_document
from fileq.cli.views.outcome.conflicts import conflict_steps
from fileq.cli.views.outcome.ended_jobs import brief_reason
from fileq.cli.views.outcome.work_summary import NoteKind, describe_folders, note_lines, total_note_kinds
from fileq.cli.views.phrases import describe_result, describe_tally
from fileq.cli.views.places import describe_places, relative_path
from fileq.cli.views.status import status_document
from fileq.display import Answer, Display, Facts, Text, Tone
from fileq.display.answer import Block
from fileq.display.progress import describe_rate
from fileq.documents import job_document
from fileq.intake import AddResult
from fileq.job import Failure, Job, JobState
from fileq.ledger import Ledger
from fileq.ledger.queries.overview import JobSelection, JobTally
from fileq.ledger.queries.work import FolderTotal
from fileq.publish.names_apart import TAKEN_HINT
from fileq.units import describe_bytes_change, describe_count, describe_seconds

_EXAMPLES = 10


class BatchOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a batch ended: its sums, its failed jobs, where its outputs are, and the notes on its jobs."""

    batch_id: int | None
    """None where there is none, or there are several."""
    tally: JobTally
    failed: Sequence[Job] = ()
    folders: Sequence[FolderTotal] = ()
    notes: Sequence[NoteKind] = ()
    replaced: int = 0
    """How many files of others its outputs have replaced, which `fileq undo` puts back."""


def read_outcome(ledger: Ledger, result: AddResult) -> BatchOutcome:
    """Return how the jobs have ended up to now that were asked for; nothing of none. Raises LedgerError."""
    scope = result.scope
    if scope is None:
        nothing = JobTally(jobs=dict.fromkeys(JobState, 0), bytes_in=0, bytes_out=0, outputs=0)
        return BatchOutcome(batch_id=None, tally=nothing)
    return BatchOutcome(
        batch_id=only_batch(ledger, result),
        tally=ledger.overview.tally_jobs(scope),
        failed=list(ledger.overview.list_jobs(JobSelection(states=[JobState.FAILED], batch_id=scope))),
        folders=ledger.work.total_folders(scope),
        notes=total_note_kinds(ledger.work.total_notes(scope)),
        replaced=0 if result.batch_id is None else ledger.replaced_files.count_of_batch(result.batch_id),
    )


def only_batch(ledger: Ledger, result: AddResult) -> int | None:
    """Return the batch of all jobs that were asked for; None where there are none, or they are of several."""
    batches = batches_of(ledger, result)
    return batches.pop() if len(batches) == 1 else None


def batches_of(ledger: Ledger, result: AddResult) -> set[int]:
    """Return the batches of all jobs that were asked for."""
    own = set() if result.batch_id is None else {result.batch_id}
    return own | ledger.prior_jobs.count_by_batch(result.adopted).keys()


def batch_answer(
    session: Session, ledger: Ledger, result: AddResult, seconds: float, *, takes_recipe_options: bool
) -> Answer:
    """Return the batch as `status` has it, with its failures, and what was not queued at all; it took `seconds`.

    `takes_recipe_options` is whether the command does, so that it can be said again with another one.
    """
    outcome = read_outcome(ledger, result)
    blocks: list[Block] = [Text(describe_result(result)), *_standing(result)]
    if result.has_jobs:
        blocks = [*outcome_blocks(session, outcome, seconds), *_next_steps(session, outcome, takes_recipe_options)]
    return Answer(_document(result, outcome, seconds), blocks)


def _standing(result: AddResult) -> list[Text]:
    """Return where the outputs are that were up to date."""
    return describe_places(result.standing, "file", before="outputs of ") if result.up_to_date else []


def _document(result: AddResult, outcome: BatchOutcome, seconds: float) -> dict[str, Any]:
    tally = outcome.tally
    rate = round(tally.total / seconds * 60, 1) if seconds else 0.0
    state = status_document(
        tally, workers=[], paused=False, rate=rate, seconds_left=0.0 if not tally.unfinished else None
    )
    return (
        state
        | result_document(result)
        | {
            "batch": result.batch_id or outcome.batch_id,
            "seconds": round(seconds, 3),
            "folders": [{"path": total.folder, "outputs": total.outputs} for total in outcome.folders],
            "notes": [msgspec.to_builtins(note) for note in outcome.notes],
            "failures": [job_document(job) for job in outcome.failed],
        }
    )


def outcome_blocks(session: Session, outcome: BatchOutcome, seconds: float) -> list[Block]:
    """Return how a batch ended in `seconds`: its sums, where the outputs are, and its failures."""
    tally = outcome.tally
    tone = Tone.BAD if outcome.failed else Tone.GOOD if not tally.unfinished else Tone.WARNING
    facts: list[tuple[str, str | Text]] = [
        ("files", Text(describe_tally(tally), tone)),
        *_named("outputs", describe_folders(outcome.folders) or [Text("none")]),
        ("bytes", describe_bytes_change(tally.bytes_in, tally.bytes_out) if tally.outputs else "none"),
        ("time", f"{describe_seconds(seconds)}{_rate(tally, seconds)}"),
        *_named("notes", note_lines(outcome.notes)),
        *([("replaced", _replaced(session, outcome))] if outcome.replaced else []),
    ]
    return [Facts(facts), *_failures(session, outcome.failed)]


def _replaced(session: Session, outcome: BatchOutcome) -> str:
    """Return 3 files; put them back: fileq undo 7."""
    them = "it" if outcome.replaced == 1 else "them"
    undo = session.command("undo", str(outcome.batch_id))
    return f"{describe_count(outcome.replaced, 'file')}; put {them} back: {undo}"


def log_outcome(session: Session, display: Display, outcome: BatchOutcome) -> None:
    """Write to stderr how a batch ended that somebody waited for: where the outputs are, and how to see what failed."""
    for line in (*describe_folders(outcome.folders), *note_lines(outcome.notes)):
        display.log(line)
    if outcome.failed:
        listing = session.command("list", "--state", "failed", *_batch_option(outcome))
        display.reason(f"{len(outcome.failed):,} failed. See: {listing}")


def _named(name: str, lines: Sequence[Text]) -> list[tuple[str, str | Text]]:
    return [("" if number else name, line) for number, line in enumerate(lines)]


def _rate(tally: JobTally, seconds: float) -> str:
    ended = tally.total - tally.unfinished
    return f", {describe_rate(60 * ended / seconds)}" if ended > 1 and seconds > 0 else ""


def _failures(session: Session, failed: Sequence[Job]) -> list[Block]:
    """Return the failures by cause, the most frequent first."""
    causes: dict[str, list[tuple[Job, Failure]]] = {}
    for job in failed:
        if job.failure is not None:
            causes.setdefault(job.failure.kind, []).append((job, job.failure))
    by_count = sorted(causes.items(), key=lambda cause: -len(cause[1]))
    return [block for kind, cases in by_count for block in _cause(session, kind, cases)]


def _cause(session: Session, kind: str, cases: list[tuple[Job, Failure]]) -> list[Block]:
    """Return how many failed for one cause, which, and what would fix it."""
    blocks: list[Block] = [Text(), Text(f"{describe_count(len(cases), 'job')} failed: {kind}", Tone.BAD)]
    blocks += [
        Text(indent=2, path=relative_path(job.source), after=f": {brief_reason(failure, job.source)} (job {job.id})")
        for job, failure in cases[:_EXAMPLES]
    ]
    if len(cases) > _EXAMPLES:
        blocks.append(Text(f"and {len(cases) - _EXAMPLES:,} more", Tone.QUIET, indent=2))
    hints = dict.fromkeys(failure.hint for _, failure in cases[:_EXAMPLES] if failure.hint)
    return [*blocks, *(Text(session.complete_commands(hint), Tone.QUIET, indent=2) for hint in hints)]


def _next_steps(session: Session, outcome: BatchOutcome, takes_recipe_options: bool) -> list[Block]:
    """Return the commands that one would type next, to be pasted."""
    if not outcome.failed:
        return []
    steps = [("list them", session.command("list", "--state", "failed", *_batch_option(outcome)))]
    in_the_way = sum(job.failure is not None and job.failure.hint == TAKEN_HINT for job in outcome.failed)
    if in_the_way and takes_recipe_options:
        steps += conflict_steps(session)
    if in_the_way < len(outcome.failed) or not takes_recipe_options:
        steps.append(("try again", session.command("retry", "--failed", *_batch_option(outcome), "--run")))
    return [Text(), Facts(steps)]


def _batch_option(outcome: BatchOutcome) -> tuple[object, ...]:
    return () if outcome.batch_id is None else ("--batch", outcome.batch_id)
