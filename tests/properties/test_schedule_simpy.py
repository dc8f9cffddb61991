"""SimPy's processes and the compiled kernel tell of the same weekend, where nothing fails."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from migrator.schedule.problem import NEVER, Crew, Move, Rows, Spread, arrays
from migrator.schedule.run import PLAN, decision, weekends
from schedules import a_crew, an_estate
from simpy_weekend import Weekend

WEEKENDS = 400


def left(crew: Crew) -> Crew:
    """The crew, with somebody left at the end of every shift."""
    if not crew.shifts or crew.shifts[-1][1] == NEVER:
        return crew
    return Crew((*crew.shifts, (crew.shifts[-1][1], NEVER, 1)))


def lasting(move: Move) -> Move:
    """A move that takes some time with its seat, also before a copy that comes then: processes see
    no order inside one instant.
    """
    shares = move.shares if sum(move.shares[2:]) else (0.0, 0.25, 0.25, 0.25, 0.25)
    opening = move.opening or (0.125 if move.behind else 0.0)
    return replace(move, move=Spread(move.move.mid or 8.0, 0.0), shares=shares, opening=opening)


def test_processes_tell_of_the_same_weekend() -> None:
    """But for fewer than one weekend in a hundred, in which two moves want one seat in the same
    instant: processes get it in the order in which they were woken, the kernel's moves by rank.
    """
    others = [seed for seed in range(WEEKENDS) if not is_told_alike(Random(seed))]
    assert len(others) < WEEKENDS / 100, others


def is_told_alike(random: Random) -> bool:
    """Whether every time of every move is the same."""
    estate = an_estate(random)
    moves = tuple(lasting(replace(move, quota=0.0)) for move in estate.moves)
    rules = replace(estate.rules, switching=0, quota=NEVER)
    teams = tuple(left(a_crew(random)) for _ in estate.teams)
    pools = tuple(left(a_crew(random)) for _ in estate.pools)
    people = tuple(left(person) for person in estate.people)
    rows = Rows(moves, estate.functions, teams, pools, estate.pairs, rules, people)
    found = weekends(arrays(*rows), decision(estate.waves), 1, 1, first=PLAN, keep=1)
    told = Weekend(rows, estate.waves, lambda spread: spread.mid).play()
    if found.gates[0].tolist() != told.gates:
        return False
    return all(
        found.times[0, i].tolist() == [told.start[i], told.switch[i], told.verified[i], told.end[i]]
        for i in range(len(moves))
    )
