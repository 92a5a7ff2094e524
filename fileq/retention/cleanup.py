"""A cleaning from start to end: outputs, then folders, then the history, then the database itself."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext

from fileq.config.settings import ScheduleSettings, Settings
from fileq.ledger import Ledger
from fileq.ledger.queries.retention import CleaningRecord, RemovableOutput
from fileq.retention import crash_recovery, selection
from fileq.retention.empty_folders import remove_empty
from fileq.retention.lock import alone
from fileq.retention.purge import Forgetting
from fileq.retention.removal import Remover
from fileq.retention.result import Cleaned
from fileq.retention.throttle import giving_way
from fileq.retention.verification import Found, Places, look
from fileq.units import KeepDuration

_HAND = 500
"""So many outputs share a transaction that says what is to go."""

_PAGES = 200
"""So many pages of the database are given back at a time. Measured: 1.5 ms, at times 30."""


def _never() -> bool:
    return False


def clean(
    ledger: Ledger,
    settings: Settings,
    now: float,
    *,
    older_than: KeepDuration | None = None,
    dry_run: bool = False,
    stop: Callable[[], bool] = _never,
) -> Cleaned:
    """Apply retention. `older_than` takes the place of `[retention] outputs`; a recipe's own `keep` goes before both.

    `stop` is asked between files; what is left then, the next cleaning does. Raises LedgerError, and
    EnvironmentFailure where another cleaning is under way.
    """
    with nullcontext() if dry_run else alone(ledger, now), Places(ledger) as places:
        cleaning = _Cleaning(ledger, places, now, stop, dry_run=dry_run)
        cleaning.remove_outputs(selection.rules(ledger.retention.list_recipes(), settings, now, older_than))
        cleaning.forget_jobs(now - settings.retention.history, settings.schedule)
        if not dry_run:
            cleaning.shrink()
        cleaning.cleaned.stopped = stop()
    return cleaning.cleaned


class _Cleaning:
    def __init__(self, ledger: Ledger, places: Places, now: float, stop: Callable[[], bool], *, dry_run: bool) -> None:
        self.cleaned = Cleaned()
        self._ledger = ledger
        self._places = places
        self._now = now
        self._stop = stop
        self._dry_run = dry_run
        self._remover = Remover(ledger, places, self.cleaned, now, stop)
        self._hand: list[RemovableOutput] = []
        self._vanished: list[RemovableOutput] = []
        self._record: int | None = None

    def remove_outputs(self, rules: selection.Rules) -> None:
        crash_recovery.finish(self._ledger, self._places, self.cleaned, self._now, dry_run=self._dry_run)
        counted = frozenset(rules.counted)
        total = None if rules.most is None else self._ledger.retention.total_output_bytes(counted)
        for output in self._until_stopped(selection.old(self._ledger, rules)):
            freed = self._take(output)
            if total is not None and output.recipe in counted:
                total -= freed
        if total is not None and rules.most is not None:
            surplus = self._until_stopped(selection.surplus(self._ledger, rules))
            while total > rules.most and (one := next(surplus, None)):
                total -= self._take(one)
        self._remove_hand()
        if not self._dry_run:
            self.cleaned.folders_removed = remove_empty(self._ledger, self._stop)

    def _until_stopped(self, outputs: Iterator[RemovableOutput]) -> Iterator[RemovableOutput]:
        for output in outputs:
            if self._stop():
                return
            yield output

    def _take(self, output: RemovableOutput) -> int:
        """Have it removed if it is the file that fileq wrote. The bytes by which the total is less then."""
        try:
            found = look(self._ledger, self._places, output)
        except OSError as error:
            self.cleaned.failed_at(output.path, error.strerror or str(error))
            return 0
        if found is Found.OURS:
            self._hand.append(output)
        elif found is Found.GONE:
            self._vanished.append(output)
        elif found is Found.CHANGED:
            self.cleaned.kept_changed += 1
        if len(self._hand) + len(self._vanished) == _HAND:
            self._remove_hand()
        # What is another file by now is nothing that fileq would have to make room for.
        return 0 if output.vanished or found in (Found.AWAY, Found.SOURCE) else output.bytes

    def _remove_hand(self) -> None:
        if self._dry_run:
            for output in self._hand:
                self.cleaned.went(output.path, output.bytes)
        else:
            gone = [(output.path, output.version) for output in self._vanished if not output.vanished]
            self._ledger.outputs.record_vanished(gone, (), self._now)
            if self._hand:
                self._remover.remove(self._hand)
            self._write_down()
        self._hand.clear()
        self._vanished.clear()

    def _write_down(self) -> None:
        done = self.cleaned
        if done.outputs_removed or done.jobs_forgotten:
            gone = CleaningRecord(done.outputs_removed, done.bytes_freed, done.kept_changed, done.jobs_forgotten)
            self._record = self._ledger.retention.upsert_cleaning(self._record, gone, self._now)

    def forget_jobs(self, before: float, schedule: ScheduleSettings) -> None:
        if self._dry_run:
            self.cleaned.jobs_forgotten = self._ledger.tombstones.count_old_jobs(before)
            return
        for count in Forgetting(self._ledger, before, self._now, self._stop, schedule).forget():
            self.cleaned.jobs_forgotten += count
            self._write_down()
        if not self._stop():
            with giving_way():
                self._ledger.tombstones.delete_unused(self._now)

    def shrink(self) -> None:
        """Give free pages of the database back, in steps between which workers have their turn."""
        left = True
        while left and not self._stop():
            with giving_way():
                left = self._ledger.database.give_back(_PAGES)
        with giving_way():
            self._ledger.database.truncate_log()
