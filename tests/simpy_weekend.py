"""A weekend as SimPy processes: a second oracle for the kernel, and the peer in its benchmark.

Everybody is a process here who waits for events; nothing is shared with the kernel or its plain
twin but the rows. It knows the way forward: copies, seats, cuts, checks, soak and gates; no
failures, no quota, no incidents, no switching together, and crews that somebody is left in.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from functools import partial

import simpy
from simpy.events import EventPriority

from migrator.schedule.problem import Function, Rows, Spread

Steps = Generator[simpy.Event, object, None]
Draw = Callable[[Spread], float]

_LAST = EventPriority(2)
"""SimPy's own events have 0 and 1: what comes last sees everything else of its instant."""


@dataclass
class Told:
    """What happened, by move and by wave."""

    start: dict[int, float] = field(default_factory=dict)
    switch: dict[int, float] = field(default_factory=dict)
    verified: dict[int, float] = field(default_factory=dict)
    end: dict[int, float] = field(default_factory=dict)
    gates: list[float] = field(default_factory=list)


@dataclass
class Wish:
    """Somebody who waits for something of which there is not enough; served in order of `rank`."""

    rank: tuple[float, int]
    may: Callable[[], bool]
    take: Callable[[], None]
    granted: simpy.Event


class Weekend:
    """The people and the line of one weekend."""

    def __init__(self, rows: Rows, waves: Sequence[Sequence[int]], draw: Draw) -> None:
        """Nothing has happened yet; `draw` says how long something takes."""
        self.rows, self.waves = rows, waves
        self.env = simpy.Environment()
        self.told = Told()
        self.crews = [*rows.teams, *rows.pools]
        self.busy = [0] * len(self.crews)
        self.line: dict[int, float] = {}  # rates of copies that run
        self.asked: dict[int, tuple[int, float]] = {}  # wave and rate of copies that wait
        self.wishes: list[Wish] = []
        self.minutes = [draw(move.move) for move in rows.moves]
        self.draw = draw
        self.ready = [self.env.event() for _ in rows.moves]
        self.prepared = [self.env.event() for _ in rows.moves]
        self.free = [self.env.event() for _ in rows.moves]
        self.switched = [self.env.event() for _ in rows.moves]
        for start in {shift[0] for crew in self.crews for shift in crew.shifts}:
            self.env.process(self._shift(start))

    def play(self) -> Told:
        """Play it to its end."""
        self.env.process(self._lead())
        self.env.run()
        return self.told

    # --- who gets what is scarce ------------------------------------------------------------

    def _shift(self, start: float) -> Steps:
        yield self.env.timeout(start)
        self._settle()

    def _wish(
        self, rank: tuple[float, int], may: Callable[[], bool], take: Callable[[], None]
    ) -> simpy.Event:
        wish = Wish(rank, may, take, self.env.event())
        self.wishes.append(wish)
        self._settle()
        return wish.granted

    def _settle(self) -> None:
        """Look at all wishes once everything else of this instant has happened."""
        event = self.env.event()
        event.callbacks = [lambda _: self._serve()]
        event._ok, event._value = True, None
        self.env.schedule(event, priority=_LAST)

    def _serve(self) -> None:
        self.wishes.sort(key=lambda wish: wish.rank)
        for wish in list(self.wishes):
            if wish.may():
                wish.take()
                self.wishes.remove(wish)
                wish.granted.succeed()

    def _there(self, crew: int) -> bool:
        shifts = self.crews[crew].shifts
        now = sum(count for start, end, count in shifts if start <= self.env.now < end)
        return not shifts or self.busy[crew] < now

    def _sit(self, crew: int) -> None:
        self.busy[crew] += 1

    def _rise(self, crew: int) -> None:
        self.busy[crew] -= 1
        self._settle()

    # --- a weekend --------------------------------------------------------------------------

    def _lead(self) -> Steps:
        env, rules = self.env, self.rows.rules
        if self.waves:
            self._open_line(0)
        for number, wave in enumerate(self.waves):
            begins = [max(env.now, start) for start, end in rules.deciding if end > env.now]
            yield env.timeout(min(begins, default=env.now) + rules.gate_minutes - env.now)
            self.told.gates.append(env.now)
            if number + 1 < len(self.waves):
                self._open_line(number + 1)
            for place, i in enumerate(wave):
                env.process(self._move(i, place, wave))
            checks = {
                f: env.process(self._check(f, function, [i for i in function.core if i in wave]))
                for f, function in enumerate(self.rows.functions)
                if any(i in wave for i in function.core)
            }
            ends = [env.process(self._end(i, checks)) for i in wave]
            yield env.all_of([*checks.values(), *(self.free[i] for i in wave)])
            if rules.wait_for_accepted:
                yield env.all_of(ends)

    def _open_line(self, number: int) -> None:
        for place, i in enumerate(self.waves[number]):
            self.env.process(self._prepare(i, number, place))

    def _prepare(self, i: int, number: int, place: int) -> Steps:
        move, capacity = self.rows.moves[i], self.rows.rules.copy_capacity
        rate, length = min(move.copy_rate, capacity), self.minutes[i] * move.shares[1]
        limited = capacity < math.inf and rate > 0 and length > 0
        if limited:
            self.asked[i] = (number, rate)
        yield self.env.timeout(self.minutes[i] * move.shares[0])
        self.prepared[i].succeed()
        if limited:
            may, take = partial(self._room, number, rate), partial(self._copy, i, rate)
            yield self._wish((number - 0.5, place), may, take)
        yield self.env.timeout(length)
        if limited:
            del self.line[i]
            self._settle()
        self.ready[i].succeed()

    def _room(self, number: int, rate: float) -> bool:
        """Room beside what runs, and beside what earlier waves still wait to copy."""
        earlier = [each for wave, each in self.asked.values() if wave < number]
        used = sum(self.line.values()) + sum(earlier)
        return used == 0 or used + rate <= self.rows.rules.copy_capacity

    def _copy(self, i: int, rate: float) -> None:
        del self.asked[i]
        self.line[i] = rate

    def _move(self, i: int, place: int, wave: Sequence[int]) -> Steps:
        env, move, minutes = self.env, self.rows.moves[i], self.minutes[i]
        yield self.prepared[i] if move.opening else self.ready[i]
        earlier = [b for b in move.before if b in wave]

        def may() -> bool:
            return self._there(move.team) and all(b in self.told.start for b in earlier)

        def take() -> None:
            self._sit(move.team)
            self.told.start[i] = env.now

        yield self._wish((len(self.told.gates), place), may, take)
        yield env.timeout(minutes * move.opening)
        yield self.ready[i]
        yield env.timeout(minutes * move.shares[2])
        yield env.all_of([self.switched[b] for b in earlier])
        yield env.timeout(max(0.0, move.fixed[0] - env.now))
        for start, end in sorted(move.blackouts):
            if env.now < end and env.now + move.careful_cut > start:
                yield env.timeout(end - env.now)
        yield env.timeout(minutes * move.shares[3])
        self.told.switch[i] = env.now
        self.switched[i].succeed()
        yield env.timeout(minutes * move.shares[4])
        self._rise(move.team)
        self.free[i].succeed()

    def _check(self, f: int, function: Function, core: Sequence[int]) -> Steps:
        env, pool = self.env, len(self.rows.teams) + function.pool
        yield env.all_of([self.free[i] for i in core])
        yield env.timeout(max(0.0, function.possible_after - env.now))
        yield self._wish((env.now, f), partial(self._there, pool), partial(self._sit, pool))
        yield env.timeout(self.draw(function.verify))
        self._rise(pool)

    def _end(self, i: int, checks: dict[int, simpy.Process]) -> Steps:
        mine = [check for f, check in checks.items() if i in self.rows.functions[f].core]
        yield self.env.all_of([self.free[i], *mine])
        self.told.verified[i] = self.env.now
        yield self.env.timeout(self.rows.rules.soak)
        self.told.end[i] = self.env.now
