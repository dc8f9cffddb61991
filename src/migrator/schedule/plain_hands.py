"""A try at a wave in the plain twin: copies, seats and switches, from event to event.

Called by `plain.py`. What it means stands in `wave.py`, `line.py` and `seating.py`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from migrator.schedule import live as real
from migrator.schedule import paper as at
from migrator.schedule import problem as of
from migrator.schedule.plain_notes import FAILURE, MOVE, Played


def draw(w: Played, i: int, nth: int) -> None:
    """Set how long a move takes in this try."""
    w.length[i] = w.minutes(w.p.moves[i, of.MID], w.p.moves[i, of.SIGMA], MOVE, i, nth)


def attempt(
    w: Played, wave: Sequence[int], following: Sequence[int], ahead: float, gate: float, nth: int
) -> float:
    """Try the wave that came last; says when the first failure shows, else never."""
    p, k = w.p, len(w.gates) - 1
    going = [i for i in wave if w.state[i] == at.WAITING]
    if k == 0 or w.carried != k:
        _prepare(w, going, ahead, nth)
        w.clock = max(ahead, w.now)
    coming = [i for i in following if w.state[i] == at.WAITING]
    if p.rules[of.COPY_CAPACITY] < math.inf:
        _line(w, going, gate, included=False)
        _prepare_following(w, coming, gate)
        w.clock = max(gate, w.now)
    for i in going:
        for times in (w.start, w.switch, w.opened, w.led, w.cutting, w.cut, w.verified, w.end):
            times[i] = math.inf
        if _with_hands(w, i) and w.copying[i] >= gate and w.fact(i, real.COPYING) == math.inf:
            w.copying[i] = w.copied[i] = w.asks[i] = math.inf
    _hands_on(w, going, coming, gate)
    for i in going:
        if w.switch[i] == math.inf:
            w.state[i] = at.STRANDED
    going = [i for i in going if w.state[i] == at.WAITING]
    if p.rules[of.SWITCHING] != of.AT_ONCE:
        _together(w, going)
    for i in going:
        w.free[i] = w.part(i, of.TAIL, w.switch[i], real.FREED)
    switching = [i for i in going if w.fact(i, real.SWITCHED) == math.inf]
    failed = [i for i in switching if w.strikes(p.moves[i, of.FAILURE], FAILURE, i, nth)]
    return min((w.switch[i] for i in failed), default=math.inf)


def _limited(w: Played, i: int) -> bool:
    return bool(w.p.rules[of.COPY_CAPACITY] < math.inf and w.p.moves[i, of.RATE] > 0)


def _seated(w: Played, i: int) -> bool:
    """Whether a move's team has a limit."""
    team = w.p.ties[i, of.TEAM]
    return bool(w.p.crews[team, of.SEAT] < w.p.crews[team, of.SEAT_END])


def _with_hands(w: Played, i: int) -> bool:
    """Whether a copy behind the gate begins with the seat taken."""
    row = w.p.moves[i]
    return bool(w.length[i] * row[of.COPY] and (row[of.OPENING] or row[of.BEHIND]))


def _prepare(w: Played, wave: Sequence[int], ahead: float, nth: int) -> None:
    begin = max(ahead, w.floor)
    for i in wave:
        draw(w, i, nth)
        begun = min(begin, w.fact(i, real.PREPARING))
        w.prepared[i] = w.part(i, of.PREPARE, begun, real.PREPARED)
        w.copying[i] = w.fact(i, real.COPYING)
        w.copied[i] = w.asks[i] = math.inf
        length = w.length[i] * w.p.moves[i, of.COPY]
        if w.copying[i] < math.inf:
            w.copied[i] = w.part(i, of.COPY, w.copying[i], real.COPIED)
        elif length == 0:
            w.copying[i] = w.copied[i] = w.prepared[i]
        elif not w.p.moves[i, of.BEHIND] and _limited(w, i):
            w.asks[i] = max(w.prepared[i], w.floor)
        elif not w.p.moves[i, of.BEHIND]:
            w.copying[i] = max(w.prepared[i], w.floor)
            w.copied[i] = w.copying[i] + length


def _prepare_following(w: Played, wave: Sequence[int], gate: float) -> None:
    """The next wave is prepared meanwhile, with what is known of its own try."""
    known, floor, nth, k = w.known, w.floor, 0, len(w.gates)
    w.carried = k
    if wave and len(w.live.waves):
        facts = w.live.waves[k]
        w.known, w.floor, nth = True, max(w.now, facts[real.NOT_BEFORE]), int(facts[real.TRIES])
        gate = facts[real.BACK_AT] if facts[real.BACK_AT] < math.inf else gate
    _prepare(w, wave, gate, nth)
    w.known, w.floor = known, floor


