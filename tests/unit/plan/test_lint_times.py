"""Planned times against the window, the gates, the calendar and the people."""

from __future__ import annotations

from dataclasses import replace

import pytest

from migrator.ids import PersonId, ShiftId, SubsystemId, TeamId
from migrator.inventory.model import Blackout, Estimate, FixedDate, Inventory, Role
from migrator.plan.findings import Finding, Severity
from migrator.plan.lint_times import lint_times, switches
from migrator.plan.model import Plan, PlannedGate, StepKind, Window
from migrator.plan.recipes import DEFAULT_POLICY
from small_plan import a_person, a_plan, an_inventory, at, with_move, with_wave


def findings(plan: Plan, inventory: Inventory | None = None) -> list[Finding]:
    return list(lint_times(plan, inventory or an_inventory()))


def told(plan: Plan, inventory: Inventory | None = None) -> list[tuple[str, str]]:
    return [(f.rule, f.place) for f in findings(plan, inventory)]


def gate_at(plan: Plan, wave: str, text: str) -> Plan:
    return with_wave(plan, wave, gate=PlannedGate(at(text), (PersonId("anna"),)))


def with_subsystem(name: str, **changes: object) -> Inventory:
    return an_inventory(
        subsystems=tuple(
            replace(s, **changes) if s.id == name else s  # type: ignore[arg-type]  # test data
            for s in an_inventory().subsystems
        )
    )


def test_the_small_plan_holds() -> None:
    assert told(a_plan()) == []


# --- the window ----------------------------------------------------------------------------------


def test_a_plan_longer_than_its_window_says_by_how_much() -> None:
    window = Window(at("13 18:00"), at("14 09:15"), "Europe/Stockholm")
    found = findings(a_plan(window=window))
    (long,) = [f for f in found if f.rule == "window-too-short"]
    assert "45m longer" in long.message
    assert long.place == "waves[1].moves[2].end"


def test_another_window_than_the_calendars_is_a_warning() -> None:
    window = Window(at("13 18:00"), at("15 12:00"), "Europe/Stockholm")
    (finding,) = findings(a_plan(window=window))
    assert (finding.rule, finding.severity) == ("other-window", Severity.WARNING)


def test_a_window_that_ends_before_it_starts_is_told() -> None:
    window = Window(at("15 18:00"), at("13 18:00"), "Europe/Stockholm")
    assert ("window", "window.end") in told(a_plan(window=window))


def test_a_plan_without_waves_fits_every_window() -> None:
    assert told(a_plan(waves=())) == []


def test_a_move_before_the_window_is_told() -> None:
    plan = gate_at(with_move(a_plan(), "web", start=at("13 17:50")), "w1", "13 17:50")
    assert told(plan)[:2] == [
        ("before-window", "waves[0].moves[0].start"),
        ("gate-outside-window", "waves[0].gate.at"),
    ]


# --- gates and order -----------------------------------------------------------------------------


def test_a_move_before_its_gate_is_told() -> None:
    assert told(gate_at(a_plan(), "w1", "13 18:35")) == [("before-gate", "waves[0].moves[0].start")]


def test_a_gate_before_the_wave_before_it_is_verified_is_told() -> None:
    assert told(gate_at(a_plan(), "w2", "13 19:50")) == [("wave-order", "waves[1].gate.at")]


def test_a_gate_as_soon_as_the_wave_before_it_is_verified_holds() -> None:
    assert told(gate_at(a_plan(), "w2", "13 20:00")) == []


def test_where_waves_wait_for_acceptance_the_soak_counts_too() -> None:
    policy = replace(DEFAULT_POLICY, next_wave_when="accepted")
    assert told(gate_at(a_plan(policy=policy), "w2", "13 20:00")) == [
        ("wave-order", "waves[1].gate.at")
    ]


def test_an_empty_wave_does_not_change_what_the_next_one_waits_for() -> None:
    waves = a_plan().waves
    empty = replace(waves[0], moves=(), gate=PlannedGate(at("13 21:00"), ()))
    early = replace(waves[1], gate=PlannedGate(at("13 19:50"), ()))
    assert ("wave-order", "waves[2].gate.at") in told(a_plan(waves=(waves[0], empty, early)))


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"switch": at("13 18:20")}, "waves[0].moves[0].switch"),
        ({"end": at("13 19:00")}, "waves[0].moves[0].end"),
    ],
)
def test_the_three_times_of_a_move_are_in_order(change: dict[str, object], place: str) -> None:
    assert ("times-order", place) in told(with_move(a_plan(), "web", **change))


# --- the calendar --------------------------------------------------------------------------------


def blackout(start: str, end: str, *members: str) -> Inventory:
    slot = Blackout("run", at(start), at(end), tuple(SubsystemId(m) for m in members), "why")
    calendar = replace(an_inventory().calendar, blackouts=(slot,))
    return an_inventory(calendar=calendar)


