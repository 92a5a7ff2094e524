"""A small JPEG in one scan with the Huffman codes that take the fewest bytes (ITU-T T.81, annexes C, F and K.2).

mozjpeg's lossless code always makes it progressive, whose scans and tables take some 50 bytes, and 500 in CMYK: photos
up to 4 KB, and up to 10 KB in CMYK, were smaller in one scan (measured on 60x40 to 300x200 pixels). They were smaller
than jpegtran's, too, by up to 20 bytes, as tables share a segment. What is coded stays as it is, symbol for symbol.
"""

from __future__ import annotations

import heapq
from collections import Counter
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

from fileq.files.containers import jpeg_segments

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_DHT, _SOS, _DQT, _DRI = 0xC4, 0xDA, 0xDB, 0xDD
_SEQUENTIAL = {0xC0, 0xC1}
_OTHER_FRAMES = set(range(0xC0, 0xD0)) - {_DHT, 0xC8, 0xCC}
_LONGEST_CODE = 16  # bits
_FREE = -1  # a symbol that isn't there, for the code of all ones
_END_OF_BLOCK = 0x00
_BLOCK = 64  # coefficients
_LONGEST_SCAN = 2**13  # bytes: that takes 50 ms; longer ones are smaller when progressive

Table = tuple[int, int]  # DC (0) or AC (1), and its number


class CodedSymbol(NamedTuple):
    """A symbol, the table of its code, and the bits behind it, as "0" and "1"."""

    table: Table
    symbol: int
    extra: str


def encode_again(content: bytes) -> bytes | None:
    """Return a JPEG file with other codes for the symbols of its one scan; None where it has several, or restarts.

    Raises ValueError, IndexError or KeyError where it is not laid out as it should be.
    """
    segments = [(segment.marker, content[segment.start : segment.end]) for segment in jpeg_segments(content)]
    markers = [marker for marker, _ in segments]
    frames = [part for marker, part in segments if marker in _OTHER_FRAMES]
    if markers.count(_SOS) != 1 or len(frames) != 1 or frames[0][1] not in _SEQUENTIAL or _DRI in markers:
        return None
    scan = next(part for marker, part in segments if marker == _SOS)
    header = scan[: 2 + int.from_bytes(scan[2:4], "big")]
    blocks = _blocks_of_scan(frames[0], header) if len(scan) <= _LONGEST_SCAN else None
    if blocks is None:
        return None
    codes = _read_tables(part[4:] for marker, part in segments if marker == _DHT)
    tokens = _decode(_bits(scan[len(header) :]), blocks, codes)
    lengths = {
        table: code_lengths(Counter(token.symbol for token in tokens if token.table == table))
        for table in sorted({token.table for token in tokens})
    }
    tables = b"".join(_table(table, found) for table, found in lengths.items())
    quantization = b"".join(part[4:] for marker, part in segments if marker == _DQT)
    parts = [
        _segment(_DQT, quantization) if marker == _DQT else part
        for at, (marker, part) in enumerate(segments)
        if marker not in {_DHT, _SOS} and not (marker == _DQT and _DQT in markers[:at])
    ]
    return b"".join((b"\xff\xd8", *parts, _segment(_DHT, tables), header, _encode(tokens, lengths), b"\xff\xd9"))


