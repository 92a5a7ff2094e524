"""The diagram of a job's states, drawn from the table of transitions."""

from fileq.job import TRANSITIONS, JobState

REASONS = {
    (JobState.QUEUED, JobState.RUNNING): "a worker claims it",
    (JobState.QUEUED, JobState.SUPERSEDED): "a newer version of its source was added",
    (JobState.RUNNING, JobState.QUEUED): "its worker died or was stopped",
    (JobState.RUNNING, JobState.WAITING): "a fault that may pass: tried again, later each time",
    (JobState.WAITING, JobState.RUNNING): "it is due again",
    (JobState.DONE, JobState.QUEUED): "add, where its outputs are gone, or with --force",
    (JobState.FAILED, JobState.QUEUED): "retry, or add",
    (JobState.CANCELLED, JobState.QUEUED): "retry, or add",
    (JobState.SUPERSEDED, JobState.QUEUED): "add, where that version is back",
}
"""What leads from a state to another, where the states don't say it by themselves."""

_WIDTH = max(map(len, JobState)) + 1


def state_diagram() -> str:
    """Return the diagram: a line for each transition, from its state, named once, to the next one."""
    lines = []
    for before in JobState:
        following = [after for after in JobState if after in TRANSITIONS[before]]
        for number, after in enumerate(following):
            start = f"{before} ".ljust(_WIDTH, "─") if number == 0 else " " * _WIDTH
            corner = "├" if number else "┬"
            corner = ("└" if number else "─") if after is following[-1] else corner
            lines.append(f"{start}{corner}──▶ {after:<{_WIDTH}} {REASONS.get((before, after), '')}".rstrip())
    return "\n".join(["```text", *lines, "```"])
