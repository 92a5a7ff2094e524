"""The plan of an `add` or `run`: for each file and recipe, what would become of it. Nothing is written."""

import json
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from types import TracebackType
from typing import Any, Self

import msgspec

from fileq.errors import ErrorKind, JobError
from fileq.images.protocol import PipelineRequest
from fileq.images.quick_plan import HeaderPlanner
from fileq.intake import AddRequest, AddResult, IntakeOutcome, JobRequest, foresee_jobs
from fileq.job import Failure
from fileq.ledger import Ledger
from fileq.ledger.queries.work import WorkCount
from fileq.publish.forecast import Forecaster, OutputFate, OutputForecast
from fileq.publish.names_apart import PlannedNames

_IN_MEMORY = 4 * 2**20  # bytes of a plan; what is longer goes into a temp file


class PlanOutcome(StrEnum):
    """What would become of a source and a recipe, the worst first."""

    FAILS = "would fail"
    CONFLICT = "conflict"
    OVERWRITES = "overwrites"
    REPLACES_SOURCE = "replaces its source"
    REPLACES_OWN = "replaces its own"
    RENAMED = "gets another name"
    NEW = "new"
    SKIPPED = "skipped"
    QUEUED = "already queued"
    UP_TO_DATE = "up to date"

    @property
    def is_problem(self) -> bool:
        """Whether somebody has something to fix."""
        return self in (PlanOutcome.FAILS, PlanOutcome.CONFLICT)

    @property
    def is_new_work(self) -> bool:
        """Whether something would be made, and nothing is in the way."""
        return self.is_work and not self.is_problem

    @property
    def is_work(self) -> bool:
        """Whether there is something to do."""
        return self not in (PlanOutcome.UP_TO_DATE, PlanOutcome.QUEUED, PlanOutcome.SKIPPED, PlanOutcome.FAILS)


_OUTCOME_OF = {
    OutputFate.REFUSED: PlanOutcome.FAILS,
    OutputFate.CONFLICT: PlanOutcome.CONFLICT,
    OutputFate.OVERWRITES: PlanOutcome.OVERWRITES,
    OutputFate.REPLACES_SOURCE: PlanOutcome.REPLACES_SOURCE,
    OutputFate.REPLACES_OWN: PlanOutcome.REPLACES_OWN,
    OutputFate.RENAMED: PlanOutcome.RENAMED,
    OutputFate.NEW: PlanOutcome.NEW,
    OutputFate.SKIPPED: PlanOutcome.SKIPPED,
}
_WORST_FIRST = list(PlanOutcome)


class PlannedOutput(msgspec.Struct, frozen=True):
    """The absolute path of an output, whether something stands there, and what would become of it."""

    path: str
    exists: bool
    outcome: str


class PlannedJob(msgspec.Struct, frozen=True, kw_only=True):
    """A source, its recipe, what would become of them, and the problem that somebody has to fix, if any."""

    source: str
    recipe_name: str
    outcome: PlanOutcome
    outputs: tuple[PlannedOutput, ...] = ()
    problem: Failure | None = None


class Plan:
    """The jobs of a plan, in their order, kept in a temp file where they are many; and their sums."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY, mode="w+", encoding="ascii")  # noqa: SIM115  # closed by __exit__
        self.counts: Counter[PlanOutcome] = Counter()
        self.work: dict[str, WorkCount] = {}
        """The jobs that would be done, by their recipes' fingerprints."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: object, _trace: TracebackType | None) -> None:
        self._file.close()

    def add(self, job: PlannedJob, fingerprint: str, size: int) -> None:
        """Add a job, whose source has `size` bytes."""
        self._file.write(json.dumps(msgspec.to_builtins(job)) + "\n")
        self.counts[job.outcome] += 1
        if job.outcome.is_work:
            known = self.work.get(fingerprint, WorkCount(0, 0))
            self.work[fingerprint] = WorkCount(known.jobs + 1, known.bytes + size)

    def jobs(self, wanted: Callable[[PlanOutcome], bool] = lambda _: True) -> Iterator[PlannedJob]:
        """Yield the jobs of the wanted outcomes."""
        self._file.seek(0)
        for line in self._file:
            job: dict[str, Any] = json.loads(line)
            if wanted(PlanOutcome(job["outcome"])):
                yield msgspec.convert(job, PlannedJob)

    @property
    def total(self) -> int:
        """How many jobs there are."""
        return self.counts.total()

    @property
    def problems(self) -> int:
        """How many jobs have something that somebody is to fix."""
        return sum(count for outcome, count in self.counts.items() if outcome.is_problem)


