"""fileq dashboard: serve pages that show the ledger in a browser."""

import secrets
from typing import Annotated
from urllib.parse import urlencode

import typer

from fileq.cli.app import new_app
from fileq.cli.session import Session, session_of
from fileq.dashboard import LOCAL_HOSTS
from fileq.errors import ExitCode, UsageError

app = new_app()


@app.command(epilog="Example: fileq dashboard --allow-actions")
def dashboard(
    context: typer.Context,
    *,
    host: Annotated[str, typer.Option("--host", metavar="ADDRESS", help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 is any that is free.")] = 8642,
    allow_actions: Annotated[
        bool, typer.Option("--allow-actions", help="Have buttons that retry and cancel jobs.")
    ] = False,
    token: Annotated[
        str | None,
        typer.Option(
            "--token", metavar="TOKEN", show_default=False,
            help="What a browser must know to get in. By default a new one, where others than this machine can get"
            " there, or may act.",
        ),
    ] = None,
) -> ExitCode:  # fmt: skip
    """Show batches, jobs, workers and failures in a browser, as they are now.

    Only this machine gets there, unless --host says otherwise. It shows, and changes nothing, without --allow-actions.
    """
    session = session_of(context)
    if token is not None and not (token.isascii() and token.isprintable() and token.strip() == token and token):
        raise UsageError("This token can't be used.", "Take letters and digits.")
    if token is None and (allow_actions or host not in LOCAL_HOSTS):
        token = secrets.token_urlsafe(24)
    _serve(session, host, port, token, allow_actions=allow_actions)
    return ExitCode.DONE


def _serve(session: Session, host: str, port: int, token: str | None, *, allow_actions: bool) -> None:
    try:
        from fileq.dashboard.desk import Desk
        from fileq.dashboard.server import open_socket, serve
    except ImportError as error:
        raise UsageError(
            "The dashboard needs Starlette and uvicorn, which are not here.",
            "Install them: pip install 'fileq[dashboard]'",
        ) from error
    with session.ledger() as ledger, open_socket(host, port) as listener:
        named = f"[{host}]" if ":" in host else host
        query = f"?{urlencode({'token': token})}" if token else ""
        session.display().hint(f"The dashboard is at http://{named}:{listener.getsockname()[1]}/{query}")
        desk = Desk(opened=ledger, settings=session.config.settings, token=token, allows_actions=allow_actions)
        serve(desk, listener)
