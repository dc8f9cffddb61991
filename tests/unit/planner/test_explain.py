"""explain: why a subsystem moves when it does, and what one wave to either side would change."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from builders import at, ids
from migrator.errors import InputError
from migrator.ids import SubsystemId, WaveId
from migrator.inventory.model import (
    Calendar,
    FixedDate,
    Inventory,
    Kind,
    Relation,
    RelationKind,
)
from migrator.links.table import Pair
from migrator.plan.model import Plan
from migrator.planner.build import make_plan
from migrator.planner.decode import decode
from migrator.planner.explain import Explanation, explain, with_moves_in
from migrator.planner.problem import build_problem
from migrator.planner.rules import find_rules
from weekend_estates import a_mover, a_ring, an_estate


def a_plan(inventory: Inventory, pairs: tuple[Pair, ...]) -> Plan:
    return make_plan(inventory, pairs, seed=1, evaluations=60, name="p", path="estate")


def explained(name: str, **changes: object) -> Explanation:
    inventory, pairs = an_estate(16, **changes), a_ring(16, 4)
    return explain(a_plan(inventory, pairs), inventory, pairs, SubsystemId(name))


def test_every_placement_of_a_plan_can_be_explained() -> None:
    inventory, pairs = an_estate(16), a_ring(16, 4)
    plan = a_plan(inventory, pairs)
    for number, wave in enumerate(plan.waves):
        for move in wave.moves:
            found = explain(plan, inventory, pairs, move.subsystem)
            assert (found.wave, found.place, found.waves) == (wave.id, number + 1, len(plan.waves))
            assert (found.start, found.switch, found.end) == (move.start, move.switch, move.end)
            assert found.because
            assert not any("not the planner's own" in why for why in found.because)
            assert (found.earlier is None) == (number == 0)
            assert (found.later is None) == (number == len(plan.waves) - 1)


def test_a_neighbouring_wave_costs_what_the_decoder_says_or_is_refused_with_a_reason() -> None:
    inventory, pairs = an_estate(16), a_ring(16, 4)
    plan = a_plan(inventory, pairs)
    rules = find_rules(inventory)
    problem = build_problem(inventory, pairs, rules, plan.policy, plan.recipes)
    waves = [[problem.index[move.subsystem] for move in wave.moves] for wave in plan.waves]
    possible = 0
    for number, wave in enumerate(waves):
        for i in wave:
            found = explain(plan, inventory, pairs, problem.ids[i])
            for there, other in ((number - 1, found.earlier), (number + 1, found.later)):
                if other is None or other.refused is not None:
                    assert other is None or other.exposure_change_hours is None
                    continue
                changed = [[k for k in moves if k != i] for moves in waves]
                changed[there].append(i)
                now, then = decode(problem, waves), decode(problem, changed)
                split = (then.exposure - now.exposure) / 12 / problem.weight
                assert other.exposure_change_hours == pytest.approx(split, abs=0.0001)
                assert other.end_change_hours == pytest.approx(
                    (then.last - now.last) / 12, abs=0.01
                )
                possible += split != 0
    assert possible > 3


def test_declared_relations_are_reasons() -> None:
    relations = (
        Relation(RelationKind.WITH, ids("s05", "s06"), "Owner", "one table"),
        Relation(RelationKind.BEFORE, ids("s05", "s09"), "Other", "an order"),
    )
    found = explained("s05", relations=relations)
    assert found.together == ("s06",)
    assert found.relations == relations
    assert any("bind it to s06" in why for why in found.because)
    assert any("must switch before s09" in why for why in found.because)
    assert any(
        "s05 must switch before it" in why for why in explained("s09", relations=relations).because
    )


def test_an_appointment_is_a_reason() -> None:
    date = FixedDate("date", ids("s07")[0], at("14 10:00"), at("14 12:00"), "bank")
    calendar = Calendar("Europe/Stockholm", at("13 18:00"), at("16 06:00"), (), (date,))
    found = explained("s07", calendar=calendar)
    assert found.because[0].startswith("its switch has an appointment with bank")


def test_the_strongest_neighbours_come_first_and_what_stays_is_split_for_good() -> None:
    stays = replace(a_mover(16), kind=Kind.STAYS, reason="old")
    moves = (*(a_mover(n) for n in range(16)), stays)
    inventory = an_estate(16, subsystems=moves)
    pairs = (*a_ring(16, 4), *[replace(p, target=stays.id, weight=5) for p in a_ring(16, 4)[:1]])
    plan = a_plan(inventory, pairs)
    found = explain(plan, inventory, pairs, SubsystemId("s00"))
    assert [n.share for n in found.neighbours] == sorted(
        (n.share for n in found.neighbours), reverse=True
    )
    last = next(n for n in found.neighbours if n.subsystem == stays.id)
    assert (last.wave, last.switch, last.split_hours) == (None, None, None)
    other = found.neighbours[0]
    assert other.switch is not None
    assert other.split_hours == abs(other.switch - found.switch) / timedelta(hours=1)


def test_a_hand_edited_time_is_not_explained_away() -> None:
    inventory, pairs = an_estate(16), a_ring(16, 4)
    plan = a_plan(inventory, pairs)
    wave = plan.waves[-1]
    late = replace(wave.moves[-1], start=wave.moves[-1].start + timedelta(minutes=7))
    waves = (*plan.waves[:-1], replace(wave, moves=(*wave.moves[:-1], late)))
    found = explain(replace(plan, waves=waves), inventory, pairs, late.subsystem)
    assert any("not the planner's own" in why for why in found.because)


def test_an_unknown_name_and_one_that_stays_are_told_apart() -> None:
    stays = replace(a_mover(3), kind=Kind.STAYS, reason="runs on the mainframe")
    inventory = an_estate(3, subsystems=(a_mover(0), a_mover(1), stays))
    plan = a_plan(inventory, ())
    with pytest.raises(InputError, match="did you mean 's01'") as unknown:
        explain(plan, inventory, (), SubsystemId("s011"))
    assert unknown.value.reference == "unknown-subsystem"
    with pytest.raises(InputError, match="runs on the mainframe") as staying:
        explain(plan, inventory, (), SubsystemId("s03"))
    assert staying.value.reference == "not-in-plan"


def test_who_verifies_is_told() -> None:
    assert explained("s00").checks[0].function is None
    assert explained("s00").checks[0].eligible == 0


def test_a_neighbouring_wave_says_what_undoing_everything_would_take() -> None:
    inventory, pairs = an_estate(16), a_ring(16, 4)
    plan = a_plan(inventory, pairs)
    found = [explain(plan, inventory, pairs, s.id) for s in inventory.moving]
    tried = [o for f in found for o in (f.earlier, f.later) if o is not None and not o.refused]
    assert tried
    changes = [other.unwind_change_hours for other in tried]
    assert all(change is not None for change in changes)
    # Whoever is linked goes back one after the other, so the order of the switches matters.
    assert any(changes)


def test_waves_with_ids_of_their_own_are_not_taken_for_numbers() -> None:
    inventory, pairs = an_estate(16), a_ring(16, 4)
    plan = a_plan(inventory, pairs)
    first, second, *rest = plan.waves
    plan = replace(plan, waves=(first, replace(second, id=WaveId("w09")), *rest))
    mover = rest[0].moves[0].subsystem
    forbidden = replace(plan.constraints, forbidden_waves={mover: (WaveId("w09"),)})
    found = explain(replace(plan, constraints=forbidden), inventory, pairs, mover)
    assert found.earlier is not None
    assert found.earlier.refused == "a person forbade w09 for it (constraints)"


def test_a_plan_with_moves_in_another_wave_is_the_same_but_for_them() -> None:
    plan = a_plan(an_estate(16), a_ring(16, 4))
    mover, there = plan.waves[1].moves[0].subsystem, plan.waves[2].id
    other = with_moves_in(plan, {mover}, there)
    assert [len(w.moves) for w in other.waves[1:3]] == [
        len(plan.waves[1].moves) - 1,
        len(plan.waves[2].moves) + 1,
    ]
    assert other.waves[2].moves[-1].subsystem == mover
