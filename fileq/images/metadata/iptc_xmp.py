"""IPTC data sets as XMP, for formats that have no place for them (IPTC Photo Metadata Standard, "IIM mapping")."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, NamedTuple

from fileq.images.metadata import iptc, xmp

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Property(NamedTuple):
    """Where a data set of record 2 stands in XMP; `container` is "" for one text."""

    namespace: str
    name: str
    container: str = ""


_PROPERTIES = {
    5: _Property(xmp.DC, "title", "Alt"),
    15: _Property(xmp.PHOTOSHOP, "Category"),
    20: _Property(xmp.PHOTOSHOP, "SupplementalCategories", "Bag"),
    25: _Property(xmp.DC, "subject", "Bag"),
    40: _Property(xmp.PHOTOSHOP, "Instructions"),
    55: _Property(xmp.PHOTOSHOP, "DateCreated"),
    80: _Property(xmp.DC, "creator", "Seq"),
    85: _Property(xmp.PHOTOSHOP, "AuthorsPosition"),
    90: _Property(xmp.PHOTOSHOP, "City"),
    92: _Property(xmp.IPTC_CORE, "Location"),
    95: _Property(xmp.PHOTOSHOP, "State"),
    100: _Property(xmp.IPTC_CORE, "CountryCode"),
    101: _Property(xmp.PHOTOSHOP, "Country"),
    103: _Property(xmp.PHOTOSHOP, "TransmissionReference"),
    105: _Property(xmp.PHOTOSHOP, "Headline"),
    110: _Property(xmp.PHOTOSHOP, "Credit"),
    115: _Property(xmp.PHOTOSHOP, "Source"),
    116: _Property(xmp.DC, "rights", "Alt"),
    118: _Property(xmp.IPTC_CORE, "CreatorContactInfo"),
    120: _Property(xmp.DC, "description", "Alt"),
    122: _Property(xmp.PHOTOSHOP, "CaptionWriter"),
}
_DATE, _TIME, _CONTACT = 55, 60, 118
_CONTACT_WAYS = (("@", "CiEmailWork"), ("://", "CiUrlWork"), ("", "CiAdrExtadr"))
"""What a contact has in it, and the property that it then is; the last takes all."""


def add_iptc(packet: bytes, datasets: bytes) -> bytes:
    """Return an XMP packet with what IPTC data sets say, and the packet doesn't."""
    return xmp.add_properties(packet, _properties(iptc.read_texts(datasets)))


def replace_by_iptc(packet: bytes, datasets: bytes) -> bytes:
    """Return an XMP packet in which all that IPTC data sets say stands as they say it."""
    return xmp.replace_properties(packet, _properties(iptc.read_texts(datasets)))


def _properties(texts: dict[tuple[int, int], list[str]]) -> Iterator[ET.Element]:
    for number, place in _PROPERTIES.items():
        values = [value for value in texts.get((2, number), []) if value]
        if number == _DATE:
            values = [_date(value, texts.get((2, _TIME), [""])[0]) for value in values]
        if values:
            yield _element(f"{{{place.namespace}}}{place.name}", number, place.container, values)


def _element(name: str, number: int, container: str, values: list[str]) -> ET.Element:
    if number != _CONTACT:
        return xmp.build_property(name, container, values)
    element = ET.Element(name, {f"{{{xmp.RDF}}}parseType": "Resource"})
    way = next(way for mark, way in _CONTACT_WAYS if mark in values[0])
    ET.SubElement(element, f"{{{xmp.IPTC_CORE}}}{way}").text = "; ".join(values)
    return element


def _date(date: str, time: str) -> str:
    """Return IPTC's 20260517 and 102030+0200 as XMP has them; as it is where it is no date."""
    day, hour = re.fullmatch(r"(\d{4})(\d\d)(\d\d)", date), re.fullmatch(r"(\d\d)(\d\d)(\d\d)([+-]\d\d)?(\d\d)?", time)
    if day is None:
        return date
    zone = f"{hour[4]}:{hour[5]}" if hour and hour[4] and hour[5] else ""
    return "-".join(day.groups()) + (f"T{hour[1]}:{hour[2]}:{hour[3]}{zone}" if hour else "")
