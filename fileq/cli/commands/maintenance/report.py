"""fileq report: show what was done, or write it as a page."""

import os
from datetime import tzinfo
from typing import Annotated

import typer

from fileq.cli import options
from fileq.cli.app import new_app
from fileq.cli.session import session_of
from fileq.cli.times import parse_since
from fileq.cli.views.report import report_blocks, report_document
from fileq.display import Answer
from fileq.errors import ExitCode

app = new_app()


@app.command(epilog="Example: fileq report --since 30d --html report.html")
def report(
    context: typer.Context,
    *,
    since: Annotated[
        str,
        typer.Option(
            "--since", metavar="WHEN", show_envvar=False,
            help="The start: so long ago (7d, 12h), or a date (2026-05-17, 2026-05-17T22:00).",
        ),
    ] = "7d",
    html: Annotated[
        str | None,
        typer.Option(
            "--html", metavar="FILE", show_envvar=False, show_default=False,
            help="Write a page to FILE too, with plots, and pictures before and after.",
        ),
    ] = None,
    json: options.Json = False,
) -> ExitCode:  # fmt: skip
    """Show what was done, in numbers and plots.

    Files, bytes saved, time by recipe, and failures by cause with their remedy.
    """
    from fileq.report.figures import compute_figures

    session = session_of(context)
    display = session.display(json=json)
    zone = _zone()
    with session.ledger() as ledger:
        now = ledger.now()
        found = compute_figures(ledger, parse_since(since, now), now, zone)
        if html is not None:
            from fileq.report.page import write_page

            path = os.path.abspath(html)
            write_page(ledger, found, path, zone, session.config.settings.worker.max_pixels)
            display.hint(f"The page is at {path}.")
    display.answer(Answer(report_document(found), [] if json else report_blocks(found, zone)))
    return ExitCode.DONE


def _zone() -> tzinfo:
    from fileq.timezone import local_zone

    return local_zone()
