"""Header lists of HTTP/2 as bytes and back: RFC 7541, as much as one request and its answer need.

Only the check of gRPC uses it. Ours are written as plain literals, which every server reads; a
server's may use its whole vocabulary, so the reader knows the static table, a table of its own and
the Huffman code. That code is canonical: the lengths alone say which bits each byte has.
"""

from __future__ import annotations

from collections.abc import Iterable

HEADERS_BYTES_MAX = 65_536
"""Of one answer, unpacked: a few bytes may name a long field of the table again and again."""

TABLE_BYTES_MAX = 4_096
"""The size with which every connection begins; we never allow more."""

_WITHOUT_VALUE = (
    "accept-language accept-ranges accept access-control-allow-origin age allow authorization "
    "cache-control content-disposition content-encoding content-language content-length "
    "content-location content-range content-type cookie date etag expect expires from host "
    "if-match if-modified-since if-none-match if-range if-unmodified-since last-modified link "
    "location max-forwards proxy-authenticate proxy-authorization range referer refresh "
    "retry-after server set-cookie strict-transport-security transfer-encoding user-agent vary "
    "via www-authenticate"
)
STATIC = (
    (":authority", ""),
    *((":method", value) for value in ("GET", "POST")),
    *((":path", value) for value in ("/", "/index.html")),
    *((":scheme", value) for value in ("http", "https")),
    *((":status", value) for value in ("200", "204", "206", "304", "400", "404", "500")),
    ("accept-charset", ""),
    ("accept-encoding", "gzip, deflate"),
    *((name, "") for name in _WITHOUT_VALUE.split()),
)
"""Numbered from 1, in the order of RFC 7541's appendix A."""

END = 256
LENGTHS = (
    (5, "48-50 97 99 101 105 111 115-116"),
    (6, "32 37 45-47 51-57 61 65 95 98 100 102-104 108-110 112 114 117"),
    (7, "58 66-87 89 106-107 113 118-122"),
    (8, "38 42 44 59 88 90"),
    (10, "33-34 40-41 63"),
    (11, "39 43 124"),
    (12, "35 62"),
    (13, "0 36 64 91 93 126"),
    (14, "94 125"),
    (15, "60 96 123"),
    (19, "92 195 208"),
    (20, "128 130-131 162 184 194 224 226"),
    (21, "153 161 167 172 176-177 179 209 216-217 227 229-230"),
    (22, "129 132-134 136 146 154 156 160 163-164 169-170 173 178 181 185-187 189-190 196 198 228"),
    (22, "232-233"),
    (23, "1 135 137-141 143 147 149-152 155 157-158 165-166 168 174-175 180 182-183 188 191 197"),
    (23, "231 239"),
    (24, "9 142 144-145 148 159 171 206 215 225 236-237"),
    (25, "199 207 234-235"),
    (26, "192-193 200-202 205 210 213 218-219 238 240 242-243 255"),
    (27, "203-204 211-212 214 221-223 241 244-248 250-254"),
    (28, "2-8 11-12 14-21 23-31 127 220 249"),
    (30, "10 13 22 256"),
)
"""How many bits each byte has in RFC 7541's appendix B, and the end of a text (256)."""


def encoded(fields: Iterable[tuple[str, str]]) -> bytes:
    """Literals that no table keeps, without Huffman."""
    return b"".join(b"\0" + _text(name) + _text(value) for name, value in fields)


def _text(text: str) -> bytes:
    data = text.encode("ascii")
    return _number(len(data), 7) + data


def _number(value: int, bits: int) -> bytes:
    most = (1 << bits) - 1
    if value < most:
        return bytes([value])
    return bytes([most]) + varint(value - most)


def varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first: how HPACK goes on, and how protobuf counts."""
    out = bytearray()
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


class Decoder:
    """Reads the header blocks of one connection, in order. ValueError for what is none."""

    def __init__(self) -> None:
        self._table: list[tuple[str, str]] = []  # the newest first
        self._most = TABLE_BYTES_MAX
        self._unpacked = 0

    def fields(self, block: bytes) -> list[tuple[str, str]]:
        """One whole block."""
        try:
            return self._fields(block)
        except IndexError:
            raise ValueError("a header block that ends too early") from None

    def _fields(self, block: bytes) -> list[tuple[str, str]]:
        at, fields = 0, []
        while at < len(block):
            first = block[at]
            if first & 0x80:
                index, at = _integer(block, at, 7)
                fields.append(self._field(index))
            elif first & 0xE0 == 0x20:
                size, at = _integer(block, at, 5)
                if size > TABLE_BYTES_MAX or fields:
                    raise ValueError("a table larger than allowed, or resized too late")
                self._most = size
                self._shrink()
            else:
                # 01: remember it; 0000 and 0001: do not, the second never, which is all one to us.
                index, at = _integer(block, at, 6 if first & 0x40 else 4)
                name, at = (self._field(index)[0], at) if index else _string(block, at)
                value, at = _string(block, at)
                fields.append((name, value))
                if first & 0x40:
                    self._table.insert(0, (name, value))
                    self._shrink()
            if fields:
                self._unpacked += _size(fields[-1])
            if self._unpacked > HEADERS_BYTES_MAX:
                raise ValueError("headers without an end")
        return fields

    def _field(self, index: int) -> tuple[str, str]:
        if not 1 <= index <= len(STATIC) + len(self._table):
            raise ValueError("a field that is in no table")
        return STATIC[index - 1] if index <= len(STATIC) else self._table[index - 1 - len(STATIC)]

    def _shrink(self) -> None:
        while sum(map(_size, self._table)) > self._most:
            self._table.pop()


def _size(field: tuple[str, str]) -> int:
    return len(field[0]) + len(field[1]) + 32  # RFC 7541, 4.1: 32 stand for what an entry costs


def _integer(data: bytes, at: int, bits: int) -> tuple[int, int]:
    most = (1 << bits) - 1
    value = data[at] & most
    at += 1
    if value < most:
        return value, at
    for shift in range(0, 28, 7):
        value += (data[at] & 127) << shift
        at += 1
        if not data[at - 1] & 128:
            return value, at
    raise ValueError("a number without an end")


def _string(data: bytes, at: int) -> tuple[str, int]:
    packed = data[at] & 0x80
    size, at = _integer(data, at, 7)
    end = at + size
    if end > len(data):
        raise ValueError("a header block that ends too early")
    raw = unpacked(data[at:end]) if packed else data[at:end]
    return raw.decode("latin-1"), end


def unpacked(data: bytes) -> bytes:
    """A text without its Huffman code."""
    out, code, length = bytearray(), 0, 0
    for byte in data:
        for shift in range(7, -1, -1):
            code, length = code << 1 | byte >> shift & 1, length + 1
            symbol = CODES.get((length, code))
            if symbol is not None:
                if symbol == END:
                    raise ValueError("a text that ends inside itself")
                out.append(symbol)
                code = length = 0
            elif length > 30:
                raise ValueError("bits that mean nothing")
    if length > 7 or code != (1 << length) - 1:
        raise ValueError("a text that is filled up wrongly")
    return bytes(out)


def _codes() -> dict[tuple[int, int], int]:
    codes: dict[tuple[int, int], int] = {}
    code, before = -1, 0
    for length, words in LENGTHS:
        for word in words.split():
            first, _, last = word.partition("-")
            for symbol in range(int(first), int(last or first) + 1):
                code = (code + 1) << (length - before) if before else 0
                before = length
                codes[length, code] = symbol
    return codes


CODES = _codes()
"""Each byte by the length and the bits of its code."""
