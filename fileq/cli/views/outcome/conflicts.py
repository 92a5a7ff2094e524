"""The ways out where files stand in the way of outputs."""

from fileq.cli.session import Session

_WAYS = {"keep both": ("--on-conflict", "rename"), "replace them": ("--overwrite",)}


def conflict_steps(session: Session) -> list[tuple[str, str]]:
    """Return what people may want, each with the command that does it: this one, with an option more."""
    return [
        (name, session.same_command(*options) or f"the same command, with {' '.join(options)}")
        for name, options in _WAYS.items()
    ]
