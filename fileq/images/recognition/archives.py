"""ZIP files by what is in them: office documents, pictures of painting programs, and plain archives."""

from __future__ import annotations

from fileq.images.recognition.families import Family, FileType

_SIGNATURES = (b"PK\x03\x04", b"PK\x05\x06")
_LOOKED_AT = 4096  # bytes: the name of the first file, or its content where that says the type

_CONTENTS: dict[bytes, FileType] = {
    b"application/x-krita": FileType(Family.PROJECT, "a Krita picture"),
    b"image/openraster": FileType(Family.PROJECT, "an OpenRaster picture"),
    b"application/epub": FileType(Family.DOCUMENT, "an e-book (EPUB)"),
    b"application/vnd.oasis.opendocument": FileType(Family.DOCUMENT, "an OpenDocument file"),
    b"[Content_Types].xml": FileType(Family.DOCUMENT, "an Office document"),
    b"document.json": FileType(Family.PROJECT, "a Sketch document"),
    b"Document.archive": FileType(Family.PROJECT, "a Procreate picture"),
    b"content/riffData.cdr": FileType(Family.PROJECT, "a CorelDRAW document (CDR)"),
}


def find_archive(start: bytes) -> FileType | None:
    """Return the type of a ZIP file that begins with `start`; None for others."""
    if not start.startswith(_SIGNATURES):
        return None
    found = (file_type for name, file_type in _CONTENTS.items() if name in start[:_LOOKED_AT])
    return next(found, FileType(Family.ARCHIVE, "a ZIP archive"))
