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
from migrator.schedule.plain_notes import (
    FAILURE,
    INCIDENT,
    INCIDENT_MINUTES,
    MOVE,
    SHOCK,
    VERIFY,
    Job,
    Played,
    longer,
)
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
        ready, stopped = _tries(w, wave, ready, ahead, facts, stopped=stopped)
        w.under_way = False
        ahead = w.gates[-1]
    return _sum_up(w)


def _tries(
    w: Played,
    wave: Sequence[int],
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
        begin = _attempt(w, wave, ahead, w.gates[-1], nth) + p.rules[of.UNWIND_DELAY]
        back = [i for i in wave if w.state[i] == at.WAITING and w.start[i] <= begin]
        if w.known and facts[real.UNWIND_AT] < math.inf:
            begin = max(w.now, facts[real.UNWIND_AT])
            back = [i for i in wave if w.state[i] == at.WAITING and w.start[i] <= begin]
            if begin == w.now:
                back = _on_the_way(w, wave)
        if begin == math.inf:
            _verify(w, wave, nth)
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
        w.held, w.copies, w.level, w.jobs = {}, [], level, []
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
    w.state = [int(fate) for fate in live.moves[:, real.FATE]]
    for k, wave in enumerate(waves):
        for i in wave:
            if w.state[i] == at.MOVED:
                w.start[i], w.switch[i] = w.fact(i, real.STARTED), w.fact(i, real.SWITCHED)
                w.free[i], w.verified[i] = w.fact(i, real.FREED), w.fact(i, real.VERIFIED)
                w.end[i] = _accepted(w, i)
                w.level -= p.moves[i, of.NEED]
                if p.moves[i, of.FREES] > 0:
                    w.freed.append((w.end[i] + p.rules[of.REIMAGE], p.moves[i, of.FREES]))
            elif w.fact(i, real.COPYING) < math.inf == w.fact(i, real.COPIED):
                _draw(w, i, int(live.waves[k, real.TRIES]))
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


def _accepted(w: Played, i: int) -> float:
    end = w.verified[i] + w.p.rules[of.SOAK]
    return float(min(max(end, w.now), w.fact(i, real.ENDED)) if w.known else end)


def _draw(w: Played, i: int, nth: int) -> None:
    w.length[i] = w.minutes(w.p.moves[i, of.MID], w.p.moves[i, of.SIGMA], MOVE, i, nth)


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


def _attempt(w: Played, wave: Sequence[int], ahead: float, gate: float, nth: int) -> float:
    p = w.p
    going = [i for i in wave if w.state[i] == at.WAITING]
    for i in going:
        _draw(w, i, nth)
        for times in (w.start, w.switch, w.opened, w.led, w.cutting, w.cut, w.verified, w.end):
            times[i] = math.inf
    _copy(w, going, ahead)
    _hands_on(w, going, gate)
    for i in going:
        if w.start[i] == math.inf:
            w.state[i] = at.STRANDED
    going = [i for i in going if w.state[i] == at.WAITING]
    if p.rules[of.SWITCHING] != of.AT_ONCE:
        _together(w, going)
    for i in going:
        w.free[i] = w.part(i, of.TAIL, w.switch[i], real.FREED)
    switching = [i for i in going if w.fact(i, real.SWITCHED) == math.inf]
    failed = [i for i in switching if w.strikes(p.moves[i, of.FAILURE], FAILURE, i, nth)]
    return min((w.switch[i] for i in failed), default=math.inf)


def _copy(w: Played, going: Sequence[int], ahead: float) -> None:
    p, limit = w.p, w.p.rules[of.COPY_CAPACITY]
    t = max(ahead, w.floor)
    prepared = w.prepared
    for i in going:
        begun = min(t, w.fact(i, real.PREPARING))
        prepared[i] = w.part(i, of.PREPARE, begun, real.PREPARED)
    left = list(going)
    w.copies = [copy for copy in w.copies if copy[0] > t]
    while left:
        for i in list(left):
            rate, length = p.moves[i, of.RATE], w.length[i] * p.moves[i, of.COPY]
            line = [r for end, r in w.copies if end > t]
            if w.fact(i, real.COPYING) < math.inf:
                w.copying[i] = w.fact(i, real.COPYING)
                w.copied[i] = w.part(i, of.COPY, w.copying[i], real.COPIED)
            elif limit == math.inf or rate == 0 or length == 0:
                w.copying[i] = max(prepared[i], w.floor if length else prepared[i])
                w.copied[i] = w.copying[i] + length
            elif prepared[i] > t or (line and sum(line) + rate > limit):
                continue
            else:
                w.copying[i] = t
                w.copied[i] = t + length
                w.copies.append((t + length, rate))
            left.remove(i)
            w.asking[i] = prepared[i] if p.moves[i, of.OPENING] else w.copied[i]
        ahead_of = [end for end, _ in w.copies if end > t] + [prepared[i] for i in left]
        t = min((x for x in ahead_of if x > t), default=math.inf)


def _hands_on(w: Played, going: Sequence[int], gate: float) -> None:
    p = w.p
    shifts = {float(a) for a in p.stretches[:, of.FROM]}
    for i in sorted(going, key=lambda i: w.fact(i, real.STARTED)):
        if w.fact(i, real.STARTED) < math.inf:
            _start(w, i, w.fact(i, real.STARTED))
    t = max(gate, w.floor)
    while t < math.inf:
        for i in going:
            team = int(p.ties[i, of.TEAM])
            held = w.held.setdefault(team, [])
            room = w.level + sum(amount for when, amount in w.freed if when <= t)
            led = all(w.start[b] <= t for b in w.ends(i, of.BEFORE))
            need = p.moves[i, of.NEED]
            if w.start[i] < math.inf or w.asking[i] > t or not led or (need > 0 and room < need):
                continue
            if w.there(team, t, held):
                _start(w, i, t)
        ends = {until for held in w.held.values() for until in held}
        events = ends | shifts | {w.asking[i] for i in going} | {when for when, _ in w.freed}
        t = min((x for x in events if x > t), default=math.inf)


def _start(w: Played, i: int, t: float) -> None:
    """Let a move begin, and keep its seat until its tail is over."""
    w.start[i] = t
    w.level -= w.p.moves[i, of.NEED]
    w.cutting[i] = _cut(w, i)
    w.cut[i] = w.switch[i] = w.part(i, of.CUT, w.cutting[i], real.READY)
    until = w.switch[i] + w.length[i] * w.p.moves[i, of.TAIL]
    if w.known and w.p.rules[of.SWITCHING] == of.AT_ONCE:
        w.switch[i] = min(max(w.now, w.switch[i]), w.fact(i, real.SWITCHED))
        until = w.part(i, of.TAIL, w.switch[i], real.FREED)
    elif w.fact(i, real.SWITCHED) < math.inf:
        until = w.part(i, of.TAIL, w.switch[i], real.FREED)
    w.held.setdefault(int(w.p.ties[i, of.TEAM]), []).append(until)


def _cut(w: Played, i: int) -> float:
    p, row = w.p, w.p.moves[i]
    w.opened[i] = w.part(i, of.OPENING, w.start[i], real.OPENED)
    copied = w.copied[i] if row[of.OPENING] else 0.0  # without one nobody starts before that
    w.led[i] = w.part(i, of.LEAD, max(w.opened[i], copied), real.LED)
    before = [w.switch[b] for b in w.ends(i, of.BEFORE)]
    cut = max([w.led[i], row[of.FIXED_FROM], w.floor, *before])
    for a, b, _ in p.stretches[p.ties[i, of.BLACKOUT] : p.ties[i, of.BLACKOUT_END]]:
        if cut < b and cut + row[of.CAREFUL] > a:
            cut = b
    cut = min(cut, w.fact(i, real.CUTTING))
    w.late += int(cut > row[of.FIXED_TO])
    return float(cut)


def _together(w: Played, going: Sequence[int]) -> None:
    whole = w.p.rules[of.SWITCHING] == of.BY_WAVE
    for i in going if w.known else ():
        w.switch[i] = min(max(w.now, w.switch[i]), w.fact(i, real.SWITCHED))
    group = {i: 0 if whole else int(w.p.ties[i, of.GROUP]) for i in going}
    while True:
        last = {g: max(w.switch[i] for i in going if group[i] == g) for g in group.values()}
        now = {
            i: max([last[group[i]], *(w.switch[b] for b in w.ends(i, of.BEFORE) if b in group)])
            if w.fact(i, real.SWITCHED) == math.inf
            else w.switch[i]
            for i in going
        }
        if all(now[i] == w.switch[i] for i in going):
            return
        for i in going:
            w.switch[i] = now[i]


def _verify(w: Played, wave: Sequence[int], nth: int) -> None:
    p = w.p
    going = [i for i in wave if w.state[i] == at.WAITING]
    core: dict[int, list[int]] = {}
    jobs: list[tuple[float, int]] = []
    for i in going:
        w.verified[i] = w.free[i]
        exercised = w.ends(i, of.EXERCISE)
        for f in exercised:
            core.setdefault(f, []).append(i)
        struck = w.strikes(p.moves[i, of.INCIDENT], INCIDENT, i, nth)
        if w.fact(i, real.FREED) < math.inf:
            struck = bool(w.live.moves[i, real.INCIDENT])
        if exercised and struck:
            jobs.append((w.free[i], len(p.pools) + i))
    for f, moves in core.items():
        opens = max([p.functions[f, of.POSSIBLE_AFTER], *(w.free[i] for i in moves)])
        jobs.append((min(opens, _check_fact(w, f, real.CHECK_OPENED)), f))
    # Whoever has begun in reality has a handler already.
    w.jobs = [_held(w, opens, job, core, nth) for opens, job in sorted(jobs) if _begun(w, job)]
    w.jobs += [_held(w, opens, job, core, nth) for opens, job in sorted(jobs) if not _begun(w, job)]
    for job in w.jobs:
        number = job.number - len(p.pools)
        for i in core[job.number] if number < 0 else [number]:
            w.verified[i] = max(w.verified[i], job.passed)
    for i in going:
        w.verified[i] = min(w.verified[i], w.fact(i, real.VERIFIED))
        w.end[i] = _accepted(w, i)
        if w.end[i] == math.inf:
            w.state[i] = at.STRANDED


def _check_fact(w: Played, f: int, column: int) -> float:
    return float(w.live.checks[f, column]) if w.under_way else math.inf


def _begun(w: Played, job: int) -> bool:
    if job < len(w.p.pools):
        return _check_fact(w, job, real.CHECK_BEGUN) < math.inf
    return w.fact(job - len(w.p.pools), real.INCIDENT_FROM) < math.inf


def _held(w: Played, opens: float, job: int, core: dict[int, list[int]], nth: int) -> Job:
    """Somebody takes up a check or an incident, or has it already."""
    p = w.p
    if job < len(p.pools):
        f = job
        mid, sigma = p.functions[f, of.VERIFY_MID], p.functions[f, of.VERIFY_SIGMA]
        length = w.minutes(mid, sigma, VERIFY, f * 65536 + min(core[f]), nth)
        begun, over = (
            _check_fact(w, f, column) for column in (real.CHECK_BEGUN, real.CHECK_PASSED)
        )
    else:
        i = job - len(p.pools)
        f = w.ends(i, of.EXERCISE)[0]
        mid, sigma = p.rules[of.INCIDENT_MID], p.rules[of.INCIDENT_SIGMA]
        length = w.minutes(mid, sigma, INCIDENT_MINUTES, i, nth)
        begun, over = w.fact(i, real.INCIDENT_FROM), w.fact(i, real.INCIDENT_TO)
    pool = int(p.pools[f])
    if begun == math.inf:
        begun = w.serve(pool, max(opens, w.floor), length, w.held)
        return Job(job, opens, begun, begun + length)
    if length > 0:
        length = longer(length, mid * w.factor, sigma, w.now - begun)
    until = min(over, begun + length)
    w.held.setdefault(pool, []).append(until)
    return Job(job, opens, begun, until)
