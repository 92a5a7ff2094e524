"""Secrets are taken out of what others say, before any of it is kept or shown."""

import base64
import functools
import html
import json
import re
from collections.abc import Iterator
from urllib.parse import unquote

GAP = "…"

_LONG = 4
"""From so many characters on, a secret is taken out within words too."""

_WIDEST = 6
"""So many characters may stand for one, as in \\u00fc."""

_SEPARATORS = re.compile(r"[:@,;|]")


class Scrubber:
    """It knows secrets, in all the forms in which a program may repeat them."""

    def __init__(self) -> None:
        self._secrets: set[str] = set()

    @property
    def longest(self) -> int:
        """How many characters a secret may take in a text."""
        return _WIDEST * max(map(len, self._secrets), default=0)

    def learn(self, secret: str) -> None:
        raw = secret.encode("utf-8", "surrogateescape")
        encoded = (encode(raw).decode().rstrip("=") for encode in (base64.b64encode, base64.urlsafe_b64encode))
        self._secrets.update(form for form in (secret, secret.strip(), *encoded) if form.strip())

    def learn_url(self, url: str) -> None:
        """A URL, and every part of it: many services have their keys where others have the host."""
        for part in (url, *_parts(url)):
            self.learn(part)
            self.learn(unquote(part))

    def scrub(self, text: str) -> str:
        """`text` with a … wherever a secret was."""
        if not self._secrets:
            return text
        longest_first = sorted(self._secrets, key=lambda secret: (-len(secret), secret))
        return re.sub("|".join(map(_pattern, longest_first)), GAP, text, flags=re.IGNORECASE)


def _pattern(secret: str) -> str:
    """A regular expression: each character may be written in any way, as libraries quote some and others not."""
    pattern = "".join(map(_any_form, secret))
    return pattern if len(secret) >= _LONG else rf"(?<!\w){pattern}(?!\w)"


@functools.cache
def _any_form(character: str) -> str:
    """As it is, or as it looks in a URL, in HTML, in JSON, in Python, or after a backslash."""
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
    """What stands between the separators of a URL, but the scheme and the names of its parameters."""
    rest = url.partition("://")[2] or url
    address, _, query = rest.partition("?")
    authority, _, path = address.partition("/")
    user, _, place = authority.rpartition("@")
    yield from (rest, address, authority, user, place, path)
    pieces = [*address.split("/"), *(pair.partition("=")[2] for pair in query.split("&"))]
    for piece in (user, place, *pieces):
        yield piece
        yield from _SEPARATORS.split(piece)
