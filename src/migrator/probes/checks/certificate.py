"""Read from a certificate what a person asks about: names, issuer and from when to when it holds.

Used for certificates that were not verified too, which Python's own reader does not take, so this
walks the encoding (DER) itself. It trusts nothing: whatever cannot be read is left out.
"""

from __future__ import annotations

from calendar import timegm
from collections.abc import Iterator
from time import gmtime, strftime, strptime

SEQUENCE, SET, OID, UTC_TIME, VERSION_TAG, EXTENSIONS_TAG = 0x30, 0x31, 0x06, 0x17, 0xA0, 0xA3
BOOLEAN = 0x01
COMMON_NAME, ORGANISATION = b"\x55\x04\x03", b"\x55\x04\x0a"
SUBJECT_ALT_NAME = b"\x55\x1d\x11"
DNS_NAME, IP_NAME = 0x82, 0x87
NAMES_MAX = 100


def read_certificate(encoded: bytes) -> dict[str, object]:
    """`subject`, `issuer` (texts), `names` (a list of texts), `not_before`, `not_after` (seconds
    since 1970); without those that could not be read.
    """
    found: dict[str, object] = {}
    try:
        _, whole, _ = _one(encoded, 0)
        _, inner, _ = _one(whole, 0)
        fields = [field for field in _each(inner) if field[0] != VERSION_TAG]
        # serial, signature, issuer, validity, subject, key, and then what is optional.
        found["issuer"] = _name(fields[2][1])
        begins, ends = (_time(*field) for field in list(_each(fields[3][1]))[:2])
        found["not_before"], found["not_after"] = begins, ends
        found["subject"] = _name(fields[4][1])
        found["names"] = [
            name for tag, content in fields[6:] if tag == EXTENSIONS_TAG for name in _names(content)
        ][:NAMES_MAX]
    except (IndexError, ValueError):
        pass
    return found


def day(seconds: object) -> str:
    """A moment as its day, for a person; empty for what is no moment."""
    if not isinstance(seconds, (int, float)):
        return ""
    try:
        return strftime("%Y-%m-%d", gmtime(seconds))
    except (OverflowError, ValueError, OSError):
        return ""


def _one(data: bytes, at: int) -> tuple[int, bytes, int]:
    """The element that begins there: tag, content, and where the next one begins."""
    tag, length = data[at], data[at + 1]
    at += 2
    if length & 0x80:
        width = length & 0x7F
        if not 1 <= width <= 4:
            raise ValueError("no length")
        length = int.from_bytes(data[at : at + width], "big")
        at += width
    if at + length > len(data):
        raise ValueError("cut off")
    return tag, data[at : at + length], at + length


def _each(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(data):
        tag, content, at = _one(data, at)
        yield tag, content


def _time(tag: int, content: bytes) -> int:
    text = content.decode("ascii")
    if tag == UTC_TIME:
        # Two digits of a year: RFC 5280 ends their century at 50.
        text = ("19" if int(text[:2]) >= 50 else "20") + text
    return timegm(strptime(text, "%Y%m%d%H%M%SZ"))


def _name(content: bytes) -> str:
    """The common name, else the organisation."""
    parts: dict[bytes, str] = {}
    for _, one_set in _each(content):
        for _, pair in _each(one_set):
            (_, oid), (_, value) = list(_each(pair))[:2]
            parts.setdefault(oid, value.decode("utf-8", "replace"))
    return parts.get(COMMON_NAME) or parts.get(ORGANISATION) or ""


def _names(content: bytes) -> Iterator[str]:
    """The alternative names among the extensions."""
    _, extensions, _ = _one(content, 0)
    for _, extension in _each(extensions):
        fields = list(_each(extension))
        if fields[0][1] != SUBJECT_ALT_NAME:
            continue
        _, listed, _ = _one(fields[-1][1], 0)
        for tag, value in _each(listed):
            if tag == DNS_NAME:
                yield value.decode("ascii", "replace")
            elif tag == IP_NAME and len(value) == 4:
                yield ".".join(str(byte) for byte in value)
            elif tag == IP_NAME and len(value) == 16:
                yield ":".join(value[i : i + 2].hex().lstrip("0") or "0" for i in range(0, 16, 2))
