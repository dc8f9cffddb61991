"""The checks of a wave that did not fail: who verifies what, and when each move is accepted.

Called by `weekend.py` after a try (`wave.py`). A check of a function opens when all its core moves
of the wave have switched and ended their tail. Where handlers are named it goes to them
(`handlers.py`), else to the first free one of its pool, in the order in which checks opened. An
incident takes somebody of the pool of the move's first function in the same way. A move is verified
when its checks and its incident are done, and accepted after the soak.
"""

from __future__ import annotations

import math

import numpy as np

from migrator.schedule import live as real
from migrator.schedule import paper as at
from migrator.schedule import problem as of
from migrator.schedule.chance import (
    INCIDENT,
    INCIDENT_MINUTES,
    VERIFY,
    longer,
    minutes,
    normal,
    uniform,
)
from migrator.schedule.compiled import PLACES, ZERO, compiled, embedded, inlined
from migrator.schedule.crews import seat_from, take
from migrator.schedule.handlers import ask_people
from migrator.schedule.heap import sort
from migrator.schedule.paper import Paper
from migrator.schedule.problem import Ints, Problem
from migrator.schedule.resume import accepted, check_fact, fact, now


@embedded
def verify(
    p: Problem, w: Paper, wave: Ints, chance: bool, start: np.uint64, nth: int, factor: float
) -> None:
    """Hold the checks of a wave that did not fail; set when each move is verified and accepted."""
    ties, times, marks, checks = p.ties, w.times, w.marks, w.checks
    jobs = _open(p, w, wave, chance, start, nth)
    named = _aside(p, w, jobs)
    jobs -= named
    _ask_pools(p, w, jobs, chance, start, nth, factor)
    if w.level[at.CHAINED] != 0.0:
        _openers(p, w, wave, named)
    ask_people(p, w, named, chance, start, nth, factor)
    for member in wave:
        i = member & PLACES
        if marks[i, at.STATE] != at.WAITING:
            continue
        for k in range(ties[i, of.EXERCISE], ties[i, of.EXERCISE_END]):
            passed = checks[p.lists[k] & PLACES, at.READY]
            times[i, at.VERIFIED] = max(times[i, at.VERIFIED], passed)
        times[i, at.VERIFIED] = min(times[i, at.VERIFIED], fact(w, i, real.VERIFIED))
        times[i, at.END] = accepted(p, w, i)
        if times[i, at.END] == math.inf:
            marks[i, at.STATE] = at.STRANDED
    if w.level[at.CHAINED] != 0.0:
        _root(p, w, wave, jobs)


@embedded
def _ask_pools(
    p: Problem, w: Paper, jobs: int, chance: bool, start: np.uint64, nth: int, factor: float
) -> None:
    """Give each check and incident that goes to a pool to the first who is free."""
    keys, items = w.keys[at.JOBS], w.items[at.JOBS]
    sort(keys, items, jobs)
    if w.counts[at.KNOWN]:
        # Whoever has begun in reality has a handler already.
        for k in range(jobs):
            begun = _begun(p, w, items[k])
            if begun < math.inf:
                _go_on(p, w, items[k], begun, chance, start, nth, factor)
    for k in range(jobs):
        job = items[k] & PLACES
        if _begun(p, w, job) < math.inf:
            continue
        crew = p.pools[_exercised(p, job)]
        opened = max(keys[k], w.level[at.FLOOR])
        begin = seat_from(crew, opened, w.seats[0], w.shift, p.crews, p.stretches)
        w.keys[at.EVERYBODY, k] = begin
        until = begin + _minutes(p, w, job, chance, start, nth, factor)
        if begin < math.inf:
            take(crew, until, w.seats[0], p.crews)
        _done(p, w, job, until)


