"""What was seen and never declared, and what was declared and never seen, as a text.

Called by `joining.py`; the whole list is a table beside it. The text gives the counts and the
busiest links, because a list of thousands is answered by nobody: it is read by subsystem pairs.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from migrator.links.joining import FINDINGS

PAIRS_SHOWN_MAX: Final = 40
"""One screen; the table has them all."""

_SAID: Final = {
    "seen-not-declared": (
        "Seen, not declared",
        "Somebody calls here and no declaration says so. Declare it, or find out who it is.",
    ),
    "declared-never-seen": (
        "Declared, never seen",
        "No source saw it. It may be rare, or gone: ask its owner before the move, not after.",
    ),
}


def findings_text(table: Path, counts: Mapping[str, int], declared: str) -> str:
    """The text of a table of findings, by pairs of subsystems, the busiest first."""
    pairs: dict[str, Counter[tuple[str, str]]] = {word: Counter() for word in FINDINGS}
    calls: dict[str, Counter[tuple[str, str]]] = {word: Counter() for word in FINDINGS}
    for row in _rows(table):
        pair = (row["source_subsystem"], row["target_subsystem"])
        pairs[row["finding"]][pair] += 1
        calls[row["finding"]][pair] += int(row["calls_per_day"])
    parts = [f"Compared with what {declared} declares.\n"]
    for word in FINDINGS:
        title, meaning = _SAID[word]
        parts.append(f"{title}: {counts.get(word, 0)} links\n{meaning}\n")
        ordered = sorted(pairs[word], key=lambda pair: (-calls[word][pair], pair))
        for pair in ordered[:PAIRS_SHOWN_MAX]:
            number = pairs[word][pair]
            links = "1 link" if number == 1 else f"{number} links"
            parts.append(f"  {pair[0]} -> {pair[1]}: {links}, {calls[word][pair]} calls a day")
        rest = len(ordered) - PAIRS_SHOWN_MAX
        if rest > 0:
            parts.append(f"  and {rest} more pairs, in {table.name}")
        parts.append("")
    return "\n".join(parts)


def _rows(table: Path) -> Iterable[dict[str, str]]:
    with table.open(encoding="utf-8", newline="") as stream:
        yield from csv.DictReader(stream)
