"""The simulated world's own bookkeeping: who admits work, and what its ledger counts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from itineraries import START, after, an_itinerary
from migrator.errors import PermanentError
from migrator.plan.recipes import RECIPES
from migrator.platform.simulated.world import ROWS_BEFORE, ROWS_PER_HOUR, Place, World
from migrator.wiring import rehearsal


def a_world() -> tuple[World, Place, Place]:
    """A world of `a` (stateful) and `b` (stateless), in which nothing has happened."""
    world = World(an_itinerary(waves=("ab",), stateless="b"), START)
    return world, world.places["a"], world.places["b"]


def test_everything_lives_on_the_old_side_at_first() -> None:
    world, stateful, stateless = a_world()

    assert world.admits(stateful, "old")
    assert world.admits(stateless, "old")
    assert not world.admits(stateful, "new")
    assert not world.admits(stateless, "new")
    assert len(stateful.old.rows) == stateful.written == ROWS_BEFORE
    assert not stateless.old.rows


@pytest.mark.parametrize("change", ["running", "quiesced", "fenced", "granted"])
def test_a_stateful_side_admits_work_only_if_nothing_speaks_against_it(change: str) -> None:
    world, place, _ = a_world()
    setattr(place.old, change, change in {"quiesced", "fenced"})

    assert not world.admits(place, "old")
    assert not world.answers("a")


def test_a_stateless_side_needs_no_grant_but_traffic() -> None:
    world, _, place = a_world()
    place.new.running = True
    assert not world.admits(place, "new")
    place.traffic = "new"
    assert world.admits(place, "new")
    assert not world.admits(place, "old")
    assert world.answers("b")


def test_rows_come_in_all_the_time() -> None:
    world, place, _ = a_world()
    world.look("a", after(60))

    assert place.written == ROWS_BEFORE + ROWS_PER_HOUR
    assert place.old.rows == set(range(1, place.written + 1))
    world.look("a", after(60))  # twice in one instant is once
    world.look("a", after(30))  # and the past does not come back
    assert place.written == ROWS_BEFORE + ROWS_PER_HOUR


def test_parts_of_a_row_are_not_forgotten() -> None:
    world, place, _ = a_world()
    for minute in range(1, 61):
        world.look("a", after(minute))

    assert place.written == pytest.approx(ROWS_BEFORE + ROWS_PER_HOUR, abs=1)


def test_while_nobody_admits_work_it_is_refused_and_no_row_is_promised() -> None:
    world, place, _ = a_world()
    place.old.quiesced = True
    world.look("a", after(10))

    assert place.refused_seconds == 600
    assert place.written == ROWS_BEFORE
    ledger = world.audit(after(20))
    assert ledger.refused_seconds == 1200
    assert ledger.rows_lost == 0


def test_two_stateful_sides_that_admit_work_are_both_live_and_rows_part() -> None:
    world, place, _ = a_world()
    place.new.running = place.new.granted = True
    place.new.rows = set(place.old.rows)
    place.traffic = "new"
    ledger = world.audit(after(60))

    assert ledger.both_live_seconds == 3600
    assert ledger.rows_lost == 3  # every fourth of twelve went to the other side
    assert ledger.violations == ["a: both sides were live for 3600 s"]


def test_an_old_stateless_side_drains_up_to_its_limit_and_is_not_live() -> None:
    world, _, place = a_world()
    place.new.running, place.traffic, place.switched_at = True, "new", START
    place.drain_armed = True
    world.look("b", after(10))

    assert place.drained_seconds == 60  # the policy's minute
    assert place.both_live_seconds == 0
    assert place.drained
    assert not world.admits(place, "old")


def test_without_its_timer_what_drains_too_long_is_both_live() -> None:
    world, _, place = a_world()
    place.new.running, place.traffic, place.switched_at = True, "new", START
    world.look("b", after(0.5))
    assert place.both_live_seconds == 0
    world.look("b", after(10))

    assert place.drained_seconds == 60
    assert place.both_live_seconds == 540


def test_a_drained_side_is_not_counted() -> None:
    world, _, place = a_world()
    place.new.running, place.traffic, place.switched_at = True, "new", START
    place.drained = True

    assert world.audit(after(10)).both_live_seconds == 0


def test_an_effect_counts_by_its_token() -> None:
    world, _, _ = a_world()
    assert not world.took_effect("t")
    world.effect("t")
    assert world.took_effect("t")
    world.effect("t")
    world.effect("u")
    ledger = world.audit(START)

    assert (ledger.effects, ledger.effects_doubled) == (3, 1)


def test_a_good_platform_refuses_what_breaks_a_promise() -> None:
    world, _, _ = a_world()
    world.require(holds=True, what="fine")
    with pytest.raises(PermanentError, match="not fine") as error:
        world.require(holds=False, what="not fine")
    assert error.value.reference == "platform-refused"


def test_a_partner_always_answers() -> None:
    world, _, _ = a_world()
    assert world.answers("the-bank")


def test_rows_that_are_not_on_the_live_side_are_lost() -> None:
    world, place, _ = a_world()
    place.old.rows.discard(7)

    assert world.audit(START).rows_lost == 1


def test_what_is_planned_anew_lives_on_the_old_side_and_nobody_leaves() -> None:
    world, stateful, _ = a_world()
    stateful.new.rows = {1}

    world.joined_by(an_itinerary(waves=("ac",), stateless="c"), after(60))
    world.joined_by(an_itinerary(waves=("abc",), stateless="bc"), after(90))

    assert set(world.places) == {"a", "b", "c"}
    assert world.places["a"] is stateful
    assert (world.places["c"].seen, world.places["c"].stateful) == (after(60), False)


def test_a_subsystem_that_is_planned_with_another_recipe_keeps_data_as_that_says() -> None:
    world, _, stateless = a_world()
    world.joined_by(an_itinerary(waves=("ab",)), after(60))
    assert world.places["b"] is not stateless
    assert world.places["b"].old.rows


@pytest.mark.parametrize("kind", ["stateful", "stateless"])
def test_a_recipe_of_another_name_has_a_side_with_or_without_rows_by_its_steps(kind: str) -> None:
    made = an_itinerary(waves=("a",))
    ours = replace(RECIPES[kind], name="ours")
    legs = {"a": replace(made.legs["a"], recipe="ours")}
    world = World(replace(made, recipes={**made.recipes, "ours": ours}, legs=legs), START)

    assert world.places["a"].stateful is (kind == "stateful")


def test_a_weekend_by_a_recipe_of_another_name_keeps_its_promises() -> None:
    made = an_itinerary(waves=("a",), stateless="a")
    ours = replace(RECIPES["stateless"], name="ours")
    legs = {"a": replace(made.legs["a"], recipe="ours")}
    played = rehearsal(replace(made, recipes={"ours": ours}, legs=legs), seed=1, accidents=False)

    assert played.outcome == "completed"
    assert played.ledger.violations == []
    assert played.ledger.refused_seconds == 0
