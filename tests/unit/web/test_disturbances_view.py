"""Disturbances on the pages: the worst first, the clock as it was stored, and whose word counts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from migrator.engine import events as ev
from migrator.engine.fold import apply
from migrator.engine.run import Run, new_run
from migrator.incidents.model import Level
from migrator.reports.texts import texts
from migrator.web.disturbances_view import (
    LEVELS,
    disturbance_page,
    disturbances,
    levels_of,
    may_lead,
    target_named,
)
from weekend import DECIDER, HANDLERS, START, a_weekend, minutes
from weekend_itinerary import LEAD

T = texts("en", "Europe/Stockholm")
MOVE = "sickness-intake"


@pytest.fixture
def run() -> Run:
    return new_run(a_weekend(2, 3).itinerary)


def opened(run: Run, name: str, target: str = MOVE, red: float = 240, **more: str) -> None:
    fields = {"key": name, "source": "person", "by": HANDLERS[0], "owner": LEAD} | more
    apply(run, START, ev.DisturbanceOpened(
        name, fields["key"], target, fields["source"], f"{name} is wrong", fields["by"],
        fields["owner"], START + minutes(red), "policy",
    ))  # fmt: skip


def test_every_level_has_a_word_and_a_sign_of_its_own() -> None:
    assert set(LEVELS) == set(Level)
    for part in range(3):
        assert len({shown[part] for shown in LEVELS.values()}) == len(LEVELS)


def test_nothing_open_is_green(run: Run) -> None:
    page = disturbances(run, T)
    assert (page.level, page.word, page.open, page.closed) == ("green", "green", (), ())


def test_red_stands_before_yellow_and_the_nearest_clock_before_the_others(run: Run) -> None:
    opened(run, "D1", red=240)
    opened(run, "D2", target="w02", red=60)
    opened(run, "D3", target="", red=30)
    late = START + minutes(30)
    apply(run, late, ev.DisturbanceReddened("D3", "", "not mended", holds=False))
    page = disturbances(run, T)
    assert [row.id for row in page.open] == ["D3", "D2", "D1"]
    assert (page.level, page.open[0].red_at, page.open[0].reddened) == ("red", None, late)
    assert page.open[1].red_at == START + minutes(60)
    assert [(row.place.name, row.place.path) for row in page.open] == [
        ("the whole", ""),
        ("w02 Wave 2", "/waves/w02"),
        ("Sickness intake", f"/subsystems/{MOVE}"),
    ]
    assert levels_of(run).of_wave("w01") is Level.YELLOW


def test_a_closed_one_tells_its_cause_and_the_estate_is_green_again(run: Run) -> None:
    opened(run, "D1")
    end = START + minutes(20)
    apply(run, end, ev.DisturbanceClosed("D1", MOVE, "a full disk", "emptied, and seen", LEAD))
    page = disturbances(run, T)
    assert (page.level, page.open, page.closed_all) == ("green", (), 1)
    one = disturbance_page(run, "D1", DECIDER, end, T)
    assert one is not None
    assert (one.row.cause, one.note, one.row.closed) == ("a full disk", "emptied, and seen", end)


def test_its_log_has_the_newest_line_first_with_who_wrote_it(run: Run) -> None:
    opened(run, "D1")
    note = ev.DisturbanceNoted("D1", MOVE, "the disk is full", "person", LEAD)
    apply(run, START + minutes(1), note)
    again = ev.DisturbanceNoted("D1", MOVE, "D1 is wrong", "person", HANDLERS[1], 2)
    apply(run, START + minutes(2), again)
    page = disturbance_page(run, "D1", DECIDER, START, T)
    assert page is not None
    assert [(line.text, line.times) for line in page.log][:2] == [
        ("D1 is wrong", 2),
        ("the disk is full", 0),
    ]
    assert page.row.times == 2


def test_only_a_safe_address_can_be_followed(run: Run) -> None:
    opened(run, "D1")
    for link, followed in (("https://meet.example/1", True), ("room 4, ext. 99", False)):
        staffed = ev.DisturbanceStaffed("D1", MOVE, LEAD, (), "", link, LEAD)
        apply(run, START, staffed)
        page = disturbance_page(run, "D1", DECIDER, START, T)
        assert page is not None
        assert (page.link, bool(page.address)) == (link, followed)


def test_forms_are_offered_to_those_whose_word_the_engine_takes(run: Run) -> None:
    opened(run, "D1")
    allowed = may_lead(run, run.disturbances["D1"])
    assert {LEAD, DECIDER, HANDLERS[0]} <= allowed
    assert HANDLERS[1] not in allowed
    page = disturbance_page(run, "D1", HANDLERS[1], START, T)
    assert page is not None
    assert not page.may_lead


def test_people_who_work_on_it_are_offered_first_and_handlers_not_at_all(run: Run) -> None:
    opened(run, "D1")
    apply(run, START, ev.DisturbanceStaffed("D1", MOVE, LEAD, (DECIDER,), "", "", LEAD))
    page = disturbance_page(run, "D1", LEAD, START + timedelta(hours=1), T)
    assert page is not None
    assert [each.id for each in page.people if each.chosen] == [page.people[0].id] == [DECIDER]
    assert not {each.id for each in page.people} & set(HANDLERS)
    assert [each.id for each in page.owners if each.chosen] == [LEAD]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("", ""),
        ("  ", ""),
        ("w02", "w02"),
        ("W02 wave 2", "w02"),
        ("Sickness   intake", MOVE),
        (MOVE, MOVE),
        ("run", "run"),
        ("no such thing", "no such thing"),
    ],
)
def test_what_is_typed_is_understood_by_id_or_name(run: Run, typed: str, meant: str) -> None:
    assert target_named(run, typed) == meant


def test_there_is_no_page_of_what_never_was(run: Run) -> None:
    assert disturbance_page(run, "D9", DECIDER, START, T) is None
