"""The kernel gets the estate that the planner sees: the same seats, dates, copies and checks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from builders import a_place, at, ids, three
from migrator.ids import FunctionId, TeamId
from migrator.inventory.model import (
    Blackout,
    Calendar,
    Estimate,
    FixedDate,
    Function,
    Inventory,
    Kind,
    Part,
    Relation,
    RelationKind,
    Role,
)
from migrator.plan.recipes import DEFAULT_POLICY, RECIPES
from migrator.planner.decode import decode
from migrator.planner.problem import build_problem
from migrator.planner.rows import kernel_rows, shifts
from migrator.planner.rules import find_rules
from migrator.schedule import run
from migrator.schedule.problem import NEVER, Rows, arrays, spread
from weekend_estates import DAY, NIGHT, a_mover, an_estate, somebody, two_teams

BLUE = TeamId("blue")
HUNDRED = three((100, 150), (10, 20), (30, 45))


def stateless(number: int, **changes: object) -> object:
    facts = {"kind": Kind.STATELESS, "team": BLUE, "durations": HUNDRED, "copy_gib": 0.0}
    return a_mover(number, **{**facts, **changes})


def stateful(number: int, **changes: object) -> object:
    return stateless(number, **{"kind": Kind.STATEFUL, "copy_gib": 10.0, **changes})


def rows_of(*subsystems: object, **changes: object) -> tuple[Inventory, Rows]:
    inventory = an_estate(len(subsystems), subsystems=subsystems, **changes)
    problem = build_problem(inventory, (), find_rules(inventory), DEFAULT_POLICY, RECIPES)
    return inventory, kernel_rows(inventory, problem, DEFAULT_POLICY, RECIPES, gate_minutes=0.0)


def test_a_move_has_its_recipes_shares_and_the_owners_spread() -> None:
    _, rows = rows_of(stateless(0))
    move = rows.moves[0]
    # prepare 20 ahead; baseline 5, start 35, probe 10; switch 8; drain 6 but the policy gives it
    # one minute, fence 6, probe-links 10
    assert move.move.mid == pytest.approx(95)
    assert move.shares == pytest.approx((20 / 95, 0.0, 50 / 95, 8 / 95, 17 / 95))
    assert move.move.sigma == pytest.approx(spread(100, 150).sigma)
    assert move.careful_cut == pytest.approx(12.0)
    # start-source 40 %, switch-back 15 %: the traffic is back after 55 % of the 30 minutes; before
    # there was a cut only what was started (20 %) and prepared (10 %) is to be undone.
    assert move.unwind.mid == pytest.approx(30)
    assert move.back_share == pytest.approx(0.55)
    assert move.early_share == pytest.approx(0.3)


def test_a_copy_runs_ahead_of_the_gate_at_its_rate() -> None:
    _, rows = rows_of(
        stateful(0),
        places=(a_place("cluster", "new", copy_gib_per_hour=15.0), a_place("hall", "old")),
    )
    assert rows.moves[0].shares[:2] == pytest.approx((0.1, 0.4))
    assert rows.moves[0].copy_rate == pytest.approx(15.0)
    assert rows.rules.copy_capacity == 15.0


def test_blackouts_and_dates_are_minutes_of_the_window() -> None:
    slot = Blackout("slot", at("13 19:00"), at("13 21:00"), ids("s00"), "batch")
    date = FixedDate("date", ids("s01")[0], at("14 18:00"), at("14 20:00"), "partner")
    calendar = Calendar("Europe/Stockholm", at("13 18:00"), at("16 06:00"), (slot,), (date,))
    _, rows = rows_of(stateless(0), stateful(1), calendar=calendar)
    assert rows.moves[0].blackouts == ((60.0, 180.0),)
    assert rows.moves[1].blackouts == ()
    # Quiesce to grant take 38 of the stateful move's 100 minutes: so much earlier the cut begins.
    assert rows.moves[1].fixed == pytest.approx((1440.0 - 38.0, 1560.0 - 38.0))
    assert rows.moves[0].fixed == (-NEVER, NEVER)


def test_bit_sets_become_stretches_and_the_last_has_no_end() -> None:
    assert shifts([(1, 0b0110), (2, 0b1000)], 6) == ((5.0, 15.0, 1), (15.0, 20.0, 2))
    assert shifts([(1, -1)], 6) == ((0.0, NEVER, 1),)
    assert shifts([(1, -1 << 4)], 6) == ((20.0, NEVER, 1),)
    assert shifts([], 6) == ()


def test_relations_become_before_and_groups() -> None:
    relations = (
        Relation(RelationKind.BEFORE, ids("s00", "s01"), "owner", "reason"),
        Relation(RelationKind.WITH, ids("s01", "s02"), "owner", "reason"),
    )
    _, rows = rows_of(stateless(0), stateless(1), stateless(2), relations=relations)
    assert [move.before for move in rows.moves] == [(), (0,), ()]
    groups = [move.group for move in rows.moves]
    assert groups[0] is None
    assert groups[1] == groups[2]
    assert groups[1] is not None


def test_a_function_takes_its_whole_quorum_and_its_own_people() -> None:
    function = Function(
        id=FunctionId("pay"),
        name={"sv": "Betala", "en": "Pay"},
        exercises={ids("s00")[0]: Part.CORE},
        competence="benefits",
        minutes=Estimate(30, 40),
        handlers=(),
        quorum=2,
        text={"sv": "", "en": ""},
        side_mark=None,
        possible_after=at("13 20:00"),
        leaves_behind=None,
    )
    people = two_teams(1, 1, [somebody(n, Role.HANDLER, NIGHT, DAY) for n in ("ada", "bo")])
    _, rows = rows_of(stateless(0), stateless(1), functions=(function,), people=people)
    pay, own = rows.functions
    assert pay.verify.mid == 60
    assert pay.core == (0,)
    assert pay.possible_after == 120.0
    assert own.core == (1,)
    assert {count for _, _, count in rows.pools[pay.pool].shifts} == {2}


@pytest.mark.parametrize("waves", [[[0, 1, 2, 3]], [[0, 1], [2, 3]], [[3], [1, 0], [2]]])
def test_the_planners_own_decoder_tells_of_the_same_weekend_to_its_grid(
    waves: Sequence[Sequence[int]],
) -> None:
    # With seats for all: the planner's decoder keeps a seat for a move that is still copied, and
    # the engine, as the kernel, gives it to whoever is ready.
    inventory, rows = rows_of(
        stateful(0), stateless(1), stateful(2), stateless(3), people=two_teams(4, 4)
    )
    problem = build_problem(inventory, (), find_rules(inventory), DEFAULT_POLICY, RECIPES)
    found = run.weekends(
        arrays(*rows), run.decision([list(wave) for wave in waves]), 1, 1, first=run.PLAN, keep=1
    )
    schedule = decode(problem, waves)
    # Every milestone of every wave is rounded up there, by itself; and it takes the seat for the
    # whole of the hands-on part at once, where the engine opens while the copy still runs.
    slack = 5.0 * 4 * len(waves)
    for i in range(4):
        assert found.times[0, i, 0] <= schedule.start[i] * 5.0
        for which, tick in ((1, schedule.switch[i]), (3, schedule.end[i])):
            assert tick * 5.0 - slack <= found.times[0, i, which] <= tick * 5.0


def test_what_the_policy_says_of_failures_is_a_rule() -> None:
    inventory, rows = rows_of(stateless(0))
    assert rows.rules.attempts_max == DEFAULT_POLICY.waves_per_attempt_max
    assert rows.rules.unwind_delay == 15.0
    assert not rows.rules.stop_after_unwind
    problem = build_problem(inventory, (), find_rules(inventory), DEFAULT_POLICY, RECIPES)
    holding = replace(DEFAULT_POLICY, after_unwind="hold")
    assert kernel_rows(inventory, problem, holding, RECIPES).rules.stop_after_unwind
