"""A program that has the command line within its own, as Django's `manage.py fileq`, and what it brings."""

from collections.abc import Mapping

import msgspec

from fileq.config.settings import HookSettings


class HostProgram(msgspec.Struct, frozen=True, kw_only=True):
    """How the program's users call the command line, and the hooks that stand in no config, which each have a name."""

    command: tuple[str, ...]
    source: str
    """What the ledger knows the hooks' rules by: the same at each start of the program, and no other program's."""
    hooks: tuple[HookSettings, ...]
    environ: Mapping[str, str]
    """Variables that what they call is given beside those of the worker."""
