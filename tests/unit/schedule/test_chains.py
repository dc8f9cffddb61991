"""Who is on the chain that ends last, and by how much each move may be late."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from migrator.schedule.live import RealMove, RealWave, live
from migrator.schedule.problem import Crew, Function, Move, Problem, Rules, Spread, arrays
from migrator.schedule.run import decision, longest_chains, slack, weekends
from migrator.schedule.weekend import OVER

HOUR = Spread(60.0, 0.0)
STEADY = Crew(((0.0, math.inf, 1),))


def a_move(minutes: float = 60.0, **changes: object) -> Move:
    facts = {"move": Spread(minutes, 0.0), "shares": (0.0, 0.0, 0.5, 0.25, 0.25), **changes}
    return Move(**facts)  # type: ignore[arg-type]  # tests say what they change


def on_chain(p: Problem, waves: Sequence[Sequence[int]], sample: int = -1) -> list[int]:
    """The moves on the chain of one weekend."""
    chosen = decision([list(wave) for wave in waves])
    return np.flatnonzero(longest_chains(p, chosen, 1, 1, first=sample).on).tolist()


def test_the_chain_goes_through_the_last_of_each_wave() -> None:
    p = arrays([a_move(60), a_move(90), a_move(30), a_move(20)])
    assert on_chain(p, [[0, 1], [2, 3]]) == [1, 2]


def test_who_waits_for_a_seat_has_whoever_left_it_on_the_chain() -> None:
    p = arrays([a_move(60), a_move(10, team=1), a_move(30)], teams=[STEADY, STEADY])
    assert on_chain(p, [[0, 1, 2]]) == [0, 2]


def test_a_cut_that_waits_has_the_switch_before_it_on_the_chain() -> None:
    p = arrays([a_move(200), a_move(60, before=(0,)), a_move(60)])
    assert on_chain(p, [[0, 1, 2]]) == [0]
    p = arrays([a_move(200, shares=(0, 0, 0.5, 0.5, 0)), a_move(60, before=(0,)), a_move(60)])
    assert on_chain(p, [[0, 1, 2]]) == [0, 1]


def test_a_copy_that_waits_has_the_copy_before_it_on_the_chain() -> None:
    copying = {"shares": (0.0, 0.5, 0.25, 0.25, 0.0), "copy_rate": 3.0}
    moves = [a_move(60, **copying), a_move(80, **copying), a_move(10)]
    p = arrays(moves, rules=Rules(copy_capacity=4.0))
    assert on_chain(p, [[0, 1, 2]]) == [0, 1]


def test_a_copy_that_waits_with_its_seat_has_the_copy_before_it_on_the_chain() -> None:
    behind = {"shares": (0.0, 0.5, 0.125, 0.25, 0.0), "opening": 0.125, "behind": True}
    moves = [a_move(80, copy_rate=3.0, **behind) for _ in range(2)]
    p = arrays(moves, rules=Rules(copy_capacity=4.0))
    assert on_chain(p, [[0, 1]]) == [0, 1]
    # Where the line is wide enough a copy behind the gate is its move's own work.
    p = arrays([*moves, a_move(30)], rules=Rules(copy_capacity=6.0))
    assert on_chain(p, [[2], [0], [1]]) == [0, 1, 2]
    assert on_chain(p, [[2], [0, 1]])[-1] == 2


def test_the_next_waves_copy_may_stand_in_the_way_and_leads_to_the_gate_of_this_one() -> None:
    behind = a_move(
        80, shares=(0.0, 0.5, 0.125, 0.25, 0.0), opening=0.125, behind=True, copy_rate=3.0
    )
    early = a_move(800, shares=(0.0, 0.5, 0.125, 0.25, 0.125), copy_rate=3.0)
    p = arrays([a_move(30), behind, early], rules=Rules(copy_capacity=4.0))
    # The next wave's copy begins with the gate, the one behind the gate after its opening.
    assert on_chain(p, [[0], [1], [2]]) == [0, 1, 2]


def test_who_was_busy_with_another_check_leads_back_to_whose_check_that_was_by_name() -> None:
    functions = [
        Function(Spread(100.0, 0.0), (0,), handlers=(0,)),
        Function(Spread(30.0, 0.0), (1,), handlers=(0,)),
    ]
    p = arrays([a_move(60), a_move(80)], functions, people=[Crew()])
    assert on_chain(p, [[0, 1]]) == [0, 1]  # the second one's check waits for the first one's
    other = Function(Spread(30.0, 0.0), (1,), handlers=(0, 1))
    p = arrays([a_move(60), a_move(80)], [functions[0], other], people=[Crew(), Crew()])
    assert on_chain(p, [[0, 1]]) == [0]


def test_a_handler_who_was_busy_leads_back_to_whose_check_that_was() -> None:
    functions = [Function(Spread(100.0, 0.0), (0,)), Function(Spread(30.0, 0.0), (1,))]
    p = arrays([a_move(60), a_move(80)], functions, pools=[STEADY])
    assert on_chain(p, [[0, 1]]) == [0, 1]  # the second one's check waits for the first one's
    p = arrays([a_move(60), a_move(80)], functions)
    assert on_chain(p, [[0, 1]]) == [0]


def test_a_check_leads_back_to_the_last_of_its_core() -> None:
    p = arrays([a_move(60), a_move(80), a_move(70)], [Function(HOUR, (0, 1))])
    assert on_chain(p, [[0, 1, 2]]) == [0, 1]


def test_who_failed_is_on_the_chain_and_its_wave_is_counted() -> None:
    moves = [a_move(60, failure=1.0, unwind=HOUR), a_move(30, unwind=HOUR), a_move(60)]
    p = arrays(moves)
    found = longest_chains(p, decision([[0, 1], [2]]), 1, 3)
    assert found.on.tolist() == [3, 0, 3]
    assert found.backs.tolist() == [3, 0]


def test_two_threads_count_what_one_counts() -> None:
    moves = [a_move(60), a_move(60), a_move(60)]
    p = arrays([Move(Spread(60.0, 0.5)), *moves])
    chosen = decision([[0, 1], [2, 3]])
    one, two = (longest_chains(p, chosen, 1, 600, threads=threads) for threads in (1, 2))
    np.testing.assert_array_equal(one.on, two.on)
    assert 0 < one.on[0] < 600
    assert one.on[:2].sum() == 600


def test_slack_is_how_much_longer_a_move_may_take_before_the_end_does() -> None:
    p = arrays([a_move(60), a_move(90), a_move(30, team=1), a_move(20)], teams=[Crew(), STEADY])
    chosen = decision([[0, 1], [2, 3]])
    np.testing.assert_allclose(slack(p, chosen, exact=0.01), [30.0, 0.0, 0.0, 10.0], atol=0.02)


def test_slack_sees_who_waits_for_the_same_seat() -> None:
    p = arrays([a_move(60), a_move(30), a_move(130, team=1)], teams=[STEADY, STEADY])
    found = slack(p, decision([[0, 1, 2]]), exact=0.01)
    np.testing.assert_allclose(found, [40.0, 40.0, 0.0], atol=0.02)


def test_asking_for_chains_changes_no_weekend() -> None:
    p = arrays([Move(Spread(60.0, 0.5)), Move(Spread(60.0, 0.5))])
    chosen = decision([[0, 1]])
    before = weekends(p, chosen, 1, 5).figures[:, OVER]
    longest_chains(p, chosen, 1, 5)
    np.testing.assert_array_equal(weekends(p, chosen, 1, 5).figures[:, OVER], before)


def test_a_wave_that_was_taken_back_in_reality_is_counted_too() -> None:
    p = arrays([a_move(60), a_move(60)])
    waves = [RealWave(gate=90.0, tries=1, back_at=80.0), RealWave()]
    state = live(100.0, [RealMove(started=90.0), RealMove()], [], waves)
    found = longest_chains(p, decision([[0], [1]]), 1, 2, live=state)
    assert found.backs.tolist() == [2, 0]
    assert found.on.tolist() == [2, 2]
