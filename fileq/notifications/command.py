"""Delivery by a program of the config: an argument list, never a shell."""

from collections.abc import Mapping

from fileq.errors import JobError
from fileq.escapes import escape_controls
from fileq.ledger.tables.notifications import Notification
from fileq.notifications.redaction import REDACTED, Redactor
from fileq.notifications.targets import DeliveryError, expand_command
from fileq.operations.programs.runner import STDERR_TAIL, run_program

TIMEOUT = 60.0
"""Seconds that the program may take."""

_MAX_REASON = 300


def run_command(
    command: tuple[str, ...], notification: Notification, environ: Mapping[str, str], redactor: Redactor
) -> None:
    """Run the program, with the notification's body on its stdin too. Raises DeliveryError."""
    argv = expand_command(command, notification, environ, redactor)
    redactor.add_environment(environ)  # the program may repeat what it was given
    try:
        run_program(argv, TIMEOUT, stdin=f"{notification.body}\n".encode(), environ=environ)
    except JobError as error:
        raise DeliveryError(_reason(error.message, redactor)) from None


def _reason(message: str, redactor: Redactor) -> str:
    """Return the message without secrets, in one line: its start names the program, its end is what that said last."""
    redacted = escape_controls(redactor.redact(message)).strip(" .")
    if len(message) < STDERR_TAIL:
        return redacted[-_MAX_REASON:] if len(redacted) > 2 * _MAX_REASON else redacted
    # Of what it said only the end is known, and that may begin amid a secret.
    head, _, tail = redacted.partition(": ")
    return f"{head}: {REDACTED}{tail[redactor.max_length :][-_MAX_REASON:]}"
