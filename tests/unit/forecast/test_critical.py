"""Criticality follows the chain backwards; cruciality is a rank correlation; slack is room."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

from migrator.forecast.chance import Sampled
from migrator.forecast.critical import Chain, criticality, cruciality, slack, spearman

NO_TAILS = np.zeros(3)


def chain(*waves: int, team: tuple[int, ...] = (0, 1, 2), **changes: object) -> Chain:
    facts: dict[str, object] = {
        "wave_of": np.array(waves),
        "team": np.array(team),
        "before": [(), (), ()],
        "accepted": False,
        "tails": NO_TAILS,
    }
    return Chain(**{**facts, **changes})  # type: ignore[arg-type]


def one(times: Sequence[tuple[float, float, float, float]], *gates: float) -> Sampled:
    figures = np.zeros((1, 5))
    figures[0, 0] = max((t[3] for t in times if math.isfinite(t[3])), default=0.0)
    return Sampled(figures, np.array([gates]), np.array([times]))


def test_a_chain_ends_with_the_last_and_goes_through_who_held_up_each_gate() -> None:
    times = [(0, 30, 40, 50), (0, 60, 70, 80), (70, 90, 95, 100)]
    found = criticality(one(times, 0.0, 70.0), chain(0, 0, 1))
    assert found.tolist() == [0.0, 1.0, 1.0]


def test_who_gave_the_seat_is_on_the_chain() -> None:
    times = [(0, 30, 40, 50), (30, 60, 70, 80), (0, 10, 15, 20)]
    found = criticality(one(times, 0.0), chain(0, 0, 0, team=(0, 0, 1)))
    assert found.tolist() == [1.0, 1.0, 0.0]


def test_who_began_with_the_gate_waited_for_nobody_of_the_wave() -> None:
    times = [(0, 30, 40, 50), (0, 60, 70, 80), (0, 10, 15, 20)]
    found = criticality(one(times, 0.0), chain(0, 0, 0, team=(0, 0, 0)))
    assert found.tolist() == [0.0, 1.0, 0.0]


def test_what_never_moved_is_on_no_chain() -> None:
    never = (math.inf,) * 4
    found = criticality(one([never, (0, 60, 70, 80), never], 0.0), chain(0, 0, 0))
    assert found.tolist() == [0.0, 1.0, 0.0]


def test_spearman_knows_order_and_not_size() -> None:
    a = np.array([1.0, 2.0, 3.0, 4.0])
    assert spearman(a, np.exp(a)) == pytest.approx(1.0)
    assert spearman(a, -a) == pytest.approx(-1.0)
    assert spearman(a, np.ones(4)) == 0.0
    # With a tie the two share the mean rank: 1, 2.5, 2.5, 4 against 1, 2, 3, 4.
    assert spearman(np.array([1.0, 2.0, 2.0, 4.0]), a) == pytest.approx(4.5 / math.sqrt(4.5 * 5))


def test_cruciality_is_of_the_move_whose_length_the_end_follows() -> None:
    rng = np.random.default_rng(1)
    long, short = rng.uniform(50, 100, 200), rng.uniform(5, 10, 200)
    zero = np.zeros(200)
    times = np.stack([np.stack([zero, m / 2, m, m], axis=1) for m in (long, short)], axis=1)
    figures = np.zeros((200, 5))
    figures[:, 0] = long
    found = cruciality(Sampled(figures, np.zeros((200, 1)), times))
    assert found[0] == pytest.approx(1.0)
    assert abs(found[1]) < 0.2


def test_slack_is_the_room_until_the_wave_is_done() -> None:
    plan = np.array([(0, 30, 40, 50), (0, 60, 70, 80), (70, 90, 95, 100)], dtype=np.float64)
    found = slack(plan, np.array([0.0, 70.0]), chain(0, 0, 1))
    assert found.tolist() == [30.0, 0.0, 0.0]
