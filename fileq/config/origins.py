"""Where each setting in force came from: what `fileq config` shows."""

from typing import cast

import msgspec

from fileq.config.document import Source
from fileq.config.lines import lines_of_keys
from fileq.config.settings import Settings
from fileq.units import ByteSize, Duration

DEFAULT = "default"
BUILT_IN = "built in"
ENVIRONMENT = "environment"
OPTION = "option"

_SECTIONS = ("queue", "worker", "retention", "schedule", "report", "notify")


class Origin(msgspec.Struct, frozen=True):
    """A setting: its dotted key, its value as JSON can hold it, and where it came from.

    That is "default", "built in", "environment", "option", or a place in the config: "/home/ada/fileq.toml:3".
    """

    key: str
    value: object
    origin: str


def origins_of(settings: Settings, source: Source | None) -> tuple[Origin, ...]:
    """Every setting; a recipe is one."""
    lines = lines_of_keys(source.text) if source else {}
    file = source.file if source else ""

    def origin(key: str, otherwise: str) -> str:
        return f"{file}:{lines[key]}" if key in lines else otherwise if not _given(key, source) else file

    plain: list[tuple[str, object]] = [("default", list(settings.default))]
    plain += [
        (f"{name}.{field}", value)
        for name in _SECTIONS
        for field, value in msgspec.structs.asdict(getattr(settings, name)).items()
        if (name, field) != ("schedule", "add")
    ]
    return (
        *(Origin(key, _plain(key, value), origin(key, DEFAULT)) for key, value in plain),
        *(
            Origin(f"watch[{number}]", watch.path, origin(f"watch[{number}]", file))
            for number, watch in enumerate(settings.watch)
        ),
        *(
            Origin(f"schedule.add[{number}]", [batch.cron, *batch.paths], origin(f"schedule.add[{number}]", file))
            for number, batch in enumerate(settings.schedule.add)
        ),
        *(Origin(f"recipes.{name}", name, origin(f"recipes.{name}", BUILT_IN)) for name in settings.recipes),
    )


def _given(key: str, source: Source | None) -> bool:
    """Whether the config sets `key`, wherever it may stand."""
    table: object = source.document if source else {}
    for part in key.split("."):
        if not isinstance(table, dict) or part not in table:
            return False
        table = table[part]
    return True


def _plain(key: str, value: object) -> object:
    if key == "notify.urls":
        return [without_secrets(str(url)) for url in cast(tuple[str, ...], value)]
    if isinstance(value, tuple):
        return list(value)
    return str(value) if isinstance(value, ByteSize | Duration) else value


def without_secrets(url: str) -> str:
    """What may be shown of a notice's URL: many services have their keys where others have the host."""
    scheme, separator, _ = url.partition("://")
    return f"{scheme}://…" if separator else "…"
