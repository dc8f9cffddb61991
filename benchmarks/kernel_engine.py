"""Whether the kernel tells of the same weekend as the engine: a thousand random plans, no chance.

Each seed is a small estate with few seats, shifts, handlers who are wanted twice, quorums, a narrow
line, blackouts, appointments and declared orders, planned by our own planner. The engine rehearses
it with every duration its P50, and the kernel plays its sample -1. A plan counts as told alike when
every gate, start, switch, verification and end is within one step of the grid. A plan that the
engine itself has to hold, because an appointment is missed or nobody comes any more, is counted
apart: there the kernel has to say that a date or the window is missed.

`--seed N` prints one plan as a table; `--plans N` plays fewer.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Final

sys.path.append(str(Path(__file__).parent.parent / "tests"))

from paired_weekends import WHAT, Told, a_weekend, apart, told_by_engine, told_by_kernel

PLANS: Final = 1_000
STEP_MINUTES: Final = 5.0
WINDOW_MINUTES: Final = 3_600.0
NAMED_MAX: Final = 10
"""So many of the worst seeds are named."""


def main() -> None:
    """Compare, or show one plan."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, help="print the table of one plan")
    parser.add_argument("--plans", type=int, default=PLANS, help="how many plans")
    asked = parser.parse_args()
    if asked.seed is not None:
        show(asked.seed)
    else:
        compare(asked.plans)


def compare(plans: int) -> None:
    """Print the figures of so many plans."""
    worst: list[tuple[float, int]] = []
    moves = alike = held = foretold = refused = 0
    for seed in range(plans):
        drawn = a_weekend(seed)
        refused += drawn.refused
        engine, kernel = told_by_engine(drawn), told_by_kernel(drawn)
        if engine.outcome != "completed":
            held += 1
            foretold += missed(kernel)
            continue
        differences = apart(engine, kernel)
        worst.append((max(differences.values()), seed))
        for move in engine.moves:
            moves += 1
            alike += all(differences[move, name] <= STEP_MINUTES for name in WHAT)
    worst.sort(reverse=True)
    good = sum(most <= STEP_MINUTES for most, _ in worst)
    peers = {
        "plans": len(worst),
        "estates that cannot be planned": refused,
        "worst seeds": [seed for most, seed in worst[:NAMED_MAX] if most > STEP_MINUTES],
    }
    figure("plans_told_alike", 100 * good / max(1, len(worst)), "%", 100.0, peers)
    figure("moves_told_alike", 100 * alike / max(1, moves), "%", 100.0, {"moves": moves})
    most = worst[0][0] if worst else 0.0
    figure("largest_difference", most, "min", STEP_MINUTES, {})
    share = 100 * foretold / held if held else 100.0
    figure("held_plans_foretold", share, "%", 100.0, {"held": held})


def missed(kernel: Told) -> bool:
    """Tell whether the kernel says of a plan that a date or the window is missed."""
    ends = [times[-1] for times in kernel.moves.values()]
    late = any(end is None or end > WINDOW_MINUTES for end in ends)
    return late or kernel.outcome != "completed"


def figure(name: str, value: float, unit: str, goal: float, peers: dict[str, object]) -> None:
    """Print one line; shares are to reach their goal, minutes to stay below it."""
    ok = value <= goal if unit == "min" else value >= goal
    line = {
        "figure": name,
        "value": round(value, 2) if value < float("inf") else None,
        "unit": unit,
        "goal": goal,
        "ok": ok,
        "peers": peers,
    }
    print(json.dumps(line, sort_keys=True), flush=True)


def show(seed: int) -> None:
    """Print both tellings of one plan, gate by gate and move by move."""
    drawn = a_weekend(seed)
    engine, kernel = told_by_engine(drawn), told_by_kernel(drawn)
    print(f"seed {seed}: {engine.outcome} by the engine, {kernel.outcome} by the kernel")
    for wave in drawn.plan.waves:
        print(f"{wave.id} gate {minute(engine.gates[wave.id])} {minute(kernel.gates[wave.id])}")
        for planned in wave.moves:
            move = planned.subsystem
            pairs = zip(WHAT, engine.moves[move], kernel.moves[move], strict=True)
            cells = [f"{name} {minute(one)} {minute(other)}" for name, one, other in pairs]
            print(f"  {move} {planned.recipe:9} " + "   ".join(cells))


def minute(t: float | None) -> str:
    """A time of the table."""
    return "   never" if t is None else f"{t:8.2f}"


if __name__ == "__main__":
    main()
