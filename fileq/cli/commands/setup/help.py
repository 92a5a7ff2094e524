"""fileq help: read the manual, or the help of a command."""

from typing import Annotated, Any

import typer

from fileq.cli import options
from fileq.cli.app import new_app
from fileq.cli.session import session_of
from fileq.config.problems import suggest_names
from fileq.display import Answer, Facts, Page, Text, Tone
from fileq.errors import ExitCode, NotFoundError
from fileq.manual import TOPICS, read_page

app = new_app()


@app.command(name="help", epilog="Example: fileq help cookbook")
def help_(
    context: typer.Context,
    *,
    topic: Annotated[
        list[str] | None,
        typer.Argument(metavar="TOPIC", help="A topic of the manual, or a command.", show_default=False),
    ] = None,
    json: options.Json = False,
) -> ExitCode:
    """Read the manual: its topics, one of them, or the help of a command."""
    display = session_of(context).display(json=json)
    if not topic:
        display.answer(_list_topics())
        return ExitCode.DONE
    name = topic[0]
    if len(topic) == 1 and name in TOPICS:
        page = read_page(name)
        document = {"topic": name, "about": TOPICS[name], "markdown": page}
        display.answer(Answer(document, [Page(page)]))
        return ExitCode.DONE
    _show_help_of(context.find_root(), topic)
    return ExitCode.DONE


def _list_topics() -> Answer:
    documents = [{"topic": name, "about": about} for name, about in TOPICS.items()]
    return Answer(
        documents,
        [
            Text("The manual has these topics. Read one: fileq help TOPIC", Tone.TITLE),
            Text(),
            Facts(list(TOPICS.items()), indent=2),
            Text(),
            Text("The help of a command: fileq help run. All commands: fileq --help"),
        ],
    )


def _show_help_of(root: Any, words: list[str]) -> None:
    """Show the help of the command that the words name, `schedule run` too. Raises NotFoundError."""
    context, command = root, root.command
    for word in words:
        names = command.list_commands(context) if hasattr(command, "list_commands") else []
        if word not in names:
            known = [*names, *(TOPICS if context is root else ())]
            raise NotFoundError(f"There is no topic or command {' '.join(words)}.", _remedy(word, known))
        command = command.get_command(context, word)
        context = type(context)(command, info_name=word, parent=context)
    typer.echo(command.get_help(context))


def _remedy(word: str, known: list[str]) -> str:
    nearest = suggest_names(word, known)
    return nearest if nearest.startswith("Did") else "fileq help lists the topics, fileq --help the commands."
