"""The table of exit codes."""

from fileq.errors import ExitCode
from fileq.manual.markdown_table import markdown_table

MEANINGS = {
    ExitCode.DONE: "Everything is done as you asked.",
    ExitCode.FAILED: "The command worked, but something that you asked about did not: a job failed, a check found a"
    " fault. `worker --drain` ends with 0 all the same: the jobs of others are in it too.",
    ExitCode.USAGE: "The command or the config asks for what can't be: there is no such file, recipe, job or batch.",
    ExitCode.ENVIRONMENT: "The machine failed: the database is locked or damaged, the disk is full, a permission is"
    " missing.",
    ExitCode.INTERRUPTED: "Ctrl-C stopped it before its end. `worker` and `watch` end with 0 then: they have no other"
    " end.",
}
"""What each exit code means, in a sentence."""


def exit_codes() -> str:
    """Return the table of exit codes in Markdown."""
    return markdown_table(("exit code", "meaning"), [(str(int(code)), MEANINGS[code]) for code in ExitCode])
