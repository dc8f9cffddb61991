"""The checks of a wave in the plain twin: by pools, and by people with names.

Called by `plain.py`. What it means stands in `checks.py` and `handlers.py`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from migrator.schedule import live as real
from migrator.schedule import paper as at
from migrator.schedule import problem as of
from migrator.schedule.plain_notes import (
    INCIDENT,
    INCIDENT_MINUTES,
    VERIFY,
    Job,
    Played,
    Tick,
    longer,
)

_TICK: Final = 256


def accepted(w: Played, i: int) -> float:
    """When a move that is verified has been soaked."""
    end = w.verified[i] + w.p.rules[of.SOAK]
    return float(min(max(end, w.now), w.fact(i, real.ENDED)) if w.known else end)


def verify(w: Played, wave: Sequence[int], nth: int) -> None:
    """Hold the checks of a wave that did not fail."""
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
    named = {job: opens for opens, job in jobs if job < len(p.pools) and _handlers(w, job)}
    pooled = sorted((opens, job) for opens, job in jobs if job not in named)
    # Whoever has begun in reality has a handler already.
    w.jobs = [_held(w, opens, job, core, nth) for opens, job in pooled if _begun(w, job)]
    w.jobs += [_held(w, opens, job, core, nth) for opens, job in pooled if not _begun(w, job)]
    w.jobs += _ask_people(w, named, core, nth)
    for job in w.jobs:
        number = job.number - len(p.pools)
        for i in core[job.number] if number < 0 else [number]:
            w.verified[i] = max(w.verified[i], job.passed)
    for i in going:
        w.verified[i] = min(w.verified[i], w.fact(i, real.VERIFIED))
        w.end[i] = accepted(w, i)
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


def _handlers(w: Played, f: int) -> list[int]:
    """The crews of one that may verify a function, in the order of their numbers."""
    first = int(w.p.handlers[f, of.BANDS])
    if first < 0:
        return []
    base = len(w.p.crews) - 1 - int(w.p.rules[of.PEOPLE])
    bands = w.p.bands[first : first + len(w.p.hours) - 1].tolist()
    return sorted({base + int(who) for a, b in bands for who in w.p.lists[a:b]})


def _ask_people(
    w: Played, opens: Mapping[int, float], core: Mapping[int, Sequence[int]], nth: int
) -> list[Job]:
    """Give each check to so many people as its quorum, one after the other."""
    p = w.p
    order = sorted(opens, key=lambda f: (p.functions[f, of.RANK], f))
    ticks: dict[int, list[Tick]] = {f: _real_ticks(w, f, core[f], nth) for f in order}
    since = {f: max(opens[f], w.floor) for f in order}
    passed = {f: _check_fact(w, f, real.CHECK_PASSED) for f in order}
    shifts = {float(a) for a in p.stretches[:, of.FROM]}
    t = min(since.values(), default=math.inf)
    while t < math.inf:
        # Who is first by rank is first again when something takes no time at all.
        while any(_ask_one(w, f, core[f], nth, max(since[f], _last(ticks[f])), t, ticks[f])
                  for f in order if passed[f] == math.inf):  # fmt: skip
            pass
        for f in order:
            if len(ticks[f]) == p.functions[f, of.QUORUM]:
                passed[f] = min(passed[f], _last(ticks[f]))
        ends = {until for f in order for c in _handlers(w, f) for until in w.held.get(c, ())}
        ends |= {tick.until for f in order for tick in ticks[f]}
        t = min((x for x in ends | shifts | set(since.values()) if x > t), default=math.inf)
    return [
        Job(f, opens[f], min((tick.begun for tick in ticks[f]), default=math.inf), passed[f],
            tuple(ticks[f]))
        for f in order
    ]  # fmt: skip


def _last(ticks: Sequence[Tick]) -> float:
    return max((tick.until for tick in ticks), default=-math.inf)


def _ask_one(
    w: Played, f: int, core: Sequence[int], nth: int, since: float, t: float, ticks: list[Tick]
) -> bool:
    """Give a check to somebody at `t`, if it waits for somebody; tells whether it was given."""
    if since > t or len(ticks) == w.p.functions[f, of.QUORUM]:
        return False
    asked = {tick.crew for tick in ticks}
    free = [c for c in _handlers(w, f) if c not in asked and w.there(c, t, w.held.get(c, ()))]
    if not free:
        return False
    crew = min(free, key=lambda c: w.given.get(c, 0))
    until = t + _one_part(w, f, core, nth, len(ticks))
    ticks.append(Tick(crew, t, until))
    w.held.setdefault(crew, []).append(until)
    w.given[crew] = w.given.get(crew, 0) + 1
    return True


def _one_part(w: Played, f: int, core: Sequence[int], nth: int, asked: int) -> float:
    mid, sigma = w.p.functions[f, of.VERIFY_MID], w.p.functions[f, of.VERIFY_SIGMA]
    key = f * 65536 + min(core)
    return w.minutes(mid / w.p.functions[f, of.QUORUM], sigma, VERIFY, key, nth + asked * _TICK)


def _real_ticks(w: Played, f: int, core: Sequence[int], nth: int) -> list[Tick]:
    """Whoever was given a check in reality, and until when; a check that begun without that told
    has somebody without a name.
    """
    begun = _check_fact(w, f, real.CHECK_BEGUN)
    if begun == math.inf or _check_fact(w, f, real.CHECK_PASSED) < math.inf:
        return []
    base = len(w.p.crews) - 1 - int(w.p.rules[of.PEOPLE])
    typical = w.p.functions[f, of.VERIFY_MID] / w.p.functions[f, of.QUORUM] * w.factor
    rows = [row for row in w.live.ticks.tolist() if row[real.CHECK] == f]
    found: list[Tick] = []
    for row in rows or [[f, -1, begun, math.inf]]:
        crew = base + int(row[real.PERSON]) if rows else -1
        length = _one_part(w, f, core, nth, len(found))
        sigma = w.p.functions[f, of.VERIFY_SIGMA]
        lasting = row[real.SINCE] + longer(length, typical, sigma, w.now - row[real.SINCE])
        until = row[real.TICKED] if row[real.TICKED] < math.inf else lasting
        found.append(Tick(crew, row[real.SINCE], until))
        w.held.setdefault(crew, []).append(until)
        w.given[crew] = w.given.get(crew, 0) + 1
    return found[: int(w.p.functions[f, of.QUORUM])]
