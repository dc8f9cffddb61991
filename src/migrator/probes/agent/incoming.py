"""Read what was sent: the header with everything checked, and looks with what is wrong said.

Used by the dispatcher and by the loop. A header that cannot be used ends the agent with one line;
a look that cannot be used gets one answer of its own and hinders no other. Nothing here touches a
socket.
"""

from __future__ import annotations

import json
from typing import NamedTuple

from migrator.probes.agent import wire
from migrator.probes.agent.ranges import Ranges

HEADER_SECONDS_MAX = 24 * 3600.0
IN_FLIGHT_MAX = 20_000
RATE_MAX = 1_000_000.0
PROCESSES_MAX = 16
TEXT_LENGTH_MAX = 1_000

AUTHORITIES_MAX = 64

_authorities: dict[str, str] = {}
_decode = json.JSONDecoder().raw_decode


class Refused(ValueError):
    """The batch cannot be begun; the text is the one line that says why."""


class BadLook(ValueError):
    """One line that is no look; `look_id` as far as it could be read."""

    def __init__(self, message: str, look_id: str = "") -> None:
        super().__init__(message)
        self.look_id = look_id


class Limits(NamedTuple):
    """The caps of one batch, with the defaults filled in."""

    in_flight: int
    per_second: float
    target_at_once: int
    target_per_second: float
    network_per_second: float
    processes: int


DEFAULTS = Limits(256, 500.0, 1, 20.0, 200.0, PROCESSES_MAX)


class Order(NamedTuple):
    """A header that can be used."""

    ranges: Ranges
    limits: Limits
    seconds: float
    clock: float


def read_header(line: bytes, digest: str) -> Order:
    """The header, or `Refused`. `digest` is the running agent's own; empty where it is no file."""
    try:
        header = json.loads(line)
    except ValueError:
        raise Refused(f"the first line is no header but: {excerpt(line)}") from None
    if not isinstance(header, dict):
        raise Refused(f"the first line is no header but: {excerpt(line)}")
    if header.get("version") != wire.VERSION:
        raise Refused(
            f"the header speaks version {header.get('version')!r}; this agent speaks {wire.VERSION}"
        )
    if digest and header.get("digest") != digest:
        raise Refused(
            f"the header means agent {str(header.get('digest'))[:80]!r}; this is {digest!r}"
        )
    allow = header.get("allow")
    if not isinstance(allow, list) or not allow:
        raise Refused("the header allows no network, so nothing may be looked at")
    try:
        ranges = Ranges([str(network) for network in allow])
    except ValueError as error:
        raise Refused(f"the header's allow list: {error}") from None
    seconds = _number(header, "seconds", 0.0, HEADER_SECONDS_MAX)
    clock = _number(header, "clock", 0.0, 1e12)
    return Order(ranges, _limits(header.get("caps", {})), seconds, clock)


def _limits(caps: object) -> Limits:
    if not isinstance(caps, dict):
        raise Refused("the header's caps are no table")
    strange = sorted(str(name) for name in set(caps) - set(Limits._fields))
    if strange:
        raise Refused(f"the header's caps: unknown {', '.join(strange)[:100]}")
    whole = {
        name: int(_number(caps, name, 1, most, getattr(DEFAULTS, name)))
        for name, most in (
            ("in_flight", IN_FLIGHT_MAX),
            ("target_at_once", IN_FLIGHT_MAX),
            ("processes", PROCESSES_MAX),
        )
    }
    rates = {
        name: _number(caps, name, 0.01, RATE_MAX, getattr(DEFAULTS, name))
        for name in ("per_second", "target_per_second", "network_per_second")
    }
    return Limits(
        in_flight=whole["in_flight"],
        per_second=rates["per_second"],
        target_at_once=whole["target_at_once"],
        target_per_second=rates["target_per_second"],
        network_per_second=rates["network_per_second"],
        processes=whole["processes"],
    )


def _number(
    table: dict[str, object], name: str, least: float, most: float, default: float | None = None
) -> float:
    value = table.get(name, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Refused(f"the header's {name} is no number: {str(value)[:80]!r}")
    if not least <= value <= most:
        raise Refused(f"the header's {name} is not between {least:g} and {most:g}: {value:g}")
    return float(value)


def read_look(line: bytes) -> wire.Look:
    """One look with every field of its right type, or `BadLook`."""
    try:
        text = line.decode()
        look, end = _decode(text)
        whole = end == len(text) or not text[end:].strip()
    except (ValueError, RecursionError):
        raise BadLook(f"no look but: {excerpt(line)}") from None
    if not isinstance(look, dict) or not whole:
        raise BadLook(f"no look but: {excerpt(line)}")
    look_id = look.get("id")
    if type(look_id) is not str or not look_id or len(look_id) > TEXT_LENGTH_MAX:
        raise BadLook(f"a look without an id: {excerpt(line)}")
    wrong = _wrong(look)
    if wrong:
        raise BadLook(wrong, look_id)
    ca = look["args"].get("ca") if "args" in look else None
    if isinstance(ca, str):
        # One authority stands in thousands of looks that wait; in memory it stands once.
        if len(_authorities) > AUTHORITIES_MAX:
            _authorities.clear()
        look["args"]["ca"] = _authorities.setdefault(ca, ca)
    checked: wire.Look = look  # type: ignore[assignment]  # every field was looked at just now
    return checked


def _wrong(look: dict[str, object]) -> str:  # noqa: PLR0911 - one for each kind of fault
    """What is wrong with a look's fields; empty where nothing is. Strange fields are let be."""
    get = look.get
    for name in ("kind", "host"):
        value = get(name)
        if type(value) is not str or not value or len(value) > TEXT_LENGTH_MAX:
            return f"{name} is no text: {str(value)[:80]!r}"
    port = get("port")
    if type(port) is not int or not 0 <= port <= 65535:
        return f"port is no number from 0 to 65535: {str(port)[:80]!r}"
    if len(look) == 4:
        return ""
    for name, least, most in (
        ("seconds", 0.001, wire.SECONDS_MAX),
        ("pause", 0.0, wire.PAUSE_MAX),
    ):
        value = get(name, least)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return f"{name} is no number: {str(value)[:80]!r}"
        if not least <= value <= most:
            return f"{name} is not between {least:g} and {most:g}: {value:g}"
    need, of = get("need", wire.NEED), get("of", get("need", wire.OF))
    if type(need) is not int or type(of) is not int or not 1 <= need <= of <= wire.OF_MAX:
        return f"need and of are no tries from 1 to {wire.OF_MAX}: {need!s:.20} of {of!s:.20}"
    for name in ("server_name", "old", "new"):
        value = get(name, "")
        if type(value) is not str or len(value) > TEXT_LENGTH_MAX:
            return f"{name} is no text: {str(value)[:80]!r}"
    if type(get("tls", False)) is not bool:
        return f"tls is neither true nor false: {str(get('tls'))[:80]!r}"
    if type(get("args", {})) is not dict:
        return f"args are no table: {str(get('args'))[:80]!r}"
    return ""


def excerpt(line: bytes) -> str:
    """The beginning of a line that was not understood, printable."""
    text = line[:120].decode("utf-8", "replace")
    return "".join(c if c.isprintable() else "�" for c in text)[:80]
