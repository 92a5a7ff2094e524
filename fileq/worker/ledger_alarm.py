"""When to tell that the ledger itself can't be used."""


class Alarm:
    """Rings once when the ledger could not be used for minutes: health has no place then to write down what it saw."""

    def __init__(self, patience: float = 300.0) -> None:
        self._patience = patience
        self._since: float | None = None

    def rings(self, now: float) -> bool:
        """It could not be used at `now`."""
        if self._since is None:
            self._since = now + self._patience
        if now < self._since:
            return False
        self._since = float("inf")
        return True

    def rest(self) -> None:
        self._since = None
