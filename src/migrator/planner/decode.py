"""THE decoder: waves in an order -> a schedule that honours everything hard.

Called by `search.py` thousands of times and by `build.py` and `explain.py` for their figures.
Part 5 puts a compiled kernel with the same meaning in its place, so the meaning stands here.

Time is in ticks of 5 minutes after the window's start; durations are P50, each milestone of a move
rounded up to a tick by itself. A decision is a list of waves, each an ordered list of moves.

1. Ahead of its gate, but only when the gate before it has opened (the first wave: from the start),
   a move is prepared; its copy starts as early as the line allows, in the order of the wave: the
   rates of concurrent copies never exceed the place's capacity, and a copy that needs more than all
   of it takes all of it. This holds no seat.
2. Waves go one after the other. The gate of a wave opens when the wave before it is verified (or
   accepted: `wait_for_accepted`) and somebody who may decide is there; the first at the window's
   start. The gate itself takes no time.
3. The moves of a wave are placed one by one in their order, predecessors of the same wave first.
   A move's hands-on part (all that is not ahead of the gate, up to probe-links) runs without a
   pause and holds one seat of its team. It starts at the earliest tick after the gate and its own
   copy at which a seat is free for its whole length. Its cut (from quiesce, stateless: from the
   switch) starts after the switches of its `before` predecessors; no blackout touches the cut, its
   P80 taken for the length; its switch lies inside its appointment. Later moves of the order may
   fill gaps that earlier ones left.
4. Verification holds no seat. A check (function, wave), or the owner team's own check of a
   subsystem in no function, opens when all its core moves of that wave are through probe-links,
   and not before possible_after. The quorum of handlers tick one after the other, each for the
   check's minutes and on duty without a break, one check at a time; the earliest free one is
   taken, ties by fewest checks in the wave, then by id. A move is verified when all checks are
   passed of which it is a core part; passing parts wait for nothing.
5. Then the soak. A move ends after it; a wave is verified when its last move is.
6. Exposure is the sum of w_ij |x_i - x_j| over pairs that both move, x the end of the switch.

Beyond the window everybody is taken to be there (problem.py), so decoding always ends; `late` is
by how many ticks the plan overruns, `missed` by how many ticks appointments are broken. A plan is
valid when both are zero. Every wave starts with free seats and free handlers, because the wave
before it is verified; hence a changed wave leaves all waves before it as they were (`resume`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from migrator.planner.problem import CheckFacts, MoveFacts, Problem


@dataclass(slots=True)
class Schedule:
    """What the decoder found. Lists by move, and by wave for gates and the line's use."""

    start: list[int]  # the hands-on part starts
    switch: list[int]
    free: list[int]  # probe-links is done
    verified: list[int]
    end: list[int]  # soaked
    copied: list[int]
    gates: list[int]
    lines: list[list[int]]  # copy rates by tick before each wave's copies were placed
    missed_before: list[int]  # by wave: appointments broken in the waves before
    late: int
    missed: int
    exposure: int
    last: int  # the last end

    @property
    def valid(self) -> bool:
        """Tell whether everything is inside the window and every appointment is kept."""
        return not self.late and not self.missed

    def hard_cost(self, problem: Problem) -> int:
        """One number to lower: any broken appointment or overrun outweighs all exposure."""
        scale = max(1, problem.weight) * max(1, problem.window)
        return self.exposure + scale * (self.late + self.missed)


def decode(
    problem: Problem,
    waves: Sequence[Sequence[int]],
    base: Schedule | None = None,
    resume: int = 0,
) -> Schedule:
    """The schedule of an order. With `base`, waves before `resume` are taken over as they were."""
    schedule = _fresh(len(problem.ids)) if base is None else _copy(base, resume)
    # A base knows the state before `resume`, which was written when that wave was decoded.
    gate, line, missed = (0, [], 0) if base is None else _state(base, resume)
    for number in range(resume if base is not None else 0, len(waves)):
        schedule.lines.append(list(line))
        gate = earliest(problem.deciding, gate)
        schedule.gates.append(gate)
        schedule.missed_before.append(missed)
        order = in_order(problem, waves[number])
        ahead = 0 if number == 0 else schedule.gates[number - 1]
        _copy_ahead(problem, order, ahead, line, schedule)
        missed += _place(problem, order, gate, line, schedule)
        _verify(problem, order, schedule)
        ready = schedule.end if problem.wait_for_accepted else schedule.verified
        gate = max((ready[i] for i in order), default=gate)
    schedule.missed = missed
    schedule.last = max(schedule.end, default=0)
    schedule.late = max(0, schedule.last - problem.window)
    switch = schedule.switch
    schedule.exposure = sum([weight * abs(switch[i] - switch[j]) for i, j, weight in problem.pairs])
    return schedule


