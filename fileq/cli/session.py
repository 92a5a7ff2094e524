"""The session that every command starts from: the global options, and what they lead to, made at its first use."""

import functools
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec
import typer

from fileq.cli.tolerance import tolerated_sections
from fileq.config import Config, hide_password, load_config, locate_broker, locate_database
from fileq.display import Display, create_display
from fileq.recipes.recipe import Recipe
from fileq.roots import use_roots

if TYPE_CHECKING:
    from fileq.config.host_program import HostProgram
    from fileq.ledger import Ledger


_FAULTS_SHOWN_BY = ("config", "doctor")
_LONGEST_COMMAND = 400
_COMMAND = re.compile(r"(?:(?<=: )|(?<=\())fileq(?= [a-z])")


class Session:
    """One run of a command: its options, display, config, database and recipes."""

    config_option: str | None = None
    database_option: str | None = None
    quiet = False
    verbose = False
    debug = False
    command_name: str | None = None
    """The command's first word."""

    def __init__(self, arguments: Sequence[str] = (), host_program: "HostProgram | None" = None) -> None:
        """`arguments` are those of the command line; `host_program` is the one that it is within."""
        self._arguments = arguments
        self._host_program = host_program
        self.program = ("fileq",) if host_program is None else host_program.command
        self._display: Display | None = None

    def display(self, *, json: bool = False) -> Display:
        """Return the one display of this command. Only the first call says whether it answers in JSON."""
        if self._display is None:
            self._display = create_display(json=json, quiet=self.quiet)
        return self._display

    @functools.cached_property
    def config(self) -> Config:
        """The config in force. Raises ConfigError, NotFoundError, EnvironmentFailure."""
        config = self.read_config()
        if self.command_name not in _FAULTS_SHOWN_BY:
            for fault in config.section_faults.values():
                self.display().hint(f"The config has a fault, which does not matter here: {fault}")
        if self.verbose:
            self.display().hint(f"Config: {config.file or 'none, the defaults serve'}")
        return config

    def read_config(self) -> Config:
        """Read the config, and have this process know its roots. Raises as `config` does."""
        config = load_config(self.config_option, tolerated=tolerated_sections(self.command_name))
        use_roots(config.settings.root_paths)
        return msgspec.structs.replace(config, host_program=self._host_program)

    @functools.cached_property
    def database(self) -> str:
        """The address of the database: a file's absolute path, or a server's URL. Raises UntrustedError, UsageError."""
        address, _ = locate_database(self.config, self.database_option)
        if self.verbose:
            self.display().hint(f"Database: {hide_password(address)}")
        return address

    def require_root_folders(self) -> None:
        """Raise ConfigError where a root can't be used, before something is queued or done. One may be absent."""
        if self.config.settings.root:
            from fileq.health.root_folders import require_root_folders

            require_root_folders(self.config.file)

    @contextmanager
    def ledger(self) -> Iterator["Ledger"]:
        """Open the ledger, and close it after; say what the broker did not take. Raises LedgerError."""
        from fileq.ledger import open_ledger

        broker = locate_broker(self.config)
        with open_ledger(self.database) as ledger:
            if broker is not None:
                self._connect_broker(ledger, broker)
            yield ledger
            if ledger.outbox is not None and ledger.outbox.failure is not None:
                self.display().hint(f"{ledger.outbox.failure} The jobs are queued, and begin once it answers.")

    def _connect_broker(self, ledger: "Ledger", broker: str) -> None:
        from fileq.queue import connect_broker

        connect_broker(ledger, broker)
        if self.verbose:
            self.display().hint(f"Broker: {hide_password(broker)}")

    def recipes(self, names: Sequence[str]) -> list[Recipe]:
        """Return the recipes of these names, or the default ones; say where one takes other files' places.

        Raises NotFoundError with the nearest right name, UntrustedError.
        """
        recipes = self.config.select_recipes(names)
        if self.config.was_found:
            self._hint_at_overwriting(recipes)
        return recipes

    def _hint_at_overwriting(self, recipes: Sequence[Recipe]) -> None:
        """Say which recipes of a config that nobody named take other files' places."""
        for recipe in recipes:
            what = "replaces originals" if recipe.replace else "overwrites files that have the names of its outputs"
            if recipe.replace or recipe.on_conflict == "overwrite":
                self.display().hint(f"The recipe {recipe.name} of {self.config.file} {what}.")

    def command(self, *words: object) -> str:
        """Return a command of fileq that can be pasted: with the global options of this one, quoted for a shell."""
        given = (
            ("--config", self.config_option, "FILEQ_CONFIG"),
            ("--database", self.database_option, "FILEQ_DATABASE"),
        )
        options = [
            part
            for option, value, variable in given
            if value is not None and value != os.environ.get(variable)  # the environment will be the same
            for part in (option, hide_password(value))
        ]
        return quote_command([*self.program, *options, *map(str, words)])

    def complete_commands(self, text: str) -> str:
        """Return a sentence in which commands of fileq, after a colon or in brackets, have this one's options too."""
        return _COMMAND.sub(lambda _: self.command(), text)

    def same_command(self, *options: str) -> str:
        """Return this command with more options, to be pasted; "" where it is long, or reads what was typed."""
        words = list(self._arguments)
        place = words.index("--") if "--" in words else len(words)
        command = quote_command([*self.program, *words[:place], *options, *words[place:]])
        return command if len(command) <= _LONGEST_COMMAND and not {"-", "--files-from=-"} & set(words) else ""

    @property
    def no_worker_hint(self) -> str:
        """Say that nobody works, and by which command somebody would."""
        return f"No worker is running. Start one with: {self.command('worker')}"

    @property
    def config_hint(self) -> str:
        """What the first hint of a long command ends with: the config that nobody named, and recipes with a fault."""
        found = f" Config: {self.config.file}." if self.config.was_found else ""
        faults = ", ".join(self.config.faults)
        return f"{found} With a fault, and not used: {faults}; see fileq doctor." if faults else found

    def hint_at_notifications(self) -> None:
        """Say that no notifications are sent, where that is for want of trust."""
        if self.config.withheld.notify is not None:
            untrusted = self.config.untrusted_error("its [notify] is off")
            self.display().hint(str(untrusted))

    def hint_at_hooks(self) -> None:
        """Say that no hooks are called, where that is for want of trust."""
        if self.config.withheld.hook:
            self.display().hint(str(self.config.untrusted_error("its [[hook]] is off")))


def quote_command(words: Sequence[str]) -> str:
    """Return words as one line that a shell takes apart into them again."""
    if os.name == "nt":
        import subprocess

        return subprocess.list2cmdline(words)
    import shlex

    return shlex.join(words)


def session_of(context: typer.Context) -> Session:
    """Return the session of a command that Typer runs."""
    session = context.obj
    assert isinstance(session, Session)
    return session
