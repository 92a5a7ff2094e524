"""The origin of each setting in force, as `fileq config` shows it."""

from collections.abc import Collection
from typing import cast

import msgspec

from fileq.config.database_address import hide_password
from fileq.config.document import ConfigDocument, key_lines
from fileq.config.settings import Settings
from fileq.units import ByteSize, Duration

DEFAULT = "default"
BUILT_IN = "built in"
ENVIRONMENT = "environment"
OPTION = "option"

_SECTIONS = ("queue", "worker", "retention", "schedule", "report", "notify")


class SettingOrigin(msgspec.Struct, frozen=True):
    """A setting: its dotted key, its value as JSON can hold it, and where it came from.

    That is "default", "built in", "environment", "option", or a place in the config: "/home/ada/fileq.toml:3".
    """

    key: str
    value: object
    origin: str


def setting_origins(
    settings: Settings, document: ConfigDocument | None, left_out: Collection[str] = ()
) -> tuple[SettingOrigin, ...]:
    """Return every setting with its origin; a recipe is one setting. `document` is None where there is no config.

    `left_out` are its sections that don't count.
    """
    lines = key_lines(document.text) if document else {}
    file = document.file if document else ""

    def origin(key: str, otherwise: str) -> str:
        """Return the file with the key's line, the file alone where the line is unknown, else `otherwise`."""
        if key.partition(".")[0] in left_out:
            return otherwise
        return f"{file}:{lines[key]}" if key in lines else otherwise if not _is_set(key, document) else file

    plain: list[tuple[str, object]] = [("default", list(settings.default))]
    plain += [
        (f"{name}.{field}", value)
        for name in _SECTIONS
        for field, value in msgspec.structs.asdict(getattr(settings, name)).items()
        if (name, field) != ("schedule", "add")
    ]
    return (
        *(SettingOrigin(key, _plain(key, value), origin(key, DEFAULT)) for key, value in plain),
        *(
            SettingOrigin(f"watch[{number}]", watch.path, origin(f"watch[{number}]", file))
            for number, watch in enumerate(settings.watch)
        ),
        *(
            SettingOrigin(
                f"schedule.add[{number}]", [batch.cron, *batch.paths], origin(f"schedule.add[{number}]", file)
            )
            for number, batch in enumerate(settings.schedule.add)
        ),
        *(
            SettingOrigin(f"hook[{number}]", hook.name, origin(f"hook[{number}]", file))
            for number, hook in enumerate(settings.hook)
        ),
        *(SettingOrigin(f"recipes.{name}", name, origin(f"recipes.{name}", BUILT_IN)) for name in settings.recipes),
    )


def _is_set(key: str, document: ConfigDocument | None) -> bool:
    """Return whether the config sets `key`, wherever that may stand."""
    table: object = document.tables if document else {}
    for part in key.split("."):
        if not isinstance(table, dict) or part not in table:
            return False
        table = table[part]
    return True


def _plain(key: str, value: object) -> object:
    if key == "queue.broker" and isinstance(value, str):
        return hide_password(value)
    if key == "notify.urls":
        return [hide_url_secrets(str(url)) for url in cast(tuple[str, ...], value)]
    if isinstance(value, tuple):
        return list(value)
    return str(value) if isinstance(value, ByteSize | Duration) else value


def hide_url_secrets(url: str) -> str:
    """Return what may be shown of a notification's URL: many services have their keys where others have the host."""
    scheme, separator, _ = url.partition("://")
    return f"{scheme}://…" if separator else "…"
