"""The report as a page of the dashboard: the same that `fileq report --html` writes, of the last week."""

from fileq.dashboard.desk import Desk
from fileq.report.figures import WEEK, compute_figures
from fileq.report.page import render_page
from fileq.report.sheet import ContactSheet
from fileq.timezone import local_zone


def render_report(desk: Desk) -> tuple[str, int, dict[str, str]]:
    """Return the page, without its pictures, the status, and the headers: the page says itself what it may load."""
    ledger, zone = desk.ledger, local_zone()
    now = ledger.now()
    figures = compute_figures(ledger, now - WEEK, now, zone)
    page = render_page(figures, ContactSheet([], 0), zone)
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
    return page, 200, {"content-security-policy": policy}
