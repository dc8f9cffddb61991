"""The longest realised chain of a weekend, and how much a move may be late.

Called by `run.py`. A chain is read backwards from the move that is over last. Times are set to what
they waited for, not to something near it, so what two moments have in common is found by comparing
them: a seat to whoever left it, a cut to a switch before it, a copy to the copy before it in the
line, a start to quota that came back, a verification to whoever opened the check or kept its
handler busy (`checks.py`), a gate to the last of the wave before. What began when a shift, a date
or a blackout let it goes back to the gate of its wave. Of a wave that was taken back, whoever
failed last is on the chain. Where moves switch together, each is followed by its own way; of what
happened in reality only the order of the waves and equal minutes are known.
"""

from __future__ import annotations

import math
from typing import Final

from migrator.schedule import live as real
from migrator.schedule import paper as at
from migrator.schedule import problem as of
from migrator.schedule.compiled import ZERO, compiled, wide
from migrator.schedule.paper import Paper
from migrator.schedule.problem import Floats, Ints, Problem
from migrator.schedule.resume import wave_fact
from migrator.schedule.weekend import OVER, play

PLAN: Final = wide(-1)

NOBODY: Final = wide(-1)


@compiled
def chains(
    p: Problem,
    w: Paper,
    order: Ints,
    wave_at: Ints,
    wave_of: Ints,
    seed: int,
    first: int,
    count: int,
    on: Ints,
    backs: Ints,
) -> None:
    """Add up by move in how many weekends it is on the chain, by wave how many take it back."""
    w.level[at.CHAINED] = 1.0
    for row in range(count):
        w.items[at.BACKS, :] = 0
        w.items[at.BLAMED, :] = 0
        play(p, w, order, wave_at, seed, first + row, w.figures)
        _walk(p, w, order, wave_at, wave_of)
        for i in range(len(order)):
            on[i] += w.marks[i, at.ON_CHAIN]
        for k in range(len(wave_at) - 1):
            back = w.items[at.BACKS, k] > 0
            if len(w.real) > 0:
                back = back or wave_fact(w, k, real.TRIES) > 0.0
            backs[k] += 1 if back else 0
    w.level[at.CHAINED] = 0.0


@compiled
def _walk(p: Problem, w: Paper, order: Ints, wave_at: Ints, wave_of: Ints) -> None:
    """Mark who is on the chain of the weekend that has just been played."""
    i = _last(w, order, at.END)
    if i == NOBODY:
        return
    k = wave_of[i]
    while True:
        k = _through(p, w, order, wave_at, wave_of, i)
        i = NOBODY
        while k >= 0 and i == NOBODY:
            # The gate after this wave waited for the last of it, or for it to be back.
            column = at.VERIFIED if p.rules[of.WAIT_FOR_ACCEPTED] == 0.0 else at.END
            i = _last(w, order[wave_at[k] : wave_at[k + 1]], column)
            if i == NOBODY:
                _blamed(w, k)
                k -= 1
        if i == NOBODY:
            return


@compiled
def _last(w: Paper, moves: Ints, column: int) -> int:
    """Who of those that moved is last; nobody, if none did."""
    found = NOBODY
    latest = -math.inf
    for i in moves:
        if w.marks[i, at.STATE] == at.MOVED and w.times[i, column] > latest:
            latest = w.times[i, column]
            found = i
    return int(found)


@compiled
def _blamed(w: Paper, k: int) -> None:
    if w.items[at.BLAMED, k] > 0:
        w.marks[w.items[at.BLAMED, k] - 1, at.ON_CHAIN] = 1


