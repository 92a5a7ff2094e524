"""What people name, in `add`, `run` and the schedule: paths → what is new → the ledger → messages.

A job is known by its source's path and version, the recipe's fingerprint and the destination: adding the same thing
twice is a no-op that costs one statement.
"""

from array import array
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import chain, islice

import msgspec

from fileq import queue
from fileq.intake.enrollment import EnrolledJob, IntakeEngine, IntakeOutcome, IntakePlan, JobRequest, RepeatRule
from fileq.intake.known_folders import KnownFolders
from fileq.intake.refusal import conclude, describe_refusal, is_camera_raw, note_changed, note_superseded
from fileq.ledger import Ledger
from fileq.ledger.job_group import JobGroup, Scope
from fileq.recipes.recipe import Recipe
from fileq.sources import RecipeScope, SourceFile, SourceFinder, SourceQuery, is_ignored

_IN_ONE_TRANSACTION = 2_000
_FORESEEN_AT_ONCE = 500


class AddRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be queued, and how. `due_at` is in seconds since the epoch; None: at once.

    `listed` are paths of a list, and `base` is the absolute folder as seen from which the tree is kept.
    `key` is a text that the jobs are known by: see `check_key`.
    """

    paths: Sequence[str]
    recipes: Sequence[Recipe]
    listed: Sequence[str] = ()
    out: str | None = None
    base: str | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    recursive: bool = True
    priority: int = 0
    due_at: float | None = None
    key: str | None = None
    repeat: RepeatRule = RepeatRule.UNLESS_UP_TO_DATE


class AddResult(msgspec.Struct, kw_only=True):
    """What became of what was named: counts of jobs, but `unmatched` and `own_outputs` count files.

    `batch_id` is None where nothing was queued; `adopted` are the ids of the jobs that were queued before, or ran, and
    are to be followed, and `job_ids` those of all that were asked for; `standing` counts what is up to date by the
    folder of the outputs; `raw_files` counts those of the unmatched that are camera raw files and were not named;
    `problems` are files and folders that could not be read, and those named themselves that no recipe takes; `notices`
    say what else was skipped.
    """

    batch_id: int | None = None
    queued: int = 0
    up_to_date: int = 0
    already_queued: int = 0
    adopted: list[int] = []
    queued_ids: "array[int]" = msgspec.field(default_factory=lambda: array("q"))
    job_ids: "array[int]" = msgspec.field(default_factory=lambda: array("q"))
    unmatched: int = 0
    raw_files: int = 0
    own_outputs: int = 0
    standing: dict[str, int] = {}
    missing: list[str] = []
    problems: list[str] = []
    notices: list[str] = []

    def count_plan(self, plan: IntakePlan, recipes: Sequence[Recipe]) -> None:
        """Count a file of which nothing is to be queued; one that was named itself has none of the `recipes`."""
        if plan.outcome is IntakeOutcome.UNMATCHED:
            self.unmatched += 1
            if not plan.source.named:
                self.raw_files += is_camera_raw(plan.source.name)
            elif not is_ignored(plan.source.name):
                self.problems.append(f"{plan.source.path}: {describe_refusal(plan.source.name, recipes)}")
        self.own_outputs += plan.outcome is IntakeOutcome.OWN_OUTPUT

    def count_jobs(self, requests: Sequence[JobRequest], jobs: Sequence[EnrolledJob]) -> None:
        """Count what became of jobs that were asked for."""
        outcomes = [job.outcome for job in jobs]
        for one, outcome in zip(requests, outcomes, strict=True):
            if outcome is IntakeOutcome.KNOWN:
                folder = one.target.folder
                self.standing[folder] = self.standing.get(folder, 0) + 1
        self.job_ids.extend(job.job_id for job in jobs)
        self.queued += outcomes.count(IntakeOutcome.QUEUED)
        self.queued_ids.extend(job.job_id for job in jobs if job.outcome is IntakeOutcome.QUEUED)
        self.up_to_date += outcomes.count(IntakeOutcome.KNOWN)
        self.already_queued += outcomes.count(IntakeOutcome.ALREADY_QUEUED)

    @property
    def scope(self) -> Scope:
        """Return the jobs that were asked for and are not up to date; a batch where they are all of one."""
        return JobGroup(self.batch_id, self.adopted) if self.adopted else self.batch_id

    @property
    def followed_ids(self) -> Iterator[int]:
        """Return the ids of all jobs that were asked for and are not up to date."""
        return chain(self.queued_ids, self.adopted)

    @property
    def has_jobs(self) -> bool:
        """Return whether any job is to be followed."""
        return self.batch_id is not None or bool(self.adopted)


def _silent(_count: int) -> None:
    pass


def add_files(
    ledger: Ledger,
    request: AddRequest,
    *,
    now: float,
    queue: str = queue.MAIN,
    adopts: bool = False,
    on_scanned: Callable[[int], None] = _silent,
) -> AddResult:
    """Queue what is new. When this returns, what it counts as queued is on disk and will not be lost.

    What was queued before is due as soon, and has at least the priority. With `adopts` it is to be followed to its end;
    it is found in `queue` too, where that is not the main one.
    `on_scanned` is told, now and then, how many files were found up to then. Raises MissingPathsError, before anything
    is queued, where a path doesn't exist; LedgerError.
    """
    engine, result = _engine(ledger, request, queue), AddResult()
    scope, finder = _start_finder(request)
    sources, known = iter(finder), KnownFolders(ledger)
    engine.recorded_folders = known.recorded
    adoption = _Adoption(ledger, queue, request)
    scanned = 0
    while chunk := list(islice(sources, _IN_ONE_TRANSACTION)):
        scanned += len(chunk)
        with ledger.transaction(durable=True):
            plans = _plan(engine, [known.localize(source) for source in chunk])
            requests = [JobRequest(plan.source, target) for plan in plans for target in plan.targets]
            enrollment = engine.enroll(requests, result.batch_id, now)
            adoption.adopt(enrollment.jobs, now)
        result.batch_id = enrollment.batch_id
        result.count_jobs(requests, enrollment.jobs)
        for plan in plans:
            result.count_plan(plan, request.recipes)
        on_scanned(scanned)
    conclude(result, finder, scope, ledger, scanned)
    note_superseded(result, engine.superseded)
    note_changed(result, engine.changed_outputs)
    result.adopted = list(adoption.job_ids) if adopts else []
    return result


class _Adoption:
    """The jobs that were asked for and had been queued before: what is asked for now holds for them, too."""

    def __init__(self, ledger: Ledger, queue: str, request: AddRequest) -> None:
        self._ledger = ledger
        self._queue = queue
        self._at_once = request.due_at is None
        self._priority = request.priority
        self._own: set[int] = set()
        self.job_ids: dict[int, None] = {}

    def adopt(self, jobs: Sequence[EnrolledJob], now: float) -> None:
        """Have what had been queued before of these jobs be done as soon, in the transaction that is open."""
        self._own.update(job.job_id for job in jobs if job.outcome is IntakeOutcome.QUEUED)
        others = {
            job.job_id
            for job in jobs
            # A file that is named twice is the second time what it was the first time.
            if job.outcome is IntakeOutcome.ALREADY_QUEUED and job.job_id not in self._own
        }
        sooner = self._ledger.jobs.bring_queued_jobs_forward(
            others, now, at_once=self._at_once, priority=self._priority
        )
        if found_here := sooner if self._queue == queue.MAIN else others:
            queue.adopt_jobs(self._ledger, self._queue, found_here, now)
        self.job_ids.update(dict.fromkeys(sorted(others)))


def foresee_jobs(
    ledger: Ledger, request: AddRequest, result: AddResult
) -> Iterator[tuple[JobRequest, IntakeOutcome, int]]:
    """Yield what would become of each file and recipe that are named, and the id of the job that is there; 0 for none.

    `result` counts them as `add_files` would, and nothing is queued; that a folder was renamed is noted.
    Raises MissingPathsError, LedgerError.
    """
    engine = _engine(ledger, request, queue.MAIN)
    scope, finder = _start_finder(request)
    sources = map(KnownFolders(ledger).localize, finder)
    found = 0
    while chunk := list(islice(sources, _FORESEEN_AT_ONCE)):
        found += len(chunk)
        plans = _plan(engine, chunk)
        for plan in plans:
            result.count_plan(plan, request.recipes)
        requests = [JobRequest(plan.source, target) for plan in plans for target in plan.targets]
        jobs = engine.foresee(requests)
        result.count_jobs(requests, jobs)
        for one, job in zip(requests, jobs, strict=True):
            yield one, job.outcome, job.job_id
    conclude(result, finder, scope, ledger, found)
    note_changed(result, engine.changed_outputs)


def _engine(ledger: Ledger, request: AddRequest, queue: str) -> IntakeEngine:
    return IntakeEngine(
        ledger, request.recipes, out=request.out, repeat=request.repeat, queue=queue, priority=request.priority,
        due_at=request.due_at, job_key=request.key,
    )  # fmt: skip


def _start_finder(request: AddRequest) -> tuple[RecipeScope, SourceFinder]:
    scope = RecipeScope(request.recipes, request.out)
    query = SourceQuery(
        paths=request.paths, listed=request.listed, include=request.include, exclude=request.exclude,
        recursive=request.recursive, base=request.base,
    )  # fmt: skip
    return scope, SourceFinder(query, scope)


def _plan(engine: IntakeEngine, sources: Sequence[SourceFile]) -> list[IntakePlan]:
    possible_outputs = engine.find_possible_outputs(sources)
    return [_plan_one(engine, source, possible_outputs) for source in sources]


def _plan_one(engine: IntakeEngine, source: SourceFile, possible_outputs: Collection[str]) -> IntakePlan:
    targets = engine.find_targets(source)
    if not targets:
        return IntakePlan(source=source, outcome=IntakeOutcome.UNMATCHED)
    if engine.is_own_output(source, walked=not source.named, possible=possible_outputs):
        return IntakePlan(source=source, outcome=IntakeOutcome.OWN_OUTPUT)
    return IntakePlan(source=source, outcome=IntakeOutcome.QUEUED, targets=targets)