@pytest.mark.parametrize(
    ("start", "end", "faulty"),
    [
        ("14 07:00", "14 07:05", False),  # ledger's switch is done at 07:00
        ("14 06:59", "14 07:05", True),
        # 42 % of its hour lie from quiesce to the end of the switch: it closes at 06:34:48.
        ("14 06:00", "14 06:34", False),
        ("14 06:00", "14 06:35", True),
    ],
)
def test_from_quiesce_to_switch_no_blackout_may_be_touched(
    start: str, end: str, *, faulty: bool
) -> None:
    expected = [("blackout", "waves[1].moves[0].switch")] if faulty else []
    assert told(a_plan(), blackout(start, end, "ledger")) == expected


def test_a_stateless_move_is_closed_only_while_it_switches() -> None:
    assert told(a_plan(), blackout("13 18:30", "13 19:05", "web")) == []
    assert told(a_plan(), blackout("13 18:30", "13 19:06", "web")) == [
        ("blackout", "waves[0].moves[0].switch")
    ]


def test_a_blackout_for_all_touches_everybody() -> None:
    assert len(told(a_plan(), blackout("14 06:58", "14 07:05"))) == 2


def fixed(start: str, end: str, name: str = "payments") -> Inventory:
    date = FixedDate("swift", SubsystemId(name), at(start), at(end), "the bank")
    calendar = replace(an_inventory().calendar, fixed_dates=(date,))
    return an_inventory(calendar=calendar)


@pytest.mark.parametrize(
    ("start", "end", "faulty"),
    [
        ("14 08:30", "14 08:30", False),
        ("14 08:31", "14 09:00", True),
        ("14 08:00", "14 08:29", True),
    ],
)
def test_an_appointment_is_kept_by_the_switch(start: str, end: str, *, faulty: bool) -> None:
    expected = [("fixed-date", "waves[1].moves[2].switch")] if faulty else []
    assert told(a_plan(), fixed(start, end)) == expected


def test_what_a_recipe_or_a_subsystem_lacks_is_told_elsewhere_and_not_here() -> None:
    assert told(with_move(a_plan(), "web", recipe="none")) == []
    assert told(with_move(a_plan(), "web", subsystem=SubsystemId("wep"))) == []
    assert told(with_move(a_plan(), "web", subsystem=SubsystemId("cobol"))) == []
    steps = tuple(s for s in a_plan().recipes["stateless"].steps if s.kind is not StepKind.SWITCH)
    bare = replace(a_plan().recipes["stateless"], steps=steps)
    assert told(a_plan(recipes={**a_plan().recipes, "stateless": bare})) == []


# --- tight times ---------------------------------------------------------------------------------


def test_times_that_an_ordinary_run_would_not_keep_are_a_warning() -> None:
    plan = with_move(a_plan(), "web", start=at("13 18:50"))
    (finding,) = findings(plan)
    assert (finding.rule, finding.severity) == ("too-tight", Severity.WARNING)


def test_a_step_above_its_limit_is_a_warning() -> None:
    policy = replace(DEFAULT_POLICY, step_minutes_max=30.0)
    found = findings(a_plan(policy=policy))
    assert {f.rule for f in found} == {"step-over-limit"}
    assert all("copy" in f.message for f in found)  # 40 % of 80 minutes


def test_a_drain_that_the_fence_will_cut_is_a_warning() -> None:
    web = an_inventory().by_id[SubsystemId("web")]
    inventory = with_subsystem("web", durations={**web.durations, "drain": Estimate(3, 4)})
    (finding,) = findings(a_plan(), inventory)
    assert (finding.rule, finding.severity) == ("drain-cut-short", Severity.WARNING)


# --- people --------------------------------------------------------------------------------------


def with_seats(fri: int, sat: int) -> Inventory:
    people = an_inventory().people
    team = replace(people.teams[0], seats={ShiftId("fri"): fri, ShiftId("sat"): sat})
    return an_inventory(people=replace(people, teams=(team,)))


def test_more_moves_in_hand_than_seats_are_told_with_their_names() -> None:
    (finding,) = findings(a_plan(), with_seats(1, 1))
    assert (finding.rule, finding.place) == ("team-seats", "waves[1].moves[1].start")
    assert "ledger, night" in finding.message


def test_seats_of_another_shift_do_not_help() -> None:
    assert told(a_plan(), with_seats(0, 2)) == [("team-seats", "waves[0].moves[0].start")]


def test_a_team_that_the_inventory_does_not_know_has_the_assumed_seats() -> None:
    assert told(with_move(a_plan(), "web", team=TeamId("nobody"))) == []
    people = replace(an_inventory().people, teams=())
    assert told(a_plan(), an_inventory(people=people)) == []


