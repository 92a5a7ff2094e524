"""Secrets are taken out of what others say, before any of it is kept or shown."""

import base64
import html
import json
import re
from collections.abc import Iterator
from urllib.parse import quote, quote_plus, unquote

GAP = "…"

_LONG = 4
"""From so many characters on, a secret is taken out within words too."""

_SEPARATORS = re.compile(r"[:@,;|]")


class Scrubber:
    """It knows secrets, in all the forms in which a program may repeat them."""

    def __init__(self) -> None:
        self._forms: set[str] = set()

    @property
    def longest(self) -> int:
        """The characters of the longest form of a secret."""
        return max(map(len, self._forms), default=0)

    def learn(self, secret: str) -> None:
        self._forms.update(form for form in _forms(secret) if form.strip())

    def learn_url(self, url: str) -> None:
        """A URL, and every part of it: many services have their keys where others have the host."""
        for part in (url, *_parts(url)):
            self.learn(part)
            self.learn(unquote(part))

    def scrub(self, text: str) -> str:
        """`text` with a … wherever a secret was."""
        forms = sorted(self._forms, key=len, reverse=True)
        if not forms:
            return text
        pattern = "|".join(
            re.escape(form) if len(form) >= _LONG else rf"(?<!\w){re.escape(form)}(?!\w)" for form in forms
        )
        return re.sub(pattern, GAP, text, flags=re.IGNORECASE)


def _forms(secret: str) -> Iterator[str]:
    """The secret, and how it looks in a URL, in Python, in JSON, in HTML, and in the header of a request."""
    raw = secret.encode("utf-8", "surrogateescape")
    yield from (secret, secret.strip(), repr(secret)[1:-1], repr(raw)[2:-1])
    yield from (quote(raw, safe=""), quote(raw), quote_plus(raw))
    yield from (json.dumps(secret)[1:-1], html.escape(secret))
    yield from (encode(raw).decode().rstrip("=") for encode in (base64.b64encode, base64.urlsafe_b64encode))


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
