"""Nothing fits: the fewest declarations to drop and the handlers that would do, each tried out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import at, ids
from migrator.errors import InputError
from migrator.ids import FunctionId, SubsystemId, WaveId
from migrator.inventory.model import (
    Blackout,
    Calendar,
    Estimate,
    FixedDate,
    Function,
    Inventory,
    Part,
    Relation,
    RelationKind,
    Role,
)
from migrator.plan.recipes import DEFAULT_POLICY, RECIPES
from migrator.planner.build import plan_estate
from migrator.planner.decode import decode
from migrator.planner.infeasible import (
    Attempt,
    fewest_to_drop,
    handlers_that_would_do,
    smallest_relations,
)
from migrator.planner.problem import build_problem
from migrator.planner.rules import find_rules
from migrator.planner.waves import default_constraints
from migrator.planner.what_if import more_handlers
from weekend_estates import DAY, NIGHT, an_estate, somebody, two_teams


def a_window(
    *slots: Blackout, dates: tuple[FixedDate, ...] = (), end: str = "16 06:00"
) -> Calendar:
    return Calendar("Europe/Stockholm", at("13 18:00"), at(end), slots, dates)


def a_slot(name: str, start: str = "14 09:00", end: str = "14 13:00") -> Blackout:
    return Blackout(name, at(start), at(end), (), "a batch runs")


def a_date(name: str = "s00") -> FixedDate:
    return FixedDate("date", SubsystemId(name), at("14 10:00"), at("14 12:00"), "bank")


def functions(count: int, minutes: float = 60) -> tuple[Function, ...]:
    return tuple(
        Function(
            FunctionId(f"f{n}"), {"sv": "Gör", "en": "Do"}, {ids(f"s0{n}")[0]: Part.CORE},
            "benefits", (), 1, Estimate(minutes, minutes), {"sv": "Gör", "en": "Do"}, None, None,
            None,
        )
        for n in range(count)
    )  # fmt: skip


def an_attempt(inventory: Inventory, *waves: list[int], **pins: str) -> Attempt:
    problem = build_problem(inventory, (), find_rules(inventory), DEFAULT_POLICY, RECIPES)
    schedule = decode(problem, waves)
    assert not schedule.valid, "there is nothing to mend"
    constraints = default_constraints(problem, len(waves), None)
    held = {SubsystemId(name): WaveId(wave) for name, wave in pins.items()}
    return Attempt(inventory, problem, waves, schedule, DEFAULT_POLICY, RECIPES, constraints, held)


def dropped(attempt: Attempt) -> tuple[tuple[tuple[str, int | str], ...] | None, bool]:
    found = fewest_to_drop(attempt)
    if found.declarations is None:
        return None, found.smallest
    return tuple((d.kind, d.key) for d in found.declarations), found.smallest


def test_one_declaration_is_enough_where_one_is() -> None:
    calendar = a_window(a_slot("one"), a_slot("other", "15 09:00", "15 13:00"), dates=(a_date(),))
    assert dropped(an_attempt(an_estate(2, calendar=calendar), [0, 1])) == (
        (("blackout", "one"),),
        True,
    )


def test_two_that_stand_in_the_way_together_are_found_together() -> None:
    dates = (a_date("s00"), replace(a_date("s01"), id="second"))
    calendar = a_window(a_slot("one"), a_slot("two"), dates=dates)
    found, smallest = dropped(an_attempt(an_estate(2, calendar=calendar), [0, 1]))
    assert found == (("blackout", "one"), ("blackout", "two"))
    assert smallest


def test_beyond_three_a_small_set_is_named_that_is_perhaps_not_the_smallest() -> None:
    slots = [a_slot(f"slot-{n}") for n in range(4)]
    dates = tuple(replace(a_date(f"s0{n}"), id=f"date-{n}") for n in range(4))
    attempt = an_attempt(an_estate(4, calendar=a_window(*slots, dates=dates)), [0, 1, 2, 3])
    found, smallest = dropped(attempt)
    assert found is not None
    assert len(found) == 4
    assert not smallest


def test_a_pin_is_dropped_where_it_holds_the_waves_apart() -> None:
    inventory = an_estate(4, calendar=a_window(end="13 20:30"))
    pins = {f"s0{n}": f"w0{n + 1}" for n in range(4)}
    found, smallest = dropped(an_attempt(inventory, [0], [1], [2], [3], **pins))
    assert found is not None
    assert [kind for kind, _ in found] == ["pin"]
    assert smallest


def test_where_nothing_declared_is_to_blame_that_is_said() -> None:
    inventory = an_estate(4, calendar=a_window(a_slot("one"), end="13 18:30"))
    assert dropped(an_attempt(inventory, [0, 1], [2, 3])) == (None, True)


def test_the_number_of_tries_is_limited_whatever_there_is_to_try() -> None:
    slots = [a_slot(f"slot-{n:02d}") for n in range(40)]
    inventory = an_estate(2, calendar=a_window(*slots, dates=(a_date(),)))
    relation = Relation(RelationKind.BEFORE, ids("s00", "s01"), "Ops", "an order")
    late = replace(a_date("s01"), id="second")
    calendar = replace(inventory.calendar, fixed_dates=(a_date(), late))
    attempt = an_attempt(replace(inventory, calendar=calendar, relations=(relation,)), [0, 1])
    found = fewest_to_drop(attempt)
    assert found.declarations is not None
    assert found.tried <= attempt.evaluations_max + len(slots) + 50


def test_the_fewest_handlers_by_shift_are_those_with_whom_it_fits_and_no_fewer() -> None:
    people = two_teams(6, 6, [somebody("h", Role.HANDLER, DAY)])
    inventory = an_estate(
        6, functions=functions(6), people=people, calendar=a_window(end="13 22:30")
    )
    attempt = an_attempt(inventory, [0, 1, 2, 3, 4, 5])
    more = handlers_that_would_do(attempt)
    assert more is not None
    assert more.needed is not None
    ((competence, shift, count),) = more.needed
    assert (competence, shift) == ("benefits", NIGHT)
    assert count > 1
    for number, fits in ((count, True), (count - 1, False)):
        bigger = more_handlers(inventory, "benefits", number, NIGHT)
        problem = build_problem(bigger, (), find_rules(bigger), DEFAULT_POLICY, RECIPES)
        assert decode(problem, attempt.waves).valid is fits


def test_no_number_of_handlers_is_promised_where_none_would_do() -> None:
    people = two_teams(1, 1, [somebody("h", Role.HANDLER, DAY)])
    inventory = an_estate(
        6, functions=functions(6), people=people, calendar=a_window(end="13 20:30")
    )
    more = handlers_that_would_do(an_attempt(inventory, [0, 1, 2, 3, 4, 5]))
    assert more is not None
    assert more.needed is None
    assert more.late > 0


def test_handlers_are_not_asked_for_where_seats_bind() -> None:
    people = two_teams(1, 1, [somebody("h", Role.HANDLER)])
    inventory = an_estate(6, people=people, calendar=a_window(end="13 20:00"))
    assert handlers_that_would_do(an_attempt(inventory, [0, 1, 2, 3, 4, 5])) is None


def test_relations_to_break_are_as_few_as_can_be() -> None:
    ring = tuple(
        Relation(RelationKind.WITH, ids(f"s0{n}", f"s0{n + 1}"), "Ops", "a file") for n in range(6)
    )
    inventory = an_estate(7, relations=ring)

    def wrong(other: Inventory, most: int) -> bool:
        return max(map(len, find_rules(other).atoms)) > most

    assert smallest_relations(inventory, lambda other: wrong(other, 4)) == (2,)
    assert smallest_relations(inventory, lambda other: wrong(other, 3)) == (0, 3)
    assert smallest_relations(inventory, lambda other: wrong(other, 1)) is None


def test_the_refusal_tells_all_of_it() -> None:
    people = two_teams(6, 6, [somebody("h", Role.HANDLER, DAY)])
    inventory = an_estate(
        6, functions=functions(6), people=people, calendar=a_window(end="14 07:30")
    )
    with pytest.raises(InputError) as error:
        plan_estate(inventory, (), seed=1, evaluations=20, name="p", path="estate")
    told = [fault.message for fault in error.value.faults]
    assert any(line.startswith("what binds most: the handlers' shifts") for line in told)
    assert any(line.startswith("work waits for the handlers' shifts Fri") for line in told)
    assert any('--what-if "+' in line and "handlers benefits night" in line for line in told)
    assert "it would not fit without any declaration, either" in told