def earliest(bits: int, tick: int) -> int:
    """The first set bit at `tick` or later. There is one: beyond the window all bits are set."""
    rest = bits >> tick
    assert rest, "a calendar without an end must have a bit left"
    return tick + (rest & -rest).bit_length() - 1


def stretches(bits: int, length: int) -> int:
    """The starts of stretches of `length` set bits."""
    held = 1
    while held < length:
        step = min(held, length - held)
        bits &= bits >> step
        held += step
    return bits


def in_order(problem: Problem, wave: Sequence[int]) -> list[int]:
    """The wave's moves in its order, but each after its predecessors in the same wave."""
    moves = problem.moves
    inside = set(wave)
    if not any(inside.intersection(moves[i].before) for i in wave):
        return list(wave)
    done: set[int] = set()
    order: list[int] = []
    stack = list(reversed(wave))
    while stack:
        move = stack[-1]
        waiting = (
            []
            if move in done
            else [first for first in moves[move].before if first in inside and first not in done]
        )
        if waiting:
            stack += reversed(waiting)
            continue
        stack.pop()
        if move not in done:
            done.add(move)
            order.append(move)
    return order


def _fresh(count: int) -> Schedule:
    return Schedule(
        start=[0] * count,
        switch=[0] * count,
        free=[0] * count,
        verified=[0] * count,
        end=[0] * count,
        copied=[0] * count,
        gates=[],
        lines=[],
        missed_before=[],
        late=0,
        missed=0,
        exposure=0,
        last=0,
    )


def _copy(base: Schedule, resume: int) -> Schedule:
    return Schedule(
        start=list(base.start),
        switch=list(base.switch),
        free=list(base.free),
        verified=list(base.verified),
        end=list(base.end),
        copied=list(base.copied),
        gates=base.gates[:resume],
        lines=base.lines[:resume],
        missed_before=base.missed_before[:resume],
        late=0,
        missed=0,
        exposure=0,
        last=0,
    )


def _state(base: Schedule, resume: int) -> tuple[int, list[int], int]:
    return base.gates[resume], list(base.lines[resume]), base.missed_before[resume]


def _copy_ahead(
    problem: Problem, order: Sequence[int], ahead: int, line: list[int], schedule: Schedule
) -> None:
    """Place the copies that run ahead of the gate, as early as the line allows."""
    capacity = problem.copy_capacity
    for i in order:
        facts = problem.moves[i]
        start = ahead + facts.ahead
        if facts.copy and facts.copy_rate and capacity is not None:
            rate = min(facts.copy_rate, capacity)
            start = _room(line, start, facts.copy, capacity - rate)
            _occupy(line, start, facts.copy, rate)
        schedule.copied[i] = start + facts.copy + facts.after_copy


def _room(line: Sequence[int], start: int, length: int, most: int) -> int:
    """The first tick from which the line carries at most `most` for the whole length."""
    tick, used = start, len(line)
    while tick < min(start + length, used):
        if line[tick] > most:
            start = tick + 1
        tick += 1
    return start


def _occupy(line: list[int], start: int, length: int, rate: int) -> None:
    if len(line) < start + length:
        line += [0] * (start + length - len(line))
    for tick in range(start, start + length):
        line[tick] += rate


