"""What nobody gave is filled in, and leaves its name."""

from __future__ import annotations

from pathlib import Path

import pytest

from builders import at, edited, write_inventory
from migrator.ids import ShiftId, SubsystemId, TeamId
from migrator.inventory.model import Estimate, Inventory, Subsystem
from migrator.inventory.reader import read_inventory

BARE = "subsystems:\n  - {{id: a, name: A, kind: {kind}}}\n"
ALONE = dict.fromkeys(("relations", "functions", "people", "calendar", "places"), None)
FIGURES = (
    *("durations.move", "durations.unwind", "durations.verify", "failure_probability"),
    *("cpu", "memory_gib"),
)


def bare(folder: Path, kind: str, **changes: str | None) -> Inventory:
    text = BARE.format(kind=kind)
    return read_inventory(write_inventory(folder, **{**ALONE, "subsystems": text, **changes}))


def only(inventory: Inventory) -> Subsystem:
    [subsystem] = inventory.subsystems
    return subsystem


@pytest.mark.parametrize(
    ("kind", "filled"),
    [
        ("stateful", {*FIGURES, "copy_gib"}),
        ("batch", {*FIGURES, "copy_gib"}),
        ("stateless", set(FIGURES)),
        ("external", set()),
    ],
)
def test_every_figure_that_was_filled_in_is_named(
    tmp_path: Path, kind: str, filled: set[str]
) -> None:
    subsystem = only(bare(tmp_path, kind))
    assert subsystem.assumed == tuple(sorted(filled | {"components", "criticality", "team"}))


def test_nothing_is_called_assumed_where_everything_was_given(tmp_path: Path) -> None:
    inventory = read_inventory(write_inventory(tmp_path))
    assert {subsystem.assumed for subsystem in inventory.subsystems} == {()}
    assert inventory.assumed == ()
    assert not any(
        estimate.assumed for s in inventory.subsystems for estimate in s.durations.values()
    )


def test_what_never_moves_has_durations_of_nothing(tmp_path: Path) -> None:
    subsystem = only(bare(tmp_path, "external"))
    assert subsystem.durations == dict.fromkeys(("move", "verify", "unwind"), Estimate(0.0, 0.0))


def test_subsystem_without_components_is_its_own(tmp_path: Path) -> None:
    [component] = only(bare(tmp_path, "batch")).components
    assert (component.id, component.name, component.role) == ("a", "A", "process")


def test_given_assumptions_replace_the_built_in_ones_and_stay_assumed(tmp_path: Path) -> None:
    assumptions = (
        "durations: {stateful: {move: {p50: 2h, p80: 3h}}}\n"
        "failure_probability: 0.2\n"
        "team: {id: night-crew, seats: 7}\n"
        "verify_minutes: {p50: 5m, p80: 9m}\n"
        "window: {start: 2024-05-03T18:00, end: 2024-05-05T18:00, time_zone: Europe/Oslo}\n"
    )
    inventory = bare(tmp_path, "stateful", assumptions=assumptions)
    subsystem = only(inventory)
    assert subsystem.durations["move"] == Estimate(120.0, 180.0, assumed=True)
    assert subsystem.durations["verify"].assumed
    assert (subsystem.failure_probability, subsystem.team) == (0.2, "night-crew")
    assert inventory.assumptions.verify_minutes == Estimate(5.0, 9.0, assumed=True)
    assert inventory.calendar.start.isoformat() == "2024-05-03T18:00:00+02:00"
    assert inventory.people.teams[0].seats == {ShiftId("whole-window"): 7}
    assert "calendar.window" in inventory.assumed


def test_bare_estate_gets_a_window_a_shift_a_team_and_two_places(tmp_path: Path) -> None:
    inventory = bare(tmp_path, "batch")
    [shift] = inventory.people.shifts
    [team] = inventory.people.teams
    window = (inventory.calendar.start, inventory.calendar.end)
    assert window == (at("13 18:00"), at("16 06:00"))
    assert (shift.start, shift.end) == window
    assert (team.id, team.assumed) == (only(inventory).team, True)
    assert [place.side for place in inventory.places] == ["new", "old"]
    assert inventory.assumed == (
        "calendar.window",
        "people.shifts",
        "places",
        "teams.assumed-team",
    )


def test_teams_that_are_named_and_nowhere_declared_are_assumed(tmp_path: Path) -> None:
    people = "people:\n  - {id: a, name: A, team: blue, roles: [engineer]}\n"
    inventory = read_inventory(write_inventory(tmp_path, people=people, functions=None))
    assert {(team.id, team.assumed) for team in inventory.people.teams} == {
        ("blue", True),
        ("green", True),
    }
    assert inventory.people.people[0].shifts == (ShiftId("whole-window"),)


def test_function_without_minutes_takes_the_assumed_ones(tmp_path: Path) -> None:
    text = edited("functions", "    minutes: {p50: 15m, p80: 25m}\n", "")
    inventory = read_inventory(write_inventory(tmp_path, functions=text))
    assert inventory.functions[0].minutes == Estimate(15.0, 30.0, assumed=True)
    assert inventory.assumed == ("functions.pay-out.minutes",)


def test_text_in_one_language_is_shown_in_both(tmp_path: Path) -> None:
    text = edited("functions", "{sv: Betala ut, en: Pay out}", "{sv: Betala ut}")
    inventory = read_inventory(write_inventory(tmp_path, functions=text))
    assert inventory.functions[0].name == {"sv": "Betala ut", "en": "Betala ut"}


def test_seats_by_shift_are_none_where_a_shift_is_not_named(tmp_path: Path) -> None:
    people = edited("people", "seats: {friday: 2, saturday: 3}", "seats: {friday: 2}")
    inventory = read_inventory(write_inventory(tmp_path, people=people))
    blue = next(team for team in inventory.people.teams if team.id == TeamId("blue"))
    assert blue.seats == {ShiftId("friday"): 2, ShiftId("saturday"): 0}


def test_everything_is_sorted_but_the_order_that_before_declares(tmp_path: Path) -> None:
    relations = edited("relations", "[ledger, payments]", "[web, ledger]")
    relations = relations.replace("[night, web]", "[payments, night]")
    inventory = read_inventory(write_inventory(tmp_path, relations=relations))
    assert [r.members for r in inventory.relations] == [("web", "ledger"), ("night", "payments")]
    names = [subsystem.id for subsystem in inventory.subsystems]
    assert names == sorted(names)
    assert inventory.by_id[SubsystemId("web")] is inventory.subsystems[-1]


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("", 1),
        ("    criticality: 4\n", 1),
        ("    criticality: 5\n", 2),
        ("    criticality: 5\n    quorum: 1\n", 1),
        ("    criticality: 3\n    quorum: 2\n", 2),
    ],
)
def test_what_is_most_critical_is_verified_by_two_unless_its_file_says_otherwise(
    tmp_path: Path, written: str, wanted: int
) -> None:
    text = edited("functions", "    quorum: 2\n", written)
    inventory = read_inventory(write_inventory(tmp_path, functions=text))

    assert inventory.functions[0].quorum == wanted
