"""The group of all commands. A command's module is imported when that command is asked for, and no other."""

import difflib
import importlib
from typing import Any

import typer
from typer.core import TyperGroup

from fileq.cli import typer_patch
from fileq.display import is_rich_terminal

PANELS = {
    "Queue files": ("add", "run", "watch", "worker"),
    "Look": ("status", "list", "show", "recipes"),
    "Steer": ("retry", "cancel", "pause", "resume", "wait"),
    "Look after": ("report", "doctor", "clean", "schedule"),
    "Set up": ("init", "config", "trust", "service"),
}
"""The commands as `fileq --help` shows them."""

_PANEL_OF = {name: panel for panel, names in PANELS.items() for name in names}


def new_app(**options: Any) -> typer.Typer:
    """A Typer app whose help is as rich as the terminal."""
    import sys

    return typer.Typer(
        add_completion=False, rich_markup_mode="rich" if is_rich_terminal(sys.stdout) else None, **options
    )


class LazyGroup(TyperGroup):
    def list_commands(self, ctx: Any) -> list[str]:
        del ctx
        return list(_PANEL_OF)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        del ctx
        if cmd_name not in _PANEL_OF:
            return None
        command = typer.main.get_command(importlib.import_module(f"fileq.cli.commands.{cmd_name}").app)
        typer_patch.patch_command(command)
        command.name = cmd_name
        command.rich_help_panel = _PANEL_OF[cmd_name]  # type: ignore[attr-defined]  # TyperCommand has it
        return command

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args[0] not in _PANEL_OF:
            nearest = difflib.get_close_matches(args[0], _PANEL_OF, 1)
            ctx.fail(f"There is no command {args[0]}." + (f" Did you mean {nearest[0]}?" if nearest else ""))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """The plain help; the rich one makes its panels by itself."""
        for panel, names in PANELS.items():
            with formatter.section(panel):
                formatter.write_dl([(name, self.get_command(ctx, name).get_short_help_str(80)) for name in names])
