"""The best of each peer under one set of limits, and the sentence that a plan tells of them."""

from __future__ import annotations

from collections.abc import Sequence

from migrator.inventory.model import Inventory
from migrator.links.table import Pair
from migrator.plan.recipes import DEFAULT_POLICY, RECIPES
from migrator.planner.decode import decode
from migrator.planner.peers.compare import (
    AZURE,
    LAYERING,
    NAMES,
    RANDOM,
    READINGS_OF,
    RISK,
    UNBOUNDED,
    Ground,
    azure_tries,
    best_of_each,
    decoded,
    moves_of,
    order_tries,
    peer_sentence,
)
from migrator.planner.problem import build_problem
from migrator.planner.rules import find_rules
from migrator.planner.search import keeps, search
from migrator.planner.waves import default_constraints, limits
from weekend_estates import a_ring, an_estate


def a_ground(inventory: Inventory, pairs: tuple[Pair, ...], count: int) -> Ground:
    problem = build_problem(inventory, pairs, find_rules(inventory), DEFAULT_POLICY, RECIPES)
    numbers = limits(problem, default_constraints(problem, count, None), count)
    return Ground(inventory, problem, numbers, count)


GROUND = a_ground(an_estate(20), a_ring(20, 4), 4)


def test_every_peer_gives_waves_of_all_moves_and_its_own_cost() -> None:
    judge = decoded(GROUND.problem)
    found = best_of_each(GROUND, judge, tries=3)
    assert tuple(found) == NAMES
    for name, peer in found.items():
        assert peer.name == name
        assert sorted(i for wave in peer.waves for i in wave) == list(range(20))
        assert peer.cost == judge(peer.waves) == decode(GROUND.problem, peer.waves).exposure


def test_more_tries_never_make_a_peer_worse_and_are_counted() -> None:
    judge = decoded(GROUND.problem)
    one = best_of_each(GROUND, judge, tries=1)
    many = best_of_each(GROUND, judge, tries=6)
    assert all(many[name].cost <= one[name].cost for name in NAMES)
    assert {many[name].tries for name in (LAYERING, RISK, RANDOM)} == {6}
    # Each reading once and five more tie-breaks of the best, with its own gates and with ours.
    for name in (AZURE, UNBOUNDED):
        assert many[name].tries == 2 * (len(READINGS_OF[name]) + 5)


def test_the_judge_decides_which_try_counts() -> None:
    def backwards(waves: Sequence[Sequence[int]]) -> float:
        return -float(decode(GROUND.problem, waves).exposure)

    best = best_of_each(GROUND, decoded(GROUND.problem), names=[RANDOM], tries=5)[RANDOM]
    worst = best_of_each(GROUND, backwards, names=[RANDOM], tries=5)[RANDOM]
    assert -worst.cost > best.cost


def test_each_tie_break_of_an_order_gives_other_waves() -> None:
    for name in (LAYERING, RISK, RANDOM):
        found = {str(waves) for _, waves in order_tries(GROUND, name, 4, 0)}
        assert len(found) > 1, name


def test_tie_breaks_go_on_with_the_reading_that_did_best() -> None:
    judge = decoded(GROUND.problem)
    tried = list(azure_tries(GROUND, judge, 2, READINGS_OF[UNBOUNDED], 0))
    costs = {how: judge(moves_of(GROUND.problem, waves)) for how, waves in tried}
    readings = [how for how, _ in tried if "try" not in how]
    best = min(readings, key=lambda how: costs[how])
    worst = max(readings, key=lambda how: costs[how])
    assert costs[best] < costs[worst]
    again = {how.rpartition(", ")[0].rpartition(", ")[0] for how, _ in tried if "try" in how}
    assert again == {best.rpartition(", ")[0]}


def test_all_tries_keep_the_limits() -> None:
    problem, numbers = GROUND.problem, GROUND.limits
    judge = decoded(problem)
    tried = [*azure_tries(GROUND, judge, 2, READINGS_OF[AZURE], 0)]
    for name in (LAYERING, RISK, RANDOM):
        tried += order_tries(GROUND, name, 3, 0)
    for how, waves in tried:
        assert waves, how
        assert all(keeps(problem, numbers, waves, number) for number in range(len(waves))), how


def test_the_same_seed_gives_the_same_peers() -> None:
    judge = decoded(GROUND.problem)
    assert best_of_each(GROUND, judge, tries=2) == best_of_each(GROUND, judge, tries=2)
    one = best_of_each(GROUND, judge, names=[RANDOM], tries=2, seed=1)
    assert one != best_of_each(GROUND, judge, names=[RANDOM], tries=2, seed=2)


def test_the_sentence_tells_the_plans_and_the_peers_hours() -> None:
    found = search(GROUND.problem, GROUND.limits, 4, 1, 200)
    sentence = peer_sentence(GROUND, found.schedule)
    mine = found.schedule.exposure / 12 / GROUND.problem.weight
    assert f"this plan {mine:.1f} h;" in sentence
    layering = best_of_each(GROUND, decoded(GROUND.problem), names=[LAYERING], tries=2)[LAYERING]
    hours = layering.cost / 12 / GROUND.problem.weight
    assert f"topological layering {hours:.1f} h" in sentence
    assert "Azure Migrate" in sentence
    assert sentence.count(" h;") == 4  # the plan and three peers, then the last of them
    assert sentence == peer_sentence(GROUND, found.schedule)
    assert "optimal" not in sentence


def test_without_links_the_sentence_says_that_nothing_is_compared() -> None:
    ground = a_ground(an_estate(6), (), 2)
    schedule = decode(ground.problem, moves_of(ground.problem, [[0, 1, 2], [3, 4, 5]]))
    assert peer_sentence(ground, schedule).startswith("No links lie between what moves")
