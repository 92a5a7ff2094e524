"""Which sections of a config may have a fault, as a command does not need them: it goes on, and says so."""

SECTIONS = frozenset({"default", "worker", "watch", "retention", "schedule", "report", "notify", "hook"})
"""Those that can be left out. Without [queue] it would be another database."""

_NEEDED: dict[str, frozenset[str]] = {
    **dict.fromkeys(
        ("status", "batches", "list", "show", "recipes", "operations", "cancel", "forget", "pause", "resume", "wait"),
        frozenset(),
    ),
    **dict.fromkeys(("undo", "doctor", "config", "help", "completion"), frozenset()),
    "add": frozenset({"default"}),
    "run": frozenset({"default", "worker", "hook"}),
    "retry": frozenset({"worker"}),
    "hooks": frozenset({"hook"}),
    "report": frozenset({"report"}),
    "clean": frozenset({"retention", "schedule"}),
    "worker": SECTIONS - {"watch"},
    "schedule": SECTIONS - {"watch"},
}


def tolerated_sections(command: str | None) -> frozenset[str]:
    """Return the sections that may have a fault where this command is run; none for an unknown one."""
    return SECTIONS - _NEEDED.get(command or "", SECTIONS)
