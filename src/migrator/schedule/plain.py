"""The same weekend in plain Python: the oracle of the kernel, and what runs without numba.

Called by `run.py` where there is no compiler, hundreds of times slower, and by the tests beside the
kernel. It goes from event to event and asks who may begin, where the kernel keeps heaps and lists
of seats; the numbers of chance are computed anew too. What a weekend means stands in `wave.py`,
`weekend.py` and `unwind_time.py`; where the two differ one of them is wrong.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import NormalDist
from typing import Final

from migrator.schedule import paper as at
from migrator.schedule import problem as of
from migrator.schedule.problem import Problem

_NORMAL: Final = NormalDist()
_WORD: Final = (1 << 64) - 1
_STEP: Final = 0x9E3779B97F4A7C15
MOVE, VERIFY, UNWIND, FAILURE, SHOCK, AGAIN, INCIDENT, INCIDENT_MINUTES = range(1, 9)


def _mixed(word: int) -> int:
    word = (word ^ word >> 30) * 0xBF58476D1CE4E5B9 & _WORD
    word = (word ^ word >> 27) * 0x94D049BB133111EB & _WORD
    return word ^ word >> 31


@dataclass
class Played:
    """One weekend, lists by move; and the hands that write it."""

    p: Problem
    seed: int
    sample: int
    factor: float = 1.0
    state: list[int] = field(default_factory=list)
    start: list[float] = field(default_factory=list)
    switch: list[float] = field(default_factory=list)
    free: list[float] = field(default_factory=list)
    verified: list[float] = field(default_factory=list)
    end: list[float] = field(default_factory=list)
    copied: list[float] = field(default_factory=list)
    asking: list[float] = field(default_factory=list)
    length: list[float] = field(default_factory=list)
    gates: list[float] = field(default_factory=list)
    held: dict[int, list[float]] = field(default_factory=dict)  # by crew: until when
    copies: list[tuple[float, float]] = field(default_factory=list)  # end and rate
    freed: list[tuple[float, float]] = field(default_factory=list)
    level: float = 0.0
    over: float = 0.0
    exposure: float = 0.0
    late: int = 0
    unwinds: int = 0

    def uniform(self, kind: int, index: int, nth: int) -> float:
        """The draw that belongs to this key."""
        root = _mixed(self.sample * _STEP + _mixed(self.seed + _STEP & _WORD) & _WORD)
        key = (nth << 48) + (kind << 40) + index
        return ((_mixed(root + (key + 1) * _STEP & _WORD) >> 11) + 0.5) / (1 << 53)

    def minutes(self, mid: float, sigma: float, kind: int, index: int, nth: int) -> float:
        """A log-normal duration of this weekend; the plan itself has P50."""
        if self.sample < 0 or sigma == 0:
            return mid * self.factor
        z = _NORMAL.inv_cdf(self.uniform(kind, index, nth))
        return mid * self.factor * math.exp(sigma * z)

    def strikes(self, risk: float, kind: int, index: int, nth: int) -> bool:
        """Tell whether something of this probability happens."""
        return self.sample >= 0 and risk > 0 and self.uniform(kind, index, nth) < risk

    def ends(self, i: int, column: int) -> list[int]:
        """Whom a column pair of `ties` names for a move."""
        row = self.p.ties[i]
        return [int(each) for each in self.p.lists[row[column] : row[column + 1]]]

    def there(self, crew: int, t: float, held: Iterable[float]) -> bool:
        """Tell whether somebody of a crew is there and free."""
        first, last, seat, seat_end = self.p.crews[crew]
        on_shift = sum(n for a, b, n in self.p.stretches[first:last] if a <= t < b)
        return bool(seat == seat_end or sum(until > t for until in held) < on_shift)

    def earliest(self, crew: int, t: float, held: Sequence[float]) -> float:
        """The first time from `t` on at which somebody is there and free; never, if nobody is."""
        first, last, _, _ = self.p.crews[crew]
        when = {t, *(a for a in self.p.stretches[first:last, of.FROM] if a > t)}
        when |= {until for until in held if until > t}
        return float(next((x for x in sorted(when) if self.there(crew, x, held)), math.inf))

    def serve(self, crew: int, t: float, length: float, held: dict[int, list[float]]) -> float:
        """When a job that is ready at `t` begins; notes who is busy with it."""
        begin = self.earliest(crew, t, held.setdefault(crew, []))
        if begin < math.inf:
            held[crew].append(begin + length)
        return begin


def play(
    p: Problem, order: Sequence[int], wave_at: Sequence[int], seed: int, sample: int
) -> Played:
    """One weekend; a sample below zero is the plan itself."""
    n = len(p.moves)
    w = Played(p, seed, sample, level=p.rules[of.QUOTA], state=[at.WAITING] * n)
    w.factor = w.minutes(1.0, p.rules[of.SHOCK_SIGMA], SHOCK, 0, 0)
    for times in (w.start, w.switch, w.free, w.verified, w.end, w.copied, w.asking, w.length):
        times.extend([math.inf] * n)
    ready = ahead = 0.0
    stopped = False
    for first, last in pairwise(wave_at):
        wave = [int(i) for i in order[first:last]]
        w.gates.append(ready)
        for i in wave:
            before = [w.state[b] for b in w.ends(i, of.BEFORE)]
            if stopped or any(state not in (at.MOVED, at.WAITING) for state in before):
                w.state[i] = at.BLOCKED
        if all(w.state[i] != at.WAITING for i in wave):
            continue
        nth = 0
        while True:
            gate = w.gates[-1] = _decided(p, ready)
            level = w.level
            failed = _attempt(w, wave, ahead, gate, nth)
            if failed == math.inf:
                _verify(w, wave, nth)
                moved = [i for i in wave if w.state[i] == at.WAITING]
                kept = w.end if p.rules[of.WAIT_FOR_ACCEPTED] else w.verified
                ready = max([gate, *(kept[i] for i in moved)])
                for i in moved:
                    w.state[i] = at.MOVED
                    if p.moves[i, of.FREES] > 0:
                        w.freed.append((w.end[i] + p.rules[of.REIMAGE], p.moves[i, of.FREES]))
                break
            failed += p.rules[of.UNWIND_DELAY]
            back = [i for i in wave if w.state[i] == at.WAITING and w.start[i] <= failed]
            w.held, w.copies, w.level = {}, [], level
            ready = ahead = unwound(w, back, failed, failed, nth)
            w.over = max(w.over, ready)
            w.unwinds += 1
            nth += 1
            if nth >= p.rules[of.ATTEMPTS_MAX] or ready == math.inf:
                stopped = stopped or bool(p.rules[of.STOP_AFTER_UNWIND])
                for i in wave:
                    w.state[i] = at.RETURNED if w.state[i] == at.WAITING else w.state[i]
                break
        ahead = w.gates[-1]
        stopped = stopped or ready == math.inf
    return _sum_up(w)


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
        w.length[i] = w.minutes(p.moves[i, of.MID], p.moves[i, of.SIGMA], MOVE, i, nth)
        w.start[i] = w.switch[i] = math.inf
    _copy(w, going, ahead)
    _hands_on(w, going, gate)
    for i in going:
        if w.start[i] == math.inf:
            w.state[i] = at.STRANDED
    going = [i for i in going if w.state[i] == at.WAITING]
    if p.rules[of.SWITCHING] != of.AT_ONCE:
        _together(w, going)
    for i in going:
        w.free[i] = w.switch[i] + w.length[i] * p.moves[i, of.TAIL]
    failed = [i for i in going if w.strikes(p.moves[i, of.FAILURE], FAILURE, i, nth)]
    return min((w.switch[i] for i in failed), default=math.inf)


def _copy(w: Played, going: Sequence[int], ahead: float) -> None:
    p, limit = w.p, w.p.rules[of.COPY_CAPACITY]
    prepared = {i: ahead + w.length[i] * p.moves[i, of.PREPARE] for i in going}
    left = list(going)
    t = ahead
    while left:
        w.copies = [copy for copy in w.copies if copy[0] > t]
        for i in list(left):
            rate, length = p.moves[i, of.RATE], w.length[i] * p.moves[i, of.COPY]
            if limit == math.inf or rate == 0 or length == 0:
                w.copied[i] = prepared[i] + length
            elif prepared[i] > t or (w.copies and sum(r for _, r in w.copies) + rate > limit):
                continue
            else:
                w.copied[i] = t + length
                w.copies.append((t + length, rate))
            left.remove(i)
            w.asking[i] = prepared[i] if p.moves[i, of.OPENING] else w.copied[i]
        ahead_of = [end for end, _ in w.copies if end > t] + [prepared[i] for i in left]
        t = min((x for x in ahead_of if x > t), default=math.inf)


def _hands_on(w: Played, going: Sequence[int], gate: float) -> None:
    p = w.p
    shifts = {float(a) for a in p.stretches[:, of.FROM]}
    t = gate
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
                w.start[i] = t
                w.level -= need
                w.switch[i] = _cut(w, i) + w.length[i] * p.moves[i, of.CUT]
                held.append(w.switch[i] + w.length[i] * p.moves[i, of.TAIL])
        ends = {until for held in w.held.values() for until in held}
        events = ends | shifts | {w.asking[i] for i in going} | {when for when, _ in w.freed}
        t = min((x for x in events if x > t), default=math.inf)


def _cut(w: Played, i: int) -> float:
    p, row = w.p, w.p.moves[i]
    cut = max(w.start[i] + w.length[i] * row[of.OPENING], w.copied[i])
    cut += w.length[i] * row[of.LEAD]
    cut = max([cut, row[of.FIXED_FROM], *(w.switch[b] for b in w.ends(i, of.BEFORE))])
    for a, b, _ in p.stretches[p.ties[i, of.BLACKOUT] : p.ties[i, of.BLACKOUT_END]]:
        if cut < b and cut + row[of.CAREFUL] > a:
            cut = b
    w.late += int(cut > row[of.FIXED_TO])
    return float(cut)


def _together(w: Played, going: Sequence[int]) -> None:
    whole = w.p.rules[of.SWITCHING] == of.BY_WAVE
    group = {i: 0 if whole else int(w.p.ties[i, of.GROUP]) for i in going}
    while True:
        last = {g: max(w.switch[i] for i in going if group[i] == g) for g in group.values()}
        now = {
            i: max([last[group[i]], *(w.switch[b] for b in w.ends(i, of.BEFORE) if b in group)])
            for i in going
        }
        if all(now[i] == w.switch[i] for i in going):
            return
        for i in going:
            w.switch[i] = now[i]


def _verify(w: Played, wave: Sequence[int], nth: int) -> None:
    p, rules = w.p, w.p.rules
    going = [i for i in wave if w.state[i] == at.WAITING]
    core: dict[int, list[int]] = {}
    jobs: list[tuple[float, int]] = []
    for i in going:
        w.verified[i] = w.free[i]
        exercised = w.ends(i, of.EXERCISE)
        for f in exercised:
            core.setdefault(f, []).append(i)
        if exercised and w.strikes(p.moves[i, of.INCIDENT], INCIDENT, i, nth):
            jobs.append((w.free[i], len(p.pools) + i))
    for f, moves in core.items():
        opens = max([p.functions[f, of.POSSIBLE_AFTER], *(w.free[i] for i in moves)])
        jobs.append((opens, f))
    for opens, job in sorted(jobs):
        if job < len(p.pools):
            f, whom = job, core[job]
            mid, sigma = p.functions[f, of.VERIFY_MID], p.functions[f, of.VERIFY_SIGMA]
            length = w.minutes(mid, sigma, VERIFY, f * 65536 + min(whom), nth)
        else:
            i = job - len(p.pools)
            f, whom = w.ends(i, of.EXERCISE)[0], [i]
            mid, sigma = rules[of.INCIDENT_MID], rules[of.INCIDENT_SIGMA]
            length = w.minutes(mid, sigma, INCIDENT_MINUTES, i, nth)
        begin = w.serve(int(p.pools[f]), opens, length, w.held)
        for i in whom:
            w.verified[i] = max(w.verified[i], begin + length)
    for i in going:
        w.end[i] = w.verified[i] + rules[of.SOAK]
        if w.end[i] == math.inf:
            w.state[i] = at.STRANDED


def unwound(w: Played, members: Iterable[int], t: float, begin: float, nth: int) -> float:
    """When all members are back and verified, begun at `begin` with what had switched by `t`."""
    p = w.p
    queue = sorted(members, key=lambda i: (w.switch[i], i), reverse=True)
    gone = [i for i in queue if w.switch[i] <= t]
    waits = {f: {i for i in gone if f in w.ends(i, of.EXERCISE)} for f in range(len(p.pools))}
    ready = dict.fromkeys(waits, begin)
    back: dict[int, float] = {}
    held: dict[int, list[float]] = {}
    last = begin
    for i in queue:
        length = w.minutes(p.moves[i, of.UNDO_MID], p.moves[i, of.UNDO_SIGMA], UNWIND, i, nth)
        length *= 1 if i in gone else p.moves[i, of.EARLY]
        later = [back[j] for j in w.ends(i, of.NEAR) if j in back] if i in gone else []
        begun = max([begin, *later])
        if p.rules[of.UNWIND_SEATS]:
            begun = w.serve(int(p.ties[i, of.TEAM]), begun, length, held)
        last = max(last, begun + length)
        if i not in gone:
            continue
        back[i] = begun + length * p.moves[i, of.BACK]
        for f in w.ends(i, of.EXERCISE):
            ready[f] = max(ready[f], begun + length)
            waits[f].discard(i)
            if not waits[f]:
                mid, sigma = p.functions[f, of.VERIFY_MID], p.functions[f, of.VERIFY_SIGMA]
                length_f = w.minutes(mid, sigma, AGAIN, f, nth)
                last = max(last, w.serve(int(p.pools[f]), ready[f], length_f, held) + length_f)
    return last


def backs(w: Played, times: Sequence[float], delay: float, nth: int) -> list[float]:
    """When all that is not committed would be back, if somebody said so at each of the times."""
    found = []
    for t in times:
        kept = {i: w.end[i] + w.p.moves[i, of.COMMIT_AFTER] for i in range(len(w.state))}
        going = [i for i in kept if w.state[i] == at.MOVED and w.start[i] <= t < kept[i]]
        found.append(unwound(w, going, t, t + delay, nth))
    return found
