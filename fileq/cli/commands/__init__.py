"""The commands: a module for each, with its Typer app in `app`."""
