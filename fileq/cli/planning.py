"""`--dry-run`: which file would go through which recipe to which outputs."""

from collections.abc import Sequence
from typing import Any

from fileq.cli.documents import failure_document, receipt_document
from fileq.cli.session import Session
from fileq.cli.words import counted
from fileq.display import Answer, Display, Text, Tone
from fileq.display.answer import Block
from fileq.errors import ExitCode
from fileq.intake import Receipt, Request
from fileq.ledger import Ledger
from fileq.plan import PlannedJob, plan


def show_plan(session: Session, ledger: Ledger, asked: Request, display: Display) -> ExitCode:
    receipt = Receipt()
    jobs = list(plan(ledger, asked, receipt, max_pixels=session.config.settings.worker.max_pixels))
    document = receipt_document(receipt) | {"plan": [_document(job) for job in jobs]}
    display.answer(Answer(document, [*(block for job in jobs for block in _blocks(job)), _summary(jobs)]))
    return ExitCode.DONE


def _document(job: PlannedJob) -> dict[str, Any]:
    outputs = [{"path": output.path, "exists": output.exists} for output in job.outputs]
    document: dict[str, Any] = {"source": job.source, "recipe": job.recipe, "outputs": outputs}
    return document | ({"error": failure_document(job.problem)} if job.problem else {})


def _blocks(job: PlannedJob) -> list[Block]:
    """A source, and below it what it becomes."""
    lines: list[Block] = [Text(f"{job.source}  ({job.recipe})")]
    if job.problem:
        lines.append(Text(f"{job.problem.kind}: {job.problem.message}", Tone.BAD, indent=2))
    for output in job.outputs:
        collides = "  (is there already)" if output.exists else ""
        lines.append(Text(f"→ {output.path}{collides}", Tone.WARNING if collides else Tone.GOOD, indent=2))
    return lines


def _summary(jobs: Sequence[PlannedJob]) -> Text:
    outputs = [output for job in jobs for output in job.outputs]
    there = sum(output.exists for output in outputs)
    exist = f", of which {there:,} {'exists' if there == 1 else 'exist'} already" if there else ""
    return Text(
        f"{counted(len(jobs), 'job')} would make {counted(len(outputs), 'output')}{exist}. Nothing was queued.",
        Tone.TITLE,
    )
