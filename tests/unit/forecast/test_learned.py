"""What was learned changes the estimates of an inventory, and leaves alone what nobody has seen."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from builders import three
from learned_files import a_learned
from migrator.forecast import learned as learning
from migrator.forecast.durations import Kind, LearnedKind, LearnedOwn
from migrator.forecast.learned import Failures, Learned, applied, notes, summed
from migrator.inventory.model import Estimate, Inventory
from migrator.inventory.model import Kind as SubsystemKind
from migrator.plan.minutes import step_minutes, undo_minutes
from migrator.plan.recipes import DEFAULT_POLICY, RECIPES
from migrator.planner import rows
from small_plan import a_function
from weekend_estates import a_mover, an_estate

HUNDRED = three((100, 150), (10, 20), (30, 45))


def estate() -> Inventory:
    web = a_mover(0, kind=SubsystemKind.STATELESS, durations=HUNDRED, copy_gib=0.0)
    return an_estate(1, subsystems=(web,))


def of(*kinds: LearnedKind, **changes: object) -> Learned:
    found = a_learned()
    durations = replace(found.durations, kinds=kinds, own=(), together=1.0)
    facts: dict[str, object] = {"durations": durations, "failures": Failures(0, 0, 0.0)}
    return replace(found, **{**facts, **changes})  # type: ignore[arg-type]


def every(factor: float, sigma: float = 0.5) -> tuple[LearnedKind, ...]:
    recipe = RECIPES["stateless"]
    acts = [step.key for step in recipe.steps] + [undo.key for undo in recipe.unwind]
    return tuple(LearnedKind(Kind(act, "stateless"), 99, factor, sigma, 0.9) for act in acts)


def result(learned: Learned) -> Inventory:
    return applied(estate(), DEFAULT_POLICY, RECIPES, learned)


def test_the_prior_of_a_decision_is_the_plans() -> None:
    assert learning.DECISION_MINUTES == rows.DECISION_MINUTES
    assert of().gate_minutes == rows.DECISION_MINUTES
    slow = LearnedKind(learning.DECISION, 9, 2.0, 0.5, 0.7)
    assert of(slow).gate_minutes == 2 * rows.DECISION_MINUTES


def test_nothing_learned_changes_nothing() -> None:
    assert result(of()).subsystems == estate().subsystems


def test_a_move_that_takes_half_as_long_again_does_in_every_step() -> None:
    before, after = estate().subsystems[0], result(of(*every(1.5))).subsystems[0]
    assert after.durations["move"].p50 == pytest.approx(150.0)
    assert after.durations["move"].p80 == pytest.approx(150 * math.exp(0.8416 * 0.5), rel=1e-3)
    assert after.durations["unwind"].p50 == pytest.approx(45.0)
    old = step_minutes(before, RECIPES["stateless"], 30.0)
    new = step_minutes(after, RECIPES["stateless"], 30.0)
    for key in ("prepare", "start", "switch", "probe-links"):
        assert new[key].p50 == pytest.approx(1.5 * old[key].p50)
    assert new["soak"] == old["soak"]
    undone = undo_minutes(after, RECIPES["stateless"])
    assert sum(each.p50 for each in undone.values()) == pytest.approx(45.0)


def test_steps_that_go_their_own_ways_still_add_up_to_the_move() -> None:
    base = of(*every(1.0, sigma=0.8))
    loose = replace(base, durations=replace(base.durations, together=0.0))
    after = result(loose).subsystems[0]
    steps = step_minutes(after, RECIPES["stateless"], 30.0)
    work = [each.p50 for key, each in steps.items() if key not in ("verify", "soak", "accept")]
    commits = [steps[step.key].p50 for step in RECIPES["stateless"].commit]
    assert after.durations["move"].p50 > 105.0  # a sum's middle lies above the sum of middles
    assert sum(work) - sum(commits) == pytest.approx(after.durations["move"].p50)


def test_what_nobody_has_seen_keeps_its_estimate() -> None:
    (start,) = [kind for kind in every(2.0) if kind.kind.act == "start"]
    after = result(of(start)).subsystems[0]
    assert after.durations["unwind"] == estate().subsystems[0].durations["unwind"]
    # Starting is 35 of the 100 minutes, and takes twice that now.
    assert after.durations["move"].p50 == pytest.approx(135.0, rel=0.02)


def test_a_subsystems_own_factor_is_on_top_of_its_kinds() -> None:
    base = of(*every(1.0))
    own = LearnedOwn("s00", "start", 5, 2.0)
    found = replace(base, durations=replace(base.durations, own=(own,)))
    assert result(found).subsystems[0].durations["move"].p50 == pytest.approx(135.0, rel=0.02)


def test_handlers_verdicts_are_learned_for_functions() -> None:
    inventory = an_estate(1, functions=(a_function("pay", "s00"),))
    tick = LearnedKind(learning.TICK, 9, 1.2, 0.4, 0.7)
    after = applied(inventory, DEFAULT_POLICY, RECIPES, of(tick))
    before = inventory.functions[0].minutes
    assert after.functions[0].minutes.p50 == pytest.approx(1.2 * before.p50)


def test_failures_are_shrunk_towards_the_owners_chances() -> None:
    assert Failures(0, 0, 0.0).factor == 1.0
    assert Failures(10, 4, 4.0).factor == 1.0
    assert Failures(100, 0, 8.0).factor == pytest.approx(0.2)
    after = result(of(failures=Failures(10, 8, 3.0)))
    before = estate().subsystems[0].failure_probability
    assert after.subsystems[0].failure_probability == pytest.approx(2 * before)
    sure = result(of(failures=Failures(9, 999, 0.0)))
    assert sure.subsystems[0].failure_probability == 1.0


def test_a_sum_of_one_part_is_that_part_and_of_bound_parts_as_wide() -> None:
    part = Estimate(10.0, 14.0)
    one = summed((part,), 1.0)
    assert (one.p50, one.p80) == pytest.approx((10.0, 14.0))
    bound = summed((part,) * 4, 1.0)
    assert (bound.p50, bound.p80) == pytest.approx((40.0, 56.0))


def test_parts_that_go_their_own_ways_make_a_narrower_sum() -> None:
    part = Estimate(10.0, 14.0)
    loose, bound = summed((part,) * 4, 0.0), summed((part,) * 4, 1.0)
    assert loose.p80 / loose.p50 < bound.p80 / bound.p50
    # Four hundred thousand sums of four such durations have P50 42.5 and P80 49.8.
    assert loose.p50 == pytest.approx(42.5, rel=0.01)
    assert loose.p80 == pytest.approx(49.8, rel=0.02)
    assert summed((), 1.0) == Estimate(0.0, 0.0)


def test_a_forecast_says_what_it_learned_from() -> None:
    told = notes(a_learned(), estate())
    assert told[0] == "learned from 2 runs (1 live, 1 simulated), 43 durations"
    assert any("simulated runs teach nothing" in each for each in told)
    assert any("inventory was changed" in each for each in told)
