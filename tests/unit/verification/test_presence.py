"""Who is there: stretches, arriving early, and when somebody is named as absent."""

from __future__ import annotations

from datetime import UTC, datetime

from itineraries import START, a_member, after
from migrator.plan.model import Member
from migrator.verification.presence import (
    has_arrived,
    may_arrive,
    named_at,
    stretch_at,
    stretches,
)


def at(*hours: tuple[float, float]) -> Member:
    return a_member("anna", shifts=tuple((after(start), after(end)) for start, end in hours))


def test_shifts_that_touch_each_other_are_one_stretch() -> None:
    anna = at((100, 200), (0, 100), (300, 400))

    assert stretches(anna) == ((after(0), after(200)), (after(300), after(400)))
    assert stretch_at(anna, after(150)) == (after(0), after(200))
    assert stretch_at(anna, after(200)) is None


def test_what_was_said_holds_for_one_stretch_and_from_an_hour_before_it() -> None:
    anna = at((100, 200), (400, 500))

    assert has_arrived(anna, after(40), after(150))
    assert not has_arrived(anna, after(39), after(150))
    assert not has_arrived(anna, after(150), after(450))  # that was the shift before
    assert not has_arrived(anna, after(150), after(250))  # between them nobody is there
    assert not has_arrived(anna, None, after(150))


def test_somebody_without_shifts_is_there_once_it_was_said() -> None:
    assert has_arrived(a_member("bo"), after(0), after(999))
    assert may_arrive(a_member("bo"), after(0))


def test_one_may_arrive_on_shift_and_an_hour_before_it() -> None:
    anna = at((100, 200))

    assert [may_arrive(anna, after(n)) for n in (39, 40, 199, 200)] == [False, True, True, False]


def test_somebody_is_named_some_minutes_after_the_shift_or_the_run_began() -> None:
    anna = at((100, 200), (400, 500))

    assert named_at(anna, START, 10, after(0)) == after(110)
    assert named_at(anna, after(150), 10, after(150)) == after(160)
    assert named_at(anna, START, 10, after(200)) == after(410)
    assert named_at(anna, START, 10, after(500)) == datetime.max.replace(tzinfo=UTC)
