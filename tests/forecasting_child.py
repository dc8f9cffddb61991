"""A FAKE process that forecasts: the real one's lines and folding, made-up figures.

`python tests/forecasting_child.py HOW`. HOW is well, or what goes wrong at the second question:
dies, hangs, refuses. Its forecasts fit in a tenth and as many thousandths as there are lines.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from full_forecast import a_forecast
from migrator.engine.run import Run
from migrator.errors import InputError
from migrator.forecast.model import Forecast
from migrator.inventory.model import Inventory
from migrator.links.table import Pair
from migrator.plan.model import Plan
from migrator.wiring.foreteller import answers

ASKED: list[int] = []


def reckon(
    run: Run,
    plan: Plan,
    inventory: Inventory,
    pairs: Sequence[Pair],
    *,
    now: datetime,
    brief: bool,
) -> Forecast:
    """Say how many lines there are; the second time, go wrong as wished."""
    how = sys.argv[1] if len(sys.argv) > 1 else "well"
    if brief:
        ASKED.append(run.seq)
    if len(ASKED) == 2 and how == "dies":
        os._exit(7)
    if len(ASKED) == 2 and how == "hangs":
        sys.stdin.read()
    if len(ASKED) == 2 and how == "refuses":
        raise InputError("forecast-of-another-plan", "it is of another plan", hint="see why")
    assert {move.subsystem for wave in plan.waves for move in wave.moves} == set(run.moves)
    assert inventory.by_id.keys() >= set(run.moves)
    assert len(pairs) == len(run.itinerary.pairs)
    made = a_forecast()
    anytime = replace(made.turn_back, limit=None)  # nobody here would sign that it is too late
    if brief:
        made = replace(made, moves=(), handlers=(), teams=(), bridges=(), fan=())
    return replace(made, at=now, seq=run.seq, fits=0.1 + run.seq % 100 / 1000, turn_back=anytime)


def main() -> None:
    """Answer like the real one."""
    for answer in answers(sys.stdin, reckon):
        sys.stdout.write(answer + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