def _blocks_of_scan(frame: bytes, header: bytes) -> list[tuple[int, int]] | None:
    """Return the numbers of the DC and AC tables of each block in its order; None where it isn't all of a picture."""
    height, width = int.from_bytes(frame[5:7], "big"), int.from_bytes(frame[7:9], "big")
    parts = [frame[at : at + 3] for at in range(10, 10 + 3 * frame[9], 3)]
    if frame[4] != 8 or header[4] != len(parts) or not height:
        return None
    tables = {header[at]: (header[at + 1] >> 4, header[at + 1] & 15) for at in range(5, 5 + 2 * header[4], 2)}
    across, down = max(part[1] >> 4 for part in parts), max(part[1] & 15 for part in parts)
    if len(parts) == 1:  # its blocks follow each other whatever its sampling
        unit, across, down = [tables[parts[0][0]]], 1, 1
    else:
        unit = [tables[part[0]] for part in parts for _ in range((part[1] >> 4) * (part[1] & 15))]
    units = -(-width // (8 * across)) * -(-height // (8 * down))
    return unit * units if units <= 8 * _LONGEST_SCAN else None  # a block has a bit at least


def _read_tables(payloads: Iterable[bytes]) -> dict[Table, dict[str, int]]:
    """Return the symbols of each table by their codes."""
    found: dict[Table, dict[str, int]] = {}
    for payload in payloads:
        at = 0
        while at < len(payload):
            counts = payload[at + 1 : at + 17]
            symbols = payload[at + 17 : at + 17 + sum(counts)]
            lengths = [length for length, number in enumerate(counts, 1) for _ in range(number)]
            codes = _codes_of(lengths)
            found[payload[at] >> 4, payload[at] & 15] = dict(zip(codes, symbols, strict=True))
            at += 17 + sum(counts)
    return found


def _codes_of(lengths: Iterable[int]) -> list[str]:
    """Return the codes of so many bits each, as "0" and "1"; the shortest come first (T.81, C.2)."""
    codes, code, before = [], 0, 0
    for length in lengths:
        code <<= length - before
        codes.append(f"{code:0{length}b}")
        code, before = code + 1, length
    return codes


def _bits(scan: bytes) -> str:
    content = scan.replace(b"\xff\x00", b"\xff")
    return f"{int.from_bytes(content, 'big'):0{8 * len(content)}b}"


def _decode(bits: str, blocks: list[tuple[int, int]], codes: dict[Table, dict[str, int]]) -> list[CodedSymbol]:
    tokens: list[CodedSymbol] = []
    at = 0

    def take(table: Table) -> int:
        """Add the next token to those that are known, and return its symbol."""
        nonlocal at
        known = codes[table]
        for length in range(1, _LONGEST_CODE + 1):
            symbol = known.get(bits[at : at + length])
            if symbol is not None:
                break
        else:
            raise ValueError("a code that its tables don't have")
        at += length
        size = symbol & 15 if table[0] else symbol
        if at + size > len(bits):
            raise ValueError("its scan ends too early")
        tokens.append(CodedSymbol(table, symbol, bits[at : at + size]))
        at += size
        return symbol

    for dc, ac in blocks:
        take((0, dc))
        coefficient = 1
        while coefficient < _BLOCK and (symbol := take((1, ac))) != _END_OF_BLOCK:
            coefficient += 1 + (symbol >> 4)
    if len(bits) - at >= 8:
        raise ValueError("its scan has bytes too many")
    return tokens


def code_lengths(frequencies: Mapping[int, int]) -> dict[int, int]:
    """Return how many bits the code of each symbol has, at most 16; none of all ones (T.81, K.2)."""
    order = count()
    heap: list[tuple[int, int, tuple[int, ...]]]
    heap = [(number, next(order), (symbol,)) for symbol, number in frequencies.items()]
    heap.append((0, next(order), (_FREE,)))
    lengths = dict.fromkeys((*frequencies, _FREE), 0)
    heapq.heapify(heap)
    while len(heap) > 1:
        (few, _, some), (more, _, others) = heapq.heappop(heap), heapq.heappop(heap)
        for symbol in some + others:
            lengths[symbol] += 1
        heapq.heappush(heap, (few + more, next(order), some + others))
    counts = Counter(lengths.values())
    for length in range(max(counts), _LONGEST_CODE, -1):
        while counts[length] > 0:
            shorter = next(one for one in range(length - 2, 0, -1) if counts[one])
            for place, change in ((length, -2), (length - 1, 1), (shorter + 1, 2), (shorter, -1)):
                counts[place] += change
    counts[max(one for one, number in counts.items() if number)] -= 1
    by_use = sorted(frequencies, key=lambda symbol: (lengths[symbol], -frequencies[symbol], symbol))
    wanted = [length for length in sorted(counts) for _ in range(counts[length])]
    return dict(zip(by_use, wanted, strict=True))


def _table(table: Table, lengths: dict[int, int]) -> bytes:
    counts = Counter(lengths.values())
    return bytes((table[0] << 4 | table[1], *(counts[length] for length in range(1, 17)), *lengths))


def _encode(tokens: list[CodedSymbol], lengths: dict[Table, dict[int, int]]) -> bytes:
    written = {
        (table, symbol): code
        for table, found in lengths.items()
        for symbol, code in zip(found, _codes_of(found.values()), strict=True)
    }
    bits = "".join(written[token.table, token.symbol] + token.extra for token in tokens)
    bits += "1" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\x00")


def _segment(marker: int, payload: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(payload) + 2).to_bytes(2, "big") + payload
