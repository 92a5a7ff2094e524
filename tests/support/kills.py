"""Processes that are killed, in tests that have but one."""

from fileq.files import directory


class Killed(BaseException):
    """As if the process had ended here."""


def die(*_args, **_keys):
    raise Killed


def arrange_death(monkeypatch, step, number, *, after):
    """Have the process die before or after its so-many-th step of a kind in any folder."""
    whole, count = getattr(directory.Directory, step), iter(range(10_000))

    def die_there(self, *names):
        if next(count) != number:
            return whole(self, *names)
        if after:
            whole(self, *names)
        raise Killed

    monkeypatch.setattr(directory.Directory, step, die_there)
