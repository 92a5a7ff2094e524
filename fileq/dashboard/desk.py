"""What the pages of one dashboard share: the ledger, and who may do what."""

import hmac
import secrets
import time

import msgspec
from starlette.exceptions import HTTPException

from fileq.config.settings import Settings
from fileq.ledger import Ledger
from fileq.ledger.queries.work import BatchSummary

_SUMMARY_AGE = 30.0
"""Seconds for which a batch's summary serves: with a million jobs it takes longer than the rest of a page."""


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """The ledger that is shown, with the settings in force. `token`: who knows it may look; None: whoever gets here.

    `allows_actions`: jobs can be retried and cancelled.
    """

    opened: Ledger
    settings: Settings
    token: str | None
    allows_actions: bool
    form_key: str = msgspec.field(default_factory=lambda: secrets.token_urlsafe(24))
    """What only the forms of this dashboard's own pages know."""
    _summaries: dict[int, tuple[float, BatchSummary]] = {}

    @property
    def ledger(self) -> Ledger:
        """The ledger, for one page: that costs a look at whether it is there still.

        Raises LedgerError where it is gone, or another has its place: what is open is of the past.
        """
        self.opened.database.check_identity()
        return self.opened

    def require_form_key(self, key: str) -> None:
        """Raise HTTPException where a form does not come from a page of this dashboard."""
        if not hmac.compare_digest(key.encode("utf-8", "replace"), self.form_key.encode()):
            raise HTTPException(
                403, "This form is not of this dashboard, or of one that has ended: load the page again."
            )

    def summarize_batch(self, batch_id: int) -> BatchSummary:
        """Return what a batch is about, as it was some seconds ago at the earliest."""
        made_at, summary = self._summaries.get(batch_id, (0.0, None))
        now = time.monotonic()
        if summary is None or now - made_at > _SUMMARY_AGE:
            summary = self.opened.work.summarize_batch(batch_id)
            self._summaries[batch_id] = (now, summary)
        return summary
