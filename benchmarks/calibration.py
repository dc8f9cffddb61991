"""Whether a stated P80 holds: forecasts against weekends that the engine rehearsed.

Of each of four sample estates (12 subsystems, so that hundreds of weekends take minutes) one
forecast is made before the weekend, by the kernel. Then weekends are rehearsed by engine, conductor
and simulated people: with Weibull durations in one half of them and log-logistic ones in the
other, never with the kernel's log-normal, each with the estate's own P50 and P80; with a factor on
the whole weekend that is even between 0.83 and 1.17; and with a wave that is tried again once it
is back. What counts is in how many of the weekends something had happened by its stated quantile.

Three things of a weekend are judged: its end, the ends of its waves, and when all was back after
somebody had aborted it in its middle. The accidents of a rehearsal are of those that stay, as the
kernel has them: an accident that a second try mends is no failure that a plan reckons with.
The picture is `results/calibration.svg`; every point of it stands in `results/calibration.json`.
"""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np
from _true_weekends import ESTATES, TrueChance, again, command, over, planned

from migrator.engine import events as ev
from migrator.engine.fold import apply
from migrator.engine.ports import Line, OperatorCommand
from migrator.engine.run import Run, new_run
from migrator.plan.model import Itinerary
from migrator.schedule.problem import Floats, arrays
from migrator.schedule.process import Kernel
from migrator.wiring import rehearsal
from migrator.wiring.forecast_estate import FIRST, Estate
from migrator.wiring.live_state import middle_of
from migrator.wiring.rehearsing import Reaction, Rehearsed

REHEARSED: Final = 100
"""Weekends of each estate: a share of 80 % of all four is then known to 2 %. As many again are
aborted."""

ASKED_AT: Final = 0.7
"""When somebody aborts, as a share of the plan's length."""

SAMPLED: Final = 10_000
SAMPLED_BACK: Final = 1_000
LEVELS: Final = tuple(round(0.05 * k, 2) for k in range(1, 20))
GOAL: Final = 0.03
"""A stated P80 holds in 77 to 83 % of the weekends."""


@dataclass(slots=True)
class Held:
    """Where in the forecast's distribution each real weekend lay, 0 to 1."""

    ends: list[float] = field(default_factory=list)
    waves: list[float] = field(default_factory=list)
    backs: list[float] = field(default_factory=list)


class AbortAt:
    """Somebody aborts the run at the first commit after a time."""

    def __init__(self, when: datetime) -> None:
        """Waves are tried again until then."""
        self.when = when
        self.said: datetime | None = None

    def __call__(self, run: Run, lines: Sequence[Line]) -> list[OperatorCommand]:
        """The commands after a commit."""
        if self.said is not None:
            return []
        if lines and lines[-1].at >= self.when:
            self.said = lines[-1].at
            return [command(run, "abort", "abort", "run")]
        return again(run, lines)


def rank(sampled: Floats, minutes: float) -> float:
    """Where a real figure lies among the sampled ones: 0 before all, 1 after all."""
    return float(np.mean(sampled < minutes) + np.mean(sampled == minutes) / 2)


def main() -> None:
    """Forecast, rehearse, compare, and keep the picture."""
    held = Held()
    for seed in ESTATES:
        with tempfile.TemporaryDirectory() as folder:
            estate, itinerary = planned(Path(folder) / "estate", seed)
        judge(estate, itinerary, held)
    series = {"end": held.ends, "wave ends": held.waves, "all back": held.backs}
    points = {name: [coverage(ranks, q) for q in LEVELS] for name, ranks in series.items()}
    for name, ranks in series.items():
        told(name, ranks, dict(zip(map(str, LEVELS), points[name], strict=True)))
    picture = Path(__file__).parent / "results" / "calibration.svg"
    counts = {name: len(ranks) for name, ranks in series.items()}
    picture.write_text(diagram(points, counts), encoding="utf-8")


def judge(estate: Estate, itinerary: Itinerary, held: Held) -> None:
    """Rehearse weekends of one estate, and note where each lies in its forecast."""
    waves = [str(wave.id) for wave in estate.plan.waves]
    with Kernel(threads=2) as kernel:
        figures, _, times = kernel.weekends(
            estate.problem, estate.order, estate.wave_at, 1, SAMPLED, first=FIRST, keep=SAMPLED
        )
        ends = [times[:, estate.wave_of == k, 3].max(axis=1) for k in range(len(waves))]
        for seed in range(1, REHEARSED + 1):
            last, accepted = over(a_weekend(itinerary, seed, again))
            held.ends.append(rank(figures[:, 0], estate.dial.minutes(last)))
            for k, wave in enumerate(waves):
                real = estate.dial.minutes(accepted[wave]) if wave in accepted else math.inf
                held.waves.append(rank(ends[k], real))
            found = going_back(estate, itinerary, kernel, seed)
            if found is not None:
                held.backs.append(found)


def a_weekend(itinerary: Itinerary, seed: int, react: Reaction) -> Rehearsed:
    """A rehearsal with durations of another family."""
    chance = TrueChance(seed, heavy=seed % 2 == 0)
    return rehearsal(itinerary, seed=seed, chance=chance, react=react)


