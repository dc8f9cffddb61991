"""The kernel's search: better than where it began, the same for the same seed, ended when told."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from decisions import a_decision, some_facts
from migrator.schedule import run
from migrator.schedule.anneal import COST, HARD, MEAN_HOURS, PLAN_HOURS, Prices
from migrator.schedule.anneal_moves import Facts
from migrator.schedule.anneal_sketch import Loads
from migrator.schedule.compiled import COMPILES
from migrator.schedule.messages import Message
from migrator.schedule.problem import Crew, Function, Move, Problem, Rules, arrays, spread
from migrator.schedule.searching import Annealed, Heat, annealed, answer, sketched, warm

pytestmark = pytest.mark.skipif(not COMPILES, reason="the extra 'kernel' is not installed")

LINKS = [(0, 4, 9.0), (1, 5, 9.0), (2, 3, 9.0), (0, 5, 1.0), (3, 4, 2.0)]
PRICES = Prices(weight=30.0, tail=0.25, end=0.0, small=0.0, crowd=0.0, stay=0.0)
HEAT = Heat(0.05, 0.001)


def an_estate(**rules: object) -> Problem:
    moves = [Move(spread(60.0, 80.0), failure=0.05) for _ in range(6)]
    checks = [Function(spread(10.0, 12.0), (i,)) for i in range(6)]
    team = [Crew(((0.0, np.inf, 2),))]
    return arrays(moves, checks, team, [Crew()], LINKS, Rules(**rules))  # type: ignore[arg-type]  # a test's own


def facts_of(home: list[int] | None = None) -> Facts:
    return some_facts(6, 3, room=2, links=LINKS, home=home)


def searched(
    p: Problem,
    *,
    samples: int = 0,
    evaluations: int = 300,
    seed: int = 1,
    facts: Facts | None = None,
    prices: Prices = PRICES,
) -> Annealed:
    start = a_decision([[0, 1], [2, 3], [4, 5]])
    return annealed(
        p, facts or facts_of(), start.row, start.edge, prices, seed, samples, evaluations, HEAT,
        lambda _done, _best: True,
    )  # fmt: skip


def test_annealing_finds_what_counting_all_plans_finds() -> None:
    p = an_estate()
    best = min(
        float(
            run.weekends(p, run.decision([row[:2], row[2:4], row[4:]]), 0, 1, first=-1).figures[
                0, 1
            ]
        )
        for row in permutations(range(6))
    )
    found = searched(p)
    assert found.judged[PLAN_HOURS] == pytest.approx(best / 60 / PRICES.weight)
    assert found.evaluations == 300


def test_the_same_seed_gives_the_same_decision_whatever_the_pieces() -> None:
    p = an_estate()
    one, other = searched(p, samples=8), searched(p, samples=8)
    assert one.row.tolist() == other.row.tolist()
    assert one.judged.tolist() == other.judged.tolist()


def test_sampled_weekends_judge_the_mean_of_what_the_kernel_plays() -> None:
    p = an_estate()
    found = searched(p, samples=16, evaluations=50)
    waves = [found.row[a:b].tolist() for a, b in zip(found.edge, found.edge[1:], strict=False)]
    played = run.weekends(p, run.decision(waves), 1, 16).figures[:, 1]
    assert found.judged[MEAN_HOURS] == pytest.approx(played.mean() / 60 / PRICES.weight)


def test_a_plan_beyond_the_window_costs_more_than_any_exposure() -> None:
    found = searched(an_estate(window=100.0), evaluations=1)
    assert found.judged[HARD] > 100 > searched(an_estate(), evaluations=1).judged[COST]


def test_what_leaves_its_wave_has_to_be_worth_it() -> None:
    home = [0, 0, 1, 1, 2, 2]
    free = searched(an_estate(), facts=facts_of(home))
    held = searched(an_estate(), facts=facts_of(home), prices=PRICES._replace(stay=100.0))
    assert held.row.tolist() != free.row.tolist()
    assert sorted(held.row.tolist()[:2]) == [0, 1]


def test_a_search_that_is_told_to_stop_gives_its_best_so_far() -> None:
    start = a_decision([[0, 1], [2, 3], [4, 5]])
    told = []

    def going(done: int, best: float) -> bool:
        told.append((done, best))
        return len(told) < 3

    found = annealed(
        an_estate(), facts_of(), start.row, start.edge, PRICES, 1, 0, 2000, HEAT, going
    )
    assert found.ended
    assert found.evaluations < 100
    assert found.judged[COST] == told[-1][1]


def test_a_decision_that_breaks_a_limit_is_no_place_to_begin_from() -> None:
    start = a_decision([[0, 1, 2], [3], [4, 5]])
    with pytest.raises(ValueError, match="breaks a limit"):
        annealed(
            an_estate(), facts_of(), start.row, start.edge, PRICES, 1, 0, 10, HEAT,
            lambda _done, _best: True,
        )  # fmt: skip


def test_a_sketch_puts_together_what_is_linked_most() -> None:
    loads = Loads(
        work=np.ones((6, 1)), seats=np.ones(1), after=np.ones(1),
        fixed=np.zeros(0, dtype=np.int64), fixed_to=np.zeros(0),
        floors=np.zeros(0, dtype=np.int64), floor_from=np.zeros(0),
        small=np.ones(1), missed=np.ones(1),
    )  # fmt: skip
    begun = np.array([0, 0, 1, 1, 2, 2], dtype=np.int64)
    facts = facts_of()
    found, cost, ended = sketched(facts, loads, begun, 1, 3000, HEAT, 1.0, lambda _d, _b: True)
    assert not ended
    assert [found[i] == found[j] for i, j, weight in LINKS if weight == 9.0] == [True] * 3
    again, same, _ = sketched(facts, loads, begun, 1, 3000, HEAT, 1.0, lambda _d, _b: True)
    assert (found.tolist(), cost) == (again.tolist(), same)


def test_a_question_with_ranges_beyond_its_arrays_is_refused() -> None:
    facts = facts_of()
    broken = facts._replace(near=facts.near + 100)
    start = a_decision([[0, 1], [2, 3], [4, 5]])
    words: dict[str, str | float | bool] = {
        "ask": "anneal", "seed": 1, "evaluations": 5, "samples": 0, "heat": 0.1, "cold": 0.01,
        **PRICES._asdict(),
    }  # fmt: skip
    table = {"row": start.row, "edge": start.edge, **an_estate()._asdict()}
    good = answer(Message(words, {**table, **facts._asdict()}), lambda _done, _best: True)
    assert sorted(good.arrays["row"].tolist()) == list(range(6))
    with pytest.raises(ValueError, match="no such atom"):
        answer(Message(words, {**table, **broken._asdict()}), lambda _done, _best: True)


def test_everything_is_compiled_with_the_smallest_estate() -> None:
    warm(arrays([Move(spread(60.0, 90.0))] * 2, pairs=[(0, 1, 1.0)]))
