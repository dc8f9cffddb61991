"""The kernel's plain twin behind the same questions, in this process: nothing is compiled.

Tests of what is made of weekends take it in the place of `schedule.process.Kernel`; that the two
say the same is held by `tests/properties/test_schedule_kernel.py` and its neighbours.
"""

from __future__ import annotations

from migrator.schedule import run
from migrator.schedule.problem import Floats, Ints, Problem


class PlainKernel:
    """Plays in plain Python, a few weekends at a time."""

    compiled = False

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
    ) -> tuple[Floats, Floats, Floats]:
        chosen = run.Decision(order, wave_at)
        found = run.weekends(p, chosen, seed, count, first=first, keep=keep, plainly=True)
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
    ) -> Floats:
        chosen = run.Decision(order, wave_at)
        return run.turn_backs(p, chosen, seed, count, times, delay, first=first, plainly=True)