def going_back(estate: Estate, itinerary: Itinerary, kernel: Kernel, seed: int) -> float | None:
    """Where all being back lay in what was forecast from the very state in which it was aborted.

    A rehearsal verifies nothing on the old side, so here the forecast does not either.
    """
    asked = 60.0 * ASKED_AT * estate.plan.figures.makespan_hours
    abort = AbortAt(estate.dial.certain(asked))
    played = a_weekend(itinerary, seed, abort)
    if abort.said is None:
        return None
    run = new_run(itinerary)
    for line in played.lines:
        if isinstance(line.event, ev.RunAborted):
            break
        apply(run, line.at, line.event)
    middle = middle_of(run, estate.plan, estate.facts, estate.dial, abort.said)
    unverified = [
        replace(function, verify=function.verify._replace(mid=1e-9))
        for function in estate.rows.functions
    ]
    back = kernel.turn_backs(
        arrays(*estate.rows._replace(functions=unverified)), estate.order, estate.wave_at, 1,
        SAMPLED_BACK, np.array([middle.now]), 0.0, first=FIRST, live=middle.live,
    )  # fmt: skip
    return rank(back[:, 0], estate.dial.minutes(over(played)[0]))


def coverage(ranks: Sequence[float], level: float) -> float:
    """The share of real weekends in which it had happened by the stated quantile."""
    return round(float(np.mean(np.array(ranks) <= level)), 3)


def told(name: str, ranks: Sequence[float], points: dict[str, float]) -> None:
    """One line for the runner: where the stated P80 held."""
    value = coverage(ranks, 0.8)
    line = {
        "figure": f"share of rehearsed weekends by whose stated P80 it had happened: {name}",
        "value": value,
        "unit": "share",
        "goal": [round(0.8 - GOAL, 2), round(0.8 + GOAL, 2)],
        "ok": abs(value - 0.8) <= GOAL + 1e-9,
        "peers": {"rehearsed": len(ranks), **points},
    }
    print(json.dumps(line), flush=True)


SIZE: Final = 360
LEFT: Final = 56
STYLE: Final = """svg{color:#111;background:#fff;font:11px sans-serif}text{fill:currentColor}
path,line,rect,circle{stroke:currentColor;fill:none}.g{stroke-opacity:.25}
@media(prefers-color-scheme:dark){svg{color:#eee;background:#161616}}
@media print{svg{color:#000;background:#fff}}"""
MARKS: Final = {"end": ("circle", ""), "wave ends": ("square", "6 3"), "all back": ("cross", "2 3")}


def diagram(points: dict[str, list[float]], counts: dict[str, int]) -> str:
    """A reliability diagram: stated against held; on the diagonal a forecast is right."""

    def x(level: float) -> float:
        return round(LEFT + level * (SIZE - 80), 1)

    def y(level: float) -> float:
        return round(SIZE - 50 - level * (SIZE - 80), 1)

    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE} {SIZE + 60}" role="img" '
        'aria-labelledby="t d"><title id="t">Reliability of forecasts</title>'
        f'<desc id="d">{_described(points)}</desc>'
        f"<style>{STYLE}</style>"
        f'<path d="M{x(0)} {y(0)}L{x(1)} {y(1)}" stroke-dasharray="1 3"/>'
    )
    parts = [head]
    for k in range(6):
        level = k / 5
        parts.append(f'<path class="g" d="M{x(0)} {y(level)}H{x(1)}M{x(level)} {y(0)}V{y(1)}"/>')
        parts.append(
            f'<text x="{x(level)}" y="{y(0) + 16}" text-anchor="middle">{level:.0%}</text>'
        )
        parts.append(
            f'<text x="{LEFT - 6}" y="{y(level) + 4}" text-anchor="end">{level:.0%}</text>'
        )
    parts.append(f'<text x="{x(0.5)}" y="{y(0) + 34}" text-anchor="middle">stated</text>')
    parts.append(f'<text x="12" y="{y(1) - 12}">held in so many rehearsed weekends</text>')
    for row, (name, held) in enumerate(points.items()):
        mark, dash = MARKS[name]
        way = "L".join(f"{x(q)} {y(v)}" for q, v in zip(LEVELS, held, strict=True))
        parts.append(f'<path d="M{way}" stroke-dasharray="{dash}"/>')
        parts += [_mark(mark, x(q), y(v)) for q, v in zip(LEVELS, held, strict=True)]
        down = SIZE + 4 + 16 * row
        parts.append(_mark(mark, LEFT, down - 4))
        parts.append(_text(LEFT + 12, down, f"{name} ({counts[name]})", "start"))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}">{words}</text>'


def _mark(kind: str, x: float, y: float) -> str:
    if kind == "circle":
        return f'<circle cx="{x}" cy="{y}" r="2.5"/>'
    if kind == "square":
        return f'<rect x="{x - 2.5}" y="{y - 2.5}" width="5" height="5"/>'
    return f'<path d="M{x - 3} {y - 3}l6 6m0-6l-6 6"/>'


def _described(points: dict[str, list[float]]) -> str:
    at = LEVELS.index(0.8)
    return "; ".join(
        f"{name}: the stated 80 % held in {held[at]:.0%}" for name, held in points.items()
    )


if __name__ == "__main__":
    main()
