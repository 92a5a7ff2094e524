"""One thread that looks for the ends of all jobs that somebody waits for, however many wait."""

import threading
import time
from collections.abc import Callable

from fileq.job import Job
from fileq.ledger import Ledger

_FIRST_PAUSE, _GROWTH = 0.004, 1.4
"""Seconds to the second look, and by how much each pause is longer than the one before."""

_LONGEST_PAUSE, _LONGEST_PAUSE_ON_A_SERVER = 0.05, 0.15
"""Seconds. A look costs 10 µs in a file that nobody has changed meanwhile, and a server a statement."""

_REST, _LONGEST_REST = 20, 1.0
"""How many times as long as a look took it rests at least, beside workers that change something all the time; and for
how many seconds at most: a look that waited for a server to be back took long, and is no reason to rest.
"""

Ended = Job | BaseException | None
"""A job that has ended; None where it is gone; or why nobody can tell."""
Tell = Callable[[Ended], None]


class JobWatcher:
    """The jobs of one ledger that are waited for. Its thread is there while there are any."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._forget_all()

    def _forget_all(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[int, list[Tell]] = {}
        self._has_new = threading.Event()
        self._thread: threading.Thread | None = None

    def after_fork(self) -> None:
        """Wait for nothing in a child: those who did are in the parent."""
        self._forget_all()

    def watch(self, job_id: int, tell: Tell) -> Callable[[], None]:
        """Have `tell` called once, in the thread of the watcher, when a job has ended; return what calls that off."""
        with self._lock:
            self._waiting.setdefault(job_id, []).append(tell)
            self._has_new.set()
            if self._thread is None:
                self._thread = threading.Thread(target=self._look, name="fileq-job-watcher", daemon=True)
                self._thread.start()

        def forget() -> None:
            """Call `tell` no more."""
            with self._lock:
                others = [one for one in self._waiting.pop(job_id, ()) if one is not tell]
                if others:
                    self._waiting[job_id] = others
                elif not self._waiting:
                    self._has_new.set()  # so that the thread ends

        return forget

    def give_up(self, error: BaseException) -> None:
        """Tell all who wait that there is nothing more to wait for."""
        with self._lock:
            everybody = [tell for some in self._waiting.values() for tell in some]
            self._waiting.clear()
            self._has_new.set()
        for tell in everybody:
            tell(error)

    def _look(self) -> None:
        pause, mark = _FIRST_PAUSE, None
        while True:
            begun = time.monotonic()
            with self._lock:  # what is new is in the list, or is told by the next look
                has_new = self._has_new.is_set()
                self._has_new.clear()
                job_ids = list(self._waiting)
                if not job_ids:
                    self._thread = None
                    return
            try:
                seen, mark = mark, self._ledger.database.find_change_mark()
                has_news = has_new or mark is None or mark != seen
                self._tell(self._ledger.overview.find_ended_jobs(job_ids) if has_news else {})
            except Exception as error:  # noqa: BLE001  # whoever waits is to hear of it, whatever it is
                self.give_up(error)
                continue
            longest = _LONGEST_PAUSE if mark is not None else _LONGEST_PAUSE_ON_A_SERVER
            pause = _FIRST_PAUSE if has_new or (mark is not None and has_news) else min(pause * _GROWTH, longest)
            rest = min(_REST * (time.monotonic() - begun), _LONGEST_REST)
            self._has_new.wait(max(pause, rest))

    def _tell(self, ended: dict[int, Job | None]) -> None:
        for job_id, job in ended.items():
            with self._lock:
                tells = self._waiting.pop(job_id, ())
            for tell in tells:
                tell(job)
