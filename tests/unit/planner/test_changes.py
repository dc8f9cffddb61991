"""A plan changed as people ask: everything hard is kept, few move, and each of them knows why."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from builders import at, ids
from migrator.errors import InputError
from migrator.inventory.model import Calendar, Inventory, Relation, RelationKind
from migrator.plan.model import Plan
from migrator.planner.build import make_plan
from migrator.planner.change_basis import Basis, Started
from migrator.planner.changes import ChangedPlan, change_plan, earlier_of
from migrator.planner.requests import Typed, understand
from migrator.planner.rules import find_rules
from weekend_estates import a_ring, an_estate, broken_rules, wave_of

PAIRS = a_ring(24, 6)


PLANS: dict[str, Plan] = {}
"""Made once for each estate: most tests change the same one."""


def a_plan(inventory: Inventory) -> Plan:
    if inventory.digest not in PLANS:
        PLANS[inventory.digest] = make_plan(
            inventory, PAIRS, seed=1, evaluations=60, name="p", path="estate", moves_per_wave_max=7
        )
    return PLANS[inventory.digest]


def changed(
    plan: Plan, inventory: Inventory, typed: Typed, started: Started | None = None
) -> ChangedPlan:
    requests = understand(typed, inventory, find_rules(inventory), earlier_of(plan, {}))
    basis = Basis(plan, inventory, PAIRS, 24, "links", requests, started)
    return change_plan(basis, name="new", path="estate", seed=1)


def refused(
    plan: Plan, inventory: Inventory, typed: Typed, started: Started | None = None
) -> InputError:
    with pytest.raises(InputError) as error:
        changed(plan, inventory, typed, started)
    return error.value


def waves_of(plan: Plan) -> dict[str, set[str]]:
    return {wave.id: {move.subsystem for move in wave.moves} for wave in plan.waves}


def test_a_plan_of_which_nothing_is_asked_stays_as_it_is() -> None:
    inventory = an_estate(24)
    plan = a_plan(inventory)
    new = changed(plan, inventory, Typed())
    assert new.moved == ()
    assert new.told == ()
    assert new.plan.waves == plan.waves


def test_one_pin_moves_one_subsystem_and_says_so() -> None:
    inventory = an_estate(24)
    plan = a_plan(inventory)
    name = max(plan.waves[-1].moves, key=lambda m: m.subsystem).subsystem
    there = min(plan.waves[1:-1], key=lambda wave: len(wave.moves)).id
    new = changed(plan, inventory, Typed(pins=[f"{name}={there}"]))
    assert [(m.subsystem, m.before, m.after, m.why) for m in new.moved][:1] == [
        (name, plan.waves[-1].id, there, f"asked for: --pin {name}={there}")
    ]
    assert len(new.moved) <= 2
    (pinned,) = [m for wave in new.plan.waves for m in wave.moves if m.pinned]
    assert pinned.subsystem == name
    assert broken_rules(new.plan, inventory) == []


@pytest.mark.parametrize("seed", range(6))
def test_whatever_is_asked_for_is_kept_and_nothing_hard_is_broken(seed: int) -> None:
    relations = (
        Relation(RelationKind.WITH, ids("s01", "s02"), "Ops", "one table"),
        Relation(RelationKind.BEFORE, ids("s03", "s09", "s15"), "Ops", "an order"),
    )
    inventory = an_estate(24, relations=relations)
    plan = a_plan(inventory)
    chance = Random(seed)
    free = ids("s05", "s08", "s10", "s12", "s16", "s20")
    waves = [wave.id for wave in plan.waves[1:]]
    pin, forbid = chance.sample(free, 2)
    pinned, forbidden = chance.choice(waves), chance.choice(waves)
    typed = Typed(pins=[f"{pin}={pinned}"], forbids=[f"{forbid}={forbidden}"])
    new = changed(plan, inventory, typed)
    assert pin in waves_of(new.plan)[pinned]
    assert forbid not in waves_of(new.plan)[forbidden]
    assert broken_rules(new.plan, inventory) == []
    was, now = wave_of(plan), wave_of(new.plan)
    assert {m.subsystem for m in new.moved} == {name for name in was if was[name] != now[name]}
    assert len(new.moved) <= 6


def test_smaller_waves_become_more_waves_where_there_is_no_room_left() -> None:
    inventory = an_estate(24)
    plan = a_plan(inventory)
    new = changed(plan, inventory, Typed(moves_per_wave_max=4))
    assert max(len(wave.moves) for wave in new.plan.waves) <= 4
    # The waves that there were have no room for all, so there is one more.
    assert any("is split (there is no room left under the limits)" in line for line in new.told)
    assert broken_rules(new.plan, inventory) == []


def test_whoever_is_driven_out_by_a_limit_knows_it() -> None:
    inventory = an_estate(24)
    plan = a_plan(inventory)
    full = max(plan.waves, key=lambda wave: len(wave.moves))
    most = len(full.moves)
    stranger = next(w for w in plan.waves if w.id not in {full.id, "w01"}).moves[0].subsystem
    typed = Typed(pins=[f"{stranger}={full.id}"], moves_per_wave_max=most)
    new = changed(plan, inventory, typed)
    driven = [moved for moved in new.moved if moved.before == full.id]
    assert [moved.why for moved in driven] == [
        f"else {full.id} would have {most + 1} moves, it may have {most}"
    ]
    assert broken_rules(new.plan, inventory) == []


def test_merged_waves_keep_the_first_id_and_all_others_keep_theirs() -> None:
    inventory = an_estate(24)
    plan = a_plan(inventory)
    plan = replace(plan, constraints=replace(plan.constraints, moves_per_wave_max=14))
    names = [wave.id for wave in plan.waves]
    typed = Typed(merges=[f"{names[2]}+{names[1]}"], pins=[f"s00={names[2]}"])
    was = waves_of(plan)
    new = changed(plan, inventory, typed)
    assert [wave.id for wave in new.plan.waves] == [*names[:2], *names[3:]]
    assert waves_of(new.plan)[names[1]] >= was[names[1]] | was[names[2]]
    assert new.told == (f"{names[2]} is merged into {names[1]} (--merge {names[2]}+{names[1]})",)
    assert "s00" in waves_of(new.plan)[names[1]]
    assert broken_rules(new.plan, inventory) == []


def test_a_merge_beyond_the_limits_and_with_the_pilot_are_refused_with_the_figures() -> None:
    inventory = an_estate(24)
    plan = a_plan(inventory)
    one, two = (wave.id for wave in plan.waves[1:3])
    error = refused(plan, inventory, Typed(merges=[f"{one}+{two}"], moves_per_wave_max=7))
    assert error.reference == "merge-too-large"
    assert "moves, a wave may have 7 (--moves-per-wave-max)" in error.faults[0].message
    error = refused(plan, inventory, Typed(merges=[f"w01+{two}"]))
    assert "w01 is the pilot" in error.faults[0].message


def test_a_split_wave_has_a_letter_for_its_later_half() -> None:
    inventory = an_estate(24)
    plan = a_plan(inventory)
    wave = max(plan.waves, key=lambda wave: len(wave.moves))
    second = sorted(m.subsystem for m in wave.moves)[:2]
    new = changed(plan, inventory, Typed(splits=[f"{wave.id}:{','.join(second)}"]))
    assert waves_of(new.plan)[f"{wave.id}b"] >= set(second)
    position = [each.id for each in new.plan.waves].index(wave.id)
    assert new.plan.waves[position + 1].id == f"{wave.id}b"
    assert broken_rules(new.plan, inventory) == []


def test_an_estate_that_changed_says_who_is_new_and_who_is_gone() -> None:
    plan = a_plan(an_estate(23))
    bigger = an_estate(24)
    new = changed(plan, bigger, Typed())
    assert [(m.subsystem, m.before, m.why) for m in new.moved if m.before is None] == [
        ("s23", None, "the plan did not have it")
    ]
    assert broken_rules(new.plan, bigger) == []
    assert new.plan.inventory.digest == bigger.digest
    smaller = changed(a_plan(bigger), an_estate(23), Typed())
    assert smaller.told == ("s23 does not move any more: the inventory does not have it",)


def test_what_has_started_stays_to_the_letter_and_the_rest_begins_when_it_may() -> None:
    inventory = an_estate(24)
    plan = a_plan(inventory)
    started = a_start(plan, 2, late=timedelta(hours=3))
    last = plan.waves[-1].moves[0].subsystem
    new = changed(plan, inventory, Typed(pins=[f"{last}={plan.waves[2].id}"]), started)
    assert new.plan.waves[:2] == plan.waves[:2]
    assert new.plan.waves[2].gate.at >= started.free_from
    assert all(m.start >= started.free_from for wave in new.plan.waves[2:] for m in wave.moves)
    assert broken_rules(new.plan, inventory) == []


def a_start(plan: Plan, waves: int, late: timedelta = timedelta()) -> Started:
    begun = plan.waves[:waves]
    free = max(move.end for wave in begun for move in wave.moves) + late
    switch = {m.subsystem: m.switch + late for wave in begun for m in wave.moves}
    return Started(waves, switch, free, {wave.id: "is accepted" for wave in begun})


def test_requests_about_what_has_started_are_refused_whoever_asks() -> None:
    inventory = an_estate(24)
    plan = a_plan(inventory)
    started = a_start(plan, 2)
    begun, later = plan.waves[1], plan.waves[2]
    mover, other = begun.moves[0].subsystem, later.moves[0].subsystem
    typed = Typed(
        pins=[f"{mover}={later.id}", f"{other}={begun.id}"], merges=[f"{begun.id}+{later.id}"],
        splits=["w01"],
    )  # fmt: skip
    error = refused(plan, inventory, typed, started)
    assert error.reference == "started-stays"
    assert [fault.path for fault in error.faults] == [
        f"--pin {mover}={later.id}",
        f"--pin {other}={begun.id}",
        f"--merge {begun.id}+{later.id}",
        "--split w01",
    ]
    assert error.faults[0].message == f"{begun.id} is accepted"


def test_where_nothing_near_fits_whoever_is_in_the_way_is_named() -> None:
    relations = (Relation(RelationKind.WITH, ids("s05", "s06"), "Ops", "one table"),)
    inventory = an_estate(24, relations=relations)
    plan = a_plan(inventory)
    everywhere = ",".join(wave.id for wave in plan.waves)
    error = refused(plan, inventory, Typed(forbids=[f"s05={everywhere}"]))
    assert error.reference == "no-near-plan"
    assert any("s05, s06" in fault.path for fault in error.faults)


def test_a_window_that_got_too_short_says_what_binds() -> None:
    plan = a_plan(an_estate(24))
    short = an_estate(
        24, calendar=Calendar("Europe/Stockholm", at("13 18:00"), at("13 21:00"), (), ())
    )
    assert refused(plan, short, Typed()).reference == "window-too-short"
