"""The default estate is a believable agency: its tiers, teams, people, weekend and figures."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import quantiles

import pytest

from migrator.ids import SubsystemId
from migrator.importers.sample import DEFAULT_SIZE, sample_texts
from migrator.importers.sample_estate.benefits import moving_entries, staying_entries
from migrator.importers.sample_estate.catalogue import TIERS
from migrator.importers.sample_estate.estate import SUBSYSTEMS_MAX, Estate, draw_estate
from migrator.inventory.model import Function, Inventory, Kind, Part, Person, RelationKind, Role
from migrator.inventory.reader import read_inventory


@pytest.fixture(scope="module")
def estate() -> Estate:
    return draw_estate(DEFAULT_SIZE)


@pytest.fixture(scope="module")
def inventory(tmp_path_factory: pytest.TempPathFactory, estate: Estate) -> Inventory:
    folder: Path = tmp_path_factory.mktemp("estate")
    for name, text in sample_texts(estate).items():
        (folder / name).write_text(text, encoding="utf-8")
    return read_inventory(folder)


def with_role(inventory: Inventory, role: Role) -> list[Person]:
    return [person for person in inventory.people.people if role in person.roles]


def test_asked_number_moves_and_some_stay_with_a_reason(inventory: Inventory) -> None:
    kinds = Counter(subsystem.kind for subsystem in inventory.subsystems)
    assert len(inventory.moving) == 77
    assert kinds[Kind.STAYS] == 6
    assert kinds[Kind.EXTERNAL] == 6
    staying = [s for s in inventory.subsystems if s.kind is Kind.STAYS]
    assert all(s.reason and s.review_date for s in staying)
    assert all(c.technology in {"cobol", "isam"} for s in staying for c in s.components)


def test_every_tier_and_the_benefits_are_there(inventory: Inventory) -> None:
    tags = Counter(tag for subsystem in inventory.moving for tag in subsystem.tags)
    assert all(tags[f"tier-{tier}"] >= 7 for tier in TIERS)
    assert tags["benefit"] >= 25


def test_people_are_as_many_as_the_weekend_had(inventory: Inventory) -> None:
    assert len(with_role(inventory, Role.HANDLER)) == 80
    assert len(with_role(inventory, Role.ENGINEER)) == 90
    assert len(with_role(inventory, Role.AUDITOR)) == 1
    assert len(with_role(inventory, Role.WAVE_LEAD)) == 8


def test_every_shift_has_a_decider_a_wave_lead_and_seats(inventory: Inventory) -> None:
    for role in (Role.DECISION_MAKER, Role.WAVE_LEAD):
        there = {shift for person in with_role(inventory, role) for shift in person.shifts}
        assert there == {shift.id for shift in inventory.people.shifts}
    given = [team for team in inventory.people.teams if not team.assumed]
    assert all(team.seats[s.id] >= 1 for team in given for s in inventory.people.shifts)


def test_shifts_fill_the_window_without_a_gap(inventory: Inventory) -> None:
    shifts = sorted(inventory.people.shifts, key=lambda shift: shift.start)
    assert shifts[0].start == inventory.calendar.start
    assert shifts[-1].end == inventory.calendar.end
    assert all(one.end == two.start for one, two in pairwise(shifts))


def test_everybody_rests_eleven_hours_between_shifts(inventory: Inventory) -> None:
    hours = {shift.id: (shift.start, shift.end) for shift in inventory.people.shifts}
    for person in inventory.people.people:
        own = sorted(hours[shift] for shift in person.shifts)
        rests = [two[0] - one[1] for one, two in pairwise(own)]
        assert all(rest >= timedelta(hours=11) for rest in rests), person.id


def test_telephone_numbers_belong_to_nobody(inventory: Inventory) -> None:
    numbers = [person.telephone or "" for person in inventory.people.people]
    free = re.compile(r"070-174 06 (0[5-9]|[1-9][0-9])|08-465 004 [0-9][0-9]")
    assert [number for number in numbers if not free.fullmatch(number)] == []
    assert len(set(numbers)) == len(numbers)


def test_every_check_finds_its_handlers_in_every_pattern_of_shifts(inventory: Inventory) -> None:
    for function in inventory.functions:
        able = [
            person
            for person in with_role(inventory, Role.HANDLER)
            if function.competence in person.competences
            and (not function.handlers or person.id in function.handlers)
        ]
        for shift in inventory.people.shifts:
            there = sum(shift.id in person.shifts for person in able)
            assert there >= function.quorum, (function.id, shift.id)


def core(function: Function) -> list[SubsystemId]:
    return [s for s, part in function.exercises.items() if part is Part.CORE]


def test_functions_have_a_small_heart_that_moves(inventory: Inventory) -> None:
    assert 30 <= len(inventory.functions) <= 45
    for function in inventory.functions:
        assert 1 <= len(core(function)) <= 3
        assert all(inventory.by_id[s].moves for s in core(function))
        assert any(part is Part.PASSING for part in function.exercises.values())


def test_instructions_are_numbered_and_in_both_languages(inventory: Inventory) -> None:
    for function in inventory.functions:
        for language, person, result in (
            ("sv", "Testperson: Prova Testsson", "Förväntat: "),
            ("en", "Test person: Prova Testsson", "Expected: "),
        ):
            text = function.text[language]
            assert text.startswith("1. ")
            assert person in text
            assert result in text
            assert "{" not in text + function.name[language]


def test_functions_show_what_checks_can_ask_for(inventory: Inventory) -> None:
    functions = inventory.functions
    assert any(function.side_mark for function in functions)
    assert any(function.possible_after for function in functions)
    assert any(function.handlers for function in functions)
    paying = [f for f in functions if "utbetalning" in core(f)]
    assert paying
    assert all(f.leaves_behind and f.quorum == 2 for f in paying)


def test_window_is_the_weekend_of_october(inventory: Inventory) -> None:
    calendar = inventory.calendar
    assert calendar.start == datetime.fromisoformat("2023-10-13T18:00+02:00")
    assert calendar.end == datetime.fromisoformat("2023-10-16T06:00+02:00")
    assert len(calendar.fixed_dates) == 3
    assert {slot.id.rsplit("-", 1)[0] for slot in calendar.blackouts} >= {
        "nightly-batch",
        "payment-cut-off",
    }


def test_no_partners_date_lies_in_a_closed_slot(inventory: Inventory) -> None:
    for date in inventory.calendar.fixed_dates:
        for slot in inventory.calendar.blackouts:
            if not slot.subsystems or date.subsystem in slot.subsystems:
                assert slot.end <= date.start or date.end <= slot.start, (date.id, slot.id)


def test_hard_relations_are_few_and_small(inventory: Inventory) -> None:
    kinds = Counter(relation.kind for relation in inventory.relations)
    assert 3 <= kinds[RelationKind.WITH] <= 6
    assert 3 <= kinds[RelationKind.BEFORE] <= 6
    assert all(2 <= len(relation.members) <= 4 for relation in inventory.relations)


def test_durations_are_those_of_a_long_but_possible_weekend(inventory: Inventory) -> None:
    for kind, low, high in (("move", 20, 90), ("verify", 10, 40), ("unwind", 10, 60)):
        spans = [s.durations[kind] for s in inventory.moving if not s.durations[kind].assumed]
        assert all(low <= span.p50 <= high for span in spans), kind
        assert all(span.p50 < span.p80 <= 2 * span.p50 for span in spans), kind


def test_team_with_most_to_do_is_neither_idle_nor_lost(inventory: Inventory) -> None:
    # Hours of moving and verifying by team, against its seats: between a night and the window.
    shifts = {shift.id: shift.end - shift.start for shift in inventory.people.shifts}
    load = []
    for team in inventory.people.teams:
        own = [s for s in inventory.moving if s.team == team.id]
        work = sum(s.durations["move"].p80 + s.durations["verify"].p80 for s in own)
        room = sum(
            team.seats[shift] * hours.total_seconds() / 60 for shift, hours in shifts.items()
        )
        load.append(work / room)
    assert 0.15 <= max(load) <= 0.6


def test_a_few_stores_hold_most_of_the_data(inventory: Inventory) -> None:
    copies = sorted((s.copy_gib for s in inventory.moving if s.copy_gib), reverse=True)
    assert sum(copies[: len(copies) // 5]) >= 0.6 * sum(copies)


def test_new_place_is_three_quarters_full_and_can_copy_everything(inventory: Inventory) -> None:
    place = next(place for place in inventory.places if place.side == "new")
    assert place.cpu is not None
    assert place.memory_gib is not None
    assert place.copy_gib_per_hour is not None
    given = [s for s in inventory.moving if "cpu" not in s.assumed]
    assert 0.72 <= sum(s.cpu for s in given) / place.cpu <= 0.76
    assert 0.72 <= sum(s.memory_gib for s in given) / place.memory_gib <= 0.76
    hours = sum(s.copy_gib for s in inventory.moving) / place.copy_gib_per_hour
    assert 12 <= hours <= 20
    assert max(s.copy_gib for s in inventory.moving) / place.copy_gib_per_hour <= 8


def test_some_figures_are_missing_so_that_assumptions_are_used(inventory: Inventory) -> None:
    assumed = Counter(field for s in inventory.moving for field in s.assumed)
    assert assumed["durations.unwind"] == 8
    assert assumed["durations.move"] == 4
    assert assumed["team"] == 3
    assert assumed["cpu"] == assumed["failure_probability"] == 3
    assert 0.1 <= sum(bool(s.assumed) for s in inventory.moving) / 77 <= 0.3


def test_failures_are_a_few_per_weekend(inventory: Inventory) -> None:
    assert 1 <= sum(s.failure_probability for s in inventory.moving) <= 5


def test_components_are_pareto_with_hubs_at_the_top(estate: Estate) -> None:
    counts = {draft.id: len(draft.components) for draft in estate.moving}
    quarter, median, _ = quantiles(counts.values(), n=4)
    assert quarter <= median < max(counts.values()) / 2
    assert counts["personregister"] >= 15


@pytest.mark.parametrize("count", [2, 77, 78, 300, SUBSYSTEMS_MAX])
def test_catalogue_reaches_to_the_largest_size_without_doubles(count: int) -> None:
    moving, staying = moving_entries(count), staying_entries(count)
    ids = [entry.id for entry in (*moving, *staying)]
    assert len(moving) == count
    assert len(set(ids)) == len(ids)
    assert len({entry.name for entry in moving}) == count
