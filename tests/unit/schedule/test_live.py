"""What is known of a weekend in the middle, and what a conditioned draw is."""

from __future__ import annotations

import math

import numpy as np
import pytest

from migrator.schedule.live import (
    COPIED,
    CUTTING,
    OPENED,
    PREPARED,
    RealCheck,
    RealMove,
    RealWave,
    live,
)
from migrator.schedule.paper import MOVED, RETURNED
from migrator.schedule.problem import Crew, Function, Move, Problem, Rules, Spread, arrays
from migrator.schedule.run import decision, turn_backs, weekends

NEVER = math.inf
HOUR = Spread(60.0, 0.0)
MOVE = Move(HOUR, shares=(0.0, 0.0, 0.5, 0.25, 0.25), unwind=Spread(30.0, 0.0))


def two_waves(**changes: object) -> Problem:
    """Two moves of an hour, one wave each; the first one's function takes half an hour."""
    rules = Rules(**changes)  # type: ignore[arg-type]  # tests say what they change
    return arrays([MOVE, MOVE], [Function(Spread(30.0, 0.0), (0,))], [Crew(((0, NEVER, 1),))],
                  rules=rules)  # fmt: skip


def go_on(
    p: Problem, now: float, first: RealMove, wave: RealWave, check: RealCheck | None = None
) -> list[list[float]]:
    """Start, switch, verified and end of both moves, from a state of the first one."""
    state = live(now, [first, RealMove()], [check or RealCheck()], [wave, RealWave()])
    found = weekends(p, decision([[0], [1]]), 1, 1, first=-1, keep=1, live=state)
    return [[float(each) for each in row] for row in found.times[0]]


def test_what_happened_keeps_its_time_and_the_rest_follows() -> None:
    first = RealMove(started=7.0, led=37.0, cutting=40.0)
    found = go_on(two_waves(), 45.0, first, RealWave(gate=5.0))
    assert found == [[7.0, 55.0, 100.0, 100.0], [100.0, 145.0, 160.0, 160.0]]


def test_what_is_late_ends_now_and_what_comes_after_takes_its_usual_time() -> None:
    found = go_on(two_waves(), 200.0, RealMove(started=0.0), RealWave(gate=0.0))
    assert found[0] == [0.0, 215.0, 260.0, 260.0]


def test_nothing_begins_before_now_nor_before_a_hold_ends() -> None:
    assert go_on(two_waves(), 90.0, RealMove(), RealWave())[0][0] == 90.0
    assert go_on(two_waves(), 90.0, RealMove(), RealWave(not_before=300.0))[0][0] == 300.0


def test_a_handler_who_has_the_check_finishes_it() -> None:
    first = RealMove(started=0.0, switched=45.0, freed=60.0)
    check = RealCheck(opened=60.0, begun=70.0)
    assert go_on(two_waves(), 80.0, first, RealWave(gate=0.0), check)[0][2] == 100.0
    assert go_on(two_waves(), 180.0, first, RealWave(gate=0.0), check)[0][2] == 180.0


def test_a_wave_that_goes_back_is_undone_from_now_and_tried_again() -> None:
    first = RealMove(started=0.0, switched=45.0, freed=60.0)
    wave = RealWave(gate=0.0, unwind_at=70.0)
    found = go_on(two_waves(attempts_max=2), 80.0, first, wave)
    # Half an hour to undo, half an hour to verify on the old side, then all of it once more.
    assert found[0] == [140.0, 185.0, 230.0, 230.0]
    assert go_on(two_waves(), 80.0, first, wave)[0] == [NEVER] * 4


def test_only_what_has_really_started_is_undone() -> None:
    slow = Move(HOUR, shares=(0.0, 0.0, 0.5, 0.25, 0.25), unwind=Spread(500.0, 0.0))
    p = arrays([MOVE, slow], rules=Rules(attempts_max=2))
    rows = [RealMove(started=0.0, switched=45.0), RealMove()]
    for plainly in (False, True):
        state = live(80.0, rows, [], [RealWave(gate=0.0, unwind_at=70.0)])
        chosen = decision([[0, 1]])
        found = weekends(p, chosen, 1, 1, first=-1, keep=1, live=state, plainly=plainly)
        assert found.gates[0, 0] == 110.0


