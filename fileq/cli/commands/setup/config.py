"""fileq config: show the settings in force, and where each came from."""

import typer

from fileq.cli import options
from fileq.cli.app import new_app
from fileq.cli.session import Session, session_of
from fileq.config import Config, Provenance, hide_password, locate_database, with_broker_origin, with_database_origin
from fileq.display import Answer, Column, Facts, Table, Text, Tone
from fileq.display.answer import Cell
from fileq.errors import ExitCode, UntrustedError

app = new_app()

_FOUND = {
    Provenance.OPTION: "it was named by --config",
    Provenance.ENVIRONMENT: "it was named by FILEQ_CONFIG",
    Provenance.FOLDER: "in the working folder, or one above",
    Provenance.USER: "it is your own, in your config folder",
}


@app.command(epilog="Example: fileq config")
def config(context: typer.Context, *, json: options.Json = False) -> ExitCode:
    """Show the settings in force, and where each came from."""
    session = session_of(context)
    database, settings = _with_database(session)
    document = {
        "file": settings.file,
        "found": settings.provenance,
        "trusted": settings.is_trusted,
        "database": database,
        "faults": [
            *({"section": name, "message": str(fault)} for name, fault in settings.section_faults.items()),
            *({"recipe": name, "message": str(fault)} for name, fault in settings.faults.items()),
        ],
        "settings": [{"key": one.key, "value": one.value, "origin": one.origin} for one in settings.origins],
    }
    rows = [(one.key, _in_words(one.value), Text(one.origin, Tone.QUIET)) for one in settings.origins]
    table = Table([Column("key"), Column("value", kind="path"), Column("from", kind="path")], rows)
    session.display(json=json).answer(Answer(document, [Facts(_facts(settings)), *_warnings(settings), Text(), table]))
    return ExitCode.DONE


def _with_database(session: Session) -> tuple[str | None, Config]:
    """Return the database in use, None where the config names one and isn't trusted; and the config with its origin."""
    try:
        database, origin = locate_database(session.config, session.database_option)
    except UntrustedError:
        return None, session.config
    return hide_password(database), with_database_origin(with_broker_origin(session.config), database, origin)


def _facts(config: Config) -> list[tuple[str, Cell]]:
    if config.file is None or config.provenance is None:
        return [("config", "none; fileq init writes one")]
    trust: list[tuple[str, Cell]] = [("trusted", "yes" if config.is_trusted else "no")] if config.was_found else []
    return [("config", config.file), ("found", _FOUND[config.provenance]), *trust]


def _warnings(config: Config) -> list[Text]:
    faults = [
        *(Text(f"The section {name} is not used: {fault}", Tone.BAD) for name, fault in config.section_faults.items()),
        *(Text(f"The recipe {name} can't be used: {fault}", Tone.BAD) for name, fault in config.faults.items()),
    ]
    withheld = config.withheld.describe()
    if not withheld:
        return faults
    return [*faults, Text(str(config.untrusted_error(f"asks for {withheld}, which don't count")), Tone.WARNING)]


def _in_words(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
