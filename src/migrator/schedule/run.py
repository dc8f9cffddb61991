"""Weekends asked for from outside: the compiled kernel, or its plain twin where there is none.

Called by `serve.py` in a process of its own, by benchmarks and by tests; nobody else, because
importing this loads the compiler. Large samples are halved over threads: the kernel leaves the
interpreter's lock alone, and a sample's chance does not depend on who draws it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

import numpy as np

from migrator.schedule import plain, plain_unwind
from migrator.schedule.chains import chains, slacks
from migrator.schedule.compiled import COMPILES
from migrator.schedule.live import NOTHING_YET, Live
from migrator.schedule.paper import paper
from migrator.schedule.plain_notes import Played
from migrator.schedule.problem import Floats, Ints, Problem
from migrator.schedule.turn_back import WHOLE, backs
from migrator.schedule.weekend import FIGURES, play_many

THREADED_FROM: Final = 256
"""A thread of its own pays from about this many weekends on."""

SLACK_MINUTES: Final = 1.0
"""How exactly a slack is told: nobody is held to a minute."""

PLAN: Final = -1
"""The sample that is no chance at all: every duration its P50, and nothing fails."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What is decided: who goes in which order, and where one wave ends and the next begins."""

    order: Ints
    wave_at: Ints


@dataclass(frozen=True, slots=True)
class Weekends:
    """`figures` has a row per weekend (columns in weekend.py); the others for as many as were kept.

    `gates` are by wave, `times` by move: start, switch, verified, end; endless where it never was.
    """

    figures: Floats
    gates: Floats
    times: Floats


def decision(waves: Sequence[Sequence[int]]) -> Decision:
    """Waves of moves as arrays; whoever comes `before` another has to stand before it."""
    return Decision(
        order=np.array([i for wave in waves for i in wave], dtype=np.int64),
        wave_at=np.array([0, *accumulate(len(wave) for wave in waves)], dtype=np.int64),
    )


def weekends(
    p: Problem,
    chosen: Decision,
    seed: int,
    count: int,
    *,
    first: int = 0,
    keep: int = 0,
    live: Live = NOTHING_YET,
    threads: int = 1,
    plainly: bool = not COMPILES,
) -> Weekends:
    """Sampled weekends from sample `first` on; gates and times of the first `keep`.

    With a `live` state they are the weekends that may still come of what has happened.
    """
    found = Weekends(
        figures=np.zeros((count, FIGURES)),
        gates=np.zeros((keep, len(chosen.wave_at) - 1)),
        times=np.zeros((keep, len(p.moves), 4)),
    )

    def part(start: int, end: int) -> None:
        kept = slice(min(start, keep), min(end, keep))
        if plainly:
            _plain(p, chosen, seed, first, found, range(start, end), live)
            return
        play_many(
            p, paper(p, live), chosen.order, chosen.wave_at, seed, first + start,
            found.figures[start:end], found.gates[kept], found.times[kept],
        )  # fmt: skip

    _halved(count, threads, part)
    return found


def turn_backs(
    p: Problem,
    chosen: Decision,
    seed: int,
    count: int,
    times: Floats,
    delay: float,
    *,
    first: int = 0,
    live: Live = NOTHING_YET,
    threads: int = 1,
    plainly: bool = not COMPILES,
) -> Floats:
    """By sampled weekend and by time: when all would be back if somebody said so then."""
    found = np.zeros((count, len(times)))

    def part(start: int, end: int) -> None:
        if plainly:
            for row in range(start, end):
                played = _played(p, chosen, seed, first + row, live)
                found[row] = plain_unwind.backs(played, times.tolist(), delay, int(WHOLE))
            return
        backs(
            p, paper(p, live), chosen.order, chosen.wave_at, seed, first + start,
            times, delay, found[start:end],
        )  # fmt: skip

    _halved(count, threads, part)
    return found


@dataclass(frozen=True, slots=True)
class Chains:
    """`on`: by move, in how many weekends it is on the longest chain; `backs`: by wave, in how many
    it is taken back at least once, in reality included.
    """

    on: Ints
    backs: Ints


def longest_chains(
    p: Problem,
    chosen: Decision,
    seed: int,
    count: int,
    *,
    first: int = 0,
    live: Live = NOTHING_YET,
    threads: int = 1,
) -> Chains:
    """Who is how often on the chain that ends last, and which waves go back how often."""
    n, waves = len(p.moves), len(chosen.wave_at) - 1
    wave_of = np.zeros(n, dtype=np.int64)
    wave_of[chosen.order] = np.repeat(np.arange(waves), np.diff(chosen.wave_at))
    parts: list[tuple[Ints, Ints]] = []

    def part(start: int, end: int) -> None:
        on, backs = np.zeros(n, dtype=np.int64), np.zeros(waves, dtype=np.int64)
        chains(
            p, paper(p, live), chosen.order, chosen.wave_at, wave_of, seed, first + start,
            end - start, on, backs,
        )  # fmt: skip
        parts.append((on, backs))

    _halved(count, threads, part)
    return Chains(
        np.sum([on for on, _ in parts], axis=0), np.sum([backs for _, backs in parts], axis=0)
    )


def slack(
    p: Problem, chosen: Decision, *, exact: float = SLACK_MINUTES, live: Live = NOTHING_YET
) -> Floats:
    """By move: minutes that its work may take longer before the plan of P50s ends later."""
    found = np.zeros(len(p.moves))
    other = p._replace(moves=p.moves.copy())
    slacks(p, other, paper(p, live), chosen.order, chosen.wave_at, exact, found)
    return found


def _halved(count: int, threads: int, part: Callable[[int, int], None]) -> None:
    """Give each thread a stretch of the samples; whatever one raises is raised here."""
    if threads < 2 or count < THREADED_FROM:
        part(0, count)
        return
    edges = [count * k // threads for k in range(threads + 1)]
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(part, edges, edges[1:]))


def _plain(
    p: Problem,
    chosen: Decision,
    seed: int,
    first: int,
    found: Weekends,
    rows: range,
    live: Live,
) -> None:
    for row in rows:
        w = _played(p, chosen, seed, first + row, live)
        gone = sum(end < np.inf for end in w.end)
        found.figures[row] = (w.over, w.exposure, gone, w.late, w.unwinds)
        if row < len(found.gates):
            found.gates[row] = w.gates
            found.times[row] = np.array([w.start, w.switch, w.verified, w.end]).T


def _played(p: Problem, chosen: Decision, seed: int, sample: int, live: Live) -> Played:
    return plain.play(p, chosen.order.tolist(), chosen.wave_at.tolist(), seed, sample, live)
