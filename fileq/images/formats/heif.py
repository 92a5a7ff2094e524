"""What pi-heif doesn't look at before it trusts it: the types of a HEIF file's items (ISO/IEC 14496-12, 8.11.6)."""

_HEADER = 8  # bytes before an infe box's version: what follows its name are 3 of flags, the item's number, and 2 more


def check_items(start: bytes) -> None:
    """Raise ValueError where the type of an item, in a file that begins with `start`, is no text.

    pi-heif 1.4 makes a text of it, gets none, and takes the process with it when it goes on with that.
    """
    at = start.find(b"infe")
    while at >= 4:
        end = at - 4 + int.from_bytes(start[at - 4 : at], "big")
        version = start[at + 4] if at + 4 < len(start) else 0
        names = at + _HEADER + (6 if version >= 3 else 4)
        try:
            start[names : min(end, names + 4096)].decode()
        except UnicodeDecodeError as error:
            raise ValueError("an item has no type") from error
        at = start.find(b"infe", at + 4)
