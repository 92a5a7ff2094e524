"""The answer of `--dry-run`: which file would go through which recipe to which outputs."""

import os
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from fileq.cli.session import Session
from fileq.cli.views.jobs import failure_document, result_document
from fileq.display import Answer, Display, Text, Tone
from fileq.display.answer import Block
from fileq.errors import ExitCode, JobError
from fileq.images.protocol import PipelineRequest
from fileq.intake import AddRequest, AddResult, plan_files
from fileq.job import Failure
from fileq.ledger import Ledger
from fileq.recipes.recipe import Recipe
from fileq.sources import SourceFile
from fileq.units import describe_count


class PlannedJob(msgspec.Struct, frozen=True, kw_only=True):
    """A source, its recipe, and the absolute paths of the outputs; or the problem that it would fail with."""

    source: str
    recipe_name: str
    outputs: Sequence[str] = ()
    problem: Failure | None = None


def answer_plan(session: Session, ledger: Ledger, request: AddRequest, display: Display) -> ExitCode:
    """Show what `request` would queue. Raises MissingPathsError, LedgerError."""
    result = AddResult()
    jobs = []
    for job in plan_jobs(ledger, request, result, max_pixels=session.config.settings.worker.max_pixels):
        jobs.append(job)
        display.show_scanned(len(jobs))
    document = result_document(result) | {"plan": [_document(job) for job in jobs]}
    display.answer(Answer(document, [*(block for job in jobs for block in _blocks(job)), _summary(jobs)]))
    return ExitCode.DONE


def plan_jobs(ledger: Ledger, request: AddRequest, result: AddResult, *, max_pixels: int) -> Iterator[PlannedJob]:
    """Yield what each file would become; it is opened for that, and nothing is written. `result` counts the others."""
    for planned in plan_files(ledger, request, result.problems.append):
        result.count_plan(planned)
        for target in planned.targets:
            yield _planned(planned.source, target.recipe, target.folder, max_pixels)


def _planned(source: SourceFile, recipe: Recipe, folder: str, max_pixels: int) -> PlannedJob:
    from fileq.images.pipeline import open_run

    request = PipelineRequest(
        source=source.path,
        size=source.size,
        mtime_ns=source.mtime_ns,
        recipe=recipe,
        folder=folder,
        relative=source.relative,
        max_pixels=max_pixels,
    )
    try:
        with open_run(request) as run:
            outputs = [output.path for output in run.planned]
            return PlannedJob(source=source.path, recipe_name=recipe.name, outputs=outputs)
    except JobError as error:
        problem = Failure(error.kind, error.message, error.hint)
        return PlannedJob(source=source.path, recipe_name=recipe.name, problem=problem)


def _document(job: PlannedJob) -> dict[str, Any]:
    outputs = [{"path": path, "exists": os.path.lexists(path)} for path in job.outputs]
    document: dict[str, Any] = {"source": job.source, "recipe": job.recipe_name, "outputs": outputs}
    return document | ({"error": failure_document(job.problem)} if job.problem else {})


def _blocks(job: PlannedJob) -> list[Block]:
    """Return a source, and below it what it becomes."""
    lines: list[Block] = [Text(f"{job.source}  ({job.recipe_name})")]
    if job.problem:
        lines.append(Text(f"would fail as {job.problem.kind}: {job.problem.message}", Tone.BAD, indent=2))
    for path in job.outputs:
        collides = os.path.lexists(path)
        there = "  (is there already)" if collides else ""
        lines.append(Text(f"→ {path}{there}", Tone.WARNING if collides else Tone.GOOD, indent=2))
    return lines


def _summary(jobs: Sequence[PlannedJob]) -> Text:
    paths = [path for job in jobs for path in job.outputs]
    there = sum(map(os.path.lexists, paths))
    exist = f", of which {there:,} {'exists' if there == 1 else 'exist'} already" if there else ""
    outputs = f"{describe_count(len(paths), 'output')}{exist}"
    return Text(f"{describe_count(len(jobs), 'job')} would make {outputs}. Nothing was queued.", Tone.TITLE)
