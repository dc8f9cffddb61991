"""The last look at a plan names every hard rule that is broken, one change at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from builders import at, ids
from migrator.ids import SubsystemId, WaveId
from migrator.inventory.model import Blackout, FixedDate, Inventory, Relation, RelationKind
from migrator.plan.model import Plan
from migrator.planner.build import make_plan
from migrator.planner.checker import violations
from weekend_estates import a_ring, an_estate, two_teams

RELATIONS = (
    Relation(RelationKind.WITH, ids("s03", "s06"), "o", "r"),
    Relation(RelationKind.BEFORE, ids("s07", "s02"), "o", "r"),
)


def a_plan() -> tuple[Plan, Inventory]:
    inventory = an_estate(12, relations=RELATIONS)
    plan = make_plan(inventory, a_ring(12, 3), seed=1, evaluations=40, name="p", path="e")
    return plan, inventory


def moved(plan: Plan, name: str, **times: object) -> Plan:
    """The plan with one move changed where it stands."""
    return replace(
        plan,
        waves=tuple(
            replace(
                wave,
                moves=tuple(
                    replace(move, **times) if move.subsystem == name else move  # type: ignore[arg-type]  # a test's own
                    for move in wave.moves
                ),
            )
            for wave in plan.waves
        ),
    )


def taken(plan: Plan, name: str, to: int | None) -> Plan:
    """The plan with one move taken out, and put into another wave."""
    (move,) = (m for wave in plan.waves for m in wave.moves if m.subsystem == name)
    waves = [
        replace(wave, moves=tuple(m for m in wave.moves if m.subsystem != name))
        for wave in plan.waves
    ]
    if to is not None:
        waves[to] = replace(waves[to], moves=(*waves[to].moves, move))
    return replace(plan, waves=tuple(waves))


def home(plan: Plan, name: str) -> int:
    return next(k for k, w in enumerate(plan.waves) if any(m.subsystem == name for m in w.moves))


def test_a_plan_as_it_was_made_breaks_nothing() -> None:
    assert violations(*a_plan()) == []


def test_what_does_not_stand_once_is_named_and_nothing_else_is_judged() -> None:
    plan, inventory = a_plan()
    assert violations(taken(plan, "s04", None), inventory) == [
        "s04 does not stand in the plan 1 times"
    ]
    stranger = moved(plan, "s04", subsystem=SubsystemId("nobody"))
    assert any("nobody is not in the inventory" in line for line in violations(stranger, inventory))


def test_who_must_go_together_is_found_apart() -> None:
    plan, inventory = a_plan()
    other = (home(plan, "s03") + 1) % len(plan.waves)
    broken = violations(taken(plan, "s03", other), inventory)
    assert "s03 and s06 are in different waves" in broken


def test_who_must_switch_before_is_found_after() -> None:
    plan, inventory = a_plan()
    (late,) = (m.switch for w in plan.waves for m in w.moves if m.subsystem == "s02")
    broken = violations(moved(plan, "s07", switch=late + timedelta(minutes=5)), inventory)
    assert "s02 switches before s07" in broken


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        ({"moves_per_wave_max": 1}, "moves"),
        ({"critical_moves_per_wave_max": 0}, "critical moves"),
        ({"pilot_criticality_max": 0}, "may not be a pilot"),
        ({"forbidden_waves": {SubsystemId("s05"): tuple(WaveId(f"w{k:02}") for k in range(9))}},
         "s05 is forbidden in"),
    ],
)  # fmt: skip
def test_every_limit_of_the_waves_is_held(limit: dict[str, object], words: str) -> None:
    plan, inventory = a_plan()
    tighter = replace(plan, constraints=replace(plan.constraints, **limit))  # type: ignore[arg-type]  # a test's own
    assert any(words in line for line in violations(tighter, inventory))


def test_times_out_of_order_and_gates_that_open_too_early_are_found() -> None:
    plan, inventory = a_plan()
    wave = plan.waves[1]
    early = replace(wave, gate=replace(wave.gate, at=plan.window.start))
    broken = violations(replace(plan, waves=(plan.waves[0], early, *plan.waves[2:])), inventory)
    assert f"{wave.id} opens before the wave before it is done" in broken
    outside = moved(plan, "s04", end=plan.window.end + timedelta(hours=1))
    assert any("s04 has times" in line for line in violations(outside, inventory))


def test_blackouts_and_appointments_are_held_against_the_documents_moments() -> None:
    plan, inventory = a_plan()
    (switch,) = (m.switch for w in plan.waves for m in w.moves if m.subsystem == "s04")
    slot = Blackout("night-batch", switch - timedelta(minutes=1), switch, (), "batch")
    date = FixedDate("bank", SubsystemId("s04"), at("15 20:00"), at("15 20:05"), "bank")
    calendar = replace(inventory.calendar, blackouts=(slot,), fixed_dates=(date,))
    broken = violations(plan, replace(inventory, calendar=calendar))
    assert "s04 is cut in the blackout night-batch" in broken
    assert "s04 does not switch in its appointment bank" in broken


def test_more_at_work_than_a_team_has_seats_is_found() -> None:
    plan, inventory = a_plan()
    crowded = violations(plan, replace(inventory, people=two_teams(0, 0)))
    assert any("seats" in line for line in crowded)
    start = plan.waves[-1].gate.at
    together = plan
    for move in plan.waves[-1].moves:
        together = moved(together, move.subsystem, start=start)
    seats = [line for line in violations(together, inventory) if "seats" in line]
    assert bool(seats) == (len(plan.waves[-1].moves) > 6)
