"""Weekends small enough to reckon by hand: what waits for what, and what a failure costs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import pytest

from migrator.schedule.problem import (
    BY_GROUP,
    BY_WAVE,
    NEVER,
    Crew,
    Function,
    Move,
    Rules,
    Spread,
    arrays,
)
from migrator.schedule.run import PLAN, Weekends, decision, weekends
from migrator.schedule.weekend import EXPOSURE, GONE, LATE, OVER, UNWINDS

START, SWITCH, VERIFIED, END = range(4)
HOUR = Spread(60.0, 0.0)
HALF = Spread(30.0, 0.0)


def a_move(**changes: object) -> Move:
    """An hour with a seat: half of it up to the cut, a quarter cut, a quarter tail."""
    facts = {"move": HOUR, "shares": (0.0, 0.0, 0.5, 0.25, 0.25), "unwind": HALF, **changes}
    return Move(**facts)  # type: ignore[arg-type]  # tests say what they change


def played(
    waves: Sequence[Sequence[int]],
    moves: Sequence[Move],
    functions: Sequence[Function] = (),
    sample: int = PLAN,
    **changes: object,
) -> Weekends:
    """One weekend, compiled; teams and pools have no limit unless a test gives one."""
    rules = Rules(**{name: each for name, each in changes.items() if name in Rules.__slots__})  # type: ignore[arg-type]  # the same
    teams = changes.get("teams", (Crew(),))
    pools = changes.get("pools", (Crew(),))
    pairs = changes.get("pairs", ())
    people = changes.get("people", ())
    p = arrays(moves, functions, teams, pools, pairs, rules, people)  # type: ignore[arg-type]  # the same
    return weekends(p, decision([list(wave) for wave in waves]), 1, 1, first=sample, keep=1)


def column(found: Weekends, which: int) -> list[float]:
    return [float(each) for each in found.times[0, :, which]]


def steady(seats: int) -> Crew:
    return Crew(((0.0, NEVER, seats),))


def test_a_move_starts_switches_and_ends_in_its_shares() -> None:
    found = played([[0]], [a_move(shares=(0.25, 0.25, 0.25, 0.125, 0.125))], soak=30.0)
    assert found.times[0, 0].tolist() == [30.0, 52.5, 60.0, 90.0]
    assert found.figures[0, OVER] == 90.0


def test_a_team_with_one_seat_works_on_one_move_after_the_other() -> None:
    found = played([[1, 0]], [a_move(), a_move()], teams=(steady(1),))
    assert column(found, START) == [60.0, 0.0]


def test_nobody_begins_while_nobody_is_there_and_who_has_begun_finishes() -> None:
    shifts = Crew(((0.0, 70.0, 1), (300.0, NEVER, 1)))
    found = played([[0, 1, 2]], [a_move(), a_move(), a_move()], teams=(shifts,))
    assert column(found, START) == [0.0, 60.0, 300.0]


def test_more_people_than_moves_keep_nobody_waiting() -> None:
    shifts = Crew(((0.0, 30.0, 1), (30.0, NEVER, 50)))
    found = played([[0, 1]], [a_move(), a_move()], teams=(shifts,))
    assert column(found, START) == [0.0, 30.0]


def test_the_cut_waits_for_the_switch_before_it_with_the_seat_taken() -> None:
    moves = [a_move(move=Spread(120.0, 0.0)), a_move(before=(0,)), a_move()]
    found = played([[0, 1, 2]], moves, teams=(steady(3),))
    assert column(found, START) == [0.0, 0.0, 0.0]
    assert column(found, SWITCH)[:2] == [90.0, 105.0]


def test_who_may_begin_because_of_somebody_comes_after_all_others_of_that_minute() -> None:
    moves = [a_move(), a_move(before=(0,)), a_move()]
    found = played([[0, 1, 2]], moves, teams=(steady(2),))
    assert column(found, START) == [0.0, 60.0, 0.0]


def test_a_copy_that_has_not_begun_at_the_gate_comes_after_the_opening_with_the_seat_taken() -> (
    None
):
    early = a_move(shares=(0.1, 0.4, 0.2, 0.1, 0.1), opening=0.1, move=Spread(100.0, 0.0))
    late = replace(early, shares=(0.3, 0.4, 0.0, 0.1, 0.1))
    behind = replace(early, behind=True)
    found = played([[0, 1, 2]], [early, late, behind], gate_minutes=20.0)
    assert column(found, START) == [20.0, 30.0, 20.0]
    # Copied from 10 to 50, from 40 to 80, from 30 to 70.
    assert column(found, SWITCH) == [80.0, 90.0, 100.0]


def test_a_seat_is_kept_while_its_copy_waits_for_the_line_and_nobody_else_waits_for_ever() -> None:
    moves = [
        a_move(shares=(0.0, 0.5, 0.0, 0.25, 0.0), opening=0.25, behind=True, copy_rate=1.0)
        for _ in range(3)
    ]
    found = played([[0, 1, 2]], moves, teams=(steady(2),), copy_capacity=1.0)
    assert column(found, START) == [0.0, 0.0, 60.0]
    assert column(found, SWITCH) == [60.0, 90.0, 120.0]


def test_handlers_are_asked_by_name_whoever_was_asked_least_and_each_once() -> None:
    functions = [
        Function(Spread(20.0, 0.0), (0,), handlers=(0, 1), quorum=2, rank=1),
        Function(Spread(30.0, 0.0), (0,), handlers=(0,), rank=0),
        Function(Spread(40.0, 0.0), (1,), handlers=(0, 1), rank=2),
    ]
    people = (steady(1), Crew(((0.0, 100.0, 1), (200.0, NEVER, 1))))
    found = played([[0], [1]], [a_move(), a_move()], functions, people=people)
    # The second function is first by rank and takes the first person from 60 to 90; the other one
    # has the second from 60 to 70, and then has to wait for the first, until 100.
    # The second move is checked at 160 by whoever is there, though the other was asked less.
    assert column(found, VERIFIED) == [100.0, 200.0]


def test_copies_share_the_line_and_the_first_that_fits_goes() -> None:
    copying = {"shares": (0.0, 0.5, 0.25, 0.25, 0.0)}
    moves = [a_move(copy_rate=rate, **copying) for rate in (3.0, 3.0, 1.0)]
    found = played([[0, 1, 2]], moves, copy_capacity=4.0)
    assert column(found, START) == [30.0, 60.0, 30.0]


def test_a_cut_keeps_clear_of_a_blackout_by_its_careful_length() -> None:
    moves = [a_move(blackouts=((50.0, 90.0),), careful_cut=length) for length in (20.0, 21.0)]
    assert column(played([[0, 1]], moves), SWITCH) == [45.0, 105.0]


def test_a_date_is_waited_for_and_a_missed_one_is_counted() -> None:
    moves = [a_move(fixed=(100.0, 200.0)), a_move(fixed=(0.0, 29.0))]
    found = played([[0, 1]], moves)
    assert column(found, SWITCH) == [115.0, 45.0]
    assert found.figures[0, LATE] == 1


@pytest.mark.parametrize(
    ("switching", "expected"), [(0, [45.0, 90.0, 180.0]), (BY_GROUP, [90.0, 90.0, 180.0]),
                                (BY_WAVE, [180.0, 180.0, 180.0])]
)  # fmt: skip
def test_groups_or_waves_may_switch_together(switching: int, expected: list[float]) -> None:
    moves = [
        a_move(group=7),
        a_move(group=7, move=Spread(120.0, 0.0)),
        a_move(move=Spread(240.0, 0.0)),
    ]
    assert column(played([[0, 1, 2]], moves, switching=switching), SWITCH) == expected


def test_checks_open_with_their_last_move_and_share_their_pool() -> None:
    functions = [Function(HALF, (0, 1)), Function(HALF, (0,)), Function(HALF, (1,), 1, 500.0)]
    moves = [a_move(), a_move(move=Spread(120.0, 0.0))]
    found = played([[0, 1]], moves, functions, pools=(steady(1), steady(1)))
    assert column(found, VERIFIED) == [150.0, 530.0]


def test_quota_comes_back_when_the_hosts_are_made_anew() -> None:
    moves = [a_move(quota=2.0, frees=2.0), a_move(quota=2.0), a_move(quota=2.0)]
    found = played([[0], [1], [2]], moves, quota=2.0, reimage_minutes=100.0)
    assert column(found, START) == [0.0, 160.0, math.inf]
    assert found.figures[0, GONE] == 2


def test_gates_wait_for_who_decides() -> None:
    found = played([[0], [1]], [a_move(), a_move()], deciding=((10.0, 20.0), (400.0, 800.0)),
                   gate_minutes=5.0)  # fmt: skip
    assert found.gates[0].tolist() == [15.0, 405.0]


def test_a_failure_takes_its_wave_back_and_blocks_who_needs_it() -> None:
    moves = [a_move(failure=1.0), a_move(), a_move(before=(1,)), a_move()]
    pairs = [(0, 1, 2.0), (1, 3, 1.0)]
    found = played([[0, 1], [2, 3]], moves, sample=0, unwind_delay=15.0, window=1000.0, pairs=pairs)
    # It shows at 45 and begins at 60; both undos take half an hour, one after the other, for they
    # are linked and the traffic of one is back when its undo ends.
    assert found.gates[0].tolist() == [0.0, 120.0]
    assert column(found, SWITCH) == [math.inf, math.inf, math.inf, 165.0]
    assert found.figures[0].tolist()[OVER] == 180.0
    assert found.figures[0, UNWINDS] == 1
    assert found.figures[0, GONE] == 1
    assert found.figures[0, EXPOSURE] == 1000.0 - 165.0


def test_a_wave_is_tried_again_while_the_rules_allow_it() -> None:
    found = played([[0], [1]], [a_move(failure=1.0), a_move()], sample=0, attempts_max=3)
    assert found.figures[0, UNWINDS] == 3
    assert column(found, START) == [math.inf, 225.0]  # three times 45 minutes and an undo of 30


def test_nothing_begins_after_a_wave_that_was_given_up_where_the_policy_holds() -> None:
    found = played([[0], [1]], [a_move(failure=1.0), a_move()], sample=0, stop_after_unwind=True)
    assert found.figures[0, GONE] == 0


def test_the_plan_itself_never_fails() -> None:
    found = played([[0]], [a_move(failure=1.0)])
    assert found.figures[0, GONE] == 1
