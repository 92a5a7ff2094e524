"""manage.py fileq: the command line, with the queue and the config of the project."""

from __future__ import annotations

import os
import sys
from argparse import REMAINDER
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from fileq.django.configuration import DjangoConfiguration, read_configuration
from fileq.django.hook import describe_project
from fileq.errors import ExitCode

_OF_DJANGO = ("--settings", "--pythonpath")
_WITHOUT_WORK = frozenset({"-h", "--help", "--stop", "--pause", "--resume"})
"""Options with which `worker` is no worker."""


class Command(BaseCommand):
    """The command; Django wants this name. Everything behind `manage.py fileq` is fileq's business."""

    help = "Runs fileq with the queue of this project: see manage.py fileq --help."

    def run_from_argv(self, argv: list[str]) -> None:
        """Run what a command line says, and end the process as fileq does."""
        arguments = list(_without_django_options(argv[2:]))
        try:
            configuration = read_configuration()
        except ImproperlyConfigured as error:
            self.stderr.write(f"Error: {error}")
            sys.exit(ExitCode.USAGE)
        _put_into_environment(configuration)
        from fileq.__main__ import main  # noqa: PLC0415  # it is imported as the command begins

        with _beside(arguments, configuration):
            main(arguments, describe_project(configuration))

    def print_help(self, prog_name: str, subcommand: str) -> None:
        """Show fileq's help at `manage.py help fileq`."""
        self.run_from_argv([prog_name, subcommand, "--help"])

    def add_arguments(self, parser: Any) -> None:
        """Take what call_command gives."""
        parser.add_argument("arguments", nargs=REMAINDER)

    def handle(self, *_: Any, arguments: Sequence[str], **__: Any) -> None:
        """Run what call_command says. Raises CommandError where the exit code is not 0."""
        configuration = read_configuration()
        _put_into_environment(configuration)
        from fileq.cli import run  # noqa: PLC0415  # as above

        with _beside(arguments, configuration):
            code = run(arguments, describe_project(configuration))
        if code:
            raise CommandError(f"fileq {' '.join(arguments)} has ended with {int(code)}.", returncode=int(code))


def _without_django_options(arguments: Sequence[str]) -> Iterator[str]:
    """Yield arguments without those that Django has taken for itself."""
    words = iter(arguments)
    for word in words:
        if word == "--":
            yield word
            yield from words
        elif word in _OF_DJANGO:
            next(words, None)
        elif not word.startswith(tuple(f"{option}=" for option in _OF_DJANGO)):
            yield word


def _put_into_environment(configuration: DjangoConfiguration) -> None:
    """Have the command, and what it starts, use the config and the database of the project, unless options differ."""
    for variable, value in (("FILEQ_CONFIG", configuration.config), ("FILEQ_DATABASE", configuration.database)):
        if value is not None:
            os.environ[variable] = value


def _beside(arguments: Sequence[str], configuration: DjangoConfiguration) -> Any:
    """Return what goes on beside a worker; for one that ends once all is done, it is done before."""
    if "worker" not in arguments[:1] or not _WITHOUT_WORK.isdisjoint(arguments):
        return nullcontext()
    from fileq.django.attendant import RowAttendant, look_for_missing  # noqa: PLC0415  # for workers alone

    if "--drain" in arguments:
        look_for_missing(whole=True)
    return RowAttendant(configuration)
