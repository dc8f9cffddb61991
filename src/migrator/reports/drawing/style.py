"""The colours of pages and pictures in daylight, at night and on paper; the rules of pictures.

Called by `html.py`, whose pages set the colours as variables, and by `files.py`, which writes an
SVG for itself: programs that show one know dark mode but not always variables, so there each
colour stands in its rule. On paper nothing is told by hue: greys are far apart, and what matters
is dashed, hatched or labelled besides.
"""

from __future__ import annotations

import re
from typing import Final

LIGHT: Final = {
    "ground": "#ffffff", "panel": "#f3f6f4", "text": "#1b1e23", "quiet": "#4b525b",
    "edge": "#79818a", "faint": "#d6dbdf",
    "good": "#0a6638", "good-ground": "#e3f3ea", "warn": "#6f4400", "warn-ground": "#fff1d2",
    "bad": "#9c0d1d", "bad-ground": "#fde9eb", "calm": "#1d4a86", "calm-ground": "#e7effa",
    "plan": "#8c949c", "work": "#2f6fb7", "watch": "#1f7a4c", "watch-ground": "#d3eede",
    "back": "#b3261e",
    "held": "#b26a00", "chance": "#6d4ba3", "chance-ground": "#ded4ef",
}  # fmt: skip
DARK: Final = {
    "ground": "#13171a", "panel": "#1c2226", "text": "#e8ebed", "quiet": "#aeb6bd",
    "edge": "#7f8890", "faint": "#343c42",
    "good": "#7fd6a4", "good-ground": "#12301f", "warn": "#f2c464", "warn-ground": "#372a0c",
    "bad": "#ff9c9c", "bad-ground": "#3d1518", "calm": "#9cc3f5", "calm-ground": "#16283f",
    "plan": "#8a939b", "work": "#5b9be3", "watch": "#56b684", "watch-ground": "#173d2a",
    "back": "#f0706a",
    "held": "#e0a040", "chance": "#b79df0", "chance-ground": "#392f52",
}  # fmt: skip
PAPER: Final = {
    "ground": "#ffffff", "panel": "#f2f2f2", "text": "#000000", "quiet": "#333333",
    "edge": "#555555", "faint": "#bbbbbb",
    "good": "#000000", "good-ground": "#ffffff", "warn": "#000000", "warn-ground": "#ffffff",
    "bad": "#000000", "bad-ground": "#ffffff", "calm": "#000000", "calm-ground": "#ffffff",
    "plan": "#666666", "work": "#555555", "watch": "#333333", "watch-ground": "#e6e6e6",
    "back": "#000000",
    "held": "#000000", "chance": "#444444", "chance-ground": "#dddddd",
}  # fmt: skip

FONT: Final = 'system-ui, "Helvetica Neue", Roboto, Arial, sans-serif'

