"""HEIF by its brands, and what pi-heif doesn't look at before it trusts a file (ISO/IEC 14496-12, 23008-12)."""

from fileq.files.containers import read_brands

_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
_CONTAINER_BRANDS = {b"mif1", b"msf1"}  # AVIF or HEIF: the other brands say which
_HEADER = 8  # bytes before an infe box's version: what follows its name are 3 of flags, the item's number, and 2 more


def is_heif(start: bytes) -> bool:
    """Return whether a file that begins with `start` is HEIF and not AVIF."""
    found = read_brands(start)
    return bool(found) and (found[0] in _HEIF_BRANDS or (found[0] in _CONTAINER_BRANDS and b"avif" not in found))


def check_items(start: bytes) -> None:
    """Raise ValueError where an item's type is no text (ISO/IEC 14496-12, 8.11.6). `start`: the file's first bytes.

    pi-heif 1.4 makes a text of it, gets none, and takes the process with it when it goes on with that. So items are
    looked for by their name and not by the boxes around them: whatever is damaged, none is skipped.
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
