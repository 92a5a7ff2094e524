"""The redaction of secrets in what others say, before any of it is kept or shown."""

import base64
import functools
import html
import json
import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote

REDACTED = "…"

_WITHIN_WORDS_FROM = 4
"""From so many characters on, a secret is taken out within words too."""

_MAX_FORM_LENGTH = 6
"""So many characters may stand for one, as in \\u00fc."""

_SEPARATORS = re.compile(r"[:@,;|]")

_MIN_SECRET_LENGTH = 6
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


class Redactor:
    """Takes secrets out of texts, in all the forms in which a program may repeat them."""

    def __init__(self) -> None:
        self._secrets: set[str] = set()

    @property
    def max_length(self) -> int:
        """The most characters that a secret may take in a text."""
        return _MAX_FORM_LENGTH * max(map(len, self._secrets), default=0)

    def add_secret(self, secret: str) -> None:
        """Have a text redacted, also where it is in Base64."""
        raw = secret.encode("utf-8", "surrogateescape")
        encoded = (encode(raw).decode().rstrip("=") for encode in (base64.b64encode, base64.urlsafe_b64encode))
        self._secrets.update(form for form in (secret, secret.strip(), *encoded) if form.strip())

    def add_url(self, url: str) -> None:
        """Have a URL redacted, and every part of it: many services have their keys where others have the host."""
        for part in (url, *_parts(url)):
            self.add_secret(part)
            self.add_secret(unquote(part))

    def add_environment(self, environ: Mapping[str, str]) -> None:
        """Have the values of variables redacted that may be secrets."""
        for name, value in environ.items():
            if name not in _HARMLESS and len(value) >= _MIN_SECRET_LENGTH:
                self.add_secret(value)

    def redact(self, text: str) -> str:
        """Return `text` with a … wherever a secret was."""
        if not self._secrets:
            return text
        longest_first = sorted(self._secrets, key=lambda secret: (-len(secret), secret))
        return re.sub("|".join(map(_pattern, longest_first)), REDACTED, text, flags=re.IGNORECASE)


def _pattern(secret: str) -> str:
    """Return a regular expression: each character may be written in any way, as libraries quote some and others not."""
    pattern = "".join(map(_any_form, secret))
    return pattern if len(secret) >= _WITHIN_WORDS_FROM else rf"(?<!\w){pattern}(?!\w)"


@functools.cache
def _any_form(character: str) -> str:
    """Return a regular expression for a character as it is, or as URLs, HTML, JSON, Python and shells write it."""
    if character.isascii() and character.isalnum():
        return character  # nobody writes it otherwise
    raw = character.encode("utf-8", "surrogateescape")
    percent = "".join(f"%{byte:02x}" for byte in raw)
    forms = {
        character, f"\\{character}", percent, percent.replace("%", "%25"), "+" if character == " " else character,
        html.escape(character), f"&#{ord(character)};", f"&#x{ord(character):x};",
        json.dumps(character)[1:-1], repr(character)[1:-1], repr(raw)[2:-1],
    }  # fmt: skip
    return f"(?:{'|'.join(re.escape(form) for form in sorted(forms, key=len, reverse=True))})"


def _parts(url: str) -> Iterator[str]:
    """Yield what is between the separators of a URL, but the scheme and the names of its parameters."""
    rest = url.partition("://")[2] or url
    address, _, query = rest.partition("?")
    authority, _, path = address.partition("/")
    user, _, host = authority.rpartition("@")
    yield from (rest, address, authority, user, host, path)
    pieces = [*address.split("/"), *(pair.partition("=")[2] for pair in query.split("&"))]
    for piece in (user, host, *pieces):
        yield piece
        yield from _SEPARATORS.split(piece)
