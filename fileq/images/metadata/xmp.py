"""XMP packets: their credits, what tells date and camera, and what of them must not be carried over."""

from __future__ import annotations

import hashlib
import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

from fileq.files.containers import MAX_JPEG_PAYLOAD
from fileq.images.gain_maps.xmp import JPEG_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable

RDF, DC = "http://www.w3.org/1999/02/22-rdf-syntax-ns#", "http://purl.org/dc/elements/1.1/"
PHOTOSHOP, IPTC_CORE = "http://ns.adobe.com/photoshop/1.0/", "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/"
XMP_BASIC, RIGHTS = "http://ns.adobe.com/xap/1.0/", "http://ns.adobe.com/xap/1.0/rights/"
TIFF = "http://ns.adobe.com/tiff/1.0/"
_NOTE = "http://ns.adobe.com/xmp/note/"
_PREFIXES = {
    "rdf": RDF,
    "x": "adobe:ns:meta/",
    "dc": DC,
    "xmp": XMP_BASIC,
    "xmpRights": RIGHTS,
    "photoshop": PHOTOSHOP,
    "cc": "http://creativecommons.org/ns#",
    "plus": "http://ns.useplus.org/ldf/xmp/1.0/",
    "Iptc4xmpCore": IPTC_CORE,
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "exifEX": "http://cipa.jp/exif/1.0/",
    "aux": "http://ns.adobe.com/exif/1.0/aux/",
    "tiff": TIFF,
    "xmpNote": _NOTE,
}
_CREDITS = {
    "dc": r"creator|rights",
    "photoshop": r"Credit|Source|AuthorsPosition",
    "xmpRights": r"\w+",
    "cc": r"\w+",
    "plus": r"\w+",
    "Iptc4xmpCore": r"CreatorContactInfo",
    "Iptc4xmpExt": r"LinkedEncRightsExpr|EmbdEncRightsExpr",
}
_PRIVATE = _CREDITS | {
    "photoshop": r"Credit|Source|AuthorsPosition|DateCreated",
    "xmp": r"CreateDate|ModifyDate",
    "tiff": r"Make|Model|DateTime",
    "aux": r"Lens|LensInfo",
    "exifEX": r"LensMake|LensModel|LensSpecification|PhotographicSensitivity",
    "exif": r"DateTimeOriginal|DateTimeDigitized|ExposureTime|FNumber|ExposureProgram|ISOSpeedRatings|ShutterSpeedValue"
    r"|ApertureValue|BrightnessValue|ExposureBiasValue|MaxApertureValue|MeteringMode|LightSource|Flash|FocalLength"
    r"|FocalLengthIn35mmFilm|ExposureMode|WhiteBalance|DigitalZoomRatio|SceneCaptureType",
}
"""What tells date, camera and lens beside the credits; as of EXIF, a list of what stays."""

_PACKET = b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>%s<?xpacket end="w"?>'
_END_OF_PACKET = re.compile(rb"</(?:\w+:)?(?:xmpmeta|xapmeta|RDF)\s*>")
_MOST_ENDS = 4  # that are tried
_END_OF_RDF = re.compile(rb"</rdf:RDF\s*>")
_DESCRIPTION = f"{{{RDF}}}Description"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"

for _prefix, _uri in _PREFIXES.items():
    ET.register_namespace(_prefix, _uri)


def _pattern(names: dict[str, str]) -> re.Pattern[str]:
    return re.compile("|".join(rf"\{{{re.escape(_PREFIXES[prefix])}\}}({tags})" for prefix, tags in names.items()))


_CREDITS_PATTERN, _PRIVATE_PATTERN = _pattern(_CREDITS), _pattern(_PRIVATE)


def extract_credits(packet: bytes) -> bytes:
    """Return a new packet with creator, rights, credit and licence of `packet`; b"" for none, or a damaged one."""
    return _extract(packet, _CREDITS_PATTERN)


def extract_private(packet: bytes) -> bytes:
    """Return a new packet with the credits, date, camera and lens of `packet`; b"" for none, or a damaged one."""
    return _extract(packet, _PRIVATE_PATTERN)


def _extract(packet: bytes, wanted: re.Pattern[str]) -> bytes:
    root = _parse(packet)
    if root is None:
        return b""
    kept = ET.Element(_DESCRIPTION, {f"{{{RDF}}}about": ""})
    for description in _descriptions(root):
        kept.attrib.update({name: value for name, value in description.attrib.items() if wanted.fullmatch(name)})
        kept.extend(child for child in description if wanted.fullmatch(child.tag))
    return build_packet([kept]) if len(kept.attrib) > 1 or len(kept) else b""


def _descriptions(root: ET.Element) -> Iterable[ET.Element]:
    """Return the descriptions of the picture itself, and not those that are values of its properties."""
    rdf = root if root.tag == f"{{{RDF}}}RDF" else root.find(f".//{{{RDF}}}RDF")
    return () if rdf is None else rdf.findall(_DESCRIPTION)


def _parse(packet: bytes) -> ET.Element | None:
    """Return the root of a packet, None where it is damaged. What some programs put behind its end is left out."""
    if re.search(rb"<!\s*(?:DOCTYPE|ENTITY)|<\0!\0[DE]\0|\0<\0!\0[DE]", packet):  # could blow up in the parser
        return None
    start, mended = packet.find(b"<"), _mend(packet)
    ends = [match.end() for match in _END_OF_PACKET.finditer(mended)][-_MOST_ENDS:]
    for text in (packet[max(start, 0) :].rstrip(b"\0 \t\r\n"), mended, *(mended[:end] for end in reversed(ends))):
        try:
            return ET.fromstring(text)  # noqa: S314  # without declarations it is safe
        except (ET.ParseError, ValueError, LookupError):
            continue
    return None


