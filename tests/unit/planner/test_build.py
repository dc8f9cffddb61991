"""make_plan: from an inventory and pairs to the whole document, the same for the same seed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import at, ids
from migrator.errors import InputError
from migrator.graph.build import build_graph
from migrator.ids import SubsystemId, WaveId
from migrator.inventory.model import Calendar, Inventory, Kind, Relation, RelationKind, Role
from migrator.links.table import LinkTable, Pair
from migrator.plan.model import Constraints, Plan
from migrator.planner.build import make_plan, plan_estate
from weekend_estates import (
    DAY,
    a_mover,
    a_ring,
    an_estate,
    broken_rules,
    pairs_of,
    somebody,
    two_teams,
    wave_of,
)


def a_plan(inventory: Inventory, pairs: tuple[Pair, ...] = (), **options: object) -> Plan:
    facts: dict[str, object] = {"seed": 1, "evaluations": 30, "name": "p", "path": "estate"}
    return make_plan(inventory, pairs, **{**facts, **options})  # type: ignore[arg-type]  # a test's own


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_the_smallest_estates_get_an_answer(count: int) -> None:
    inventory = an_estate(count)
    plan = a_plan(inventory)
    assert sum(len(wave.moves) for wave in plan.waves) == count
    assert broken_rules(plan, inventory) == []
    assert plan.figures.exposure_hours == 0


def test_seventy_seven_subsystems_get_eight_to_ten_waves_and_a_pilot() -> None:
    plan = a_plan(an_estate(77), a_ring(77, 7))
    assert 8 <= len(plan.waves) <= 10
    assert [wave.pilot for wave in plan.waves] == [True] + [False] * (len(plan.waves) - 1)
    assert [wave.id for wave in plan.waves][:2] == ["w01", "w02"]


def test_the_document_carries_its_inputs() -> None:
    inventory = an_estate(3)
    table = LinkTable(count=7, digest="d" * 64, parquet=None, by_protocol={})
    plan = a_plan(inventory, links=table, name="mine")
    assert (plan.name, plan.inventory.path, plan.inventory.name) == (
        "mine", "estate", "Small estate",
    )  # fmt: skip
    assert plan.inventory.digest == inventory.digest
    assert (plan.inventory.links, plan.inventory.links_digest) == (7, "d" * 64)
    assert (plan.source, plan.target) == ("hall", "cluster")
    assert set(plan.recipes) == {"stateless", "stateful", "batch"}


def test_what_stays_is_listed_and_a_partner_is_not() -> None:
    stays = replace(a_mover(8), kind=Kind.STAYS, reason="old", review_date=None)
    partner = replace(a_mover(9), kind=Kind.EXTERNAL)
    plan = a_plan(an_estate(1, subsystems=(a_mover(0), stays, partner)))
    assert [(stay.subsystem, stay.reason) for stay in plan.stays] == [("s08", "old")]
    assert [move.subsystem for wave in plan.waves for move in wave.moves] == ["s00"]


def test_a_graph_gives_the_same_plan_as_its_pairs() -> None:
    inventory, pairs = an_estate(6), pairs_of((3, 1, 5), (0, 2, 7))
    assert a_plan(inventory, pairs) == make_plan(
        inventory, build_graph(inventory, pairs), seed=1, evaluations=30, name="p", path="estate"
    )


def test_the_order_of_the_pairs_means_nothing() -> None:
    inventory, pairs = an_estate(12), a_ring(12, 3)
    assert a_plan(inventory, pairs) == a_plan(inventory, pairs[::-1])


def test_times_are_shown_by_the_clocks_of_the_window_even_when_they_change() -> None:
    # The clocks are set back on Sunday 29 October at 03:00; the window begins an hour before.
    calendar = Calendar("Europe/Stockholm", at("29 02:00"), at("30 06:00"), (), ())
    people = replace(two_teams(2, 3), shifts=(), teams=())
    plan = a_plan(an_estate(12, calendar=calendar, people=people), moves_per_wave_max=2)
    offsets = [move.start.strftime("%z") for wave in plan.waves for move in wave.moves]
    assert offsets[0] == "+0200"
    assert offsets[-1] == "+0100"


def test_the_people_at_the_gate_are_those_on_shift() -> None:
    people = two_teams(2, 3, [somebody("dee", Role.DECISION_MAKER, DAY)])
    plan = a_plan(an_estate(2, people=people))
    assert plan.waves[0].gate.deciders == ("dora",)  # Friday evening: dee comes on Saturday
    assert plan.waves[0].lead == "walt"


def test_an_estate_without_named_people_says_so() -> None:
    people = replace(two_teams(2, 3), people=())
    plan = a_plan(an_estate(2, people=people))
    assert plan.waves[0].gate.deciders == ()
    assert plan.waves[0].lead is None
    assert "gate: nobody is named, the gate takes anybody" in plan.assumed
    assert "check s00: nobody is named, anybody may verify" in plan.assumed


def test_what_was_assumed_in_the_inventory_is_listed() -> None:
    mover = a_mover(0, assumed=("durations.move", "team"))
    plan = a_plan(an_estate(1, subsystems=(mover,), assumed=("calendar.window",)))
    assert {"s00: durations.move", "s00: team", "inventory: calendar.window"} <= set(plan.assumed)
    assert list(plan.assumed) == sorted(plan.assumed)


def test_the_largest_wave_may_be_set_alone() -> None:
    plan = a_plan(an_estate(10), moves_per_wave_max=3)
    assert max(len(wave.moves) for wave in plan.waves) == 3
    assert plan.constraints.moves_per_wave_max == 3


def test_given_constraints_are_kept() -> None:
    wanted = Constraints(4, 1, 3, {SubsystemId("s05"): (WaveId("w01"), WaveId("w02"))})
    inventory = an_estate(10)
    plan = a_plan(inventory, constraints=wanted)
    assert plan.constraints == wanted
    assert broken_rules(plan, inventory) == []
    assert "s05" not in {m.subsystem for wave in plan.waves[:2] for m in wave.moves}


def test_a_pinned_subsystem_stays_in_its_wave() -> None:
    for wave in (2, 3, 4):
        plan = a_plan(an_estate(16), a_ring(16, 4), pins={SubsystemId("s05"): WaveId(f"w0{wave}")})
        home = {move.subsystem: move for move in plan.waves[wave - 1].moves}
        assert home[SubsystemId("s05")].pinned
        assert not any(move.pinned for name, move in home.items() if name != "s05")


def test_pins_that_contradict_an_order_are_refused() -> None:
    order = Relation(RelationKind.BEFORE, ids("s01", "s02"), "Owner", "because")
    pins = {SubsystemId("s01"): WaveId("w03"), SubsystemId("s02"): WaveId("w02")}
    with pytest.raises(InputError) as refused:
        a_plan(an_estate(16, relations=(order,)), pins=pins)
    assert refused.value.reference == "no-wave-fits"
    assert [fault.path for fault in refused.value.faults] == ["s01", "s02", ""]
    assert "enough to free s01: then there are waves for all" in refused.value.faults[2].message


def test_a_pin_takes_along_whoever_must_switch_before() -> None:
    order = Relation(RelationKind.BEFORE, ids("s07", "s01", "s02"), "Owner", "because")
    plan = a_plan(an_estate(16, relations=(order,)), pins={SubsystemId("s02"): WaveId("w02")})
    waves = wave_of(plan)
    assert waves[SubsystemId("s02")] == 1
    assert waves[SubsystemId("s07")] <= waves[SubsystemId("s01")] <= 1


def test_as_many_as_a_wave_holds_may_be_pinned_to_it() -> None:
    pins = {SubsystemId(f"s{n:02d}"): WaveId("w03") for n in range(7)}
    waves = wave_of(a_plan(an_estate(16), pins=pins))
    assert all(waves[name] == 2 for name in pins)


def test_figures_are_those_of_the_plan() -> None:
    inventory, pairs = an_estate(12), a_ring(12, 3)
    plan = a_plan(inventory, pairs)
    last = max(move.end for wave in plan.waves for move in wave.moves)
    length = (last - plan.window.start).total_seconds() / 3600
    assert plan.figures.makespan_hours == pytest.approx(length, abs=0.001)
    assert plan.figures.seed == 1
    assert plan.figures.evaluations == 30
    assert plan.figures.unwind_all_hours >= 0.5  # the longest single unwind of a_mover


def test_undoing_everything_is_the_longest_chain_of_linked_moves() -> None:
    # Three linked moves go back one after the other, 15 minutes each; without links at once.
    chain = a_plan(an_estate(3), pairs_of((0, 1, 5), (1, 2, 5), (0, 2, 5)))
    assert chain.figures.unwind_all_hours == pytest.approx(0.75)
    assert a_plan(an_estate(3)).figures.unwind_all_hours == pytest.approx(0.25)


def test_the_peers_are_the_orders_that_people_would_take() -> None:
    planned = plan_estate(an_estate(12), a_ring(12, 3), seed=1, evaluations=30, name="p", path="e")
    assert set(planned.peers) == {"layering", "risk ascending", "growth"}
    assert planned.plan.figures.exposure_hours <= min(
        peer.exposure_hours for peer in planned.peers.values() if peer.valid
    )


def test_a_thousand_subsystems_without_links_get_an_answer() -> None:
    calendar = Calendar("Europe/Stockholm", at("13 18:00"), at("23 06:00"), (), ())
    people = replace(two_teams(40, 40), shifts=())
    moves = tuple(a_mover(n, id=SubsystemId(f"s{n:04d}")) for n in range(1000))
    people = replace(people, teams=())
    plan = a_plan(
        an_estate(0, subsystems=moves, calendar=calendar, people=people), evaluations=None
    )
    assert sum(len(wave.moves) for wave in plan.waves) == 1000