@compiled
def _root(p: Problem, w: Paper, wave: Ints, jobs: int) -> None:
    """Note for each move which one of its wave made its verification late: itself, who opened the
    check that ended last, or whoever opened the one that its handler was busy with before.
    """
    keys, items, roots = w.keys[at.JOBS], w.items[at.JOBS], w.items[at.QUEUE]
    begins, times = w.keys[at.EVERYBODY], w.times
    for k in range(jobs):
        f = _exercised(p, items[k])
        roots[k] = items[k] - len(p.pools)
        if items[k] < len(p.pools):
            roots[k] = _opener(p, w, wave, f)
        for j in range(k):
            waited = begins[k] > keys[k] and p.pools[_exercised(p, items[j])] == p.pools[f]
            if waited and _until(p, w, items[j]) == begins[k]:
                roots[k] = roots[j]
    for member in wave:
        i = member & PLACES
        w.marks[i, at.ROOT] = i
        if times[i, at.VERIFIED] <= times[i, at.FREE]:
            continue
        for k in range(jobs):
            if _until(p, w, items[k]) == times[i, at.VERIFIED] and _concerns(p, items[k], i):
                w.marks[i, at.ROOT] = roots[k]
        for e in range(p.ties[i, of.EXERCISE], p.ties[i, of.EXERCISE_END]):
            f = p.lists[e]
            if _by_name(p, f) and w.checks[f, at.READY] == times[i, at.VERIFIED]:
                w.marks[i, at.ROOT] = w.check_marks[f, at.BECAUSE]


@compiled
def _openers(p: Problem, w: Paper, wave: Ints, named: int) -> None:
    """Note who opens each check that goes to people."""
    for k in range(named):
        f = w.items[at.ASIDE, k]
        w.check_marks[f, at.BECAUSE] = _opener(p, w, wave, f)


@compiled
def _opener(p: Problem, w: Paper, wave: Ints, f: int) -> int:
    """Who of a wave let a check wait longest for its opening."""
    latest = -math.inf
    found = ZERO - 1
    for member in wave:
        i = member & PLACES
        for e in range(p.ties[i, of.EXERCISE], p.ties[i, of.EXERCISE_END]):
            moves = w.marks[i, at.STATE] == at.WAITING and p.lists[e] == f
            if moves and w.times[i, at.FREE] > latest:
                latest = w.times[i, at.FREE]
                found = i
    return int(found)


@inlined
def _by_name(p: Problem, f: int) -> bool:
    """Tell whether a check goes to people and not to a pool."""
    return bool(p.handlers[f, of.BANDS] >= 0)


@embedded
def _aside(p: Problem, w: Paper, jobs: int) -> int:
    """Put the checks with named handlers aside; says how many they are."""
    keys, items = w.keys[at.JOBS], w.items[at.JOBS]
    kept = named = ZERO
    for k in range(jobs):
        job = items[k] & PLACES
        if job < len(p.pools) and _by_name(p, job):
            w.checks[job, at.READY] = keys[k]
            w.items[at.ASIDE, named] = job
            named += 1
        else:
            keys[kept] = keys[k]
            items[kept] = job
            kept += 1
    return int(named)


@compiled
def _until(p: Problem, w: Paper, job: int) -> float:
    """When a check is done; an incident is asked for by the move, whose verification it may be."""
    if job < len(p.pools):
        return float(w.checks[job, at.READY])
    return float(w.times[job - len(p.pools), at.VERIFIED])


@compiled
def _concerns(p: Problem, job: int, i: int) -> bool:
    """Tell whether a move waits for a job."""
    if job >= len(p.pools):
        return bool(job - len(p.pools) == i)
    found = False
    for e in range(p.ties[i, of.EXERCISE], p.ties[i, of.EXERCISE_END]):
        found = found or p.lists[e] == job
    return found


