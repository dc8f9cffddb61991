"""Random weekends for the kernel and its oracles: everything exact, so that equal means equal.

Shares are eighths and durations are multiples of eight minutes, so no sum is ever rounded.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from random import Random

from migrator.schedule.problem import (
    NEVER,
    Crew,
    Function,
    Move,
    Pairs,
    Problem,
    Rules,
    Spread,
    arrays,
)

Waves = list[list[int]]


@dataclass(frozen=True, slots=True)
class Estate:
    """Rows as a test may read them, and the waves that they are to go in."""

    moves: tuple[Move, ...]
    functions: tuple[Function, ...]
    teams: tuple[Crew, ...]
    pools: tuple[Crew, ...]
    pairs: Pairs
    rules: Rules
    waves: Waves
    people: tuple[Crew, ...]

    @property
    def problem(self) -> Problem:
        """The rows as arrays."""
        return arrays(
            self.moves, self.functions, self.teams, self.pools, self.pairs, self.rules, self.people
        )


def an_estate(random: Random, *, sigma: float = 0.0, rough: bool = True) -> Estate:
    """An estate drawn by `random`; `rough` ones have everything that can be in the way."""
    n = random.randint(1, 14)
    teams = tuple(a_crew(random, rough=rough) for _ in range(random.randint(1, 3)))
    pools = tuple(a_crew(random, rough=rough) for _ in range(random.randint(1, 3)))
    order = random.sample(range(n), n)
    moves = [a_move(random, len(teams), sigma, rough=rough) for _ in range(n)]
    for place in range(1, n):
        if rough and random.random() < 0.3:
            first = tuple(sorted(random.sample(order[:place], min(place, random.randint(1, 2)))))
            moves[order[place]] = with_changes(moves[order[place]], before=first)
    functions = tuple(
        Function(
            Spread(8.0 * random.randint(0, 4), sigma),
            tuple(sorted(random.sample(range(n), random.randint(1, min(n, 4))))),
            random.randrange(len(pools)),
            64.0 * random.randint(0, 4) if rough else 0.0,
        )
        for _ in range(random.randint(0, 5))
    )
    people = tuple(a_person(random) for _ in range(random.randint(0, 4)))
    functions = tuple(with_people(random, function, len(people)) for function in functions)
    edges = sorted(random.sample(range(1, n), random.randint(0, min(n - 1, 4))) if n > 1 else [])
    cuts = [0, *edges, n]
    return Estate(
        moves=tuple(moves),
        functions=functions,
        teams=teams,
        pools=pools,
        pairs=some_pairs(random, n),
        rules=some_rules(random, rough=rough),
        waves=[order[a:b] for a, b in pairwise(cuts)],
        people=people,
    )


def a_person(random: Random) -> Crew:
    """Somebody who is always there, or has shifts with gaps."""
    shifts = a_crew(random).shifts
    return Crew(tuple((start, end, 1) for start, end, count in shifts if count))


def with_people(random: Random, function: Function, people: int) -> Function:
    """The function as it is, or with some of the people by name; times stay exact."""
    if not people or random.random() < 0.4:
        return function
    named = random.sample(range(people), random.randint(1, people))
    quorum = random.choice((1, 1, 2)) if len(named) > 1 else 1
    return replace(
        function, handlers=tuple(sorted(named)), quorum=quorum, rank=random.randint(0, 3)
    )


def with_changes(move: Move, **changes: object) -> Move:
    """The same move with other facts."""
    facts = {name: getattr(move, name) for name in Move.__slots__}
    return Move(**{**facts, **changes})


def a_crew(random: Random, *, rough: bool = True) -> Crew:
    """Seats without limit, one steady number of them, or shifts with gaps in between."""
    kind = random.random()
    if kind < 0.2:
        return Crew()
    if kind < 0.5 or not rough:
        return Crew(((0.0, NEVER, random.randint(1, 3)),))
    shifts = []
    at = 0.0
    for _ in range(random.randint(1, 4)):
        at += 8.0 * random.choice((0, 0, 7, 31))
        until = at + 8.0 * random.randint(5, 60)
        shifts.append((at, until, random.randint(0, 3)))
        at = until
    if random.random() < 0.85:
        shifts.append((at, NEVER, random.randint(1, 2)))
    return Crew(tuple(shifts))


def a_move(random: Random, teams: int, sigma: float, *, rough: bool = True) -> Move:
    """A move with or without a copy; where it is `rough` also with dates, quota and failures."""
    cuts = sorted(random.choice(range(9)) for _ in range(4))
    parts = [b - a for a, b in zip([0, *cuts], [*cuts, 8], strict=True)]
    shares = (parts[0] / 8, parts[1] / 8, parts[2] / 8, parts[3] / 8, parts[4] / 8)
    blackouts = []
    at = 0.0
    while rough and random.random() < 0.3:
        at += 8.0 * random.randint(1, 40)
        blackouts.append((at, at + 8.0 * random.randint(1, 20)))
        at = blackouts[-1][1]
    fixed = (-NEVER, NEVER)
    if rough and random.random() < 0.1:
        fixed = (8.0 * random.randint(0, 60), 8.0 * random.randint(60, 90))
    return Move(
        move=Spread(8.0 * random.randint(0, 20), sigma),
        shares=shares,
        opening=random.choice((0.0, 0.0, 0.125)),
        behind=random.random() < 0.2,
        unwind=Spread(8.0 * random.randint(0, 10), sigma),
        back_share=random.randint(0, 8) / 8,
        early_share=random.randint(0, 8) / 8,
        failure=random.choice((0.0,) * 20 + (0.1, 0.3, 1.0)) if rough else 0.0,
        team=random.randrange(teams),
        group=random.choice((None, 1, 2)),
        copy_rate=float(random.choice((0, 1, 2, 3, 9))),
        quota=float(random.choice((0, 1, 2))) if rough else 0.0,
        frees=float(random.choice((0, 1, 2))),
        careful_cut=8.0 * random.randint(0, 6),
        blackouts=tuple(blackouts),
        fixed=fixed,
        incident=random.choice((0.0, 0.0, 0.5)) if rough else 0.0,
        commit_after=random.choice((NEVER, 64.0)),
    )


def some_pairs(random: Random, n: int) -> tuple[tuple[int, int, float], ...]:
    """Links between some of the moves, each pair once."""
    pairs = {
        (min(i, j), max(i, j)): float(random.randint(1, 9))
        for i in range(n)
        for j in (random.randrange(n), random.randrange(n))
        if i != j
    }
    return tuple((i, j, weight) for (i, j), weight in sorted(pairs.items()))


def some_rules(random: Random, *, rough: bool = True) -> Rules:
    """Rules of every kind; what is not `rough` has only those that people never feel as a wall."""
    deciding = ((0.0, 480.0), (720.0, 1280.0), (1440.0, NEVER))
    return Rules(
        window=3600.0,
        soak=8.0 * random.randint(0, 4),
        gate_minutes=8.0 * random.randint(0, 1),
        deciding=deciding if rough and random.random() < 0.5 else (),
        wait_for_accepted=random.random() < 0.5,
        switching=random.choice((0, 0, 1, 2)) if rough else 0,
        copy_capacity=random.choice((NEVER, 4.0)),
        quota=random.choice((NEVER, NEVER, 4.0, 10.0)) if rough else NEVER,
        reimage_minutes=64.0,
        attempts_max=random.randint(1, 3),
        stop_after_unwind=rough and random.random() < 0.3,
        unwind_delay=8.0 * random.randint(0, 2),
        unwind_seats=random.random() < 0.7,
        incident=Spread(16.0, 0.0),
    )
