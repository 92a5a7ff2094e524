"""Jobs that a command sees to their end: a worker of its own does them here, or it waits for those of others."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from fileq.cli.request import show_notices, worst_exit_code
from fileq.cli.session import Session
from fileq.cli.views.due_time import describe_due, with_due_time
from fileq.cli.views.live import EndedJobsReporter, log_to_display, progress_ticker, stop_hint
from fileq.cli.views.outcome.batch import batch_answer, batches_of, log_outcome, read_outcome
from fileq.cli.views.phrases import SAME_COMMAND, describe_adopted, describe_result
from fileq.cli.work.progress import PauseNotice, follow, start_tracker
from fileq.display import Display
from fileq.errors import ExitCode
from fileq.intake import AddResult
from fileq.job import JobState
from fileq.ledger import Ledger
from fileq.ledger.job_group import is_within
from fileq.ledger.queries.overview import JobTally
from fileq.lookup import live_workers
from fileq.units import describe_count, is_or_are, was_or_were

if TYPE_CHECKING:
    from fileq.worker.worker import Worker

Enqueue = Callable[["Worker", str], AddResult]
"""Queues, and adopts, for a worker and the queue of this name what it is to do."""


class ProcessingWords(msgspec.Struct, frozen=True, kw_only=True):
    """What is said around the work: what is counted, and how to go on once it was stopped."""

    noun: str = "file"
    again: str = SAME_COMMAND[False]
    takes_recipe_options: bool = False
    """Whether the command takes the options that change a recipe."""
    due_at: float | None = None
    """Before when nothing begins, in seconds since the epoch."""


def process_here(
    session: Session, ledger: Ledger, display: Display, slots: int, enqueue: Enqueue, words: ProcessingWords
) -> ExitCode:
    """Do here what `enqueue` asks for, follow what runs elsewhere, and answer with how it ended."""
    from fileq.worker.own_queue import name_own_queue
    from fileq.worker.worker import Worker

    begun = time.monotonic()
    queue = name_own_queue()
    log_to_display(display, debug=session.debug)
    session.hint_at_hooks()
    # It signs on before anything is queued: should we be killed, others see whose queue that was.
    ended = EndedJobsReporter(display)
    with Worker(
        session.database, session.config, slots=slots, queue=queue, drain=True, periodic=False, on_ended=ended.on_ended
    ) as worker:
        try:
            result = enqueue(worker, queue)
        except KeyboardInterrupt:
            display.reason(_describe_interruption(ledger, queue, words))
            return ExitCode.INTERRUPTED
        display.clear_progress()
        show_notices(display, result)
        if words.due_at is not None:
            display.hint(describe_due(words.due_at, begun))
        if result.has_jobs:
            with suppress(KeyboardInterrupt):  # one that came before the worker was ready to be told
                say_what_is_done(ledger, display, result, words.noun)
                notice = PauseNotice(session, display)
                tracker = start_tracker(ledger, result.scope)
                worker.run(progress_ticker(ledger, display, tracker, result.scope, ended, notice), stop_hint(display))
            ended.close()
            display.clear_progress()
    seconds = time.monotonic() - begun
    answer = batch_answer(session, ledger, result, seconds, takes_recipe_options=words.takes_recipe_options)
    display.answer(with_due_time(answer, words.due_at, ledger.now(), in_words=False))
    return worst_exit_code(result, exit_code_of(session, ledger, result, display, words))


def _describe_interruption(ledger: Ledger, queue: str, words: ProcessingWords) -> str:
    """Return what there is of the queue of a command that was stopped while it filled it."""
    if not ledger.jobs.has_unfinished_jobs(queue):
        return "Stopped. Nothing was queued."
    return f"Stopped. What was queued up to here waits in the queue. Go on: {words.again}."


def say_what_is_done(ledger: Ledger, display: Display, result: AddResult, noun: str) -> None:
    """Say what was queued, and what was there to go on with."""
    for said in (describe_result(result, noun), describe_adopted(ledger.prior_jobs.count_by_batch(result.adopted))):
        if said:
            display.hint(said)


def exit_code_of(
    session: Session, ledger: Ledger, result: AddResult, display: Display, words: ProcessingWords
) -> ExitCode:
    """Return 0 where all that was asked for is done. Say what was left to do, and what was called off."""
    if not result.has_jobs:
        return ExitCode.DONE
    tally = ledger.overview.tally_jobs(result.scope)
    if tally.unfinished:
        hint_at_rest(session, ledger, result, display, words)
        return ExitCode.INTERRUPTED
    cancelled, superseded = tally.jobs[JobState.CANCELLED], tally.jobs[JobState.SUPERSEDED]
    if cancelled:
        display.reason(f"{describe_count(cancelled, 'job')} {was_or_were(cancelled)} cancelled meanwhile.")
    if superseded:
        said = f"{describe_count(superseded, 'job')} {was_or_were(superseded)} superseded meanwhile"
        display.reason(f"{said}: the source changed, or a later command asked for the same files.")
    left = _say_what_left(ledger, result, tally, display)
    return ExitCode.FAILED if tally.jobs[JobState.FAILED] + cancelled + superseded + left else ExitCode.DONE


def _say_what_left(ledger: Ledger, result: AddResult, tally: JobTally, display: Display) -> int:
    """Say which of the jobs that were asked for have left meanwhile; return how many of all are not done then."""
    followed = set(result.followed_ids)
    if sum(tally.jobs.values()) >= len(followed):
        return 0
    states = ledger.overview.count_by_state(followed)
    forgotten = len(followed) - states.total()
    if forgotten:
        outputs = "its outputs are" if forgotten == 1 else "their outputs are"
        display.error(
            f"{describe_count(forgotten, 'job')} {was_or_were(forgotten)} forgotten meanwhile (fileq forget), so nobody"
            f" can say whether {outputs} there.",
            "Run it again.",
        )
    elsewhere = sum(count for state, count in states.items() if not state.is_final)
    if elsewhere:
        display.error(
            f"{describe_count(elsewhere, 'job')} {was_or_were(elsewhere)} queued again by another command, and"
            f" {is_or_are(elsewhere)} not at the end.",
            "See: fileq batches",
        )
    return len(followed) - states[JobState.DONE]


def follow_elsewhere(
    session: Session, ledger: Ledger, display: Display, result: AddResult, words: ProcessingWords
) -> ExitCode:
    """Follow jobs that workers elsewhere do to their end, and say how they ended. Returns the exit code."""
    if not result.has_jobs:
        return ExitCode.DONE
    try:
        follow(session, ledger, result.scope, display)
        log_outcome(session, display, read_outcome(ledger, result))
        return exit_code_of(session, ledger, result, display, words)
    except KeyboardInterrupt:
        display.clear_progress()
        hint_at_rest(session, ledger, result, display, words)
        return ExitCode.INTERRUPTED


def hint_at_rest(session: Session, ledger: Ledger, result: AddResult, display: Display, words: ProcessingWords) -> None:
    """Say what is left to do, who goes on with it or how to, and how to drop it."""
    count = ledger.overview.tally_jobs(result.scope).unfinished
    numbers = sorted(batches_of(ledger, result))
    which = f"batch {numbers[0]}" if len(numbers) == 1 else f"batches {', '.join(map(str, numbers))}"
    left = f"{describe_count(count, 'job')} of {which}"
    if going_on := _count_running_elsewhere(session, ledger, result):
        running = f"{going_on:,} of them {is_or_are(going_on)} running"
        display.reason(f"Stopped here. Another worker goes on with {left}; {running}. Follow it: {words.again}.")
    else:
        display.reason(f"Stopped. {left} {'waits' if count == 1 else 'wait'} in the queue. Go on: {words.again}.")
    for number in numbers:
        drop = "Drop the rest" if len(numbers) == 1 else f"Drop the rest of batch {number}"
        display.hint(f"{drop}: {session.command('cancel', '--batch', number)}")


def _count_running_elsewhere(session: Session, ledger: Ledger, result: AddResult) -> int:
    """Return how many of the jobs that were asked for a worker has that is there, and no longer this one."""
    there = {worker.id for worker in live_workers(ledger, session.config)}
    running = ledger.overview.list_running_jobs()
    return sum(job.worker_id in there and is_within(result.scope, job.job_id, job.batch_id) for job in running)