@embedded
def _open(p: Problem, w: Paper, wave: Ints, chance: bool, start: np.uint64, nth: int) -> int:
    """Note which checks and incidents there are, and when each opens; says how many."""
    ties, times, checks, known = p.ties, w.times, w.checks, w.check_marks
    keys, items = w.keys[at.JOBS], w.items[at.JOBS]
    turn = w.counts[at.ATTEMPT]
    jobs = ZERO
    for member in wave:
        i = member & PLACES
        if w.marks[i, at.STATE] != at.WAITING:
            continue
        times[i, at.VERIFIED] = times[i, at.FREE]
        for k in range(ties[i, of.EXERCISE], ties[i, of.EXERCISE_END]):
            f = p.lists[k] & PLACES
            if known[f, at.OPENED] != turn:
                known[f, at.OPENED] = turn
                known[f, at.ANCHOR] = i
                checks[f, at.READY] = p.functions[f, of.POSSIBLE_AFTER]
                items[jobs] = f
                jobs += 1
            known[f, at.ANCHOR] = min(known[f, at.ANCHOR], i)
            checks[f, at.READY] = max(checks[f, at.READY], times[i, at.FREE])
        verified = ties[i, of.EXERCISE] < ties[i, of.EXERCISE_END]
        if verified and _strikes(p, w, i, chance, start, nth):
            items[jobs] = len(p.pools) + i
            jobs += 1
    for k in range(jobs):
        job = items[k] & PLACES
        if job < len(p.pools):
            keys[k] = min(checks[job, at.READY], check_fact(w, job, real.CHECK_OPENED))
        else:
            keys[k] = times[job - len(p.pools), at.FREE]
    return jobs


@inlined
def _strikes(p: Problem, w: Paper, i: int, chance: bool, start: np.uint64, nth: int) -> bool:
    """Tell whether a move needs a handler before its checks; once it is free everybody knows."""
    if fact(w, i, real.FREED) < math.inf:
        return bool(w.real[i, real.INCIDENT] != 0.0)
    risk = p.moves[i, of.INCIDENT]
    return bool(chance and risk > 0.0 and uniform(start, INCIDENT, i, nth) < risk)


@inlined
def _exercised(p: Problem, job: int) -> int:
    """The function that a job is about."""
    if job < len(p.pools):
        return job
    return int(p.lists[p.ties[job - len(p.pools), of.EXERCISE]])


@inlined
def _minutes(
    p: Problem, w: Paper, job: int, chance: bool, start: np.uint64, nth: int, factor: float
) -> float:
    """How long a check or an incident keeps its handler."""
    if job < len(p.pools):
        sigma = p.functions[job, of.VERIFY_SIGMA]
        # The lowest member stays in most changes of an order, and its draw with it.
        key = job * 65536 + w.check_marks[job, at.ANCHOR]
        z = normal(start, VERIFY, key, nth) if chance and sigma > 0.0 else 0.0
        return minutes(p.functions[job, of.VERIFY_MID], sigma, factor, z)
    sigma = p.rules[of.INCIDENT_SIGMA]
    z = normal(start, INCIDENT_MINUTES, job - len(p.pools), nth) if chance and sigma > 0.0 else 0.0
    return minutes(p.rules[of.INCIDENT_MID], sigma, factor, z)


@inlined
def _done(p: Problem, w: Paper, job: int, until: float) -> None:
    """Note when a check or an incident is over."""
    if job < len(p.pools):
        w.checks[job, at.READY] = until
    else:
        i = job - len(p.pools)
        w.times[i, at.VERIFIED] = max(w.times[i, at.VERIFIED], until)


@inlined
def _begun(p: Problem, w: Paper, job: int) -> float:
    """When somebody took up a check or an incident in reality."""
    if job < len(p.pools):
        return check_fact(w, job, real.CHECK_BEGUN)
    return fact(w, job - len(p.pools), real.INCIDENT_FROM)


@compiled
def _go_on(
    p: Problem,
    w: Paper,
    job: int,
    begun: float,
    chance: bool,
    start: np.uint64,
    nth: int,
    factor: float,
) -> None:
    """Let somebody who has a check or an incident already finish it, or have finished it."""
    length = _minutes(p, w, job, chance, start, nth, factor)
    if job < len(p.pools):
        mid, sigma = p.functions[job, of.VERIFY_MID], p.functions[job, of.VERIFY_SIGMA]
        over = check_fact(w, job, real.CHECK_PASSED)
    else:
        mid, sigma = p.rules[of.INCIDENT_MID], p.rules[of.INCIDENT_SIGMA]
        over = fact(w, job - len(p.pools), real.INCIDENT_TO)
    elapsed = now(w) - begun
    if elapsed > 0.0 and length > 0.0:
        length = longer(length, mid * factor, sigma, elapsed)
    until = over if over < math.inf else begun + length
    take(p.pools[_exercised(p, job)], until, w.seats[0], p.crews)
    _done(p, w, job, until)
