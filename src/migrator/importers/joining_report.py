"""The coverage report of a join: which source saw what, what was joined, what is open.

Called by `joining.py` for coverage.json and coverage.md, and by the command for its summary. The
keys of the data are promised to programs and stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from migrator.importers.joining_names import Names
from migrator.links.joining import JoinedCounts

SCHEMA_VERSION: Final = 1

ROWS_SHOWN_MAX: Final = 500
"""A page stays readable; coverage.json holds all."""

RULE: Final = (
    "Calls a day: within one source the rows of a link are different flows and are added; between "
    "sources they are the same flows seen again, and the largest sum counts."
)


@dataclass(frozen=True, slots=True)
class Joined:
    """What was joined, for the report."""

    name: str
    sources: tuple[str, ...]
    counts: JoinedCounts
    names: Names
    suspected: tuple[tuple[str, str], ...]
    unused_aliases: tuple[str, ...]
    unused_addresses: tuple[str, ...]
    still_unknown: tuple[str, ...]
    not_carried: tuple[str, ...]
    declared: str  # empty: nothing was compared


def summary(joined: Joined) -> dict[str, int]:
    """The counts that the command prints."""
    counts = joined.counts
    return {
        "sources": len(joined.sources),
        "subsystems": len(joined.names.subsystems),
        "components": sum(len(each) for each in joined.names.components.values()),
        "rows": sum(counts.rows),
        "links": counts.links,
        "seen_by_several": sum(n for by, n in counts.by_sources.items() if by > 1),
        "suspected": len(joined.suspected),
        "unknown": len(joined.still_unknown),
        **{word.replace("-", "_"): number for word, number in counts.findings.items()},
    }


def joined_data(joined: Joined) -> dict[str, object]:
    """Everything, under stable keys."""
    counts = joined.counts
    return {
        "schema_version": SCHEMA_VERSION,
        "written_by": "migrator import join",
        "summary": summary(joined),
        "rule": RULE,
        "sources": [
            {"name": name, "rows": rows, "links_of_its_own": alone}
            for name, rows, alone in zip(joined.sources, counts.rows, counts.alone, strict=True)
        ],
        "links": {
            "by_sources": {str(key): number for key, number in counts.by_sources.items()},
            "rows_inside_one_component": counts.inner,
        },
        "declared": joined.declared,
        "findings": counts.findings,
        "suspected": [list(pair) for pair in joined.suspected],
        "unknown": list(joined.still_unknown),
        "moved": [list(each) for each in sorted(joined.names.elsewhere)],
        "aliases": {
            "used": sorted(joined.names.used_aliases),
            "unused": list(joined.unused_aliases),
        },
        "addresses": {
            "used": sorted(joined.names.used_addresses),
            "unused": list(joined.unused_addresses),
        },
        "not_carried": list(joined.not_carried),
    }


def joined_page(joined: Joined) -> str:
    """The report as Markdown."""
    counts = joined.counts
    sources = zip(joined.sources, counts.rows, counts.alone, strict=True)
    parts = [
        f"# What the join of {len(joined.sources)} inventories covers",
        "Written by `migrator import join`; do not edit, join again. " + RULE,
        _table(("what", "how many"), [*summary(joined).items()]),
        "## Sources\n\nThe first that knows a subsystem says what it is.",
        _table(("source", "links read", "links that only it has"), [*sources]),
        "## Links by the number of sources that have them",
        _table(("sources", "links"), [*counts.by_sources.items()]),
        _part(
            "Suspected",
            "Ids that are alike. They were not joined: write an alias, or forget them.",
            ("one", "the other"),
            joined.suspected,
        ),
        _part(
            "Still unknown",
            "Only an address is known. Write it into the table of addresses once somebody says "
            "whose it is.",
            ("component",),
            [(each,) for each in joined.still_unknown],
        ),
        _part(
            "Said to be elsewhere",
            "A source puts the component into another subsystem; the first word counts.",
            ("component", "said to be in", "is in"),
            sorted(joined.names.elsewhere),
        ),
        _part(
            "Aliases and addresses that nothing needed",
            "A typing error, or a source that was left out.",
            ("word",),
            [(each,) for each in (*joined.unused_aliases, *joined.unused_addresses)],
        ),
        _part(
            "Not carried",
            "Only the first inventory says who works when; these files of others were left.",
            ("file",),
            [(each,) for each in joined.not_carried],
        ),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _part(title: str, said: str, header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A part of the page; empty where there are no rows."""
    if not rows:
        return ""
    rest = len(rows) - ROWS_SHOWN_MAX
    more = f"\n\nand {rest} more, in coverage.json" if rest > 0 else ""
    return f"## {title}\n\n{said}\n\n{_table(header, rows[:ROWS_SHOWN_MAX])}{more}"


def _table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [f"| {' | '.join(_cell(cell) for cell in row)} |" for row in rows]
    return "\n".join([f"| {' | '.join(header)} |", "|" + "---|" * len(header), *lines])


def _cell(value: object) -> str:
    """A value that cannot leave its cell, whatever stood in somebody's file."""
    text = " ".join(str(value).split())
    for character in "\\|<>`*_[]":
        text = text.replace(character, "\\" + character)
    return text
