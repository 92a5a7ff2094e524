"""fileq metrics: print figures for a monitoring system."""

from enum import StrEnum
from typing import Annotated

import typer

from fileq.cli.app import new_app
from fileq.cli.session import session_of
from fileq.errors import ExitCode, UsageError

app = new_app()


class MetricsFormat(StrEnum):
    """OpenMetrics, or Prometheus' older text format."""

    OPENMETRICS = "openmetrics"
    PROMETHEUS = "prometheus"


@app.command(epilog="Example: fileq metrics --format prometheus > fileq.prom")
def metrics(
    context: typer.Context,
    *,
    text_format: Annotated[
        MetricsFormat, typer.Option("--format", help="The node exporter's files have the older one, prometheus.")
    ] = MetricsFormat.OPENMETRICS,
) -> ExitCode:
    """Print figures for a monitoring system: Prometheus, and others that read OpenMetrics.

    Jobs by state, their durations by recipe, the queue's age, workers, checks, disk and bytes saved.
    """
    session = session_of(context)
    try:
        from fileq.metrics import render_metrics
    except ImportError as error:
        raise UsageError(
            "Metrics need prometheus-client, which is not here.", "Install it: pip install 'fileq[metrics]'"
        ) from error
    with session.ledger() as ledger:
        heartbeat = session.config.settings.worker.heartbeat
        text = render_metrics(ledger, heartbeat, classic=text_format is MetricsFormat.PROMETHEUS).decode()
    typer.echo(text, nl=False)
    return ExitCode.DONE
