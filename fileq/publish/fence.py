"""The fence: a worker that was given up for dead publishes nothing that another attempt makes now."""

from collections.abc import Sequence

from fileq.clock import steady_time
from fileq.job import Token
from fileq.ledger import Ledger
from fileq.ledger.tables.attempts import Fenced

_FRESH = 0.25
"""Seconds for which a look is believed, whatever this process or host did meanwhile. A worker whose token was good then
is not given up for dead so soon: that takes the silence of several heartbeats."""


class Fence:
    """Whether the tokens of several attempts are good still, by one look for them all."""

    def __init__(self, ledger: Ledger, tokens: Sequence[Token]) -> None:
        self._ledger = ledger
        self._tokens = tokens
        self._void: set[Token] = set()
        self._looked_at = float("-inf")

    def look(self) -> None:
        """Look at all tokens now."""
        self._looked_at = steady_time()  # before the answer, which may be on its way for long
        self._void = self._ledger.attempts.find_void_tokens(self._tokens)

    def check(self, token: Token) -> None:
        """Raise Fenced where a token is void, by a look that is a moment old at most."""
        if steady_time() - self._looked_at > _FRESH:
            self.look()
        if token in self._void:
            raise Fenced
