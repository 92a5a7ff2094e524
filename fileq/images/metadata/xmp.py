"""XMP packets: their credits, and what of them must not be carried over."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_PREFIXES = {
    "rdf": _RDF,
    "x": "adobe:ns:meta/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "cc": "http://creativecommons.org/ns#",
    "plus": "http://ns.useplus.org/ldf/xmp/1.0/",
}
_CREDITS = re.compile(
    r"\{(http://purl\.org/dc/elements/1\.1/)\}(creator|rights)"
    r"|\{http://ns\.adobe\.com/photoshop/1\.0/\}(Credit|Source|AuthorsPosition)"
    r"|\{(http://ns\.adobe\.com/xap/1\.0/rights/|http://creativecommons\.org/ns#|http://ns\.useplus\.org/ldf/xmp/1\.0/)\}\w+"
)
_PACKET = b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>%s<?xpacket end="w"?>'

for _prefix, _uri in _PREFIXES.items():
    ET.register_namespace(_prefix, _uri)


def extract_credits(packet: bytes) -> bytes:
    """Return a new packet with creator, rights, credit and licence of `packet`; b"" for none, or a damaged one."""
    if b"<!" in packet:  # a declaration could blow up in the parser; XMP has none
        return b""
    try:
        root = ET.fromstring(packet.strip(b"\0 \t\r\n"))  # noqa: S314  # without declarations it is safe
    except ET.ParseError:
        return b""
    kept = ET.Element(f"{{{_RDF}}}Description", {f"{{{_RDF}}}about": ""})
    for description in root.iter(f"{{{_RDF}}}Description"):
        kept.attrib.update({name: value for name, value in description.attrib.items() if _CREDITS.fullmatch(name)})
        kept.extend(child for child in description if _CREDITS.fullmatch(child.tag))
    return _packet(kept) if len(kept.attrib) > 1 or len(kept) else b""


def clean_packet(packet: bytes) -> bytes:
    """Return the packet without thumbnail, for a picture that is upright now and looks different."""
    packet = re.sub(rb"(tiff:Orientation\s*(?:=\s*[\"']|>))[0-9]", rb"\g<1>1", packet)
    return re.sub(rb"<xmp:Thumbnails>.*?</xmp:Thumbnails>", b"", packet, flags=re.DOTALL)


def _packet(description: ET.Element) -> bytes:
    meta = ET.Element("{adobe:ns:meta/}xmpmeta")
    ET.SubElement(meta, f"{{{_RDF}}}RDF").append(description)
    body: bytes = ET.tostring(meta, encoding="utf-8")
    return _PACKET % body