RULES: Final = f"""\
.picture text {{ font: 13px {FONT}; fill: var(--text); }}
.picture .tick {{ font-size: 12px; fill: var(--quiet); }}
.picture .small {{ font-size: 12px; }}
.picture .strong {{ font-weight: 650; }}
.picture .heading {{ font-size: 19px; font-weight: 650; }}
.picture .alarm {{ fill: var(--bad); font-weight: 650; font-size: 14px; }}
.picture .chance-word {{ fill: var(--chance); font-weight: 650; }}
.picture .halo {{ stroke: var(--ground); stroke-width: 4; }}
.picture .halo {{ paint-order: stroke; stroke-linejoin: round; }}
.ground {{ fill: var(--ground); }}
.grid {{ stroke: var(--faint); stroke-width: 1; }}
.row {{ stroke: var(--faint); stroke-width: 1; }}
.axis {{ stroke: var(--edge); stroke-width: 1; fill: none; }}
.limit {{ stroke: var(--bad); stroke-width: 2; stroke-dasharray: 2 3; fill: none; }}
.bar {{ stroke: none; }}
.bar.planned {{ fill: none; stroke: var(--plan); stroke-width: 1.4; }}
.bar.work {{ fill: var(--work); }}
.bar.ahead {{ fill: var(--work); opacity: .4; }}
.bar.rest {{ fill: var(--plan); }}
.bar.watch {{ fill: var(--watch-ground); stroke: var(--watch); stroke-width: 1.6; }}
.bar.back {{ stroke: var(--back); stroke-width: 1.6; stroke-dasharray: 4 2.5; }}
.bar.held {{ stroke: var(--held); stroke-width: 1.4; }}
.bar.chance {{ fill: var(--chance-ground); stroke: var(--chance); stroke-width: 1.2; }}
.bar.spread {{ stroke: var(--chance); stroke-width: 1.2; }}
.bar.short {{ stroke: var(--back); stroke-width: 1.2; }}
.bar.unsafe {{ stroke: none; }}
.hatch-ground, .dot-ground {{ fill: var(--ground); }}
.hatch-line {{ stroke: var(--back); stroke-width: 3.2; }}
.thin-line {{ stroke: var(--back); stroke-width: 1.1; }}
.spread-line {{ stroke: var(--chance); stroke-width: 2; }}
.dot {{ fill: var(--held); }}
.whisker {{ stroke: var(--chance); stroke-width: 1.6; fill: none; }}
.mark.planned {{ fill: var(--ground); stroke: var(--plan); stroke-width: 1.3; }}
.mark.switched {{ fill: var(--text); stroke: var(--ground); stroke-width: 1; }}
.mark.gate {{ fill: var(--text); stroke: var(--ground); stroke-width: .8; }}
.mark.no {{ stroke: var(--bad); stroke-width: 2.2; fill: none; }}
.notch {{ stroke: var(--plan); stroke-width: 1.3; }}
.curve {{ fill: none; stroke-width: 2.2; stroke-linejoin: round; }}
.curve.planned {{ stroke: var(--plan); stroke-dasharray: 6 4; }}
.curve.actual {{ stroke: var(--work); }}
.curve.p50 {{ stroke: var(--chance); }}
.curve.p80 {{ stroke: var(--chance); stroke-dasharray: 9 4; }}
.curve.p95 {{ stroke: var(--chance); stroke-dasharray: 2 3; }}
.curve.likely {{ stroke: var(--chance); stroke-width: 2; }}
.curve.one {{ stroke: var(--chance); stroke-width: .9; opacity: .55; }}
.curve.there {{ stroke: var(--text); stroke-width: 1.8; }}
.curve.level {{ stroke: var(--quiet); stroke-width: 1.2; stroke-dasharray: 1 4; }}
.flag {{ stroke: var(--chance); stroke-width: 1.4; fill: none; }}
.flag.p80 {{ stroke-dasharray: 9 4; }}
.flag.p95 {{ stroke-dasharray: 2 3; }}
.area {{ fill: var(--work); opacity: .18; }}
.band {{ fill: var(--chance-ground); }}
.tie {{ fill: none; stroke: var(--work); stroke-opacity: .55; stroke-linecap: round; }}
.tie-end {{ fill: var(--work); }}
.box {{ fill: var(--panel); stroke: var(--edge); stroke-width: 1; }}
.box.hub {{ stroke: var(--text); stroke-width: 2.4; }}
.cell {{ fill: var(--work); }}
.cell.inside {{ fill: none; stroke: var(--plan); stroke-width: 1.2; }}
"""
"""One rule a line, so that the rules that name a colour can be found by line."""

_VARIABLE: Final = re.compile(r"var\(--([a-z-]+)\)")


def variables(palette: dict[str, str]) -> str:
    """The colours as a page declares them."""
    return " ".join(f"--{name}: {value};" for name, value in palette.items())


def own_style() -> str:
    """The whole style of a picture that stands alone: light, else dark or paper."""
    coloured = "\n".join(line for line in RULES.splitlines() if "var(" in line)
    return (
        f":root {{ color-scheme: light dark; }}\n{_painted(RULES, LIGHT)}"
        f"@media (prefers-color-scheme: dark) {{\n{_painted(coloured, DARK)}\n}}\n"
        f"@media print {{\n:root {{ color-scheme: light; }}\n{_painted(coloured, PAPER)}\n}}\n"
    )


def _painted(rules: str, palette: dict[str, str]) -> str:
    return _VARIABLE.sub(lambda found: palette[found.group(1)], rules)
