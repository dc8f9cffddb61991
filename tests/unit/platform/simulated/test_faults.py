"""The box from which faults are taken when they fit, as often as they say."""

from __future__ import annotations

from itineraries import after
from migrator.platform.simulated.faults import FaultBox, PlannedFault


def test_a_fault_strikes_as_often_as_it_says_where_it_fits() -> None:
    box = FaultBox((PlannedFault("step_fails", "a", "copy", times=2),))

    assert box.take("step_fails", subsystem="b", step="copy") is None
    assert box.take("step_fails", subsystem="a", step="fence") is None
    assert box.take("undo_fails", subsystem="a", step="copy") is None
    assert box.take("step_fails", subsystem="a", step="copy", attempt=2) is None
    for _ in range(2):
        assert box.take("step_fails", subsystem="a", step="copy") is not None
    assert box.take("step_fails", subsystem="a", step="copy") is None
    assert box.struck() == (2,)


def test_a_fault_that_names_nothing_strikes_anywhere() -> None:
    box = FaultBox((PlannedFault("handler_says_no"), PlannedFault("step_fails")))

    assert box.take("handler_says_no", function="f7") is not None
    assert box.take("step_fails", subsystem="x", step="y") is not None
    assert box.unstruck() == ()


def test_what_never_struck_is_told_but_slowness_needs_no_moment() -> None:
    box = FaultBox((PlannedFault("step_fails", "a"), PlannedFault("platform_slow", factor=2)))

    assert box.unstruck() == (PlannedFault("step_fails", "a"),)


def test_slow_hours_multiply() -> None:
    box = FaultBox(
        (
            PlannedFault("platform_slow", factor=2, start=after(10), end=after(30)),
            PlannedFault("platform_slow", factor=3, start=after(20)),
        )
    )
    assert [box.slowness(after(n)) for n in (0, 10, 20, 29, 30)] == [1, 2, 6, 6, 3]


def test_what_has_struck_before_a_restart_does_not_strike_again() -> None:
    box = FaultBox((PlannedFault("step_fails"),))
    box.restore([1])

    assert box.take("step_fails") is None
