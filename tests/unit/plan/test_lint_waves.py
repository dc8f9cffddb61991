"""Who is in which wave, with whom, and who decides: every rule, broken by one edit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from migrator.ids import PersonId, SubsystemId, TeamId, WaveId
from migrator.inventory.model import Inventory, Kind, People, Relation, RelationKind, Role
from migrator.plan.findings import Severity
from migrator.plan.lint_waves import lint_waves
from migrator.plan.model import Plan, PlannedGate, PlannedWave, Stay
from small_plan import (
    a_move,
    a_plan,
    an_inventory,
    at,
    with_move,
    with_wave,
)


def told(plan: Plan, inventory: Inventory | None = None) -> list[tuple[str, str]]:
    return [(f.rule, f.place) for f in lint_waves(plan, inventory or an_inventory())]


def people_without(role: Role) -> People:
    people = an_inventory().people
    return replace(
        people,
        people=tuple(
            replace(person, roles=tuple(r for r in person.roles if r is not role))
            for person in people.people
        ),
    )


def test_the_small_plan_holds() -> None:
    assert told(a_plan()) == []


def test_a_move_that_stands_twice_is_told() -> None:
    again = a_move("web", Kind.STATELESS, "14 06:00", "14 06:40", "14 08:00")
    wave = a_plan().waves[1]
    plan = with_wave(a_plan(), "w2", moves=(*wave.moves[:2], again))
    assert ("moves-twice", "waves[1].moves[2].subsystem") in told(plan)


def test_a_subsystem_in_no_wave_is_told() -> None:
    plan = with_wave(a_plan(), "w2", moves=a_plan().waves[1].moves[:2])
    assert told(plan) == [("in-no-wave", "waves")]


def test_a_plan_without_waves_is_told() -> None:
    rules = [rule for rule, _ in told(a_plan(waves=()))]
    assert rules == ["in-no-wave"] * 4 + ["no-waves"]


@pytest.mark.parametrize(
    ("name", "rule"),
    [("wep", "unknown-subsystem"), ("cobol", "does-not-move"), ("bank", "does-not-move")],
)
def test_what_does_not_move_is_told(name: str, rule: str) -> None:
    extra = a_move(name, Kind.STATELESS, "13 18:30", "13 19:10", "13 20:30")
    plan = with_wave(a_plan(), "w1", moves=(*a_plan().waves[0].moves, extra))
    assert (rule, "waves[0].moves[1].subsystem") in told(plan)


def test_an_unknown_subsystem_names_the_nearest_known_one() -> None:
    extra = a_move("paymens", Kind.STATELESS, "13 18:30", "13 19:10", "13 20:30")
    plan = with_wave(a_plan(), "w1", moves=(*a_plan().waves[0].moves, extra))
    assert any("'payments'" in f.message for f in lint_waves(plan, an_inventory()))


def test_the_list_of_what_stays_is_held_against_the_inventory() -> None:
    stays = (Stay(SubsystemId("web"), "no", None), Stay(SubsystemId("kobol"), "no", None))
    assert told(a_plan(stays=stays)) == [
        ("does-not-stay", "stays[0].subsystem"),
        ("unknown-subsystem", "stays[1].subsystem"),
        ("stay-not-listed", "stays"),
    ]


@pytest.mark.parametrize(
    ("move", "change", "rule", "place"),
    [
        ("web", {"recipe": "statefull"}, "unknown-recipe", "waves[0].moves[0].recipe"),
        ("web", {"recipe": "stateful"}, "recipe-does-not-fit", "waves[0].moves[0].recipe"),
        ("ledger", {"recipe": "stateless"}, "recipe-does-not-fit", "waves[1].moves[0].recipe"),
        ("web", {"team": "bleu"}, "unknown-team", "waves[0].moves[0].team"),
    ],
)
def test_a_recipe_or_a_team_that_does_not_fit_is_told(
    move: str, change: dict[str, object], rule: str, place: str
) -> None:
    assert told(with_move(a_plan(), move, **change)) == [(rule, place)]


def test_a_batch_subsystem_may_use_the_stateful_recipe() -> None:
    assert told(with_move(a_plan(), "night", recipe="stateful")) == []


def test_another_team_than_the_owners_is_a_warning() -> None:
    inventory = an_inventory()
    green = replace(inventory.people.teams[0], id=TeamId("green"))
    people = replace(inventory.people, teams=(*inventory.people.teams, green))
    (finding,) = lint_waves(
        with_move(a_plan(), "web", team=TeamId("green")), an_inventory(people=people)
    )
    assert (finding.rule, finding.severity) == ("other-team", Severity.WARNING)


# --- relations -----------------------------------------------------------------------------------


def roomy(plan: Plan) -> Plan:
    """The plan without limits that would speak up as well."""
    constraints = replace(
        plan.constraints, pilot_criticality_max=5, moves_per_wave_max=9, forbidden_waves={}
    )
    return replace(plan, constraints=constraints)


def test_moves_that_go_together_must_be_in_one_wave() -> None:
    plan = roomy(with_move(a_plan(), "night", wave="w1"))
    assert told(plan) == [("with", "waves[0].moves[1]")]


def test_what_comes_before_must_not_be_in_a_later_wave() -> None:
    plan = roomy(with_move(a_plan(), "payments", wave="w1"))
    assert ("before", "waves[1].moves[0]") in told(plan)


def test_what_comes_before_must_switch_first_in_the_same_wave() -> None:
    plan = with_move(a_plan(), "payments", switch=at("14 06:59"))
    assert told(plan) == [("before", "waves[1].moves[2].switch")]


def test_a_relation_looks_past_members_that_do_not_move() -> None:
    relation = Relation(
        RelationKind.BEFORE,
        (SubsystemId("payments"), SubsystemId("cobol"), SubsystemId("web")),
        "finance",
        "because",
    )
    assert told(a_plan(), an_inventory(relations=(relation,))) == [("before", "waves[1].moves[2]")]


# --- limits of a wave ----------------------------------------------------------------------------


def limited(**changes: object) -> Plan:
    return a_plan(constraints=replace(a_plan().constraints, **changes))  # type: ignore[arg-type]


def test_a_wave_with_too_many_moves_is_told() -> None:
    assert told(limited(moves_per_wave_max=2)) == [("wave-too-large", "waves[1].moves")]


def test_a_wave_with_too_many_critical_moves_is_told() -> None:
    assert told(limited(critical_moves_per_wave_max=0)) == [("too-many-critical", "waves[1].moves")]


def test_a_forbidden_wave_is_told() -> None:
    plan = limited(forbidden_waves={SubsystemId("night"): (WaveId("w2"),)})
    assert told(plan) == [("forbidden-wave", "waves[1].moves[1]")]


def test_a_wave_that_moves_nothing_is_told() -> None:
    empty = PlannedWave(
        WaveId("w3"),
        "Empty",
        pilot=False,
        gate=PlannedGate(at("14 12:00"), (PersonId("anna"),)),
        lead=None,
        moves=(),
    )
    assert told(a_plan(waves=(*a_plan().waves, empty))) == [("empty-wave", "waves[2].moves")]


def test_a_wave_id_that_is_used_twice_is_told() -> None:
    plan = with_wave(a_plan(), "w2", id=WaveId("w1"))
    plan = replace(plan, constraints=replace(plan.constraints, forbidden_waves={}))
    assert told(plan) == [("wave-twice", "waves[1].id")]


# --- the pilot -----------------------------------------------------------------------------------


def test_a_pilot_comes_first() -> None:
    plan = with_wave(with_wave(a_plan(), "w2", pilot=True), "w1", pilot=False)
    assert ("pilot-not-first", "waves[1].pilot") in told(plan)


def test_two_pilots_may_go_first() -> None:
    plan = roomy(with_wave(a_plan(), "w2", pilot=True))
    assert ("pilot-not-first", "waves[1].pilot") not in told(plan)


def test_a_pilot_is_nothing_critical() -> None:
    assert told(limited(pilot_criticality_max=1)) == [("pilot-too-critical", "waves[0].moves[0]")]


def test_criticality_5_in_the_pilot_is_a_warning_where_it_is_allowed() -> None:
    inventory = an_inventory(
        subsystems=tuple(
            replace(s, criticality=5) if s.id == "web" else s for s in an_inventory().subsystems
        )
    )
    (finding,) = lint_waves(limited(pilot_criticality_max=5), inventory)
    assert (finding.rule, finding.severity) == ("critical-pilot", Severity.WARNING)


def test_a_plan_of_many_waves_without_a_pilot_is_a_warning() -> None:
    assert told(with_wave(a_plan(), "w1", pilot=False)) == [("no-pilot", "waves")]


def test_a_plan_of_one_wave_needs_no_pilot() -> None:
    moves = tuple(move for wave in a_plan().waves for move in wave.moves)
    plan = roomy(with_wave(a_plan(waves=a_plan().waves[1:]), "w2", moves=moves))
    assert told(plan) == []


def test_an_unknown_subsystem_in_the_pilot_is_told_once() -> None:
    extra = a_move("wep", Kind.STATELESS, "13 18:30", "13 19:10", "13 20:30")
    plan = with_wave(a_plan(), "w1", moves=(*a_plan().waves[0].moves, extra))
    assert told(plan) == [("unknown-subsystem", "waves[0].moves[1].subsystem")]


# --- people --------------------------------------------------------------------------------------


def decided_by(*who: str) -> Plan:
    gate = replace(a_plan().waves[0].gate, deciders=tuple(PersonId(name) for name in who))
    return with_wave(a_plan(), "w1", gate=gate)


@pytest.mark.parametrize(
    ("plan", "rule", "place"),
    [
        (lambda: decided_by("ana"), "unknown-person", "waves[0].gate.deciders[0]"),
        (lambda: decided_by("anna", "david"), "wrong-role", "waves[0].gate.deciders[1]"),
        (decided_by, "nobody-decides", "waves[0].gate.deciders"),
        (
            lambda: with_wave(a_plan(), "w1", lead=PersonId("bertil")),
            "wrong-role",
            "waves[0].lead",
        ),
    ],
)
def test_those_who_decide_and_lead_must_have_the_role(
    plan: Callable[[], Plan], rule: str, place: str
) -> None:
    assert told(plan()) == [(rule, place)]


def test_a_wave_without_a_lead_is_fine() -> None:
    assert told(with_wave(a_plan(), "w1", lead=None)) == []


def test_where_the_estate_names_no_decision_makers_anybody_decides_with_a_warning() -> None:
    inventory = an_inventory(people=people_without(Role.DECISION_MAKER))
    findings = lint_waves(decided_by(), inventory)
    mine = [f for f in findings if f.place.startswith("waves[0]")]
    assert [(f.rule, f.severity) for f in mine] == [("anybody-decides", Severity.WARNING)]


def test_a_subsystem_in_no_function_gets_a_check_of_its_own_team_and_a_warning() -> None:
    (finding,) = lint_waves(a_plan(), an_inventory(functions=an_inventory().functions[:1]))
    assert (finding.rule, finding.place) == ("team-check", "waves[0]")
    assert "web" in finding.message
