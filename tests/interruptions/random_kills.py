"""kill -9 at random moments, again and again, until the run ends all the same.

The moments are drawn from a seed, so that a failure can be looked for with the same ones; the
machine adds its own chance. A third of the lives die at any moment, also while they are being born;
the others right after one of their effects, before the journal can have heard of it. Used by the
test beside this file, with few kills or with many, and by `soak_kills.py`.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from interruptions.scenarios import SCENARIOS
from interruptions.under_fire import End, Life, Nursery, UnderFire
from migrator.engine import events as ev

BIRTH_SECONDS: Final = 0.06
EFFECTS_MAX: Final = 12
LATER_SECONDS: Final = 0.02


@dataclass(slots=True)
class Tally:
    """What many runs under fire came to. `broken` is empty when every promise was kept."""

    kills: int = 0
    runs: int = 0
    effects: int = 0
    refused: int = 0  # second tries that a target refused by their token
    doubts: int = 0  # acts whose end a dead process never told
    words: int = 0
    lines: int = 0
    broken: list[str] = field(default_factory=list)

    def add(self, end: End) -> None:
        """Count a run."""
        self.runs += 1
        self.effects += len(end.effects) - end.refused
        self.refused += end.refused
        self.doubts += end.count(ev.StepDoubted, ev.UndoDoubted)
        self.words += end.words
        self.lines += len(end.lines)


def kill_at_random(life: Life, chance: random.Random) -> bool:
    """End a life at a moment of chance; False when it ended by itself before."""
    moment = chance.random()
    if moment < 0.15:
        life.until(lambda _: False, chance.uniform(0, BIRTH_SECONDS))
        return life.kill()
    wanted = chance.randint(1, EFFECTS_MAX)
    life.effects(wanted)
    if moment < 0.35:
        life.until(lambda _: False, chance.uniform(0, LATER_SECONDS))
    return life.kill()


def undisturbed(nursery: Nursery, store: str, folder: Path, scenario: int) -> End:
    """Where a scenario ends when nobody dies."""
    with UnderFire(nursery, store, folder, scenario) as run:
        end = run.to_the_end()
    assert end.broken == []
    assert end.count(ev.StepDoubted, ev.UndoDoubted) == 0
    return end


def soak(nursery: Nursery, fresh: Callable[[], tuple[str, Path]], kills: int, seed: int) -> Tally:
    """Carry runs through so many kills; `fresh` gives a new store and a folder beside it."""
    expected = [undisturbed(nursery, *fresh(), number).state for number in range(len(SCENARIOS))]
    tally = Tally()
    while tally.kills < kills:
        scenario = tally.runs % len(SCENARIOS)
        name = f"seed {seed}, run {tally.runs} ({SCENARIOS[scenario].name})"
        chance = random.Random(f"{seed} {tally.runs}")
        with UnderFire(nursery, *fresh(), scenario) as run:
            for life in run.lives():
                if tally.kills < kills:
                    tally.kills += kill_at_random(life, chance)
            end = run.judged()
        tally.add(end)
        tally.broken += [f"{name}: {said}" for said in end.broken]
        if end.state != expected[scenario]:
            tally.broken.append(f"{name}: it ended as {end.state}, not as {expected[scenario]}")
    return tally