def _line(w: Played, group: Sequence[int], until: float, *, included: bool) -> None:
    """Let copies of a group begin from the line's own clock on, up to a minute."""
    limit = w.p.rules[of.COPY_CAPACITY]
    while w.clock < until or (included and w.clock == until):
        t = w.clock
        line = [rate for end, rate in w.copies if end > t]
        for i in group:
            rate = w.p.moves[i, of.RATE]
            if w.asks[i] <= t and (not line or sum(line) + rate <= limit):
                w.asks[i], w.copying[i] = math.inf, t
                w.copied[i] = t + w.length[i] * w.p.moves[i, of.COPY]
                line.append(rate)
                w.copies.append((w.copied[i], rate))
        times = [end for end, _ in w.copies] + [w.asks[i] for i in group]
        w.clock = min((x for x in times if x > t), default=math.inf)


def _hands_on(w: Played, going: Sequence[int], coming: Sequence[int], gate: float) -> None:
    p = w.p
    shifts = {float(a) for a in p.stretches[:, of.FROM]}
    rounds: dict[int, int] = {}
    for i in sorted(going, key=lambda i: w.fact(i, real.STARTED)):
        if w.fact(i, real.STARTED) < math.inf:
            rounds[i] = 0
            _start(w, i, w.fact(i, real.STARTED))
            _settle(w, going)
    t = max(gate, w.now)
    while t < math.inf:
        while True:
            if any(w.asks[i] < math.inf for i in going):
                _line(w, [*going, *coming], t, included=True)
            _settle(w, going)
            may = [i for i in going if _may_start(w, i, going, gate, t)]
            if not may:
                break
            turn = {i: _round(w, i, rounds, t) for i in may}
            i = min(may, key=lambda i: (turn[i], going.index(i)))
            rounds[i] = turn[i]
            _start(w, i, t)
        ends = {until for held in w.held.values() for until in held}
        events = ends | shifts | {w.asking[i] for i in going} | {when for when, _ in w.freed}
        events |= {w.clock} if any(w.asks[i] < math.inf for i in going) else set()
        t = min((x for x in events if x > t), default=math.inf)


def _may_start(w: Played, i: int, going: Sequence[int], gate: float, t: float) -> bool:
    p, team = w.p, int(w.p.ties[i, of.TEAM])
    ready = w.prepared[i] if _with_hands(w, i) else w.copied[i]
    w.asking[i] = max(ready, gate, w.floor)
    room = w.level + sum(amount for when, amount in w.freed if when <= t)
    need = p.moves[i, of.NEED]
    if w.start[i] < math.inf or w.asking[i] > t or (need > 0 and room < need):
        return False
    if _seated(w, i) and any(w.start[b] == math.inf for b in w.ends(i, of.BEFORE) if b in going):
        return False
    return w.there(team, t, w.held.setdefault(team, []))


def _round(w: Played, i: int, rounds: dict[int, int], t: float) -> int:
    """Who may begin because of somebody who begins in this minute comes after all others in it."""
    before = w.ends(i, of.BEFORE) if _seated(w, i) else []
    return max((rounds[b] + 1 for b in before if b in rounds and w.start[b] == t), default=0)


def _start(w: Played, i: int, t: float) -> None:
    """Let a move begin; until when it keeps its seat is not known yet."""
    w.start[i] = t
    w.level -= w.p.moves[i, of.NEED]
    w.held.setdefault(int(w.p.ties[i, of.TEAM]), []).append(math.inf)
    if w.copied[i] == w.asks[i] == math.inf:
        opened = max(w.part(i, of.OPENING, t, real.OPENED), w.floor)
        if _limited(w, i):
            w.asks[i] = opened
            w.clock = min(w.clock, opened)
        else:
            w.copying[i] = opened
            w.copied[i] = opened + w.length[i] * w.p.moves[i, of.COPY]


def _settle(w: Played, going: Sequence[int]) -> None:
    """Set every switch that can be known, and until when the seat is kept."""
    while True:
        known = [
            i for i in going
            if w.start[i] < math.inf == w.switch[i] and w.copied[i] < math.inf
            and all(w.switch[b] < math.inf for b in w.ends(i, of.BEFORE))
        ]  # fmt: skip
        for i in known:
            held = w.held[int(w.p.ties[i, of.TEAM])]
            held[held.index(math.inf)] = _switch(w, i)
        if not known:
            return


def _switch(w: Played, i: int) -> float:
    """Set when a move switches; says until when it keeps its seat."""
    w.cutting[i] = _cut(w, i)
    w.cut[i] = w.switch[i] = w.part(i, of.CUT, w.cutting[i], real.READY)
    if w.known and w.p.rules[of.SWITCHING] == of.AT_ONCE:
        w.switch[i] = min(max(w.now, w.switch[i]), w.fact(i, real.SWITCHED))
    elif w.fact(i, real.SWITCHED) == math.inf:
        return float(w.switch[i] + w.length[i] * w.p.moves[i, of.TAIL])
    return w.part(i, of.TAIL, w.switch[i], real.FREED)


def _cut(w: Played, i: int) -> float:
    p, row = w.p, w.p.moves[i]
    w.opened[i] = w.part(i, of.OPENING, w.start[i], real.OPENED)
    # Where nothing comes between seat and copy nobody starts before that.
    copied = w.copied[i] if row[of.OPENING] or row[of.BEHIND] else 0.0
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
