"""The table and the picture of planner_peers.py: everybody's weekends side by side.

The picture names every bar and its value in words, so it needs no colour: ours are solid, peers
are outlined. It follows the reader's light or dark setting and says in its description what it
shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import Final, NamedTuple

from migrator.reports.svg import bar, element, label, picture

OURS: Final = "ours"

STYLE: Final = (
    "text{font:13px system-ui,sans-serif;fill:#222}.head{font-weight:600}"
    ".ours{fill:#333}.peer{fill:#ddd;stroke:#555}.range{stroke:#222;stroke-width:1.5}"
    ".halo{stroke:#fff;stroke-width:5}"
    ".ground{fill:#fff}"
    "@media(prefers-color-scheme:dark){text{fill:#eee}.ours{fill:#eee}"
    ".peer{fill:#333;stroke:#aaa}.range{stroke:#fff}.halo{stroke:#161616}.ground{fill:#161616}}"
)
WIDTH: Final = 760
LEFT, RIGHT = 150.0, 560.0
CAPTION: Final = (
    "Hours that a unit of link weight is split: mean of the seeds, the line from least to most."
)
BAR, STEP, GAP = 16.0, 22.0, 34.0


class Row(NamedTuple):
    """A contender on an estate."""

    size: str
    variant: str
    name: str
    figures: dict[str, float]
    how: str  # ours: seconds for the plan; a peer: which try it was
    waves: int


def table_of(rows: Sequence[Row]) -> str:
    """All rows as Markdown."""
    head = (
        "# Plans and their peers on 2,000 fresh weekends\n\n"
        "Written by `make bench NAME=planner_peers`. Exposure: mean hours that a unit of link\n"
        "weight is split; calm: the same where no move has to be taken back. Fits: the share of\n"
        "weekends in which everything moved inside the window with every appointment kept. Peak:\n"
        "the largest share of link weight split at once, mean of 200 weekends. A peer's row is\n"
        "the best of its tries, chosen on 64 other weekends for its exposure alone.\n\n"
        "| estate | variant | who | exposure | P80 | calm | end P50 | P80 | fits | peak | waves |"
        " how |\n"
        "|---|---|---|---|---|---|---|---|---|---|---|---|\n"
    )
    return head + "".join(_line(row) for row in rows)


def _line(row: Row) -> str:
    each = row.figures
    cells = (
        row.size,
        row.variant,
        f"**{row.name}**" if row.name == OURS else row.name,
        f"{each['exposure_mean']:.2f} h",
        f"{each['exposure_p80']:.2f} h",
        f"{each['exposure_mean_calm']:.2f} h",
        f"{each['end_p50']:.1f} h",
        f"{each['end_p80']:.1f} h",
        f"{each['fits']:.1%}",
        f"{each['peak_cut']:.0%}",
        str(row.waves),
        row.how,
    )
    return f"| {' | '.join(cells)} |\n"


def picture_of(rows: Sequence[Row]) -> str:
    """Mean exposure by size and contender; a line shows the least and the most of the variants."""
    sizes = list(dict.fromkeys(row.size for row in rows))
    names = list(dict.fromkeys(row.name for row in rows))
    most = max((row.figures["exposure_mean"] for row in rows), default=1.0) or 1.0
    y = 30.0
    parts = []
    said = []
    for size in sizes:
        parts.append(label(12, y, _estate(size), class_="head"))
        y += 12
        for name in names:
            hours = [
                row.figures["exposure_mean"]
                for row in rows
                if row.size == size and row.name == name
            ]
            if not hours:
                continue
            mean = fmean(hours)
            words = f"{name} {mean:.1f} h"
            said.append(f"{_estate(size)}: {words}")
            parts += _bar(y, name, hours, most, words)
            y += STEP
        y += GAP
    parts.append(label(12, y, CAPTION))
    y += 14
    title = "Exposure of our plans and of their peers"
    body = "".join([element("style", STYLE), bar(0, 0, WIDTH, y, "ground", title), *parts])
    description = (
        "Mean hours that a unit of link weight is split, on 2,000 fresh weekends; shorter is "
        f"better. {'. '.join(said)}."
    )
    return picture("peers", WIDTH, round(y), title, description, body) + "\n"


def _bar(y: float, name: str, hours: Sequence[float], most: float, words: str) -> list[str]:
    scale = (RIGHT - LEFT) / most
    mean, least, largest = fmean(hours), min(hours), max(hours)
    kind = "ours" if name == OURS else "peer"
    parts = [
        label(LEFT - 10, y + 13, name, anchor="end"),
        bar(LEFT, y, mean * scale, BAR, kind, words),
    ]
    end = f"{mean:.1f} h"
    if largest > least:
        middle = y + BAR / 2
        # The halo keeps the line visible on a bar of its own colour.
        parts += [
            element(
                "line",
                x1=LEFT + least * scale,
                y1=middle,
                x2=LEFT + largest * scale,
                y2=middle,
                class_=kind,
            )
            for kind in ("halo", "range")
        ]
        end += f" ({least:.1f} to {largest:.1f})"
    parts.append(label(LEFT + max(mean, largest) * scale + 8, y + 13, end))
    return parts


def _estate(size: str) -> str:
    return f"{size} subsystems" if size.isdigit() else size
