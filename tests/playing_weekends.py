"""The kernel's plain twin behind the same questions, in this process: nothing is compiled.

Tests of what is made of weekends take it in the place of `schedule.process.Kernel`; that the two
say the same is held by `tests/properties/test_schedule_kernel.py` and its neighbours.
"""

from __future__ import annotations

import math
from typing import Final, Self

import numpy as np

from migrator.schedule import plain, run
from migrator.schedule.live import NOTHING_YET, Live
from migrator.schedule.problem import Floats, Ints, Problem

PATIENCE: Final = 10
CURVE_PATIENCE: Final = 2


class PlainKernel:
    """Plays in plain Python, and only the first few weekends of however many are asked for."""

    compiled = False

    def __init__(self, *, threads: int = 1) -> None:
        """One thread does it all, however many are asked for."""
        self.threads = threads

    def __enter__(self) -> Self:
        """Nothing is started."""
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is ended."""

    def weekends(
        self,
        p: Problem,
        order: Ints,
        wave_at: Ints,
        seed: int,
        count: int,
        *,
        first: int = 0,
        keep: int = 0,
        live: Live = NOTHING_YET,
    ) -> tuple[Floats, Floats, Floats]:
        chosen = run.Decision(order, wave_at)
        count = min(count, PATIENCE)
        found = run.weekends(
            p, chosen, seed, count, first=first, keep=min(keep, count), plainly=True, live=live
        )
        return found.figures, found.gates, found.times

    def turn_backs(
        self,
        p: Problem,
        order: Ints,
        wave_at: Ints,
        seed: int,
        count: int,
        times: Floats,
        delay: float,
        *,
        first: int = 0,
        live: Live = NOTHING_YET,
    ) -> Floats:
        chosen = run.Decision(order, wave_at)
        count = min(count, CURVE_PATIENCE)
        return run.turn_backs(
            p, chosen, seed, count, times, delay, first=first, plainly=True, live=live
        )

    def chains(
        self,
        p: Problem,
        order: Ints,
        wave_at: Ints,
        seed: int,
        count: int,
        *,
        first: int = 0,
        live: Live = NOTHING_YET,
    ) -> tuple[Floats, Floats]:
        """Whoever is over last is on the chain, and nobody else: the chain's end, not the whole."""
        on, backs = np.zeros(len(p.moves)), np.zeros(len(wave_at) - 1)
        played = min(count, PATIENCE)
        for sample in range(first, first + played):
            w = plain.play(p, order.tolist(), wave_at.tolist(), seed, sample, live)
            moved = [i for i, end in enumerate(w.end) if end < math.inf]
            if moved:
                on[max(moved, key=lambda i: w.end[i])] += 1
            for wave in {one.wave for one in w.tries if one.back < math.inf}:
                backs[wave] += 1
        return on * (count / played), backs * (count / played)

    def slack(self, p: Problem, order: Ints, wave_at: Ints, *, live: Live = NOTHING_YET) -> Floats:
        """Nobody has any."""
        return np.zeros(len(p.moves))
