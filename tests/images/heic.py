"""A HEIC that lies in each of the eight ways: a file of 768 bytes, with the boxes that turn it put in.

`quarters.heic` is `making.quarters((96, 64))` as x265 codes it. HEIF turns by the properties irot and imir of the item
(ISO/IEC 23008-12, 6.5.10 and 6.5.12), applied in this order; cameras write them beside EXIF's orientation, which
readers are to ignore.
"""

from __future__ import annotations

from pathlib import Path

PLAIN = Path(__file__).with_name("quarters.heic")

_TURNS: dict[int, tuple[int | str, ...]] = {
    1: (),
    2: ("mirror",),
    3: (2,),
    4: (2, "mirror"),
    5: (1, "flip"),
    6: (3,),
    7: (3, "flip"),
    8: (1,),
}
"""For each EXIF orientation the quarter turns against the clock, and which sides change places then."""

_MODES = {"flip": 0, "mirror": 1}  # top and bottom, left and right


def lying(orientation: int) -> bytes:
    """`quarters.heic` with what shows it as a picture of this EXIF orientation is to be shown."""
    return with_boxes([_turn(turn) for turn in _TURNS[orientation]])


def with_boxes(boxes: list[bytes]) -> bytes:
    """`quarters.heic` with these properties more."""
    content = PLAIN.read_bytes()
    more = sum(map(len, boxes)) + len(boxes)  # a byte in ipma names each
    for name in (b"meta", b"iprp"):
        content = _longer(content, name, more)
    content = _longer(content, b"ipco", more - len(boxes))
    content = _longer(content, b"ipma", len(boxes))
    content = _moved(content, more)
    end = content.index(b"ipma") - 4
    names = content.index(b"\x03\x81\x02\x83", end)
    listed = bytes((3 + len(boxes), 0x81, 0x02, 0x83, *(0x84 + at for at in range(len(boxes)))))
    return content[:end] + b"".join(boxes) + content[end:names] + listed + content[names + 4 :]


def _turn(turn: int | str) -> bytes:
    name, value = (b"irot", turn) if isinstance(turn, int) else (b"imir", _MODES[turn])
    return b"\0\0\0\x09" + name + bytes((value,))


def _longer(content: bytes, box: bytes, by: int) -> bytes:
    at = content.index(box) - 4
    return content[:at] + (int.from_bytes(content[at : at + 4], "big") + by).to_bytes(4, "big") + content[at + 4 :]


def _moved(content: bytes, by: int) -> bytes:
    """With the places of both items, picture and EXIF, as far on as what was put in before them."""
    for place in (0x1A7, 0x242):
        content = content.replace(place.to_bytes(4, "big"), (place + by).to_bytes(4, "big"), 1)
    return content
