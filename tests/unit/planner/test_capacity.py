"""Where there is no plan, the error names what binds, with figures, and what would help."""

from __future__ import annotations

import pytest

from builders import a_place, at, ids, three
from migrator.errors import InputError
from migrator.ids import FunctionId, ShiftId
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
from migrator.planner.build import plan_estate
from weekend_estates import DAY, a_mover, an_estate, somebody, two_teams


def refused(inventory: Inventory) -> InputError:
    with pytest.raises(InputError) as error:
        plan_estate(inventory, (), seed=1, evaluations=30, name="p", path="estate")
    return error.value


def a_function(quorum: int = 1) -> Function:
    return Function(
        FunctionId("pay"), {"sv": "Betala", "en": "Pay"}, {ids("s00")[0]: Part.CORE}, "benefits",
        (), quorum, Estimate(10, 20), {"sv": "Gör", "en": "Do"}, None, None, None,
    )  # fmt: skip


def a_window(end: str, *blackouts: Blackout, dates: tuple[FixedDate, ...] = ()) -> Calendar:
    return Calendar("Europe/Stockholm", at("13 18:00"), at(end), blackouts, dates)


def test_a_target_too_small_is_named_with_both_figures() -> None:
    places = (a_place("cluster", "new", cpu=2.0, memory_gib=5.0), a_place("hall", "old"))
    error = refused(an_estate(3, places=places))
    assert error.reference == "capacity-exceeded"
    assert [fault.path for fault in error.faults] == [
        "places[cluster].capacity.cpu",
        "places[cluster].capacity.memory_gib",
    ]
    assert "3 cores are needed by 3 subsystems, 2 are there: 1 too few" in error.faults[0].message


def test_a_target_that_is_just_large_enough_is_no_fault() -> None:
    places = (a_place("cluster", "new", cpu=3.0, memory_gib=6.0), a_place("hall", "old"))
    plan_estate(an_estate(3, places=places), (), seed=1, evaluations=1, name="p", path="e")


def test_a_function_without_enough_handlers_is_named() -> None:
    people = two_teams(2, 3, [somebody("h", Role.HANDLER)])
    error = refused(an_estate(2, functions=(a_function(quorum=2),), people=people))
    assert error.reference == "nobody-to-verify"
    assert "1 handlers may verify it (competence benefits), 2 must" in error.faults[0].message


def test_a_function_whose_handlers_are_away_is_named() -> None:
    people = two_teams(2, 3, [somebody("h", Role.HANDLER, ShiftId("another-week"))])
    error = refused(an_estate(2, functions=(a_function(),), people=people))
    assert error.reference == "nobody-to-verify"
    assert "of its 1 handlers 0 have a shift" in error.faults[0].message


def test_an_appointment_outside_the_window_is_named() -> None:
    date = FixedDate("date", ids("s00")[0], at("17 10:00"), at("17 12:00"), "bank")
    error = refused(an_estate(2, calendar=a_window("16 06:00", dates=(date,))))
    assert error.reference == "appointment-outside-window"


def test_an_appointment_inside_a_blackout_is_told_with_both_times() -> None:
    date = FixedDate("date", ids("s00")[0], at("14 10:00"), at("14 12:00"), "bank")
    slot = Blackout("slot", at("14 09:00"), at("14 13:00"), (), "batch")
    error = refused(an_estate(2, calendar=a_window("16 06:00", slot, dates=(date,))))
    assert error.reference == "appointment-missed"
    assert "s00 must have switched by 2023-10-14 12:00" in error.faults[0].message


def test_a_group_larger_than_any_wave_lists_the_declarations_that_bind_it() -> None:
    names = [f"s{n:02d}" for n in range(9)]
    relations = (
        Relation(RelationKind.WITH, ids(*names[:5]), "One", "a file"),
        Relation(RelationKind.WITH, ids(*names[4:]), "Two", "a queue"),
        Relation(RelationKind.BEFORE, ids("s10", "s11"), "Three", "an order"),
    )
    error = refused(an_estate(12, relations=relations))
    assert error.reference == "atom-too-large"
    assert "9 moves must go together, a wave takes 8" in error.faults[0].message
    assert [fault.path for fault in error.faults[1:3]] == ["relations[0]", "relations[1]"]
    assert "Two: a queue" in error.faults[2].message
    (last,) = error.faults[3:]
    assert str(last) == (
        "relations.yaml: relations[0]: without this one every group fits into a wave"
    )


def test_a_window_too_short_says_by_how_much_and_what_would_help() -> None:
    people = two_teams(1, 1)
    long = three((300, 400), (10, 20), (30, 40))
    moves = (*(a_mover(2 * n, durations=long) for n in range(6)), a_mover(1))  # s01 is green
    error = refused(an_estate(7, subsystems=moves, people=people, calendar=a_window("14 06:00")))
    assert error.reference == "window-too-short"
    assert "the window has 12.0 h" in error.message
    told = [fault.message for fault in error.faults]
    assert any(line.startswith("team blue: ") and "seat hours" in line for line in told)
    assert any(line.startswith("one more seat for team blue") for line in told)
    assert not any("team green" in line and "earlier" in line for line in told)
    assert not any("ends 0.0 h earlier" in line for line in told)


def test_missing_handlers_are_found_to_be_what_binds() -> None:
    people = two_teams(3, 3, [somebody("h", Role.HANDLER, DAY)])
    calendar = a_window("14 06:30")
    error = refused(an_estate(1, functions=(a_function(),), people=people, calendar=calendar))
    assert error.reference == "window-too-short"
    assert any("handlers enough for function pay" in fault.message for fault in error.faults)
