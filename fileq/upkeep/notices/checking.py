"""Whether people can be told: for `fileq doctor`."""

from collections.abc import Iterator, Mapping

from fileq.config.settings import NotifySettings
from fileq.ledger import Ledger
from fileq.ledger.notices import Notice
from fileq.units import describe_seconds
from fileq.upkeep.notices import wording
from fileq.upkeep.notices.delivering import EXTRA, send
from fileq.upkeep.notices.scrubbing import Scrubber
from fileq.upkeep.notices.targets import Target, Undelivered, full_url, targets_of, value_of, variables


def notice_problems(ledger: Ledger, notify: NotifySettings, environ: Mapping[str, str], now: float) -> list[str]:
    """What hinders notices, a sentence or two each; none where all is well, or nobody is to be told."""
    if not notify.is_on:
        return []
    return [*_unusable(notify, environ), *_unsent(ledger, now)]


def test(notify: NotifySettings, environ: Mapping[str, str]) -> list[str]:
    """Send a test to each target now; answer the problems."""
    notice = Notice(0, "test", "fileq: this is a test", "If you can read this, notices reach you.", None, 0, 0, 1,
                    None, None, None)  # fmt: skip
    problems = []
    for target in targets_of(notify):
        try:
            send(target, notice, environ)
        except Undelivered as error:
            problems.append(f"{target.shown}: {error}.")
    return problems


def _unusable(notify: NotifySettings, environ: Mapping[str, str]) -> Iterator[str]:
    for target in targets_of(notify):
        try:
            _check(target, environ)
        except Undelivered as error:
            yield f"{target.shown}: {error}."


def _check(target: Target, environ: Mapping[str, str]) -> None:
    """Raise Undelivered where this target can't be told, as far as that can be seen without telling it."""
    for name in variables(target):
        value_of(name, environ)
    if target.url is None:
        return
    try:
        from fileq.upkeep.notices import services  # noqa: PLC0415  # it imports Apprise
    except ModuleNotFoundError:
        raise Undelivered(EXTRA) from None
    scrubber = Scrubber()
    services.check(full_url(target.url, environ, scrubber), scrubber)


def _unsent(ledger: Ledger, now: float) -> Iterator[str]:
    problems = ledger.notices.problems()
    waiting = [notice for notice in problems if notice.given_up_at is None]
    lost = [notice for notice in problems if notice.given_up_at is not None]
    if waiting:
        soon = max(0.0, min(notice.due_at for notice in waiting) - now)
        yield f"Not sent yet: {_counted(waiting)}; tried again in {describe_seconds(soon)}. {waiting[-1].problem}"
    if lost:
        yield f"Given up after a day: {_counted(lost)}. {lost[-1].problem}"


def _counted(notices: list[Notice]) -> str:
    return f'{wording.counted(len(notices), "notice")}, the last one "{notices[-1].title}"'