@compiled
def _through(p: Problem, w: Paper, order: Ints, wave_at: Ints, wave_of: Ints, i: int) -> int:
    """Follow a move that is verified back to a gate; says before which wave that was asked for."""
    marks, times = w.marks, w.times
    marks[i, at.ON_CHAIN] = 1
    if marks[i, at.ROOT] != i and wave_of[marks[i, at.ROOT]] == wave_of[i] and marks[i, at.TURN]:
        i = marks[i, at.ROOT]
    started = False
    for _ in range(4 * len(order)):
        marks[i, at.ON_CHAIN] = 1
        k = wave_of[i]
        wave = order[wave_at[k] : wave_at[k + 1]]
        if not started:
            before = _cut_by(p, w, i)
            if before != NOBODY:
                i = before
                continue
            front = _held_up(p, w, wave_of, i)
            if wave_of[front] != k:
                _blamed(w, k)
                return int(k - 1)
            ahead = p.moves[front, of.OPENING] == 0.0 and p.moves[front, of.BEHIND] == 0.0
            if _copied_late(p, w, front) or (ahead and front != i):
                return _copied(p, w, wave_of, front)
            i = front
        following = _seated_by(p, w, wave, k, i)
        started = False
        if following == NOBODY:
            following = _led_by(p, w, wave_of, i)
            started = following != NOBODY
        if following == NOBODY:
            following = _room_by(p, w, order, i)
        if following == NOBODY:
            if p.moves[i, of.OPENING] == 0.0 and times[i, at.COPIED] == times[i, at.START]:
                return _copied(p, w, wave_of, i)
            _blamed(w, k)
            return int(k - 1)
        i = following
    return int(NOBODY)


@compiled
def _cut_by(p: Problem, w: Paper, i: int) -> int:
    """Whose switch a cut waited for."""
    length = w.times[i, at.MINUTES] * p.moves[i, of.CUT]
    for k in range(p.ties[i, of.BEFORE], p.ties[i, of.BEFORE_END]):
        first = p.lists[k]
        if w.times[first, at.SWITCH] + length == w.times[i, at.SWITCH]:
            return int(first)
    return int(NOBODY)


@compiled
def _held_up(p: Problem, w: Paper, wave_of: Ints, i: int) -> int:
    """Follow copies that waited for the line with their seats taken, from one to the one before.

    The last one is a copy that waited for nobody, was made ahead of its gate, or is of the next
    wave, which was prepared from this gate on.
    """
    for _ in range(len(wave_of)):
        if not _copied_late(p, w, i):
            break
        length = w.times[i, at.MINUTES] * p.moves[i, of.COPY]
        opened = w.times[i, at.START] + w.times[i, at.MINUTES] * p.moves[i, of.OPENING]
        if w.times[i, at.COPIED] - length <= opened:
            break
        ahead = _in_line_before(p, w, wave_of, i)
        if ahead == NOBODY:
            break
        w.marks[ahead, at.ON_CHAIN] = 1
        i = ahead
    return int(i)


@compiled
def _copied_late(p: Problem, w: Paper, i: int) -> bool:
    """Tell whether a move that was opened waited for its copy; one that was then made with its seat
    taken, and at once, is its own work.
    """
    if p.moves[i, of.OPENING] == 0.0 and p.moves[i, of.BEHIND] == 0.0:
        return False
    opened = w.times[i, at.START] + w.times[i, at.MINUTES] * p.moves[i, of.OPENING]
    copied = w.times[i, at.COPIED]
    return bool(copied > opened and copied != opened + w.times[i, at.MINUTES] * p.moves[i, of.COPY])


@compiled
def _in_line_before(p: Problem, w: Paper, wave_of: Ints, i: int) -> int:
    """Whose copy left the line when a move's copy began."""
    length = w.times[i, at.MINUTES] * p.moves[i, of.COPY]
    found = NOBODY
    for m in range(len(wave_of)):
        near = abs(wave_of[m] - wave_of[i]) <= 1
        if m != i and near and p.moves[m, of.RATE] > 0.0 and length > 0.0:
            same = w.times[m, at.COPIED] + length == w.times[i, at.COPIED]
            if same and w.times[m, at.MINUTES] * p.moves[m, of.COPY] > 0.0:
                found = m
    return int(found)


