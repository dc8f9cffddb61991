"""Who is there when, and when it gets too full."""

from __future__ import annotations

from migrator.ids import ShiftId
from migrator.plan.model import Window
from migrator.plan.presence import Crowd, Stretch, crowd, presence
from small_plan import a_person, an_inventory, at

WINDOW = Window(at("13 18:00"), at("15 18:00"), "Europe/Stockholm")
SHIFTS = an_inventory().people.shifts


def test_shifts_that_touch_are_one_stretch() -> None:
    (stretch,) = presence(a_person("eva"), SHIFTS, WINDOW)
    assert stretch.start == at("13 18:00")


def test_between_shifts_nobody_is_there_and_beyond_the_window_everybody() -> None:
    first, beyond = presence(a_person("eva", shifts=(ShiftId("fri"),)), SHIFTS, WINDOW)
    assert (first.start, first.end) == (at("13 18:00"), at("14 06:00"))
    assert beyond.start == WINDOW.end


def test_an_estate_without_shifts_has_everybody_always() -> None:
    (stretch,) = presence(a_person("eva"), (), WINDOW)
    assert stretch.covers(at("14 03:00"))


def test_a_stretch_ends_before_its_end() -> None:
    stretch = Stretch(at("14 06:00"), at("14 07:00"))
    assert stretch.covers(at("14 06:00"))
    assert not stretch.covers(at("14 07:00"))


def test_a_crowd_is_told_once_as_long_as_it_lasts() -> None:
    hour = Stretch(at("14 06:00"), at("14 07:00"))
    later = Stretch(at("14 06:30"), at("14 07:00"))
    seats = [(Stretch(at("14 00:00"), at("14 12:00")), 1)]
    assert crowd([hour, later, later], seats, WINDOW.end) == (Crowd(at("14 06:30"), 3, 1),)


def test_seats_that_go_at_the_end_of_a_shift_make_a_crowd() -> None:
    long = Stretch(at("14 05:00"), at("14 07:00"))
    seats = [(Stretch(at("14 00:00"), at("14 06:00")), 1)]
    assert crowd([long], seats, WINDOW.end) == (Crowd(at("14 06:00"), 1, 0),)


def test_two_crowds_apart_are_told_apart() -> None:
    taken = [Stretch(at("14 01:00"), at("14 02:00")), Stretch(at("14 03:00"), at("14 04:00"))]
    seats = [(Stretch(at("14 02:00"), at("14 03:00")), 1)]
    assert len(crowd(taken, seats, WINDOW.end)) == 2


def test_beyond_the_end_nothing_is_looked_at() -> None:
    assert crowd([Stretch(at("16 01:00"), at("16 02:00"))], [], WINDOW.end) == ()


def test_somebody_without_shifts_is_always_there_as_the_engine_has_it() -> None:
    (stretch,) = presence(a_person("eva", shifts=()), SHIFTS, WINDOW)
    assert stretch.covers(at("14 07:00"))
    assert stretch.covers(at("15 03:00"))
