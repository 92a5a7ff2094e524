"""What people name, in `add`, `run` and the schedule: paths → what is new → the ledger → messages.

A job is known by its source's path and version, the recipe's fingerprint and the destination: adding the same thing
twice is a no-op that costs one statement.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

import msgspec

from fileq import queue
from fileq.intake.enrollment import EnrolledJob, IntakeEngine, IntakeOutcome, IntakePlan, JobRequest, RepeatRule
from fileq.ledger import Ledger
from fileq.recipes.recipe import Recipe
from fileq.sources import SourceFile, SourceFilter, expand_paths, find_sources

_IN_ONE_TRANSACTION = 2_000


class AddRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be queued, and how. `due_at` is in seconds since the epoch; None: at once."""

    paths: Sequence[str]
    recipes: Sequence[Recipe]
    out: str | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    recursive: bool = True
    priority: int = 0
    due_at: float | None = None
    repeat: RepeatRule = RepeatRule.UNLESS_UP_TO_DATE


class AddResult(msgspec.Struct, kw_only=True):
    """What became of what was named: counts of jobs, but `unmatched` and `own_outputs` count files.

    `batch_id` is None where nothing was queued; `standing` counts what is up to date by the folder of the outputs;
    `problems` are files and folders that could not be read.
    """

    batch_id: int | None = None
    queued: int = 0
    up_to_date: int = 0
    already_queued: int = 0
    unmatched: int = 0
    own_outputs: int = 0
    standing: dict[str, int] = {}
    missing: list[str] = []
    problems: list[str] = []

    def count_plan(self, plan: IntakePlan) -> None:
        """Count a file of which nothing is to be queued."""
        self.unmatched += plan.outcome is IntakeOutcome.UNMATCHED
        self.own_outputs += plan.outcome is IntakeOutcome.OWN_OUTPUT

    def count_jobs(self, requests: Sequence[JobRequest], jobs: Sequence[EnrolledJob]) -> None:
        """Count what became of jobs that were asked for."""
        outcomes = [job.outcome for job in jobs]
        for one, outcome in zip(requests, outcomes, strict=True):
            if outcome is IntakeOutcome.KNOWN:
                folder = one.target.folder
                self.standing[folder] = self.standing.get(folder, 0) + 1
        self.queued += outcomes.count(IntakeOutcome.QUEUED)
        self.up_to_date += outcomes.count(IntakeOutcome.KNOWN)
        self.already_queued += outcomes.count(IntakeOutcome.ALREADY_QUEUED)


def _silent(_count: int) -> None:
    pass


def add_files(
    ledger: Ledger,
    request: AddRequest,
    *,
    now: float,
    queue: str = queue.MAIN,
    on_scanned: Callable[[int], None] = _silent,
) -> AddResult:
    """Queue what is new. When this returns, what it counts as queued is on disk and will not be lost.

    `on_scanned` is told, now and then, how many files were found up to then. Raises MissingPathsError, before anything
    is queued, where a path doesn't exist; LedgerError.
    """
    engine = _engine(ledger, request, queue)
    result = AddResult()
    sources = _find_sources(request, result.problems.append)
    scanned = 0
    while chunk := list(islice(sources, _IN_ONE_TRANSACTION)):
        scanned += len(chunk)
        with ledger.transaction(durable=True):
            plans = [_plan(engine, source) for source in chunk]
            requests = [JobRequest(plan.source, target) for plan in plans for target in plan.targets]
            enrollment = engine.enroll(requests, result.batch_id, now)
        result.batch_id = enrollment.batch_id
        result.count_jobs(requests, enrollment.jobs)
        for plan in plans:
            result.count_plan(plan)
        on_scanned(scanned)
    return result


def foresee_jobs(
    ledger: Ledger, request: AddRequest, result: AddResult
) -> Iterator[tuple[JobRequest, IntakeOutcome, int]]:
    """Yield what would become of each file and recipe that are named, and the id of the job that is there; 0 for none.

    `result` counts them as `add_files` would, and nothing is written. Raises MissingPathsError, LedgerError.
    """
    engine = _engine(ledger, request, queue.MAIN)
    for source in _find_sources(request, result.problems.append):
        plan = _plan(engine, source)
        result.count_plan(plan)
        for target in plan.targets:
            one = JobRequest(source, target)
            outcome, job_id = engine.foresee(one)
            result.count_jobs([one], [EnrolledJob(job_id, outcome)])
            yield one, outcome, job_id


def _engine(ledger: Ledger, request: AddRequest, queue: str) -> IntakeEngine:
    return IntakeEngine(
        ledger, request.recipes, out=request.out, repeat=request.repeat, queue=queue, priority=request.priority,
        due_at=request.due_at,
    )  # fmt: skip


def _find_sources(request: AddRequest, on_problem: Callable[[str], None]) -> Iterator[SourceFile]:
    return find_sources(
        expand_paths(request.paths),
        SourceFilter(request.include, request.exclude),
        recursive=request.recursive,
        on_problem=on_problem,
    )


def _plan(engine: IntakeEngine, source: SourceFile) -> IntakePlan:
    targets = engine.find_targets(source)
    if not targets:
        return IntakePlan(source=source, outcome=IntakeOutcome.UNMATCHED)
    if not source.named and engine.is_own_output(source, walked=True):
        return IntakePlan(source=source, outcome=IntakeOutcome.OWN_OUTPUT)
    return IntakePlan(source=source, outcome=IntakeOutcome.QUEUED, targets=targets)