def _place(
    problem: Problem, order: Sequence[int], gate: int, line: list[int], schedule: Schedule
) -> int:
    """Give every move of a wave its start; returns by how many ticks appointments are broken."""
    missed = 0
    # By team: levels[n] has the ticks at which more than n seats are taken.
    taken: dict[int, list[int]] = {}
    free: dict[int, int] = {}
    for i in order:
        facts = problem.moves[i]
        team = facts.team
        if team not in taken:
            taken[team] = [0] * max(seats for seats, _ in problem.seats[team])
            free[team] = _free(problem, team, taken[team])
        start = max(gate, schedule.copied[i])
        for first in facts.before:
            start = max(start, schedule.switch[first] - facts.cut_from)
        at, broken = _start(problem, facts, free[team], start, line)
        missed += broken
        held = ((1 << facts.hands) - 1) << at
        levels = taken[team]
        for level in range(len(levels) - 1, 0, -1):
            levels[level] |= levels[level - 1] & held
        levels[0] |= held
        free[team] = _free(problem, team, levels)
        schedule.start[i] = at
        schedule.switch[i] = at + facts.switch
        schedule.free[i] = at + facts.hands
    return missed


def _free(problem: Problem, team: int, levels: Sequence[int]) -> int:
    free = 0
    for seats, when in problem.seats[team]:
        free |= when & ~levels[seats - 1]
    return free


def _start(
    problem: Problem, facts: MoveFacts, free: int, start: int, line: list[int]
) -> tuple[int, int]:
    """The earliest start that keeps everything, and by how much an appointment is broken."""
    seats = stretches(free, facts.hands)
    capacity = problem.copy_capacity
    limited = facts.hands_copy is not None and facts.copy_rate > 0 and capacity is not None
    broken = 0
    while True:
        rest = (seats & facts.allowed) >> start
        if rest:
            start += (rest & -rest).bit_length() - 1
        else:  # only an appointment ends for good
            start = earliest(seats, start)
            assert facts.fixed is not None, "without an appointment there is always a later start"
            broken = max(1, start + facts.switch - facts.fixed[1])
        if not limited:
            return start, broken
        assert facts.hands_copy is not None
        assert capacity is not None
        length = facts.hands_copy_end - facts.hands_copy
        wanted = start + facts.hands_copy
        rate = min(facts.copy_rate, capacity)
        room = _room(line, wanted, length, capacity - rate)
        if room == wanted:
            _occupy(line, wanted, length, rate)
            return start, broken
        start += room - wanted


def _verify(problem: Problem, order: Sequence[int], schedule: Schedule) -> None:
    """Give the wave's checks to handlers, and every move its verified time and its end."""
    free, verified = schedule.free, schedule.verified
    inside = set(order)
    waiting: list[tuple[int, int, frozenset[int]]] = []
    for number in {number for i in order for number in problem.checks_of[i]}:
        check = problem.checks[number]
        core = check.core & inside
        waiting.append((max(check.earliest, *[free[i] for i in core]), number, core))
    for i in order:
        verified[i] = free[i]
    waiting.sort(key=lambda entry: (entry[0], entry[1]))
    duty: dict[int, int] = {}
    given: dict[int, int] = {}
    for ready, number, core in waiting:
        done = _passed(problem, problem.checks[number], ready, duty, given)
        for i in core:
            verified[i] = max(verified[i], done)
    for i in order:
        schedule.end[i] = verified[i] + problem.soak


def _passed(
    problem: Problem, check: CheckFacts, ready: int, duty: dict[int, int], given: dict[int, int]
) -> int:
    """When the quorum of handlers has ticked; takes their time from `duty`."""
    if not check.handlers:
        return ready + check.minutes * check.quorum
    whole = (1 << check.minutes) - 1
    ticked: list[int] = []
    for _ in range(check.quorum):
        able = [handler for handler in check.handlers if handler not in ticked]
        if not able:
            break  # fewer handlers than the quorum: capacity.py has refused that
        for handler in able:
            if handler not in duty:
                duty[handler] = problem.on_duty[handler]
        # Somebody is free at once, most of the time; only else are all calendars searched.
        at_once = [handler for handler in able if (duty[handler] >> ready) & whole == whole]
        if not at_once:
            starts = [earliest(stretches(duty[h], check.minutes), ready) for h in able]
            ready = min(starts)
            at_once = [h for h, start in zip(able, starts, strict=True) if start == ready]
        chosen = min(at_once, key=lambda handler: (given.get(handler, 0), handler))
        duty[chosen] &= ~(whole << ready)
        given[chosen] = given.get(chosen, 0) + 1
        ticked.append(chosen)
        ready += check.minutes
    return ready
