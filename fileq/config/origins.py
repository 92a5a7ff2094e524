"""Where each setting in force came from: what `fileq config` shows."""

import msgspec

from fileq.config.lines import lines_of_keys
from fileq.config.reading import Source
from fileq.config.settings import Settings
from fileq.units import ByteSize, Duration

DEFAULT = "default"
BUILT_IN = "built in"
ENVIRONMENT = "environment"
OPTION = "option"


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

    plain = [("default", list(settings.default))]
    sections: list[tuple[str, msgspec.Struct]] = [("queue", settings.queue), ("worker", settings.worker)]
    plain += [
        (f"{name}.{field}", getattr(section, field))
        for name, section in sections
        for field in section.__struct_fields__
    ]
    values = [Origin(key, _plain(value), origin(key, DEFAULT)) for key, value in plain]
    return (
        *values,
        *(
            Origin(f"watch[{number}]", watch.path, origin(f"watch[{number}]", file))
            for number, watch in enumerate(settings.watch)
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


def _plain(value: object) -> object:
    return str(value) if isinstance(value, ByteSize | Duration) else value
