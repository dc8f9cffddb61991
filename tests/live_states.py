"""A weekend of the plain twin, cut at a minute: what somebody would know who had watched so far.

Used by the tests that let a weekend go on from its middle.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

from migrator.schedule import problem as of
from migrator.schedule.live import Live, RealCheck, RealMove, RealTick, RealWave, live
from migrator.schedule.paper import BLOCKED, MOVED, RETURNED, STRANDED
from migrator.schedule.plain_notes import Played, Try
from schedules import Waves

Rows = tuple[list[RealMove], list[RealCheck], list[RealWave]]

_COLUMNS = {
    "prepared": "prepared", "copying": "copying", "copied": "copied", "started": "start",
    "opened": "opened", "led": "led", "cutting": "cutting", "ready": "cut", "switched": "switch",
    "freed": "free", "verified": "verified", "ended": "end",
}  # fmt: skip


def cut(w: Played, waves: Waves, t: float) -> Live:
    """The real state at `t` of a weekend that went like `w`."""
    moves = [RealMove() for _ in w.state]
    checks = [RealCheck() for _ in w.p.pools]
    known: list[RealWave] = []
    missed, stopped, under_way = w.late, False, False
    ticks: list[RealTick] = []
    given: Counter[int] = Counter()
    before: Try | None = None  # of the wave in front, if it moves
    base = len(w.p.crews) - 1 - int(w.p.rules[of.PEOPLE])
    for k, wave in enumerate(waves):
        tries = [one for one in w.tries if one.wave == k and one.ahead <= t]
        if not tries:
            known.append(RealWave())
            if before is not None and before.gate <= t and w.p.rules[of.COPY_CAPACITY] < math.inf:
                for i in wave:
                    moves[i] = ahead_of_gate(before, i, t)
            before = None
            continue
        now = tries[-1]
        given_up = now.back <= t
        before = None if given_up else now
        gate = now.gate if now.gate <= t else math.inf
        count = now.nth + (1 if given_up else 0)
        back = max((one.back for one in tries if one.back <= t), default=math.inf)
        announced = now.failed - w.p.rules[of.UNWIND_DELAY] <= t and not given_up
        known.append(RealWave(gate, count, now.failed if announced else math.inf, back))
        stopped = stopped or (given_up and bool(w.p.rules[of.STOP_AFTER_UNWIND]))
        for i in wave:
            if given_up:
                moves[i] = RealMove(fate=0 if w.state[i] == BLOCKED else RETURNED)
            else:
                moves[i] = a_move(w, now, i, t)
        over = given_up or all(moves[i].verified < math.inf for i in wave if w.state[i] != BLOCKED)
        if over and not given_up:
            for i in wave:
                moves[i] = replace(moves[i], fate=MOVED if w.state[i] == MOVED else 0)
            given.update(tick.crew - base for job in now.jobs for tick in job.ticks)
        elif not over and not under_way:
            under_way = True
            missed = now.late
            for job in now.jobs:
                note(job_of=now, number=job.number, w=w, checks=checks, moves=moves, t=t)
                ticks += [
                    RealTick(
                        job.number, tick.crew - base, tick.begun,
                        tick.until if tick.until <= t else math.inf,
                    )
                    for tick in job.ticks
                    if tick.begun <= t
                ]  # fmt: skip
    counts = [given[person] for person in range(len(w.p.crews) - 1 - base)]
    return live(t, moves, checks, known, stopped=stopped, missed=missed, ticks=ticks, given=counts)


def ahead_of_gate(before: Try, i: int, t: float) -> RealMove:
    """What is known of a move whose wave has no gate yet, while the wave in front moves."""
    prepared, copying, copied = (
        time if time <= t else math.inf
        for time in (before.times[name][i] for name in ("prepared", "copying", "copied"))
    )
    return RealMove(before.gate, prepared, copying, copied)


def a_move(w: Played, now: Try, i: int, t: float) -> RealMove:
    """What is known of a move in the try under way."""
    times = {name: now.times[column][i] for name, column in _COLUMNS.items()}
    times["preparing"] = now.ahead
    times["committed"] = times["ended"] + w.p.moves[i, of.COMMIT_AFTER]
    known = {name: at if at <= t else math.inf for name, at in times.items()}
    return RealMove(**known)  # type: ignore[arg-type]  # all of them are times


def note(
    job_of: Try, number: int, w: Played, checks: list[RealCheck], moves: list[RealMove], t: float
) -> None:
    """What is known of a check, or of an incident."""
    job = next(job for job in job_of.jobs if job.number == number)
    opened, begun, passed = (
        at if at <= t else math.inf for at in (job.opened, job.begun, job.passed)
    )
    if number < len(w.p.pools):
        checks[number] = RealCheck(opened, begun, passed)
    elif opened < math.inf:
        i = number - len(w.p.pools)
        moves[i] = replace(moves[i], incident=True, incident_from=begun, incident_to=passed)


def foreseeable(w: Played, waves: Waves, t: float) -> bool:
    """Tell whether the rest follows exactly: nothing is half undone, and nobody stranded is left
    behind in a wave that reality could not have passed; nor is a wave taken back while the one
    behind it is prepared, which in a whole weekend is prepared anew and in reality stays prepared.
    """
    limited = w.p.rules[of.COPY_CAPACITY] < math.inf
    for one in w.tries:
        if limited and one.gate <= t < one.failed < math.inf:
            return False
        if one.failed <= t < one.back:
            return False
        stuck = any(w.state[i] == STRANDED for i in waves[one.wave])
        if stuck and one.failed <= t:
            return False
        if stuck and any(other.wave > one.wave and other.ahead <= t for other in w.tries):
            return False
    return True
