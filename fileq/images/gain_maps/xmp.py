"""The XMP of gain maps (Adobe's "Gain map", 1.0), and of JPEGs that have one behind them (Google's "Ultra HDR", 1.1).

Readers look for these prefixes and not for what they stand for, so that they are always written.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from contextlib import suppress
from fractions import Fraction
from typing import TYPE_CHECKING

from fileq.files.containers import MAX_JPEG_PAYLOAD
from fileq.images.gain_maps.parameters import DEFAULT_OFFSET, Channels, GainMapParameters

if TYPE_CHECKING:
    from collections.abc import Iterator

JPEG_NAME = b"http://ns.adobe.com/xap/1.0/\0"
"""What the segment APP1 of a JPEG begins with that holds a packet."""

HINT = b"hdr-gain-map/"
"""What a packet has that is about a gain map, whatever else it says."""

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_MAP = "{http://ns.adobe.com/hdr-gain-map/1.0/}"
_CONTAINER = "{http://ns.google.com/photos/1.0/container/}"
_OWN = re.compile(rb"hdr-gain-map/|photos/1\.0/container/")
_DECLARATION = re.compile(rb"<!(?!--|\[CDATA\[)")
_NAME_SPACE = re.compile(r"""xmlns:([\w.-]+)\s*=\s*["']([^"']+)["']""")
_PREFIXES = {
    "x": "adobe:ns:meta/",
    "rdf": _RDF[1:-1],
    "hdrgm": _MAP[1:-1],
    "Container": _CONTAINER[1:-1],
    "Item": "http://ns.google.com/photos/1.0/container/item/",
}
_NAMES = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in _PREFIXES.items() if prefix not in {"x", "rdf"})
_PACKET = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    "{description}</rdf:RDF></x:xmpmeta>"
)
_DIRECTORY = (
    f'<rdf:Description rdf:about="" {_NAMES} hdrgm:Version="1.0"><Container:Directory><rdf:Seq>'
    '<rdf:li rdf:parseType="Resource"><Container:Item Item:Semantic="Primary" Item:Mime="image/jpeg"/></rdf:li>'
    '<rdf:li rdf:parseType="Resource"><Container:Item Item:Semantic="GainMap" Item:Mime="image/jpeg"'
    ' Item:Length="{length}"/></rdf:li></rdf:Seq></Container:Directory></rdf:Description>'
)
_GROUPS = {
    "GainMapMin": "minimum", "GainMapMax": "maximum", "Gamma": "gamma", "OffsetSDR": "base_offset",
    "OffsetHDR": "alternate_offset",
}  # fmt: skip


def read_parameters(packet: bytes) -> GainMapParameters:
    """Return the numbers in the packet of a gain map. Raises ValueError where they are not there."""
    found = dict(_properties(_parse(packet)))
    if "Version" not in found:
        raise ValueError("the XMP of a gain map has no version")
    if found.get("BaseRenditionIsHDR", ("False",))[0].strip().lower() == "true":
        raise ValueError("the picture is the brighter rendition itself")

    def numbers(name: str, default: Fraction | None = None) -> Channels:
        if name not in found and default is not None:
            return (default,)
        return tuple(Fraction(text.strip()) for text in found.get(name, ("",)))

    return GainMapParameters(
        minimum=numbers("GainMapMin", Fraction(0)),
        maximum=numbers("GainMapMax"),
        gamma=numbers("Gamma", Fraction(1)),
        base_offset=numbers("OffsetSDR", DEFAULT_OFFSET),
        alternate_offset=numbers("OffsetHDR", DEFAULT_OFFSET),
        base_headroom=numbers("HDRCapacityMin", Fraction(0))[0],
        alternate_headroom=numbers("HDRCapacityMax")[0],
    )


def build_map_packet(parameters: GainMapParameters) -> bytes:
    """Return the packet that a gain map carries."""
    attributes = {
        "Version": "1.0",
        "HDRCapacityMin": _text(parameters.base_headroom),
        "HDRCapacityMax": _text(parameters.alternate_headroom),
        "BaseRenditionIsHDR": "False",
    }
    elements = ""
    for name, group in _GROUPS.items():
        values = getattr(parameters, group)
        if len(values) == 1:
            attributes[name] = _text(values[0])
        else:
            items = "".join(f"<rdf:li>{_text(value)}</rdf:li>" for value in values)
            elements += f"<hdrgm:{name}><rdf:Seq>{items}</rdf:Seq></hdrgm:{name}>"
    written = " ".join(f'hdrgm:{name}="{value}"' for name, value in attributes.items())
    name_space = f'xmlns:hdrgm="{_MAP[1:-1]}"'
    description = f'<rdf:Description rdf:about="" {name_space} {written}>{elements}</rdf:Description>'
    return _PACKET.format(description=description).encode()


def add_directory(packet: bytes, length: int) -> bytes:
    """Return the packet of a picture, b"" for none, that names a gain map of `length` bytes behind it as well.

    Raises ValueError where it is no packet.
    """
    directory = _DIRECTORY.format(length=length)
    if not packet:
        return _PACKET.format(description=directory).encode()
    root = _parse(packet)
    rdf = next(root.iter(f"{_RDF}RDF"), None)
    if rdf is None:
        raise ValueError("an XMP packet has no descriptions")
    rdf.append(ET.fromstring(_PACKET.format(description=directory))[0][0])  # noqa: S314  # our own
    return _write(root)


def takes_directory(packet: bytes) -> bool:
    """Return whether `add_directory` can add to this packet, and the JPEG has room for both."""
    try:
        return len(add_directory(packet, 2**32)) <= MAX_JPEG_PAYLOAD - len(JPEG_NAME)
    except ValueError:
        return False


def remove_directory(packet: bytes) -> bytes:
    """Return the packet of a picture without what it says of a gain map and of other files behind it.

    b"" where it says nothing else; a damaged one as it is.
    """
    if not _OWN.search(packet):
        return packet
    try:
        root = _parse(packet)
    except ValueError:
        return packet
    rest = 0
    for rdf in root.iter(f"{_RDF}RDF"):
        for description in list(rdf):
            _remove_own(description)
            rest += len(description) + sum(name != f"{_RDF}about" for name in description.attrib)
    return _write(root) if rest else b""


def _remove_own(description: ET.Element) -> None:
    for name in [name for name in description.attrib if name.startswith((_MAP, _CONTAINER))]:
        del description.attrib[name]
    for child in [child for child in description if child.tag.startswith((_MAP, _CONTAINER))]:
        description.remove(child)


def _properties(root: ET.Element) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the name and the values of each property of gain maps, as an attribute or an element."""
    for description in root.iter(f"{_RDF}Description"):
        for name, value in description.attrib.items():
            if name.startswith(_MAP):
                yield name.removeprefix(_MAP), (value,)
        for child in description:
            if child.tag.startswith(_MAP):
                items = tuple(item.text or "" for item in child.iter(f"{_RDF}li"))
                yield child.tag.removeprefix(_MAP), items or (child.text or "",)


def _parse(packet: bytes) -> ET.Element:
    """Return the root of a packet, its prefixes known for when it is written again. Raises ValueError."""
    if _DECLARATION.search(packet):  # it could blow up in the parser; XMP has none
        raise ValueError("an XMP packet has declarations")
    for prefix, uri in _NAME_SPACE.findall(packet.decode("utf-8", "replace")):
        with suppress(ValueError):  # ns0 and the like: they are given as it is written
            ET.register_namespace(prefix, uri)
    for prefix, uri in _PREFIXES.items():
        ET.register_namespace(prefix, uri)
    try:
        return ET.fromstring(packet.strip(b"\0 \t\r\n"))  # noqa: S314  # without declarations it is safe
    except ET.ParseError as error:
        raise ValueError("an XMP packet is damaged") from error


def _write(root: ET.Element) -> bytes:
    written: bytes = ET.tostring(root, encoding="utf-8")
    return written.removeprefix(b"<?xml version='1.0' encoding='utf-8'?>\n")


def _text(value: Fraction) -> str:
    return f"{float(value):.9g}"
