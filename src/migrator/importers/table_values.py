"""What the values of a table mean: protocols, ports, criticalities, classes of data. Pure.

Called by `table_import.py` with every different value once. A map's translations come first, then
its constant for what is empty, then what everybody writes. None means that the value cannot be
used; an empty text means that there is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from migrator.importers.column_map import ColumnMap
from migrator.importers.flow_hosts import QUEUE_PORTS, STORE_PORTS
from migrator.inventory.model import LatencyClass

VALUES: Final = ("protocol", "port", "data_class", "criticality")

WHY: Final = {
    "protocol": "'{value}' is no protocol: letters, digits, dots and dashes, at most 40",
    "port": "'{value}' is no port from 1 to 65535; translate what stands for none to \"\"",
    "data_class": "'{value}' is too long for a class of data (100 characters)",
    "criticality": "'{value}' is no criticality from 1 to 5; translate your words to them",
}

_NUMBERED: Final = {
    "1": "icmp", "6": "tcp", "17": "udp", "47": "gre", "50": "esp", "58": "icmpv6", "132": "sctp",
    "tcp6": "tcp", "udp6": "udp",
}  # fmt: skip
"""The numbers that IANA gives to protocols, as flow records carry them; and what ss and netstat
write for IPv6."""

LATENCY_BY_PROTOCOL: Final[Mapping[str, LatencyClass]] = {
    **dict.fromkeys(("jdbc", "oracle", "postgresql", "mysql", "redis"), LatencyClass.TRANSACTIONAL),
    **dict.fromkeys(("amqp", "kafka", "mq", "smtp"), LatencyClass.ASYNC),
    **dict.fromkeys(("sftp", "ftp", "file"), LatencyClass.BATCH),
}

LATENCY_BY_PORT: Final[Mapping[int, LatencyClass]] = {
    **dict.fromkeys(STORE_PORTS, LatencyClass.TRANSACTIONAL),
    **dict.fromkeys(QUEUE_PORTS, LatencyClass.ASYNC),
    **dict.fromkeys((25, 514, 587), LatencyClass.ASYNC),  # mail and syslog
}

_PROTOCOL: Final = re.compile(r"[a-z0-9][a-z0-9._+/-]{0,39}")
_FORMULA: Final = tuple("=+-@")


def meanings(role: str, texts: Iterable[str], column_map: ColumnMap) -> dict[str, str | None]:
    """What each text of a role means."""
    translated = column_map.translate.get(role, {})
    constant = column_map.constants.get(role, "")
    judge = {
        "protocol": _protocol,
        "port": _port,
        "data_class": _data_class,
        "criticality": _criticality,
    }[role]
    found: dict[str, str | None] = {}
    for text in texts:
        plain = text.strip()
        value = translated.get(plain.lower(), plain)
        found[text] = judge(value.strip() or constant)
    return found


def _protocol(text: str) -> str | None:
    """Where nothing is said it is tcp, as nearly everything is; the report says so."""
    word = text.lower() or "tcp"
    word = _NUMBERED.get(word, word)
    return word if _PROTOCOL.fullmatch(word) else None


def _port(text: str) -> str | None:
    """A number without surplus zeros; 443.0 is what a spreadsheet makes of 443."""
    if not text:
        return ""
    digits = text.removesuffix(".0")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 8:
        return None
    return str(int(digits)) if 1 <= int(digits) <= 65_535 else None


def _data_class(text: str) -> str | None:
    """A word of the table's own; one that a spreadsheet would run as a formula is defused."""
    plain = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    if len(plain) > 100:
        return None
    return f"'{plain}" if plain.startswith(_FORMULA) else plain


def _criticality(text: str) -> str | None:
    if not text:
        return ""
    digits = text.removesuffix(".0")
    return digits if digits in {"1", "2", "3", "4", "5"} else None