def make_plan(
    ledger: Ledger, request: AddRequest, result: AddResult, *, max_pixels: int, on_planned: Callable[[int], None]
) -> Plan:
    """Return what would become of all that is named; `result` counts it. Raises MissingPathsError, LedgerError."""
    plan = Plan()
    try:
        planner = _Planner(ledger, max_pixels)
        jobs = planner.with_namesakes(foresee_jobs(ledger, request, result))
        for number, (job, outcome, job_id) in enumerate(jobs, 1):
            planned = planner.plan(job, outcome, job_id)
            plan.add(planned, job.target.fingerprint, job.source.size)
            on_planned(number)
    except BaseException:
        plan.__exit__(None, None, None)
        raise
    return plan


_Foreseen = tuple[JobRequest, IntakeOutcome, int]


def _of_one_stem(jobs: Iterable[_Foreseen]) -> Iterator[list[_Foreseen]]:
    """Yield the jobs in groups of sources that begin with the first one's stem and a dot: IMG.png, IMG.png.jpg."""
    together: list[_Foreseen] = []
    start = ""
    for one in jobs:
        path = one[0].source.path
        if together and not path.startswith(start):
            yield together
            together = []
        if not together:
            start = f"{os.path.splitext(path)[0]}."
        together.append(one)
    if together:
        yield together


class _Planner:
    def __init__(self, ledger: Ledger, max_pixels: int) -> None:
        self._ledger = ledger
        self._max_pixels = max_pixels
        self._headers = HeaderPlanner()
        self._forecaster = Forecaster(ledger)
        self._names = PlannedNames(ledger)

    def with_namesakes(self, jobs: Iterable[_Foreseen]) -> Iterator[_Foreseen]:
        """Yield the jobs, each after a look at those that could want the same names: in a walk they are together."""
        for together in _of_one_stem(jobs):
            for job, _, _ in together:
                self._names.expect(job.target.recipe, job.source.path, job.target.folder)
            yield from together

    def plan(self, job: JobRequest, outcome: IntakeOutcome, job_id: int) -> PlannedJob:
        """Return what would become of a job, of which the intake says this. Raises LedgerError."""
        source, recipe = job.source.path, job.target.recipe
        if outcome is IntakeOutcome.KNOWN:
            known = self._ledger.overview.find_job(job_id, purged=True)
            made = tuple(PlannedOutput(output.path, True, "stands") for output in (known.outputs if known else ()))
            return PlannedJob(
                source=source, recipe_name=recipe.name, outcome=PlanOutcome.UP_TO_DATE, outputs=made
            )  # fmt: skip
        try:
            forecasts = [self._forecast(path, job, job_id) for path in self._paths(job)]
        except JobError as error:
            failure = Failure(error.kind, error.message, error.hint)
            fails = PlanOutcome.CONFLICT if error.kind is ErrorKind.CONFLICT else PlanOutcome.FAILS
            return PlannedJob(source=source, recipe_name=recipe.name, outcome=fails, problem=failure)
        is_queued = outcome is IntakeOutcome.ALREADY_QUEUED
        return PlannedJob(
            source=source,
            recipe_name=recipe.name,
            outcome=PlanOutcome.QUEUED if is_queued else _worst(one.fate for one in forecasts),
            outputs=tuple(PlannedOutput(one.path, one.exists, str(one.fate)) for one in forecasts),
            problem=None if is_queued else _first_problem(forecasts),
        )

    def _forecast(self, path: str, job: JobRequest, job_id: int) -> OutputForecast:
        conflict = self._names.find_conflict(job.target.recipe, job.source.path, path)
        if conflict is not None:
            exists = os.path.lexists(path)
            return OutputForecast(path=path, exists=exists, fate=OutputFate.CONFLICT, problem=conflict)
        version = job.source.size, job.source.mtime_ns
        return self._forecaster.forecast(path, job.target.recipe, job.source.path, version, job_id)

    def _paths(self, job: JobRequest) -> list[str]:
        request = PipelineRequest(
            source=job.source.path,
            size=job.source.size,
            mtime_ns=job.source.mtime_ns,
            recipe=job.target.recipe,
            folder=job.target.folder,
            relative=job.source.relative,
            counter=self._names.find_number(job.target.recipe, job.source.path, job.target.folder),
            max_pixels=self._max_pixels,
        )
        outputs = self._headers.plan(request, job.target.fingerprint)
        if outputs is None:
            from fileq.images.pipeline import open_run

            with open_run(request) as run:
                outputs = tuple(run.planned)
        usual = [output.path for output in outputs]
        return self._names.settle(job.target.recipe, job.source.path, job.target.folder, usual)


def _worst(fates: Iterable[OutputFate]) -> PlanOutcome:
    outcomes = {_OUTCOME_OF[fate] for fate in fates}
    return next((outcome for outcome in _WORST_FIRST if outcome in outcomes), PlanOutcome.NEW)


def _first_problem(forecasts: Iterable[OutputForecast]) -> Failure | None:
    errors = (one.problem for one in forecasts if one.problem is not None)
    return next((Failure(error.kind, error.message, error.hint) for error in errors), None)
