"""The same weekend in plain Python: the oracle of the kernel, and what runs without numba.

Called by `run.py` where there is no compiler, hundreds of times slower, and by the tests beside the
kernel. It goes from event to event and asks who may begin, where the kernel keeps heaps and lists
of seats; the numbers of chance are computed anew too. What a weekend means stands in `wave.py`,
`checks.py`, `weekend.py`, `unwind_time.py` and, for one in the middle, `live.py`; where the two
differ one of them is wrong.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from migrator.schedule import live as real
from migrator.schedule import paper as at
from migrator.schedule import problem as of
from migrator.schedule.live import NOTHING_YET, Live
from migrator.schedule.plain_checks import accepted, verify
from migrator.schedule.plain_hands import attempt, draw
from migrator.schedule.plain_notes import SHOCK, Played
from migrator.schedule.plain_unwind import unwound
from migrator.schedule.problem import Problem


def play(
    p: Problem,
    order: Sequence[int],
    wave_at: Sequence[int],
    seed: int,
    sample: int,
    live: Live = NOTHING_YET,
) -> Played:
    """One weekend; a sample below zero is the plan itself."""
    n = len(p.moves)
    w = Played(p, seed, sample, level=p.rules[of.QUOTA], state=[at.WAITING] * n, live=live)
    w.factor = w.minutes(1.0, p.rules[of.SHOCK_SIGMA], SHOCK, 0, 0)
    waves = [[int(i) for i in order[first:last]] for first, last in pairwise(wave_at)]
    lives = len(live.waves) > 0
    stopped = lives and bool(live.clock[real.STOPPED])
    if lives:
        _resume(w, waves)
    ready = ahead = 0.0
    for k, wave in enumerate(waves):
        w.gates.append(ready)
        for i in wave:
            before = [w.state[b] for b in w.ends(i, of.BEFORE)]
            may = all(state in (at.MOVED, at.WAITING) for state in before) and not stopped
            if w.state[i] == at.WAITING and not may:
                w.state[i] = at.BLOCKED
        facts = live.waves[k].tolist() if lives else [math.inf, 0, math.inf, math.inf, -math.inf]
        if all(w.state[i] != at.WAITING for i in wave):
            if facts[real.GATE] < math.inf:
                ready = ahead = w.gates[-1] = facts[real.GATE]
                ready = max([ready, *_kept(w, wave), *_finite(facts[real.BACK_AT])])
            continue
        w.known = lives
        w.floor = max(w.now, facts[real.NOT_BEFORE])
        if facts[real.BACK_AT] < math.inf:
            ahead = facts[real.BACK_AT]
            ready = max(ready, ahead)
        following = waves[k + 1] if k + 1 < len(waves) else []
        ready, stopped = _tries(w, wave, following, ready, ahead, facts, stopped=stopped)
        w.under_way = False
        ahead = w.gates[-1]
    return _sum_up(w)


def _tries(
    w: Played,
    wave: Sequence[int],
    following: Sequence[int],
    ready: float,
    ahead: float,
    facts: Sequence[float],
    *,
    stopped: bool,
) -> tuple[float, bool]:
    """Try a wave until it has moved or is given up; when the next gate may be asked for."""
    p, nth = w.p, int(facts[real.TRIES])
    while True:
        w.gates[-1] = _gate(w, ready, facts)
        level, late = w.level, w.late
        begin = attempt(w, wave, following, ahead, w.gates[-1], nth) + p.rules[of.UNWIND_DELAY]
        back = [i for i in wave if w.state[i] == at.WAITING and w.start[i] <= begin]
        if w.known and facts[real.UNWIND_AT] < math.inf:
            begin = max(w.now, facts[real.UNWIND_AT])
            back = [i for i in wave if w.state[i] == at.WAITING and w.start[i] <= begin]
            if begin == w.now:
                back = _on_the_way(w, wave)
        if begin == math.inf:
            verify(w, wave, nth)
            w.note(nth, ahead, math.inf, math.inf, late)
            moved = [i for i in wave if w.state[i] == at.WAITING]
            for i in moved:
                w.state[i] = at.MOVED
                if p.moves[i, of.FREES] > 0:
                    w.freed.append((w.end[i] + p.rules[of.REIMAGE], p.moves[i, of.FREES]))
            ready = max([w.gates[-1], *_kept(w, moved)])
            return ready, stopped or ready == math.inf
        w.known = w.under_way = False
        w.floor = -math.inf
        w.held, w.copies, w.level, w.jobs, w.carried = {}, [], level, [], 0
        ready = unwound(w, back, begin, begin, nth)
        w.note(nth, ahead, begin, ready, late)
        ahead = ready
        w.over = max(w.over, ready)
        w.unwinds += 1
        nth += 1
        if nth >= p.rules[of.ATTEMPTS_MAX] or ready == math.inf:
            stopped = stopped or bool(p.rules[of.STOP_AFTER_UNWIND])
            for i in wave:
                w.state[i] = at.RETURNED if w.state[i] == at.WAITING else w.state[i]
            return ready, stopped or ready == math.inf


def _finite(t: float) -> list[float]:
    return [t] if t < math.inf else []


def _kept(w: Played, wave: Sequence[int]) -> list[float]:
    """When each move of a wave was verified, or accepted where that is waited for."""
    times = w.end if w.p.rules[of.WAIT_FOR_ACCEPTED] else w.verified
    return [times[i] for i in wave if w.state[i] == at.MOVED]


def _resume(w: Played, waves: Sequence[Sequence[int]]) -> None:
    """Note what is over, and the copies that run."""
    p, live = w.p, w.live
    w.known = w.under_way = True
    w.late = int(live.clock[real.MISSED])
    w.unwinds = int(sum(live.waves[:, real.TRIES]))
    w.over = max([0.0, *(t for t in live.waves[:, real.BACK_AT].tolist() if t < math.inf)])
    base = len(p.crews) - 1 - int(p.rules[of.PEOPLE])
    w.given = {base + person: int(count) for person, count in enumerate(live.given)}
    w.state = [int(fate) for fate in live.moves[:, real.FATE]]
    for k, wave in enumerate(waves):
        for i in wave:
            if w.state[i] == at.MOVED:
                w.start[i], w.switch[i] = w.fact(i, real.STARTED), w.fact(i, real.SWITCHED)
                w.free[i], w.verified[i] = w.fact(i, real.FREED), w.fact(i, real.VERIFIED)
                w.end[i] = accepted(w, i)
                w.level -= p.moves[i, of.NEED]
                if p.moves[i, of.FREES] > 0:
                    w.freed.append((w.end[i] + p.rules[of.REIMAGE], p.moves[i, of.FREES]))
            elif w.fact(i, real.COPYING) < math.inf == w.fact(i, real.COPIED):
                draw(w, i, int(live.waves[k, real.TRIES]))
                until = w.part(i, of.COPY, w.fact(i, real.COPYING), real.COPIED)
                if p.moves[i, of.RATE] > 0:
                    w.copies.append((until, p.moves[i, of.RATE]))


def _on_the_way(w: Played, wave: Sequence[int]) -> list[int]:
    """Whoever has started, where undos have begun already, with what is really done."""
    for i in wave:
        if w.state[i] in (at.WAITING, at.STRANDED):
            w.state[i] = at.WAITING
            w.start[i], w.switch[i] = w.fact(i, real.STARTED), w.fact(i, real.SWITCHED)
    return [i for i in wave if w.state[i] == at.WAITING and w.start[i] < math.inf]


def _gate(w: Played, ready: float, facts: Sequence[float]) -> float:
    if not w.known:
        return _decided(w.p, ready)
    if facts[real.GATE] < math.inf:
        return facts[real.GATE]
    begun = max(ready, facts[real.NOT_BEFORE], w.now - w.p.rules[of.GATE_MINUTES])
    return max(w.now, _decided(w.p, begun))


def _decided(p: Problem, t: float) -> float:
    first, last, _, _ = p.crews[-1]
    open_ = [max(t, a) for a, b, _ in p.stretches[first:last] if b > t]
    return float(min(open_, default=t) + p.rules[of.GATE_MINUTES])


def _sum_up(w: Played) -> Played:
    p = w.p
    for i, state in enumerate(w.state):
        if state != at.MOVED:
            w.start[i] = w.switch[i] = w.verified[i] = w.end[i] = math.inf
    w.over = max([w.over, *(end for end in w.end if end < math.inf)])
    x = [min(t, p.rules[of.WINDOW]) if t == math.inf else t for t in w.switch]
    w.exposure = float(sum(p.weights[k] * abs(x[a] - x[b]) for k, (a, b) in enumerate(p.pairs)))
    return w
