"""Entering a notice into the outbox, as text that steers nothing wherever it is shown."""

from fileq.config.settings import Event, NotifySettings
from fileq.ledger import Ledger

_JOINER = "\u200d"  # within emoji


def tell(
    ledger: Ledger,
    notify: NotifySettings,
    event: Event,
    title: str,
    body: str,
    now: float,
    *,
    attachment: str | None = None,
) -> None:
    """Have people told, where they want to hear of this event. `attachment` is the path of a file."""
    if notify.is_on and event in notify.on:
        lines = "\n".join(map(written_out, body.splitlines()))
        ledger.notices.enter(event, written_out(title), lines, now, attachment=attachment)


def written_out(text: str) -> str:
    """`text` as one line: control and direction characters, and raw bytes of names, as escapes."""
    if text.isprintable():
        return text
    return "".join(_written_out(character) for character in text)


def _written_out(character: str) -> str:
    if character.isprintable() or character == _JOINER:
        return character
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a name that is not UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return character.encode("unicode_escape").decode()
