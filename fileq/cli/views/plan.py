"""The answer of `--dry-run`: what would become of each file, the sums first."""

from collections.abc import Iterator
from itertools import chain, groupby, islice
from typing import Any

from fileq.cli.plan import Plan, PlannedJob, PlanOutcome, make_plan
from fileq.cli.request import show_notices, worst_exit_code
from fileq.cli.session import Session
from fileq.cli.views.due_time import with_due_time
from fileq.cli.views.jobs import result_document
from fileq.cli.views.outcome.conflicts import conflict_steps
from fileq.cli.views.outcome.ended_jobs import brief_reason
from fileq.cli.views.places import relative_path
from fileq.cli.work.costs import WorkCosts
from fileq.config.slots import slot_count
from fileq.display import Answer, Column, Display, Facts, Table, Text, Tone
from fileq.display.answer import Block, Cell
from fileq.documents import failure_document
from fileq.errors import ExitCode
from fileq.intake import AddRequest, AddResult
from fileq.ledger import Ledger
from fileq.publish.names_apart import TAKEN_HINT
from fileq.units import describe_bytes, describe_count, describe_seconds

_PROBLEMS_SHOWN = 5
_JOBS_SHOWN = 10
_TONES = {
    PlanOutcome.FAILS: Tone.BAD,
    PlanOutcome.CONFLICT: Tone.BAD,
    PlanOutcome.OVERWRITES: Tone.WARNING,
    PlanOutcome.REPLACES_SOURCE: Tone.WARNING,
    PlanOutcome.REPLACES_OWN: Tone.GOOD,
    PlanOutcome.RENAMED: Tone.WARNING,
    PlanOutcome.NEW: Tone.GOOD,
}
_COUNTED = (
    PlanOutcome.NEW, PlanOutcome.REPLACES_OWN, PlanOutcome.REPLACES_SOURCE, PlanOutcome.OVERWRITES, PlanOutcome.RENAMED,
    PlanOutcome.CONFLICT, PlanOutcome.FAILS, PlanOutcome.SKIPPED, PlanOutcome.QUEUED, PlanOutcome.UP_TO_DATE,
)  # fmt: skip
_NAMES = {PlanOutcome.OVERWRITES: "overwriting", PlanOutcome.REPLACES_OWN: "replacing their own"} | {
    PlanOutcome.REPLACES_SOURCE: "replacing their source",
    PlanOutcome.RENAMED: "getting another name",
    PlanOutcome.CONFLICT: "in conflict",
    PlanOutcome.FAILS: "that would fail",
}


def answer_plan(
    session: Session, ledger: Ledger, request: AddRequest, display: Display, slots: int | None = None
) -> ExitCode:
    """Show what `request` would queue, and what that would take with `slots` at a time. Returns the exit code.

    It is FAILED where somebody has something to fix first. Raises MissingPathsError, LedgerError.
    """
    result = AddResult()
    max_pixels = session.config.settings.worker.max_pixels
    with make_plan(ledger, request, result, max_pixels=max_pixels, on_planned=display.show_scanned) as plan:
        estimate = _estimate(plan, ledger, slot_count(slots, session.config))
        document = result_document(result) | {
            "queued": sum(count for outcome, count in plan.counts.items() if outcome.is_new_work),
            "skipped": plan.counts[PlanOutcome.SKIPPED],
            "conflicts": plan.counts[PlanOutcome.CONFLICT],
            "failing": plan.counts[PlanOutcome.FAILS],
            "estimate": estimate,
            "plan": map(_document, plan.jobs()),
        }
        answer = Answer(document, _blocks(session, plan, result, estimate, display.rows))
        display.answer(with_due_time(answer, request.due_at, ledger.now()))
        show_notices(display, result)
        return ExitCode.FAILED if plan.problems else worst_exit_code(result, ExitCode.DONE)


def _estimate(plan: Plan, ledger: Ledger, slots: int) -> dict[str, Any] | None:
    """Return the seconds and the bytes of outputs that earlier jobs of the same recipes make likely; None of none."""
    costs = WorkCosts(ledger.work.sample_work())
    if not plan.work or not all(map(costs.is_known, plan.work)):
        return None
    jobs = sum(count.jobs for count in plan.work.values())
    return {
        "seconds": round(costs.total_seconds(plan.work) / min(slots, jobs), 1),
        "bytes_out": round(sum(costs.cost_of(key).shrinking * count.bytes for key, count in plan.work.items())),
        "workers": slots,
        "from_jobs": sum(costs.cost_of(key).samples for key in plan.work),
    }


