"""The document names who is there and lists the moves of a wave by their start."""

from __future__ import annotations

from dataclasses import replace

from builders import a_place, at
from migrator.inventory.model import Role
from migrator.plan.recipes import DEFAULT_POLICY, RECIPES
from migrator.planner.decode import decode
from migrator.planner.document import assumed, planned_waves
from migrator.planner.problem import build_problem
from migrator.planner.rules import find_rules
from weekend_estates import DAY, NIGHT, an_estate, somebody, two_teams


def test_moves_stand_by_start_and_then_by_id() -> None:
    inventory = an_estate(6)
    problem = build_problem(inventory, (), find_rules(inventory), DEFAULT_POLICY, RECIPES)
    waves = [[5, 4, 3, 2, 1, 0]]
    found = planned_waves(inventory, problem, waves, decode(problem, waves), pilot=False)
    listed = [(move.start, move.subsystem) for move in found[0].moves]
    assert listed == sorted(listed)
    assert len(listed) == 6


def test_wave_leads_take_turns_and_must_be_on_shift() -> None:
    people = two_teams(
        3, 3, [somebody("ada", Role.WAVE_LEAD, NIGHT), somebody("cy", Role.WAVE_LEAD, DAY)]
    )
    inventory = an_estate(4, people=people)
    problem = build_problem(inventory, (), find_rules(inventory), DEFAULT_POLICY, RECIPES)
    waves = [[0], [1], [2], [3]]
    found = planned_waves(inventory, problem, waves, decode(problem, waves), pilot=True)
    assert [wave.lead for wave in found] == ["ada", "walt", "ada", "walt"]
    assert [wave.pilot for wave in found] == [True, False, False, False]


def test_deciders_who_have_no_shift_in_the_window_are_called_in_and_that_is_said() -> None:
    people = two_teams(3, 3, [somebody("dee", Role.DECISION_MAKER, DAY)])
    people = replace(people, people=people.people[1:])  # without dora, who is always there
    calendar = replace(an_estate(1).calendar, end=at("14 05:00"))  # over before the day
    inventory = an_estate(1, people=people, calendar=calendar)
    problem = build_problem(inventory, (), find_rules(inventory), DEFAULT_POLICY, RECIPES)
    found = planned_waves(inventory, problem, [[0]], decode(problem, [[0]]), pilot=False)
    assert found[0].gate.deciders == ("dee",)
    assert "gate: nobody who decides has a shift in the window, they are called in" in assumed(
        inventory, problem
    )


def test_a_copy_faster_than_the_line_is_doubted() -> None:
    places = (a_place("cluster", "new", copy_gib_per_hour=5.0), a_place("hall", "old"))
    inventory = an_estate(2, places=places)
    problem = build_problem(inventory, (), find_rules(inventory), DEFAULT_POLICY, RECIPES)
    assert [line for line in assumed(inventory, problem) if "durations.copy" in line] == [
        "s01: durations.copy (it would need 61 GiB per hour, the line has 5)"
    ]
