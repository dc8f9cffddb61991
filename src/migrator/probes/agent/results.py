"""The lines that come out: results written by hand for their number, and the marks of the sides.

Used by the loop and, for looks that never get as far, by the dispatcher. What a stranger said goes
out only as tidied text. Nothing here touches a socket.
"""

from __future__ import annotations

import json

from migrator.probes.agent import wire

escape = json.encoder.encode_basestring_ascii

EMPTY = '""'
SEEN_OLD, SEEN_NEW, LOOKED = 1, 2, 4


def result_line(  # noqa: PLR0913 - a result has as many fields as it has
    look_id: str,
    word: str,
    *,
    side: str = "",
    oks: int = 0,
    tries: int = 0,
    times: tuple[float, float] = (0.0, 0.0),
    detail: str = "",
    source: str = "",
    address: str = "",
) -> str:
    """One result as its line; times in seconds. Written by hand, since json.dumps takes ten times
    as long and half a million of these are written in a minute.
    """
    return (
        f'{{"id":{escape(look_id)},"word":"{word}","side":"{side}","oks":{oks},"tries":{tries},'
        f'"connect_ms":{times[0] * 1000:.3f},"total_ms":{times[1] * 1000:.3f},'
        f'"detail":{escape(tidy(detail)) if detail else EMPTY},'
        f'"source":"{source}","address":{escape(address)}}}\n'
    )


def sides_in(look: wire.Look, seen: str) -> int:
    """Which marks an answer holds, as bits that add up over several answers."""
    old, new = look.get("old"), look.get("new")
    if not old and not new:
        return 0
    bits = LOOKED
    if old and old in seen:
        bits |= SEEN_OLD
    if new and new in seen:
        bits |= SEEN_NEW
    return bits


def side_of(sides: int) -> str:
    """The word for those bits; empty where no mark was asked for or no answer came."""
    if not sides & LOOKED:
        return ""
    return (wire.NEITHER, wire.OLD, wire.NEW, wire.BOTH)[sides & 3]


def tidy(detail: str) -> str:
    """A detail that fits: printable, in one line, not too long."""
    if not detail.isprintable():
        detail = "".join(c if c.isprintable() else " " for c in detail[:1000])
        detail = " ".join(detail.split())
    if len(detail) > wire.DETAIL_LENGTH_MAX:
        detail = detail[: wire.DETAIL_LENGTH_MAX - 1] + "…"
    return detail