@compiled
def _seated_by(p: Problem, w: Paper, wave: Ints, k: int, i: int) -> int:
    """Whose seat a move took over the moment it was left."""
    if w.times[i, at.START] <= w.gates[k]:
        return int(NOBODY)
    for m in wave:
        same = m != i and p.ties[m, of.TEAM] == p.ties[i, of.TEAM]
        sat = w.times[m, at.START] < w.times[i, at.START]
        if same and sat and w.times[m, at.FREE] == w.times[i, at.START]:
            return int(m)
    return int(NOBODY)


@compiled
def _led_by(p: Problem, w: Paper, wave_of: Ints, i: int) -> int:
    """Whose start a start waited for, because it has to switch first."""
    k = wave_of[i]
    if w.times[i, at.START] <= w.gates[k]:
        return int(NOBODY)
    for b in range(p.ties[i, of.BEFORE], p.ties[i, of.BEFORE_END]):
        first = p.lists[b]
        if wave_of[first] == k and w.times[first, at.START] == w.times[i, at.START]:
            return int(first)
    return int(NOBODY)


@compiled
def _room_by(p: Problem, w: Paper, order: Ints, i: int) -> int:
    """Whose hosts, made anew, gave a move its room."""
    if p.rules[of.QUOTA] == math.inf or p.moves[i, of.NEED] <= 0.0:
        return int(NOBODY)
    for m in order:
        frees = w.marks[m, at.STATE] == at.MOVED and p.moves[m, of.FREES] > 0.0
        if frees and w.times[m, at.END] + p.rules[of.REIMAGE] == w.times[i, at.START]:
            return int(m)
    return int(NOBODY)


@compiled
def _copied(p: Problem, w: Paper, wave_of: Ints, i: int) -> int:
    """Follow a copy back through the line to the gate behind which it was prepared."""
    for _ in range(len(wave_of)):
        w.marks[i, at.ON_CHAIN] = 1
        ahead = _in_line_before(p, w, wave_of, i)
        if ahead == NOBODY:
            break
        i = ahead
    k = wave_of[i]
    if w.items[at.BACKS, k] > 0:
        _blamed(w, k)
        return int(k - 1)
    # It was prepared from the gate of the wave before on, which waited for the one before that.
    return int(k - 2)


@compiled
def slacks(
    p: Problem,
    other: Problem,
    w: Paper,
    order: Ints,
    wave_at: Ints,
    exact: float,
    found: Floats,
) -> None:
    """By move: how many minutes its work may take longer before the plan of P50s ends later.

    By trial: its tail is made longer in `other`, a copy of the problem, which is played; the limit
    is halved until it is known to `exact` minutes. Where more time for one move happens to let the
    others end earlier, the first limit that the halving meets is told.
    """
    play(p, w, order, wave_at, ZERO, PLAN, w.figures)
    over = w.figures[OVER]
    for i in range(len(order)):
        found[i] = max(0.0, over - w.times[i, at.END])
    for i in range(len(order)):
        least, most = 0.0, found[i]
        trial = most
        while most - least > exact:
            _longer(other.moves, p.moves, i, trial)
            play(other, w, order, wave_at, ZERO, PLAN, w.figures)
            if w.figures[OVER] <= over + 1e-6:
                least = trial
            else:
                most = trial
            trial = 0.5 * (least + most)
        for column in range(p.moves.shape[1]):
            other.moves[i, column] = p.moves[i, column]
        found[i] = least


@compiled
def _longer(moves: Floats, usual: Floats, i: int, more: float) -> None:
    """Let a move take so many minutes more, with its seat, after its switch."""
    mid = usual[i, of.MID]
    moves[i, of.MID] = mid + more
    for column in (of.PREPARE, of.COPY, of.LEAD, of.CUT, of.OPENING):
        moves[i, column] = usual[i, column] * mid / (mid + more)
    moves[i, of.TAIL] = (usual[i, of.TAIL] * mid + more) / (mid + more)
