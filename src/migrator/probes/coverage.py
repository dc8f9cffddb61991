"""How much is proved, what is not, why not, and whose it is.

Made of the counts of summaries or of `history.py`; read by `migrator links`, by gates and by
whoever leads a run. A link is counted once, under the subsystem that answers. What is not proved
belongs to the subsystem that can change that: mostly the one that answers, and the caller's where
nobody looks from the caller's place. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from migrator.probes.model import NoLook
from migrator.probes.summary import Counts, Summary
from migrator.probes.verdicts import (
    BOTH_MARKS,
    GREEN,
    KNOWN,
    NO_MARK,
    NOT_LOOKED,
    VANTAGE_LOST,
    WORSE,
    Verdict,
)

WHY: Final = {
    NoLook.NO_VANTAGE.value: "no vantage point for the caller",
    NoLook.NO_ADDRESS.value: "no address on that side",
    NoLook.NO_PORT.value: "no port",
    NoLook.NO_CHECK.value: "no check for its protocol",
    NoLook.NOT_ALLOWED.value: "outside the allow-list",
    NoLook.NO_SIDE.value: "an end is on no side now",
    NoLook.SAME_ADDRESS.value: "both sides at one address",
    NoLook.UNCHANGED.value: "earlier sweep did not prove it",
    NOT_LOOKED: "not looked at",
    VANTAGE_LOST: "vantage point lost",
    NO_MARK: "answers with no side's mark",
    BOTH_MARKS: "answers with both sides' marks",
    "no-time": "time ran out",
    "crowded": "vantage point was crowded",
    "unknown-kind": "the agent knows no such check",
    "bad-look": "the agent refused the look",
}
"""Reasons in words; every reason that a link can be unproved for."""

CALLERS: Final = (NoLook.NO_VANTAGE.value, VANTAGE_LOST, "crowded")
"""What has to do with where it is looked from: the caller's people can change that."""

REASONS_SAID_MAX: Final = 2


def why(reason: str) -> str:
    """A reason in words; one that is not known stays as it is."""
    return WHY.get(reason, reason)


@dataclass(frozen=True, slots=True)
class Unproved:
    """Links that are unproved for one reason, and whose they are to change."""

    reason: str
    subsystem: str
    owner: str  # empty: nobody is known
    links: int


@dataclass(slots=True)
class Covered:
    """One subsystem's links, or all of them, by verdict."""

    subsystem: str
    owner: str = ""
    by: Counter[str] = field(default_factory=Counter)

    def number(self, *verdicts: Verdict) -> int:
        """How many links have one of these verdicts."""
        return sum(self.by[each.value] for each in verdicts)

    @property
    def links(self) -> int:
        """All of them."""
        return self.by.total()

    @property
    def proved(self) -> int:
        """Those that are proved to work."""
        return self.number(*GREEN)

    @property
    def worse(self) -> int:
        """Those that are worse than before."""
        return self.number(*WORSE)

    @property
    def known(self) -> int:
        """Those of which something was seen."""
        return self.number(*KNOWN)


@dataclass(frozen=True, slots=True)
class Coverage:
    """All of it: in sum, by subsystem, and what is unproved, the most first."""

    whole: Covered
    subsystems: tuple[Covered, ...]
    unproved: tuple[Unproved, ...]


def coverage(counts: Iterable[Counts], owners: Mapping[str, str]) -> Coverage:
    """Add counts up. `owners` says which team has a subsystem; it may know none."""
    whole = Covered("")
    subsystems: dict[str, Covered] = {}
    unproved: Counter[tuple[str, str]] = Counter()
    for each in counts:
        name = each.target_subsystem
        mine = subsystems.setdefault(name, Covered(name, owners.get(name, "")))
        mine.by[each.verdict] += each.links
        whole.by[each.verdict] += each.links
        if each.verdict == Verdict.UNPROVED.value:
            acts = each.source_subsystem if each.reason in CALLERS else name
            unproved[each.reason, acts] += each.links
    lines = [
        Unproved(reason, name, owners.get(name, ""), links)
        for (reason, name), links in unproved.items()
    ]
    return Coverage(
        whole,
        tuple(sorted(subsystems.values(), key=lambda each: each.subsystem)),
        tuple(sorted(lines, key=lambda each: (-each.links, each.reason, each.subsystem))),
    )


# --- One line for a gate ---------------------------------------------------------------------


def share(part: int, whole: int) -> str:
    """A share in percent, never rounded up to all of it nor down to nothing."""
    if whole == 0:
        return "-"
    tenths = round(1000 * part / whole)
    if part < whole:
        tenths = min(tenths, 999)
    if part > 0:
        tenths = max(tenths, 1)
    return f"{tenths / 10:.1f} %" if tenths != 1000 else "100 %"


def coverage_line(summary: Summary) -> str:
    """What a decider should know of a sweep's links, in one line: go or no-go?"""
    what = summary.scope or summary.sweep
    if summary.links == 0:
        return f"{what}: no links to prove"
    proved = f"{what}: {summary.green:,} of {summary.links:,} links proved"
    parts = [
        f"{proved} ({share(summary.green, summary.links)})",
        f"{summary.worse:,} worse",
    ]
    broken, waived = summary.number(Verdict.WAS_BROKEN), summary.number(Verdict.WAIVED)
    parts += [f"{broken:,} broken before"] if broken and summary.baseline else []
    parts += [f"{broken:,} do not answer"] if broken and not summary.baseline else []
    parts += [f"{waived:,} waived"] if waived else []
    untestable = summary.number(Verdict.UNTESTABLE)
    if untestable:
        owners = sorted({each.owner for each in summary.untestable if each.links})
        parts.append(f"{untestable:,} untestable" + (f" ({', '.join(owners)})" if owners else ""))
    reasons = summary.reasons(Verdict.UNPROVED)
    if reasons:
        said = [f"{links:,} {reason}" for reason, links in [*reasons.items()][:REASONS_SAID_MAX]]
        said += ["..."] if len(reasons) > REASONS_SAID_MAX else []
        parts.append(f"{sum(reasons.values()):,} unproved ({', '.join(said)})")
    return ", ".join(parts)


def coverage_facts(summary: Summary) -> dict[str, object]:
    """The same as data; `by_verdict` has every verdict, also those that no link has."""
    return {
        "sweep": summary.sweep,
        "purpose": summary.purpose,
        "scope": summary.scope,
        "baseline": summary.baseline,
        "links": summary.links,
        "proved": summary.green,
        "worse": summary.worse,
        "known": summary.known,
        "by_verdict": {each.value: summary.number(each) for each in Verdict},
        "unproved": summary.reasons(Verdict.UNPROVED),
        "lost": dict(sorted(summary.lost.items())),
        "line": coverage_line(summary),
    }
