"""What if there were more: the words of tired people, and an estate that lint knows is not real."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import a_place, at, ids
from migrator.errors import InputError
from migrator.ids import FunctionId, PersonId
from migrator.inventory.model import (
    Calendar,
    Estimate,
    Function,
    Inventory,
    Kind,
    Part,
    Relation,
    RelationKind,
    Role,
)
from migrator.planner.what_if import leave_out, more_handlers, suppose
from weekend_estates import DAY, an_estate, somebody, two_teams


def estate(*handlers: str, **changes: object) -> Inventory:
    function = Function(
        FunctionId("pay"), {"sv": "Betala", "en": "Pay"}, {ids("s00")[0]: Part.CORE}, "benefits",
        tuple(map(PersonId, handlers)), 1, Estimate(10, 20), {"sv": "Gör", "en": "Do"},
        None, None, None,
    )  # fmt: skip
    people = two_teams(2, 3, [somebody(name, Role.HANDLER, DAY) for name in handlers])
    return an_estate(4, functions=(function,), people=people, **changes)


def supposed(text: str, base: Inventory | None = None) -> Inventory:
    return suppose(base or estate(), [text])[0]


def unclear(text: str) -> str:
    with pytest.raises(InputError) as error:
        supposed(text)
    assert error.value.reference == "unclear-request"
    assert "+3 handlers" in error.value.hint
    (fault,) = error.value.faults
    return fault.message


@pytest.mark.parametrize(
    "text",
    [
        "+2 handlers benefits 22:00-06:00",
        "handlers benefits +2 22-06",
        "22:00-6:00 2 Handlers Benefits",
        "2 handlers pay 22-06",
    ],
)
def test_handlers_are_understood_in_any_order_and_by_function_or_competence(text: str) -> None:
    new = supposed(text)
    fresh = [p for p in new.people.people if p.id.startswith("what-if")]
    assert [(p.roles, p.competences) for p in fresh] == [((Role.HANDLER,), ("benefits",))] * 2
    shifts = {shift.id: (shift.start, shift.end) for shift in new.people.shifts}
    # The first night of the window begins at 18:00, so three of them have these hours.
    assert [shifts[shift] for shift in fresh[0].shifts] == [
        (at("13 22:00"), at("14 06:00")),
        (at("14 22:00"), at("15 06:00")),
        (at("15 22:00"), at("16 06:00")),
    ]


def test_a_day_a_shift_or_no_hours_at_all_say_when() -> None:
    (one,) = [p for p in supposed("+1 handler benefits lördag 08-16").people.people if "if" in p.id]
    new = supposed("+1 handler benefits sat 08-16")
    (sat,) = [s for s in new.people.shifts if s.id in one.shifts]
    assert (sat.start, sat.end) == (at("14 08:00"), at("14 16:00"))
    (day,) = [p for p in supposed("+1 handler benefits day").people.people if "if" in p.id]
    assert day.shifts == (DAY,)
    new = supposed("+1 handler benefits")
    (whole,) = [s for s in new.people.shifts if s.id.startswith("what-if")]
    assert (whole.start, whole.end) == (new.calendar.start, new.calendar.end)


def test_a_function_that_names_its_handlers_takes_the_new_ones_too() -> None:
    new = supposed("+1 handler benefits", estate("hanna"))
    assert new.functions[0].handlers == ("hanna", "what-if.1.1")
    assert len(more_handlers(estate("hanna"), "benefits", 2, DAY).functions[0].handlers) == 3


def test_seats_line_and_window_grow_by_what_is_said() -> None:
    (blue,) = [t for t in supposed("+2 seats blue day").people.teams if t.id == "blue"]
    assert blue.seats == {"night": 2, "day": 5}
    places = (a_place("cluster", "new", copy_gib_per_hour=100.0), a_place("hall", "old"))
    base = estate(places=places)
    assert supposed("copy 400", base).places[0].copy_gib_per_hour == 400.0
    assert supposed("copy +50", base).places[0].copy_gib_per_hour == 150.0
    assert supposed("window +1h30m").calendar.end == at("16 07:30")


def test_what_is_supposed_is_another_inventory_and_stands_among_what_is_assumed() -> None:
    base = estate()
    new, told = suppose(base, ["+2 seats  blue day"])
    assert new.digest != base.digest
    assert new.assumed == ("what-if: +2 seats blue day",)
    assert told[0].written == "people.yaml: 2 more seats for the team blue, the shift day"
    assert suppose(base, []) == (base, ())


def test_hours_of_a_clock_change_are_those_of_the_clocks() -> None:
    # The clocks in Stockholm go back on 29 October at 03:00: the night 22-06 has nine hours.
    start, end = at("27 18:00"), at("30 06:00")
    base = estate(calendar=Calendar("Europe/Stockholm", start, end, (), ()))
    new = supposed("+1 handler benefits sat 22-06", base)
    (night,) = [s for s in new.people.shifts if s.id.startswith("what-if")]
    assert (night.end - night.start).total_seconds() / 3600 == 9


def test_words_that_make_no_supposition_say_what_is_missing() -> None:
    assert "handlers, seats, copy, window" in unclear("more people")
    assert "such as +3" in unclear("handlers benefits")
    assert "such as +3" in unclear("+0 handlers benefits")
    assert "wants a competence" in unclear("+3 handlers")
    assert "did you mean 'benefits'?" in unclear("+3 handlers benefit")
    assert "there is no team 'bleu'; did you mean 'blue'?" in unclear("+1 seat bleu")
    assert "no hours" in unclear("+1 seat blue 25-26")
    assert "hours beside the day" in unclear("+1 seat blue sat")
    assert "do not come up" in unclear("+1 seat blue wed 08-16")
    assert "copy 400" in unclear("copy much")
    assert "at most" in unclear("window +400h")


def test_who_is_left_out_stays_with_a_reason() -> None:
    base = estate()
    new, (out,) = leave_out(base, ids("s01"))
    assert [s.id for s in new.moving] == ["s00", "s02", "s03"]
    assert new.by_id[ids("s01")[0]].kind is Kind.STAYS
    assert out.binding == ()
    assert new.digest != base.digest


def test_who_must_go_along_or_afterwards_is_named_before_anybody_is_left_out() -> None:
    together = Relation(RelationKind.WITH, ids("s01", "s02"), "Ops", "one table")
    after = Relation(RelationKind.BEFORE, ids("s00", "s01", "s03"), "Ops", "an order")
    base = replace(estate(), relations=(together, after))
    with pytest.raises(InputError) as error:
        leave_out(base, ids("s01"))
    assert error.value.reference == "scope-with-dependants"
    assert [fault.message for fault in error.value.faults] == [
        "s02 must move with it, s01 is left out (Ops: one table)",
        "s03 must switch after it, s01 is left out (Ops: an order)",
    ]
    new, _ = leave_out(base, ids("s01", "s02", "s03"))
    assert [s.id for s in new.moving] == ["s00"]
