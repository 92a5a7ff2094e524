"""A program as the one who is told: an argument list, never a shell."""

from collections.abc import Mapping

from fileq.errors import JobError
from fileq.escaping import escape_controls
from fileq.ledger.tables.notifications import Notification
from fileq.notifications.redaction import GAP, Scrubber
from fileq.notifications.targets import Undelivered, full_command
from fileq.operations.programs import program

TIMEOUT = 60.0
"""Seconds that the program may take."""

_LONGEST_REASON = 300

_LIKE_A_SECRET = 6
"""Characters: a shorter value of the environment comes up in many messages by chance."""

_HARMLESS = {
    "HOME",
    "HOSTNAME",
    "LANG",
    "LOGNAME",
    "LS_COLORS",
    "OLDPWD",
    "PATH",
    "PWD",
    "SHELL",
    "TERM",
    "TMPDIR",
    "USER",
}


def run(command: tuple[str, ...], notice: Notification, environ: Mapping[str, str], scrubber: Scrubber) -> None:
    """Let the program tell it: the body comes on its stdin too. Raises Undelivered."""
    argv = full_command(command, notice, environ, scrubber)
    for name, value in environ.items():  # the program may repeat what it was given
        if name not in _HARMLESS and len(value) >= _LIKE_A_SECRET:
            scrubber.learn(value)
    try:
        program.run(argv, TIMEOUT, stdin=f"{notice.body}\n".encode(), environ=environ)
    except JobError as error:
        raise Undelivered(_reason(error.message, scrubber)) from None


def _reason(message: str, scrubber: Scrubber) -> str:
    """The message without secrets, in one line: its start names the program, its end says what that said last."""
    scrubbed = escape_controls(scrubber.scrub(message)).strip(" .")
    if len(message) < program.TAIL:
        return scrubbed[-_LONGEST_REASON:] if len(scrubbed) > 2 * _LONGEST_REASON else scrubbed
    # Of what it said only the end is known, and that may begin amid a secret.
    head, _, tail = scrubbed.partition(": ")
    return f"{head}: {GAP}{tail[scrubber.longest :][-_LONGEST_REASON:]}"
