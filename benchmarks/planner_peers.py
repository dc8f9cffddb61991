"""Our plans against orders that people and other tools would take, on weekends nobody has seen.

Every contender gets the same estate, limits, number of waves, decoder and gate search; each peer
has twenty tie-breaks, of which the one with the least exposure on 64 sampled weekends is taken,
even where it breaks an appointment or the window. Then everybody plays the same 2,000 fresh
weekends. Exposure is in mean hours that a unit of link weight is split. The peers are those of
`migrator.planner.peers`; `azure` follows Azure Migrate's published pages, `azure unbounded` is
kinder than they are. Beside the figures a table and a picture are written into results/.

`--sizes 77,300` measures these sizes only, `--no-pages` writes no table and no picture.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from _peer_estates import REAL, Estate, generated, real
from _peer_pages import Row, picture_of, table_of

from migrator.errors import InputError
from migrator.plan.recipes import DEFAULT_POLICY, RECIPES
from migrator.planner.build import make_plan
from migrator.planner.decode import in_order
from migrator.planner.peers.compare import (
    AZURE,
    LAYERING,
    NAMES,
    TRIES,
    Ground,
    best_of_each,
)
from migrator.planner.problem import Problem, build_problem
from migrator.planner.rows import kernel_rows
from migrator.planner.rules import find_rules
from migrator.planner.waves import limits
from migrator.schedule import problem as of
from migrator.schedule.process import Kernel
from migrator.schedule.weekend import EXPOSURE, GONE, LATE, OVER

RESULTS: Final = Path(__file__).parent / "results"


class Case(NamedTuple):
    """A size, the generator's seeds, and the goal against layering."""

    subsystems: int
    links: int
    seeds: tuple[int, ...]
    layering_goal: float


CASES: Final = (
    Case(77, 34_000, (1, 2, 3, 4), -0.45),
    Case(300, 50_000, (1, 2, 3, 4), -0.40),
    Case(1000, 100_000, (1,), -0.35),
)
AZURE_GOAL: Final = -0.45
PLAN_SEED: Final = 1
JUDGE_SEED, JUDGE_WEEKENDS = 20_261, 64
FRESH_SEED, FRESH_WEEKENDS = 77_003, 2_000
PEAKS: Final = 200
"""Weekends whose switches are kept, for the peak of the cut."""
OURS: Final = "ours"


