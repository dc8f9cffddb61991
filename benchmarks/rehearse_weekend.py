"""How long a rehearsed weekend takes: one with ten faults, and a thousand, each its own seed.

The estate is the sample's 77 subsystems and 340,000 links, planned by our own planner. A weekend
is counted whole: every step, handler, hold and unwind, the hash chain, and the judgement of every
promise by the simulated world's ledger. The thousand weekends run in two processes, as
`migrator rehearse --seeds 1-1000` plays them; one broken promise makes the figure fail.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from migrator.cli.rehearse import _play
from migrator.importers.sample import write_sample
from migrator.importers.sample_estate.estate import Size
from migrator.inventory.reader import read_inventory
from migrator.links.load import read_links
from migrator.links.pairs import subsystem_pairs
from migrator.plan.digest import plan_digest
from migrator.plan.itinerary import make_itinerary
from migrator.plan.model import Itinerary
from migrator.planner.build import make_plan
from migrator.platform.simulated.faults import PlannedFault
from migrator.wiring import rehearsal

ROUNDS: Final = 5
WEEKENDS: Final = 1_000


def main() -> None:
    """Measure, and print both figures."""
    with tempfile.TemporaryDirectory() as folder:
        itinerary = planned(Path(folder))
    one(itinerary)
    many(itinerary)


def planned(folder: Path) -> Itinerary:
    """The sample estate, planned."""
    write_sample(folder / "estate", Size(77, 340_000, 1), parquet=True, force=False)
    inventory = read_inventory(folder / "estate")
    links = read_links(inventory, folder / "cache")
    pairs = subsystem_pairs(links, inventory)
    plan = make_plan(inventory, pairs, seed=1, name="benchmark", path="estate", links=links)
    return make_itinerary(plan, inventory, pairs, plan_digest(plan))


def ten_faults(itinerary: Itinerary) -> tuple[PlannedFault, ...]:
    """Ten faults of every kind, each at another place of the plan."""
    moves = sorted(itinerary.legs)
    functions = sorted({check.function for check in itinerary.checks if check.function})
    stateful = [move for move in moves if itinerary.legs[move].recipe == "stateful"]
    return (
        PlannedFault("step_fails", moves[3], "start"),
        PlannedFault("step_fails", stateful[5], "copy", times=5),
        PlannedFault("step_half_fails", stateful[9], "final-copy", times=5),
        PlannedFault("step_half_fails", moves[20], "prepare"),
        PlannedFault("step_times_out", moves[30], "probe"),
        PlannedFault("undo_fails", times=2),
        PlannedFault("links_regress", moves[40], times=5, share=0.2),
        PlannedFault("handler_says_no", function=functions[2]),
        PlannedFault("handler_never_answers", function=functions[7]),
        PlannedFault("platform_slow", factor=1.5),
    )


def one(itinerary: Itinerary) -> None:
    """A whole weekend with ten faults."""
    faults = ten_faults(itinerary)
    seconds, events, broken = [], 0, 0
    for seed in range(1, ROUNDS + 1):
        began = time.perf_counter()
        played = rehearsal(itinerary, seed=seed, faults=faults)
        seconds.append(time.perf_counter() - began)
        events = max(events, len(played.lines))
        broken += len(played.violations)
    value = round(statistics.median(seconds), 3)
    peers = {"journal lines, most": events, "slowest": round(max(seconds), 3)}
    figure = "a rehearsed weekend of 77 subsystems with 10 faults, median of 5 seeds"
    report(figure, value, 1.5, broken, peers)


def many(itinerary: Itinerary) -> None:
    """A thousand weekends, chance included, every promise checked."""
    began = time.perf_counter()
    played = list(_play(itinerary, range(1, WEEKENDS + 1), (), accidents=True))
    value = round(time.perf_counter() - began, 1)
    broken = sum(len(each.violations) for each in played)
    outcomes = {each.outcome for each in played}
    counts = {name: sum(each.outcome == name for each in played) for name in sorted(outcomes)}
    figure = f"{WEEKENDS} rehearsals, each a different seed, all promises checked"
    report(figure, value, 900, broken, counts)


def report(figure: str, value: float, goal: float, broken: int, peers: Mapping[str, float]) -> None:
    """One line for the runner; a broken promise is never within the goal."""
    line = {
        "figure": figure,
        "value": value,
        "unit": "s",
        "goal": goal,
        "ok": value <= goal and broken == 0,
        "peers": {"promises broken": broken, **peers},
    }
    print(json.dumps(line, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
