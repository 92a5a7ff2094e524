"""High dynamic range: told by the file's own signals, and refused.

PQ and HLG (ITU-R BT.2100) number light in another way than all else here: shown as if they were sRGB, such pictures
are washed out. The signals are code points of ITU-T H.273, in the `colr` box of AVIF and HEIF (ISO 23008-12) and in
the cICP chunk of PNG.
"""

from fileq.errors import ErrorKind, JobError

_TRANSFERS = {16: "PQ", 18: "HLG"}


def refuse(start: bytes, path: str) -> None:
    """Raise JobError (unsupported) where a file that begins with `start` says that it is PQ or HLG."""
    transfer = _TRANSFERS.get(transfer_of(start))
    if transfer is not None:
        message = (
            f"{path} is a high dynamic range picture ({transfer}); in an ordinary format it would look washed out."
        )
        raise JobError(ErrorKind.UNSUPPORTED, message, "Export it from its editor as an ordinary (SDR) picture.")


def transfer_of(start: bytes) -> int:
    """The code point of the transfer function that the file names; 2, the standard's "unspecified", without one."""
    if start[4:8] == b"ftyp":
        at = start.find(b"colrnclx") + 10
        found = at > 10
        return int.from_bytes(start[at : at + 2], "big") if found else 2
    if start.startswith(b"\x89PNG"):
        at = start.find(b"cICP") + 5
        found = 5 < at < start.find(b"IDAT") % len(start)
        return start[at] if found else 2
    return 2
