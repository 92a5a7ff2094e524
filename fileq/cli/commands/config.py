"""fileq config: the settings in force."""

import typer

from fileq.cli import options
from fileq.cli.group import new_app
from fileq.cli.session import session_of
from fileq.config import database_origin, with_database
from fileq.display import Answer, Column, Facts, Table, Text, Tone
from fileq.errors import ExitCode

app = new_app()


@app.command(epilog="Example: fileq config")
def config(context: typer.Context, *, json: options.Json = False) -> ExitCode:
    """Show the settings in force, and where each came from."""
    session = session_of(context)
    database, origin = database_origin(session.config, session.database_option)
    settings = with_database(session.config, database, origin)
    document = {
        "file": settings.file,
        "database": database,
        "settings": [{"key": one.key, "value": one.value, "origin": one.origin} for one in settings.origins],
    }
    rows = [(one.key, _in_words(one.value), Text(one.origin, Tone.QUIET)) for one in settings.origins]
    table = Table([Column("key"), Column("value", long="path"), Column("from", long="path")], rows)
    file = settings.file or "none; fileq init writes one"
    session.display(json=json).answer(Answer(document, [Facts([("config", file)]), Text(), table]))
    return ExitCode.DONE


def _in_words(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
