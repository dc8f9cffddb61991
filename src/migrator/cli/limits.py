"""Signed limits as screens show them, and loudly where a verb would go past one.

A limit is a statement of those who decide: it stops nobody here. Used by `status`, `decide`,
`since`, by the preview of an unwind, and by the verbs that take everything back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from migrator.cli.sentences import printable

if TYPE_CHECKING:
    from migrator.cli.runs import SeenRun

EVERYTHING: Final = "everything"


def limit_lines(seen: SeenRun) -> list[str]:
    """Every limit in one line, the earliest first."""
    now, members = seen.now(), seen.itinerary.members
    lines = []
    for each in sorted(seen.run.signed.values(), key=lambda limit: (limit.until, limit.limit)):
        who = members[each.by].name if each.by in members else each.by
        hour = f"{each.until.astimezone(seen.zone):%a %Y-%m-%d %H:%M}"
        words = each.limit
        if each.until <= now:
            words, hour = words.upper(), f"{hour}, WHICH HAS PASSED"
        lines.append(printable(f"{words} {hour} (signed by {who}: {each.reason})"))
    return lines


def limit_facts(seen: SeenRun) -> list[dict[str, object]]:
    """Every limit as plain data."""
    now = seen.now()
    return [
        {
            "limit": each.limit,
            "until": seen.local(each.until),
            "by": each.by,
            "reason": each.reason,
            "passed": each.until <= now,
        }
        for each in sorted(seen.run.signed.values(), key=lambda limit: (limit.until, limit.limit))
    ]


def passed_lines(seen: SeenRun, verb: str, target: str) -> list[str]:
    """The limits whose hour has passed, where a verb takes back everything."""
    if verb != "abort" and not (verb == "unwind" and target == EVERYTHING):
        return []
    now = seen.now()
    gone = any(each.until <= now for each in seen.run.signed.values())
    lines = limit_lines(seen) if gone else []
    return [f"SIGNED LIMIT: {line}" for line in lines if "WHICH HAS PASSED" in line]