class Field:
    """An estate in the kernel, where waves are played."""

    def __init__(self, kernel: Kernel, estate: Estate, problem: Problem) -> None:
        """Lay out the arrays once."""
        self._kernel, self._problem = kernel, problem
        rows = kernel_rows(estate.inventory, problem, DEFAULT_POLICY, RECIPES)
        self._arrays = of.arrays(*rows)
        # The same weekends where no move has to be taken back: what durations alone would do.
        calm = [replace(move, failure=0.0) for move in rows.moves]
        self._calm = of.arrays(*rows._replace(moves=calm))
        self._scale = 60.0 * max(1, problem.weight)
        self._window = rows.rules.window

    def judge(self, waves: Sequence[Sequence[int]]) -> float:
        """Mean exposure on the weekends by which tries are chosen."""
        order, wave_at = _decision(waves)
        figures, _, _ = self._kernel.weekends(
            self._arrays, order, wave_at, JUDGE_SEED, JUDGE_WEEKENDS
        )
        return float(figures[:, EXPOSURE].mean()) / self._scale

    def fresh(self, waves: Sequence[Sequence[int]]) -> dict[str, float]:
        """What 2,000 weekends say that no search and no judge has seen."""
        order, wave_at = _decision(waves)
        figures, _, times = self._kernel.weekends(
            self._arrays, order, wave_at, FRESH_SEED, FRESH_WEEKENDS, keep=PEAKS
        )
        calm, _, _ = self._kernel.weekends(self._calm, order, wave_at, FRESH_SEED, FRESH_WEEKENDS)
        exposure, ends = figures[:, EXPOSURE] / self._scale, figures[:, OVER] / 60
        all_gone = figures[:, GONE] == len(self._problem.ids)
        in_time = (figures[:, LATE] == 0) & (figures[:, OVER] <= self._window)
        return {
            "exposure_mean": round(float(exposure.mean()), 3),
            "exposure_mean_calm": round(float(calm[:, EXPOSURE].mean()) / self._scale, 3),
            "exposure_p80": round(float(np.quantile(exposure, 0.8)), 3),
            "end_p50": round(float(np.quantile(ends, 0.5)), 2),
            "end_p80": round(float(np.quantile(ends, 0.8)), 2),
            "fits": round(float((all_gone & in_time).mean()), 4),
            "late_dates": round(float(figures[:, LATE].mean()), 3),
            "peak_cut": round(self._peak_cut(times[:, :, 1]), 4),
        }

    def _peak_cut(self, switch: of.Floats) -> float:
        """The mean over weekends of the largest share of link weight that is split at once."""
        if not self._problem.pairs:
            return 0.0
        one, other, weight = np.array(self._problem.pairs, dtype=np.int64).T
        at = np.minimum(switch, self._window)
        first = np.minimum(at[:, one], at[:, other])
        last = np.maximum(at[:, one], at[:, other])
        peaks = []
        for begins, ends in zip(first, last, strict=True):
            # Where one pair meets as another parts, they are not split at once: ends come first.
            moments = np.concatenate([ends, begins])
            steps = np.concatenate([-weight, weight])
            peaks.append(np.cumsum(steps[np.argsort(moments, kind="stable")]).max())
        return float(np.mean(peaks)) / max(1, self._problem.weight)


def _decision(waves: Sequence[Sequence[int]]) -> tuple[of.Ints, of.Ints]:
    order = np.array([i for wave in waves for i in wave], dtype=np.int64)
    return order, np.cumsum([0, *(len(wave) for wave in waves)], dtype=np.int64)


def main() -> int:
    """Measure every estate, print the figures, write the pages."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--sizes", default="", help="77,300: only these, without real systems")
    asked.add_argument("--no-pages", action="store_true", help="write no table and no picture")
    options = asked.parse_args()
    sizes = {int(size) for size in options.sizes.split(",") if size}
    rows: list[Row] = []
    with Kernel(threads=2) as kernel:
        for case in CASES:
            if not sizes or case.subsystems in sizes:
                found = [row for seed in case.seeds for row in of_seed(kernel, case, seed)]
                print_figures(case, found)
                rows += found
        for name in () if sizes else REAL:
            found = list(of_system(kernel, name))
            print_real(name, found)
            rows += found
        compiled = kernel.compiled
    if not compiled:
        print("without the compiler these figures would take hours: none are kept", file=sys.stderr)
        return 1
    if not options.no_pages:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / "planner_peers.md").write_text(table_of(rows), encoding="utf-8")
        (RESULTS / "planner_peers.svg").write_text(picture_of(rows), encoding="utf-8")
    return 0


def of_seed(kernel: Kernel, case: Case, seed: int) -> Iterator[Row]:
    """Everybody on one generated estate."""
    with tempfile.TemporaryDirectory() as folder:
        estate = generated(Path(folder) / "estate", case.subsystems, case.links, seed)
        yield from contest(kernel, estate, f"{case.subsystems}", f"seed {seed}")


def of_system(kernel: Kernel, name: str) -> Iterator[Row]:
    """Everybody on a real system, or a word on why not."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            estate = real(Path(folder) / "estate", name)
            if isinstance(estate, str):
                print(f"{name}: left out, {estate}", file=sys.stderr)
                return
            yield from contest(kernel, estate, name, "as imported")
        except InputError as refused:
            print(f"{name}: left out, {refused}", file=sys.stderr)