def _mend(packet: bytes) -> bytes:
    """Return a packet from its first bracket on, without what XML has no place for."""
    text = packet.decode("utf-8", "replace").encode()
    return re.sub(rb"[\0-\x08\x0b\x0c\x0e-\x1f]", b"", text[max(text.find(b"<"), 0) :])


def clean_packet(packet: bytes) -> bytes:
    """Return the packet without thumbnail, for a picture that is upright now and looks different."""
    packet = re.sub(rb"(tiff:Orientation\s*(?:=\s*[\"']|>))[0-9]", rb"\g<1>1", packet)
    return re.sub(rb"<(xmp|xap):Thumbnails>.*?</\1:Thumbnails>", b"", packet, flags=re.DOTALL)


def with_extension(packet: bytes, extension: bytes) -> bytes:
    """Return a packet with all that another says of the same picture, and no word that there is another."""
    root = _parse(extension)
    added = [] if root is None else list(_descriptions(root))
    packet = re.sub(rb"\sxmpNote:HasExtendedXMP\s*=\s*(\"[^\"]*\"|'[^']*')", b"", packet)
    packet = re.sub(rb"<xmpNote:HasExtendedXMP>[^<]*</xmpNote:HasExtendedXMP>", b"", packet)
    return add_descriptions(packet, added)


def without_wrapper(packet: bytes) -> bytes:
    """Return a packet that `build_packet` made without what begins and ends it, for places with little room."""
    start, end = _PACKET.split(b"%s")
    return packet.removeprefix(start).removesuffix(end)


def add_descriptions(packet: bytes, added: list[ET.Element]) -> bytes:
    """Return a packet with more descriptions; a new one where there is none; as it is where it is damaged."""
    if not added:
        return packet
    if not packet.strip(b"\0 \t\r\n"):
        return build_packet(added)
    root, ends = _parse(packet), [match.start() for match in _END_OF_RDF.finditer(packet)]
    first = None if root is None else next(iter(_descriptions(root)), None)
    if first is None or not ends:
        return packet
    for description in added:
        description.attrib.pop("about", None)
        description.set(f"{{{RDF}}}about", first.get(f"{{{RDF}}}about", ""))
    more = b"".join(ET.tostring(description, encoding="utf-8") for description in added)
    return packet[: ends[-1]] + re.sub(rb"<\?xml[^>]*\?>", b"", more) + packet[ends[-1] :]


def names_in(packet: bytes) -> set[str]:
    """Return the names of all properties of the picture in a packet, with their namespaces in braces."""
    root = _parse(packet)
    found = [] if root is None else list(_descriptions(root))
    return {name for one in found for name in (*one.attrib, *(child.tag for child in one))}


def add_properties(packet: bytes, properties: Iterable[ET.Element]) -> bytes:
    """Return a packet with those of some properties that it has not; as it is where it is damaged."""
    known = names_in(packet)
    description = ET.Element(_DESCRIPTION, {f"{{{RDF}}}about": ""})
    description.extend(one for one in properties if one.tag not in known)
    return add_descriptions(packet, [description] if len(description) else [])


def replace_properties(packet: bytes, properties: Iterable[ET.Element]) -> bytes:
    """Return a packet with these properties in place of those of their names; as it is where it is damaged."""
    new = ET.Element(_DESCRIPTION, {f"{{{RDF}}}about": ""})
    new.extend(properties)
    root = _parse(packet)
    if root is None or not len(new):
        return packet
    names, descriptions = {one.tag for one in new}, list(_descriptions(root))
    for description in descriptions:
        for name in names & description.attrib.keys():
            del description.attrib[name]
        description[:] = [one for one in description if one.tag not in names]
    return build_packet([*descriptions, new])


def build_property(name: str, container: str, values: list[str]) -> ET.Element:
    """Return a property with these texts: in a Bag, a Seq, or an Alt, which has one; or one text, where that is ""."""
    element = ET.Element(name)
    if not container:
        element.text = values[0]
        return element
    parent = ET.SubElement(element, f"{{{RDF}}}{container}")
    for value in values[:1] if container == "Alt" else values:
        item = ET.SubElement(parent, f"{{{RDF}}}li", {_LANGUAGE: "x-default"} if container == "Alt" else {})
        item.text = value
    return element


def build_packet(descriptions: Iterable[ET.Element]) -> bytes:
    """Return a packet of these descriptions."""
    meta = ET.Element("{adobe:ns:meta/}xmpmeta")
    ET.SubElement(meta, f"{{{RDF}}}RDF").extend(descriptions)
    body: bytes = ET.tostring(meta, encoding="utf-8")
    return _PACKET % re.sub(rb"^<\?xml[^>]*\?>\s*", b"", body)


def split_for_jpeg(packet: bytes) -> tuple[bytes, bytes, bytes]:
    """Return a packet for the one segment that every reader knows, the rest, and its digest; b"" for no rest.

    Of a long one the first has the credits, and the rest is all of it (XMP part 3, 1.1.3.1).
    """
    if len(packet) <= MAX_JPEG_PAYLOAD - len(JPEG_NAME):
        return packet, b"", b""
    root = _parse(packet)
    whole = packet if root is None else ET.tostring(root, encoding="utf-8")
    guid = hashlib.md5(whole, usedforsecurity=False).hexdigest().upper().encode()
    note = ET.Element(_DESCRIPTION, {f"{{{RDF}}}about": "", f"{{{_NOTE}}}HasExtendedXMP": guid.decode()})
    return add_descriptions(extract_credits(packet), [note]), whole, guid