def test_a_handler_is_taken_by_whom_he_went_to_first() -> None:
    functions = [Function(Spread(30.0, 0.0), (0,)), Function(Spread(30.0, 0.0), (1,))]
    p = arrays([MOVE, MOVE], functions, pools=[Crew(((0.0, NEVER, 1),))])
    rows = [RealMove(started=0.0, switched=45.0, freed=60.0)] * 2
    # He took up the second check although the first had opened before.
    checks = [RealCheck(opened=60.0), RealCheck(opened=62.0, begun=65.0)]
    state = live(70.0, rows, checks, [RealWave(gate=0.0)])
    for plainly in (False, True):
        chosen = decision([[0, 1]])
        found = weekends(p, chosen, 1, 1, first=-1, keep=1, live=state, plainly=plainly)
        assert found.times[0, :, 2].tolist() == [125.0, 95.0]


def test_what_is_over_stays_as_it_was() -> None:
    over = RealMove(started=0.0, switched=50.0, freed=66.0, verified=99.0, fate=MOVED)
    found = go_on(two_waves(soak=10.0), 100.0, over, RealWave(gate=0.0))
    assert found == [[0.0, 50.0, 99.0, 109.0], [100.0, 145.0, 160.0, 170.0]]
    given_up = RealWave(gate=0.0, tries=1, back_at=90.0)
    found = go_on(two_waves(), 100.0, RealMove(fate=RETURNED), given_up)
    assert found == [[NEVER] * 4, [100.0, 145.0, 160.0, 160.0]]


def test_what_is_committed_in_reality_does_not_go_back() -> None:
    over = RealMove(started=0.0, switched=50.0, freed=66.0, verified=99.0, ended=99.0, fate=MOVED)
    p, times = two_waves(), np.array([100.0])
    for committed, back in ((NEVER, 160.0), (100.0, 130.0)):
        done = RealMove(**{name: getattr(over, name) for name in RealMove.__slots__} | {
            "committed": committed})  # fmt: skip
        state = live(100.0, [done, RealMove()], [RealCheck()], [RealWave(gate=0.0), RealWave()])
        # The second move has just begun, and its undo comes first.
        found = turn_backs(p, decision([[0], [1]]), 1, 1, times, 0.0, first=-1, live=state)
        assert found[0, 0] == back + (30.0 if committed == NEVER else 0.0), committed


def test_a_time_left_out_is_that_of_what_came_after_it() -> None:
    row = live(9.0, [RealMove(started=3.0, switched=8.0)], [], [RealWave()]).moves[0]
    assert row[[PREPARED, COPIED, OPENED, CUTTING]].tolist() == [3.0, 8.0, 8.0, 8.0]


@pytest.mark.parametrize("elapsed", [0.0, 20.0, 70.0, 400.0])
def test_what_runs_is_drawn_from_what_is_left_of_its_distribution(elapsed: float) -> None:
    spread = Spread(60.0, 0.5)
    p = arrays([Move(spread, shares=(0.0, 0.0, 1.0, 0.0, 0.0))])
    state = live(elapsed, [RealMove(started=0.0)], [], [RealWave(gate=0.0)])
    found = weekends(p, decision([[0]]), 3, 20_000, live=state).figures[:, 0]
    normal = np.random.default_rng(1).standard_normal(200_000)
    drawn = spread.mid * np.exp(spread.sigma * normal)
    assert found.min() >= elapsed
    if elapsed < 100:  # by brute force: draws that are not longer are thrown away
        expected = np.quantile(drawn[drawn > elapsed], [0.1, 0.5, 0.8, 0.95])
        np.testing.assert_allclose(np.quantile(found, [0.1, 0.5, 0.8, 0.95]), expected, rtol=0.03)
