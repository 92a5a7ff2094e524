"""Hooks that stand in no config: a program brings them that has the command line within its own, such as Django's."""

from collections.abc import Mapping

import msgspec

from fileq.config.settings import HookSettings


class ProgramHooks(msgspec.Struct, frozen=True, kw_only=True):
    """The hooks of a program, which each have a name."""

    source: str
    """What the ledger knows their rules by. It is the same at each start of the program, and no other program's."""
    hooks: tuple[HookSettings, ...]
    environ: Mapping[str, str]
    """Variables that what they call is given beside those of the worker."""