def _document(job: PlannedJob) -> dict[str, Any]:
    document: dict[str, Any] = {
        "source": job.source,
        "recipe": job.recipe_name,
        "outcome": job.outcome,
        "outputs": [
            {"path": output.path, "exists": output.exists, "outcome": output.outcome} for output in job.outputs
        ],
    }
    return document | ({"error": failure_document(job.problem)} if job.problem else {})


def _blocks(
    session: Session, plan: Plan, result: AddResult, estimate: dict[str, Any] | None, rows: int | None
) -> Iterator[Block]:
    yield Text(f"{_totals(plan, result)} Nothing was queued.", Tone.TITLE)
    if estimate is not None:
        yield Text(_describe_estimate(estimate), Tone.QUIET)
    if plan.problems:
        yield from _problems(session, plan, rows)
    others = plan.total - plan.problems
    if others:
        yield Text()
        most = None if rows is None else min(rows, _JOBS_SHOWN)
        yield Table(
            (Column("plan", 16), Column("source", 24, kind="path"), Column("output", kind="path")),
            (row for job in islice(_others(plan, for_people=rows is not None), most) for row in _rows(job)),
        )
        if most is not None and others > most:
            yield Text(f"and {others - most:,} more. See all: the same command, with | less behind it", Tone.QUIET)


def _others(plan: Plan, *, for_people: bool) -> Iterator[PlannedJob]:
    """Yield the jobs with nothing to fix, in their order; for people, what there is to do before what is done."""
    if not for_people:
        return plan.jobs(lambda outcome: not outcome.is_problem)
    return chain(
        plan.jobs(lambda outcome: not outcome.is_problem and outcome.is_work),
        plan.jobs(lambda outcome: not outcome.is_problem and not outcome.is_work),
    )


def _totals(plan: Plan, result: AddResult) -> str:
    counts = [f"{count:,} {_NAMES.get(outcome, outcome)}" for outcome in _COUNTED if (count := plan.counts[outcome])]
    others = ((result.unmatched, "not for this recipe"), (result.own_outputs, "made by fileq itself"))
    skipped = ", ".join(f"{describe_count(count, 'file')} {what}" for count, what in others if count)
    start = describe_count(plan.total, "job") if plan.total else "Nothing to do"
    said = f"{start}: {', '.join(counts)}." if counts else f"{start}."
    if plan.counts[PlanOutcome.QUEUED]:
        said += " fileq run goes on with what is queued already."
    return f"{said} Skipped: {skipped}." if skipped else said


def _describe_estimate(estimate: dict[str, Any]) -> str:
    time = describe_seconds(estimate["seconds"]) if estimate["seconds"] >= 1 else "a moment"
    workers = describe_count(estimate["workers"], "worker")
    source = describe_count(estimate["from_jobs"], "earlier job")
    return f"An estimate, from {source}: {time} with {workers}, {describe_bytes(estimate['bytes_out'])} of outputs."


def _problems(session: Session, plan: Plan, rows: int | None) -> Iterator[Block]:
    """Yield what somebody has to fix first: the jobs that one thing would fix, and below them what that is."""
    most = None if rows is None else _PROBLEMS_SHOWN
    jobs = islice(plan.jobs(lambda outcome: outcome.is_problem), most)
    for hint, alike in groupby(jobs, key=lambda job: job.problem.hint if job.problem else ""):
        yield Text()
        for job in alike:
            yield Text(f"{job.outcome}  ", Tone.BAD, path=relative_path(job.source))
            if job.problem is not None:
                yield Text(brief_reason(job.problem, job.source), indent=2)
        if hint == TAKEN_HINT:
            yield Facts(conflict_steps(session), indent=2)
        elif hint:
            yield Text(hint, Tone.QUIET, indent=2)
    if most is not None and plan.problems > most:
        yield Text(f"and {plan.problems - most:,} more", Tone.QUIET, indent=2)


def _rows(job: PlannedJob) -> Iterator[tuple[Cell, ...]]:
    """Yield a row for each output of a job; the source stands in the first."""
    outcome: Cell = Text(job.outcome, _TONES.get(job.outcome, Tone.QUIET))
    source = relative_path(job.source)
    for output in job.outputs:
        yield outcome, source, relative_path(output.path)
        outcome, source = "", ""
    if not job.outputs:
        yield outcome, source, ""
