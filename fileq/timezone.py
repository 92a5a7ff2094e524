"""The time zone of this machine."""

import io
import os
import struct
from collections.abc import Mapping
from datetime import tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fileq.errors import EnvironmentFailure


def local_zone(environ: Mapping[str, str] = os.environ) -> tzinfo:
    """Return the zone that the system is set to, or the variable TZ, in either form. Raises EnvironmentFailure."""
    from tzlocal import get_localzone  # noqa: PLC0415  # most commands need no zone

    try:
        return get_localzone()
    except (ZoneInfoNotFoundError, ValueError) as error:
        return _zone_from_rule(environ.get("TZ", ""), error)


def _zone_from_rule(rule: str, error: Exception) -> ZoneInfo:
    """Return a zone like `CET-1CEST,M3.5.0,M10.5.0/3`, as POSIX has it and small systems use it.

    Python reads such rules at the end of zone files alone (RFC 8536, 3.3): this makes a file that is nothing else.
    """
    counts = struct.pack(">6l", 0, 0, 0, 0, 1, 4)
    head = b"TZif2" + bytes(15)
    try:
        body = head + struct.pack(">6l", 0, 0, 0, 0, 0, 0) + head + counts + struct.pack(">lbb", 0, 0, 0) + b"UTC\0"
        return ZoneInfo.from_file(io.BytesIO(body + b"\n" + rule.encode() + b"\n"), key=rule)
    except (ValueError, UnicodeError):
        said = f"TZ={rule} names no time zone" if rule else f"The system's time zone can't be told: {error}"
        raise EnvironmentFailure(f"{said}.", "Set the variable TZ to a name like Europe/Berlin.") from error
