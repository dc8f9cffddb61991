"""What people ask of a plan: every word is understood or named, every contradiction refused."""

from __future__ import annotations

import pytest

from builders import ids
from migrator.errors import InputError
from migrator.ids import WaveId
from migrator.inventory.model import Inventory, Relation, RelationKind
from migrator.plan.model import Constraints
from migrator.planner.requests import Earlier, Place, Requests, Typed, understand
from migrator.planner.rules import find_rules
from weekend_estates import an_estate

WAVES = tuple(WaveId(f"w0{n}") for n in range(1, 5))


def earlier(**pins: str) -> Earlier:
    place = Place("plan.yaml", 7, "a pin")
    held = {ids(name)[0]: (WaveId(wave), place) for name, wave in pins.items()}
    return Earlier(WAVES, held, {})


def understood(
    typed: Typed, before: Earlier | None = None, *relations: Relation, count: int = 8
) -> Requests:
    inventory: Inventory = an_estate(count, relations=relations)
    return understand(typed, inventory, find_rules(inventory), before)


def refused(typed: Typed, before: Earlier | None = None, *relations: Relation) -> InputError:
    with pytest.raises(InputError) as error:
        understood(typed, before, *relations)
    return error.value


def order(*names: str) -> Relation:
    return Relation(RelationKind.BEFORE, ids(*names), "Ops", "the first is read by the next")


def mates(*names: str) -> Relation:
    return Relation(RelationKind.WITH, ids(*names), "Ops", "one table")


def test_pins_and_forbidden_waves_are_read_for_several_at_once() -> None:
    found = understood(Typed(pins=["s01=w03"], forbids=["s02,s03=w01,w02"]), earlier())
    assert found.wave_of_pin() == {"s01": "w03"}
    assert {name: tuple(at) for name, at in found.forbidden.items()} == {
        "s02": ("w01", "w02"),
        "s03": ("w01", "w02"),
    }


def test_what_is_typed_overrules_what_stands_in_the_plan() -> None:
    before = earlier(s01="w02", s02="w02")
    found = understood(Typed(pins=["s01=w03"], unpins=["s02"]), before)
    assert found.wave_of_pin() == {"s01": "w03"}


def test_the_pin_of_one_that_moves_no_more_is_dropped() -> None:
    assert understood(Typed(), earlier(gone="w02")).wave_of_pin() == {}


def test_constraints_are_tightened_by_what_was_asked_and_by_nothing_else() -> None:
    was = Constraints(9, 3, 2, {ids("s05")[0]: (WaveId("w02"),)})
    found = understood(Typed(forbids=["s01=w02"], moves_per_wave_max=5), earlier())
    assert found.tighten(was) == Constraints(5, 3, 2, {ids("s01")[0]: (WaveId("w02"),)})


def test_every_word_that_means_nothing_is_named_at_once_with_what_was_near() -> None:
    typed = Typed(pins=["s1=w03", "s01"], forbids=["s02=w09"], merges=["w01"], splits=["x"])
    error = refused(typed, earlier())
    assert error.reference == "unclear-request"
    near = "; did you mean 'w04'?; it has w01, w02, w03, w04"
    told = [str(fault) for fault in error.faults]
    assert told == [
        "command line: --pin s1=w03: there is no subsystem 's1'; did you mean 's01'?",
        "command line: --pin s01: wants SUBSYSTEM=WAVE, such as claims=w03",
        "command line: --forbid s02=w09: the plan has no wave 'w09'" + near,
        "command line: --merge w01: wants two waves, such as w03+w04",
        "command line: --split x: the plan has no wave 'x'; it has w01, w02, w03, w04",
    ]


def test_without_a_plan_a_wave_is_a_number_that_can_be_reached() -> None:
    assert understood(Typed(pins=["s01=w8"])).wave_of_pin() == {"s01": "w08"}
    error = refused(Typed(pins=["s01=w09", "s02=monday"]))
    assert "the last wave there can be is w08" in error.faults[0].message
    assert "the waves of a new plan are w01, w02" in error.faults[1].message
    assert "--from PLAN" in refused(Typed(merges=["w01+w02"])).faults[0].message


def test_a_pin_into_a_wave_that_is_forbidden_names_both_places() -> None:
    error = refused(Typed(pins=["s01=w03"], forbids=["s01=w03"]), earlier())
    assert error.reference == "contradictory-requests"
    assert [fault.path for fault in error.faults] == ["--pin s01=w03", "--forbid s01=w03"]


def test_a_pin_is_held_against_whoever_must_go_along() -> None:
    together = mates("s01", "s02")
    error = refused(Typed(pins=["s01=w03"], forbids=["s02=w03"]), earlier(), together)
    assert "s02, which must move with it, is forbidden there" in error.faults[0].message
    error = refused(Typed(pins=["s01=w03"]), earlier(s02="w02"), together)
    assert "s02, with which it must move, to w02" in str(error.faults[0]) or (
        "s01, with which it must move, to w03" in str(error.faults[0])
    )


def test_pins_against_an_order_are_found_over_a_whole_chain() -> None:
    chain = (order("s01", "s02"), mates("s02", "s03"), order("s03", "s04"))
    error = refused(Typed(pins=["s01=w04", "s04=w02"]), earlier(), *chain)
    assert error.reference == "contradictory-requests"
    (fault,) = error.faults
    assert "s01 is pinned to w04, which is after w02 of s04" in fault.message
    assert "s01 before" in fault.message
    understood(Typed(pins=["s01=w02", "s04=w02"]), earlier(), *chain)


def test_one_subsystem_in_two_waves_and_one_wave_merged_and_split_are_refused() -> None:
    error = refused(Typed(pins=["s01=w03", "s01=w02"]), earlier())
    assert "s01 is pinned to w03, too" in error.faults[0].message
    error = refused(Typed(merges=["w02+w03"], splits=["w03"]), earlier())
    assert "merged and split at once" in error.faults[0].message
