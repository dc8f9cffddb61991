"""The live screen in its states, as somebody has looked at it; `make golden` writes it anew."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import practising
from migrator.cli.live_screen import frame
from migrator.engine import events as ev
from migrator.engine.ports import Line
from migrator.platform.simulated.faults import PlannedFault

FOLDER = Path(__file__).parent / "screens"
REGRESS = PlannedFault("step_fails", "ledger", "probe-links", times=9)
STICKS = PlannedFault("undo_fails", "ledger", "bring-back", times=99)


def switched(line: Line) -> bool:
    event = line.event
    return isinstance(event, ev.StepStarted) and event.step == "switch" and event.move == "ledger"


def held(line: Line) -> bool:
    return isinstance(line.event, ev.WaveHeld)


def unwinding(line: Line) -> bool:
    return isinstance(line.event, ev.UndoStarted) and line.event.undo == "bring-back"


def stuck(line: Line) -> bool:
    return isinstance(line.event, ev.WaveStuck)


def ended(line: Line) -> bool:
    return isinstance(line.event, ev.RunEnded)


STATES = {
    "moving": (switched, ()),
    "held": (held, (REGRESS,)),
    "unwinding": (unwinding, (REGRESS,)),
    "stuck": (stuck, (REGRESS, STICKS)),
    "ended": (ended, (REGRESS,)),
}


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
@pytest.mark.parametrize("state", STATES)
def test_the_live_screen_is_as_it_was_looked_at(state: str, size: tuple[int, int]) -> None:
    last, faults = STATES[state]
    seen = practising.seen_after(last, faults=faults)
    text = "\n".join(line.plain.rstrip() for line in frame(seen, seen.now(), *size)) + "\n"
    path = FOLDER / f"watch-{state}-{size[0]}.txt"
    if os.environ.get("MIGRATOR_GOLDEN") == "rewrite":
        FOLDER.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")

    assert path.read_text(encoding="utf-8") == text
