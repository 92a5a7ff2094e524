"""Within a worker: it says which hooks there are, and has their calls delivered beside its jobs.

Each hook has a thread, and that a process, while it has calls: one that hangs holds up neither jobs nor other hooks.
"""

import logging
import threading
import time
from collections.abc import Mapping
from contextlib import suppress

from fileq.config import Config
from fileq.config.settings import HookSettings
from fileq.errors import DatabaseReplaced, FileqError, LedgerError
from fileq.hooks.rules import list_rules
from fileq.ledger import Ledger
from fileq.presence import machine_name
from fileq.process import forkserver
from fileq.process.isolated import IsolatedRunStopped, run_isolated
from fileq.process.thread import BoundedStartThread

_LOOK = 0.25
"""Seconds between two looks for calls that are due."""

_TURN = 300.0
"""Seconds after which a process begins no other call: then another one goes on, and this one's memory is free."""

_LEASE_MARGIN = 15.0
"""Seconds that a lease is longer than a call may take."""

_UPKEEP = 600.0
"""Seconds between two looks at the rules, and at calls that nobody can deliver."""

_DRAIN_PATIENCE = 30.0
"""Seconds that a worker which is to end stays for calls that were not tried yet; the next worker makes the rest."""

_END_PATIENCE, _CUT_PATIENCE = 2.0, 0.5
"""Seconds that a call may take still when the worker ends, and to be gone once it is cut off: it is made again."""

_log = logging.getLogger("fileq")


class HookDispatcher:
    """The hooks of a worker's config, by its ledger, which is shared with it."""

    def __init__(self, ledger: Ledger, config: Config) -> None:
        self._ledger = ledger
        self._config = config
        self._rules = {hook.name: list_rules((hook,)) for hook in config.hooks}
        self._sources: dict[str, tuple[HookSettings, ...]] = {}
        if config.file is not None:
            self._sources[f"{machine_name()}:{config.file}"] = config.settings.hook
        if config.host_program is not None:
            self._sources[f"{machine_name()}:{config.host_program.source}"] = config.host_program.hooks
        self._stop, self._cut = threading.Event(), threading.Event()
        self._lanes: dict[str, _Lane] = {}
        self._looks = BoundedStartThread(target=self._run, name="fileq-hooks")
        self._asked_at: float | None = None

    def start(self) -> None:
        """Have the ledger know the hooks, and begin to deliver. Raises LedgerError."""
        for source, hooks in self._sources.items():
            self._ledger.hooks.replace_rules(source, list_rules(hooks), self._ledger.now())
        self._ledger.hook_calls.give_up_strays(self._ledger.now())
        if self._rules:
            self._looks.start()

    def _keep_rules(self) -> None:
        """Say that this config is in use still; what it asks for, a worker that began later may know better."""
        for source in self._sources:
            self._ledger.hooks.renew_rules(source, self._ledger.now())
        self._ledger.hook_calls.give_up_strays(self._ledger.now())

    def _run(self) -> None:
        kept_at = time.monotonic()
        while not self._stop.wait(_LOOK):
            try:
                for hook in self._config.hooks:
                    if self._ledger.hook_calls.has_due_call(self._rules[hook.name], self._ledger.now()):
                        self._deliver(hook)
                if time.monotonic() - kept_at > _UPKEEP:
                    kept_at = time.monotonic()
                    self._keep_rules()
            except DatabaseReplaced:  # the worker ends, and says it
                return
            except (LedgerError, OSError, MemoryError):  # the slots say it; handles and memory may be free again soon
                continue

    def _deliver(self, hook: HookSettings) -> None:
        lane = self._lanes.get(hook.name)
        if lane is None or not lane.is_alive:
            lane = _Lane(self._ledger.database.address, hook, self._cut, self._config.hook_environ(hook))
            with suppress(RuntimeError, MemoryError):  # no thread is to be had: the next look tries again
                lane.start()
                self._lanes[hook.name] = lane

    def is_delivering(self) -> bool:
        """Return whether a worker that is to end, as all is done, is to stay still. Raises LedgerError."""
        if not self._rules:
            return False
        if self._asked_at is None:
            self._asked_at = time.monotonic()
        return time.monotonic() - self._asked_at < _DRAIN_PATIENCE and self._ledger.hook_calls.has_calls_under_way(
            list_rules(self._config.hooks), self._ledger.now()
        )

    def close(self) -> None:
        """Begin no other call, wait for a moment until those under way are made, and cut off what is not."""
        self._stop.set()
        if self._looks.ident is not None:
            self._looks.join(_END_PATIENCE)
        for lane in list(self._lanes.values()):  # the looks may begin one still
            lane.finish()
        self._join(_END_PATIENCE)
        self._cut.set()
        self._join(_CUT_PATIENCE)

    def _join(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        for lane in list(self._lanes.values()):
            lane.join(max(0.0, deadline - time.monotonic()))


class _Lane:
    """The thread of a hook that waits for the process in which its calls are delivered."""

    def __init__(self, database: str, hook: HookSettings, cut: threading.Event, environ: Mapping[str, str]) -> None:
        self._database = database
        self._hook = hook
        self._cut = cut
        self._environ = dict(environ)
        self._until, self._end = forkserver.context.Pipe(duplex=False)
        self._thread = BoundedStartThread(target=self._run, name=f"fileq-hook-{hook.name}")
        self.start, self.join = self._thread.start, self._thread.join

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def finish(self) -> None:
        """Have no other call begun."""
        self._end.close()

    def _run(self) -> None:
        from fileq.hooks.delivery import deliver_calls  # noqa: PLC0415  # HTTP and TLS, for who has hooks alone

        lease = self._hook.timeout + _LEASE_MARGIN
        try:
            run_isolated(
                deliver_calls, self._database, self._hook, self._until, _TURN, lease, self._environ,
                seconds=_TURN + lease, stop=self._cut,
            )  # fmt: skip
        except IsolatedRunStopped:
            return
        except FileqError as error:
            _log.warning("The hook %s could not be called: %s", self._hook.name, error)
        except Exception as error:  # noqa: BLE001  # no process is to be had: the next look tries again
            _log.warning("The hook %s could not be called: %s: %s", self._hook.name, type(error).__name__, error)
        finally:
            self._until.close()
            self._end.close()