def test_a_shift_that_nobody_has_defined_gives_no_seats() -> None:
    people = an_inventory().people
    team = replace(people.teams[0], seats={ShiftId("sun"): 9})
    rules = [
        rule for rule, _ in told(a_plan(), an_inventory(people=replace(people, teams=(team,))))
    ]
    assert set(rules) == {"team-seats"}


def with_people(*handlers: str, **changes: object) -> Inventory:
    people = an_inventory().people
    kept = tuple(p for p in people.people if Role.HANDLER not in p.roles)
    new = tuple(a_person(name, Role.HANDLER, **changes) for name in handlers)
    return an_inventory(people=replace(people, people=(*kept, *new)))


def test_a_function_that_nobody_knows_cannot_be_verified() -> None:
    found = findings(a_plan(), with_people("eva", competences=("pensions",)))
    assert [f.rule for f in found] == ["nobody-to-verify"] * 2
    assert "the inventory has 0" in found[0].message


def test_handlers_must_be_there_when_the_check_opens() -> None:
    (finding,) = findings(a_plan(), with_people("eva", shifts=(ShiftId("fri"),)))
    assert (finding.rule, finding.place) == ("nobody-to-verify", "waves[1]")
    assert "0 are there" in finding.message


def test_a_quorum_needs_so_many_at_the_same_time() -> None:
    functions = tuple(replace(f, quorum=2) for f in an_inventory().functions)
    inventory = replace(with_people("eva", "frida"), functions=functions)
    assert told(a_plan(), inventory) == []
    assert len(told(a_plan(), replace(with_people("eva"), functions=functions))) == 2


def test_a_wave_that_ends_too_early_for_its_check_is_told() -> None:
    (finding,) = findings(with_move(a_plan(), "web", end=at("13 19:57")))
    assert (finding.rule, finding.place) == ("nobody-to-verify", "waves[0]")
    assert "verified before that" in finding.message


def test_a_check_that_is_only_possible_later_waits_for_it() -> None:
    first, second = an_inventory().functions
    late = replace(second, possible_after=at("13 19:58"))
    assert told(a_plan(), an_inventory(functions=(first, late))) == [
        ("nobody-to-verify", "waves[0]")
    ]


def test_a_function_of_what_does_not_move_opens_no_check() -> None:
    function = replace(an_inventory().functions[0], exercises={})
    assert told(a_plan(), an_inventory(functions=(function,))) == []


def test_the_switches_of_a_plan_are_those_of_its_moves() -> None:
    assert switches(a_plan())[SubsystemId("web")] == at("13 19:10")


# --- just enough is enough -----------------------------------------------------------------------


def test_a_plan_that_ends_with_its_window_fits_it() -> None:
    window = Window(at("13 18:00"), at("14 10:00"), "Europe/Stockholm")
    assert [rule for rule, _ in told(a_plan(window=window))] == ["other-window"]


def test_a_gate_at_the_windows_very_start_or_end_is_inside_it() -> None:
    assert told(gate_at(a_plan(), "w1", "13 18:00")) == []
    empty = replace(a_plan().waves[0], moves=(), gate=PlannedGate(at("15 18:00"), ()))
    assert told(a_plan(waves=(*a_plan().waves, empty))) == []


def test_the_next_gate_waits_for_the_last_of_a_wave() -> None:
    third = replace(a_plan().waves[0], gate=PlannedGate(at("14 09:00"), ()), moves=())
    assert told(a_plan(waves=(*a_plan().waves, third))) == [("wave-order", "waves[2].gate.at")]
    accepting = a_plan(
        waves=(*a_plan().waves, replace(third, gate=PlannedGate(at("14 09:50"), ()))),
        policy=replace(DEFAULT_POLICY, next_wave_when="accepted"),
    )
    assert told(accepting) == [("wave-order", "waves[2].gate.at")]


def test_a_check_has_until_the_last_of_its_wave_is_verified() -> None:
    later = with_move(a_plan(), "payments", start=at("14 08:30"), switch=at("14 09:00"))
    assert told(later) == []


@pytest.mark.parametrize(("minutes", "faulty"), [(17, False), (18, True)])
def test_a_check_may_take_all_the_time_that_there_is(minutes: int, *, faulty: bool) -> None:
    # From web's 48 minutes in hand, 19:18, to its end without the soak, 19:30, and five minutes.
    first, second = an_inventory().functions
    slow = replace(second, minutes=Estimate(minutes, 30))
    plan = with_move(a_plan(), "web", end=at("13 20:00"))
    assert bool(told(plan, an_inventory(functions=(first, slow)))) is faulty


def test_a_drain_that_just_fits_is_not_cut() -> None:
    web = an_inventory().by_id[SubsystemId("web")]
    inventory = with_subsystem("web", durations={**web.durations, "drain": Estimate(1, 1)})
    assert told(a_plan(), inventory) == []