def contest(kernel: Kernel, estate: Estate, size: str, variant: str) -> Iterator[Row]:
    """Our plan and the best of each peer under that plan's own limits, on fresh weekends."""
    started = time.perf_counter()
    plan = make_plan(
        estate.inventory,
        estate.pairs,
        seed=PLAN_SEED,
        name="bench",
        path="bench",
        links=estate.table,
        kernel=kernel,
    )
    seconds = time.perf_counter() - started
    rules = find_rules(estate.inventory)
    problem = build_problem(estate.inventory, estate.pairs, rules, DEFAULT_POLICY, RECIPES)
    count = len(plan.waves)
    numbers = limits(problem, plan.constraints, count)
    field = Field(kernel, estate, problem)
    mine = [
        in_order(problem, [problem.index[move.subsystem] for move in wave.moves])
        for wave in plan.waves
    ]
    yield Row(size, variant, OURS, field.fresh(mine), f"{seconds:.1f} s", count)
    ground = Ground(estate.inventory, problem, numbers, count)
    started = time.perf_counter()
    for name, peer in best_of_each(ground, field.judge).items():
        how = f"{peer.how}; the best of {peer.tries}"
        yield Row(size, variant, name, field.fresh(peer.waves), how, len(peer.waves))
    took = time.perf_counter() - started
    print(f"{size} {variant}: plan {seconds:.1f} s, peers {took:.1f} s", file=sys.stderr)


def print_figures(case: Case, rows: Sequence[Row]) -> None:
    """A size's figures: of all seeds the worst, against each peer."""
    means = _by_variant(rows, "exposure_mean")
    calm = _by_variant(rows, "exposure_mean_calm")
    for name in NAMES:
        # The goal is for Azure as its pages say it; without their bound it is shown, and kinder.
        goal = AZURE_GOAL if name == AZURE else None
        goal = case.layering_goal if name == LAYERING else goal
        changes = _changes(means[OURS], means[name])
        beside = {
            "by_seed": changes,
            "by_seed_without_failures": _changes(calm[OURS], calm[name]),
            "hours": means[name],
            "ours_hours": means[OURS],
            "tries": TRIES,
        }
        told = f"exposure_against_{name.replace(' ', '_')}_{case.subsystems}"
        figure(told, max(changes.values()), "ratio", goal, beside)
    mine = [row.figures for row in rows if row.name == OURS]
    figure(
        f"exposure_hours_{case.subsystems}",
        max(each["exposure_mean"] for each in mine),
        "h",
        None,
        {"weekends": FRESH_WEEKENDS, "by_seed": mine},
    )


def _by_variant(rows: Sequence[Row], figure_name: str) -> dict[str, dict[str, float]]:
    """One figure of everybody, by name and by variant."""
    return {
        name: {row.variant: row.figures[figure_name] for row in rows if row.name == name}
        for name in (OURS, *NAMES)
    }


def _changes(mine: dict[str, float], theirs: dict[str, float]) -> dict[str, float]:
    """How much less ours is, by variant."""
    return {each: round(mine[each] / mean - 1, 4) for each, mean in theirs.items() if mean}


def print_real(name: str, rows: Sequence[Row]) -> None:
    """A real system's figures: against the best of the peers, and everybody's."""
    means = {row.name: row.figures["exposure_mean"] for row in rows}
    others = [mean for each, mean in means.items() if each != OURS]
    if not others or not min(others):
        return
    value = round(means[OURS] / min(others) - 1, 4)
    figure(f"exposure_against_best_peer_{name}", value, "ratio", None, {"hours": means})


def figure(name: str, value: float, unit: str, goal: float | None, peers: object) -> None:
    """Print one line; a goal is an upper limit."""
    line = {
        "figure": name,
        "value": value,
        "unit": unit,
        "goal": goal,
        "ok": goal is None or value <= goal,
        "peers": peers,
    }
    print(json.dumps(line, sort_keys=True), flush=True)


if __name__ == "__main__":
    sys.exit(main())
