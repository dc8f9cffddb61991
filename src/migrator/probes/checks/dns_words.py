"""DNS messages: a question as bytes, and an answer's bytes as lines of text. RFC 1035, 3596, 2782.

Only the check of DNS uses it. Every walk over a stranger's bytes has an end: a name's pointers only
go back, and there are never more records than bytes to hold them.
"""

from __future__ import annotations

import socket
import struct
from typing import NamedTuple

TYPES = {
    "A": 1,
    "NS": 2,
    "CNAME": 5,
    "SOA": 6,
    "PTR": 12,
    "MX": 15,
    "TXT": 16,
    "AAAA": 28,
    "SRV": 33,
    "ANY": 255,
}
CLASSES = {"IN": 1, "CH": 3}
CODES = ("NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED")
RECORDS_MAX = 500
NAME_BYTES_MAX = 255
_TYPE_NAMES = {number: name for name, number in TYPES.items()}


class Answer(NamedTuple):
    """What a message says, as far as it is ours to judge."""

    number: int
    is_answer: bool
    cut: bool
    code: str
    question: tuple[str, int, int] | None
    records: list[tuple[int, str]]  # type, and `name TYPE text`


def question(number: int, name: str, kind: int, of_class: int, *, recurse: bool) -> bytes:
    """One question in one message."""
    head = struct.pack("!HHHHHH", number, 0x0100 if recurse else 0, 1, 0, 0, 0)
    return head + name_bytes(name) + struct.pack("!HH", kind, of_class)


def name_bytes(name: str) -> bytes:
    """A name as it travels; ValueError for what is none."""
    name = name.rstrip(".")
    labels = name.split(".") if name else []  # no label at all is the root
    try:
        parts = [label.encode("ascii" if label.isascii() else "idna") for label in labels]
    except UnicodeError:
        raise ValueError(f"{name!r} is no name of DNS") from None
    packed = b"".join(bytes([min(len(part), 255)]) + part for part in parts) + b"\0"
    if any(not 0 < len(part) < 64 for part in parts) or len(packed) > NAME_BYTES_MAX:
        raise ValueError(f"{name!r} is no name of DNS")
    return packed


def spelt(name: str) -> str:
    """A name as `answer` would spell it; ValueError for what is none."""
    return _name(name_bytes(name), 0)[0]


def answer(data: bytes) -> Answer:
    """Read a message; ValueError where it is none."""
    try:
        return _answer(data)
    except (struct.error, IndexError):
        raise ValueError("a message that ends too early") from None


def _answer(data: bytes) -> Answer:
    number, flags, asked, answers, _, _ = struct.unpack_from("!HHHHHH", data)
    at, first = 12, None
    if asked > 1 or answers > RECORDS_MAX:
        raise ValueError("a message of too many parts")
    if asked:
        name, at = _name(data, at)
        kind, of_class = struct.unpack_from("!HH", data, at)
        at, first = at + 4, (name, kind, of_class)
    records = []
    for _ in range(answers):
        name, at = _name(data, at)
        kind, _, _, size = struct.unpack_from("!HHIH", data, at)
        at += 10
        if at + size > len(data):
            raise ValueError("a record that ends too early")
        word = _TYPE_NAMES.get(kind, f"TYPE{kind}")
        records.append((kind, f"{name} {word} {_text(data, at, size, kind)}"))
        at += size
    code = flags & 15
    word = CODES[code] if code < len(CODES) else f"RCODE{code}"
    return Answer(number, bool(flags & 0x8000), bool(flags & 0x0200), word, first, records)


def _name(data: bytes, at: int) -> tuple[str, int]:
    """A name, and where it ends. Each pointer goes back behind the last one, so that it ends."""
    labels: list[str] = []
    after, limit, total = -1, at, 0
    while True:
        size = data[at]
        if size >= 0xC0:
            target = struct.unpack_from("!H", data, at)[0] & 0x3FFF
            if target >= limit:
                raise ValueError("a name that points forward")
            after = at + 2 if after < 0 else after
            at = limit = target
            continue
        if size > 63:
            raise ValueError("a label of an unknown kind")
        total += size + 1
        if total > NAME_BYTES_MAX:
            raise ValueError("a name that is too long")
        if at + 1 + size > len(data):
            raise ValueError("a name that ends too early")
        if not size:
            return ".".join(labels) or ".", at + 1 if after < 0 else after
        labels.append(_plain(data[at + 1 : at + 1 + size]))
        at += size + 1


def _plain(data: bytes) -> str:
    return "".join(chr(b) if 32 <= b < 127 else f"\\{b:03d}" for b in data)


def _text(data: bytes, at: int, size: int, kind: int) -> str:
    rest = data[at : at + size]
    if kind == TYPES["A"] and size == 4:
        return socket.inet_ntop(socket.AF_INET, rest)
    if kind == TYPES["AAAA"] and size == 16:
        return socket.inet_ntop(socket.AF_INET6, rest)
    if kind in (TYPES["NS"], TYPES["CNAME"], TYPES["PTR"]):
        return _name(data, at)[0]
    if kind == TYPES["MX"]:
        return f"{struct.unpack_from('!H', data, at)[0]} {_name(data, at + 2)[0]}"
    if kind == TYPES["SRV"]:
        priority, weight, port = struct.unpack_from("!HHH", data, at)
        return f"{priority} {weight} {port} {_name(data, at + 6)[0]}"
    if kind == TYPES["SOA"]:
        server, at = _name(data, at)
        person, at = _name(data, at)
        return f"{server} {person} {struct.unpack_from('!I', data, at)[0]}"
    if kind == TYPES["TXT"]:
        words = []
        while rest:
            words.append(_plain(rest[1 : 1 + rest[0]]))
            rest = rest[1 + rest[0] :]
        return " ".join(words)
    return rest[:64].hex()
