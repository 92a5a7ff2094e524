"""fileq metrics: print figures for a monitoring system."""

import typer

from fileq.cli.app import new_app
from fileq.cli.session import session_of
from fileq.errors import ExitCode, UsageError

app = new_app()


@app.command(epilog="Example: fileq metrics > /var/lib/node_exporter/fileq.prom")
def metrics(context: typer.Context) -> ExitCode:
    """Print figures in the OpenMetrics format, for Prometheus and others.

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
        text = render_metrics(ledger, session.config.settings.worker.heartbeat).decode()
    typer.echo(text, nl=False)
    return ExitCode.DONE
