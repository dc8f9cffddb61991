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
    may: Callable[[], object]
    take: Callable[[], None]
    granted: simpy.Event


class Weekend:
    """The people and the line of one weekend."""

    def __init__(self, rows: Rows, waves: Sequence[Sequence[int]], draw: Draw) -> None:
        """Nothing has happened yet; `draw` says how long something takes."""
        self.rows, self.waves = rows, waves
        self.env = simpy.Environment()
        self.told = Told()
        self.crews = [*rows.teams, *rows.pools, *rows.people]
        self.given = [0] * len(rows.people)
        self.busy = [0] * len(self.crews)
        self.line: dict[int, float] = {}  # rates of copies that run
        self.begun: set[int] = set()  # whose copies have begun
        self.fresh: set[int] = set()  # who began in the round that is under way
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
        self, rank: tuple[float, int], may: Callable[[], object], take: Callable[[], None]
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
        while True:
            self.fresh.clear()
            for wish in list(self.wishes):
                if wish.may():
                    wish.take()
                    self.wishes.remove(wish)
                    wish.granted.succeed()
            if not self.fresh:
                return

    def _there(self, crew: int) -> bool:
        shifts = self.crews[crew].shifts
        now = sum(count for start, end, count in shifts if start <= self.env.now < end)
        return not shifts or self.busy[crew] < now

    def _may_sit(self, crew: int, led: Callable[[], bool]) -> bool:
        return self._there(crew) and led()

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
        yield self.env.timeout(self.minutes[i] * self.rows.moves[i].shares[0])
        self.prepared[i].succeed()

        def may() -> bool:
            ahead = number >= len(self.told.gates) and not self.rows.moves[i].behind
            return i not in self.begun and self._room(i) and (ahead or not self._with_hands(i))

        yield from self._copy(i, number, place, may)

    def _with_hands(self, i: int) -> bool:
        """Whether a copy behind the gate begins with the seat taken."""
        move = self.rows.moves[i]
        return self._length(i) > 0 and (move.opening > 0 or move.behind)

    def _length(self, i: int) -> float:
        return self.minutes[i] * self.rows.moves[i].shares[1]

    def _room(self, i: int) -> bool:
        """Room beside what runs."""
        rate, used = self._rate(i), sum(self.line.values())
        return rate == 0 or used == 0 or used + rate <= self.rows.rules.copy_capacity

    def _rate(self, i: int) -> float:
        """What a copy takes of a line that is too narrow for all."""
        capacity = self.rows.rules.copy_capacity
        limited = capacity < math.inf and self._length(i) > 0
        return min(self.rows.moves[i].copy_rate, capacity) if limited else 0.0

    def _copy(self, i: int, number: int, place: int, may: Callable[[], object]) -> Steps:
        """Wait until the copy may begin, if it ever may by this wish, and copy."""

        def take() -> None:
            self.begun.add(i)
            self.line[i] = self._rate(i)

        yield self._wish((number - 0.5, place), may, take)
        yield self.env.timeout(self._length(i))
        del self.line[i]
        self._settle()
        self.ready[i].succeed()

    def _move(self, i: int, place: int, wave: Sequence[int]) -> Steps:
        env, move, minutes = self.env, self.rows.moves[i], self.minutes[i]
        number = len(self.told.gates) - 1
        yield self.prepared[i] if self._with_hands(i) else self.ready[i]
        earlier = [b for b in move.before if b in wave]

        def led() -> bool:
            begun = all(b in self.told.start and b not in self.fresh for b in earlier)
            return begun or not self.crews[move.team].shifts

        def take() -> None:
            self._sit(move.team)
            self.told.start[i] = env.now
            self.fresh.add(i)

        may = partial(self._may_sit, move.team, led)
        yield self._wish((number + 1, place), may, take)
        yield env.timeout(minutes * move.opening)
        if i not in self.begun:
            env.process(self._copy(i, number, place, partial(self._room, i)))
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
        asked: list[int] = []
        for _ in range(function.quorum if function.handlers else 0):
            may, take = (
                partial(self._somebody, function, asked),
                partial(self._ask, function, asked),
            )
            yield self._wish((function.rank, f), may, take)
            yield env.timeout(self.draw(function.verify) / function.quorum)
            self._rise(self._crew(asked[-1]))
        if asked:
            return
        yield self._wish((env.now, f), partial(self._there, pool), partial(self._sit, pool))
        yield env.timeout(self.draw(function.verify))
        self._rise(pool)

    def _crew(self, who: int) -> int:
        return len(self.rows.teams) + len(self.rows.pools) + who

    def _somebody(self, function: Function, asked: Sequence[int]) -> list[int]:
        """Who of the named handlers could take a check now."""
        found = []
        for who in function.handlers:
            crew = self._crew(who)
            shifts = self.crews[crew].shifts or ((-math.inf, math.inf, 1),)
            there = any(start <= self.env.now < end for start, end, _ in shifts)
            if there and not self.busy[crew] and who not in asked:
                found.append(who)
        return found

    def _ask(self, function: Function, asked: list[int]) -> None:
        who = min(self._somebody(function, asked), key=lambda who: self.given[who])
        asked.append(who)
        self.given[who] += 1
        self._sit(self._crew(who))

    def _end(self, i: int, checks: dict[int, simpy.Process]) -> Steps:
        mine = [check for f, check in checks.items() if i in self.rows.functions[f].core]
        yield self.env.all_of([self.free[i], *mine])
        self.told.verified[i] = self.env.now
        yield self.env.timeout(self.rows.rules.soak)
        self.told.end[i] = self.env.now
