"""Journal lines as pages tell them: every kind has its phrase, and looking back ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

import pytest

from migrator.engine import events as ev
from migrator.engine.ports import Line
from migrator.reports.texts import texts
from migrator.web.lines_view import (
    CHUNK,
    LOOKED_AT_MAX,
    PHRASES,
    Wanted,
    is_wanted,
    line_row,
    look_back,
    people_of,
    places_of,
)
from weekend import DECIDER, HANDLERS, START, a_quiet_weekend, a_troubled_weekend, chained

WEEKEND = a_quiet_weekend()
ITINERARY = WEEKEND.itinerary
LINES = WEEKEND.lines()
MOVE = ITINERARY.waves[0].moves[0]


def a_line(event: ev.Event, actor: str = "engine") -> Line:
    return chained([(START, actor, event)])[0]


def backwards(lines: Sequence[Line], before: int, count: int) -> Sequence[Line]:
    return [line for line in reversed(lines) if line.seq < before][:count]


def test_every_kind_of_line_has_its_phrase_and_no_other() -> None:
    assert set(PHRASES) == set(ev.KINDS)


@pytest.mark.parametrize("language", ["sv", "en"])
def test_every_line_of_a_weekend_is_told(language: str) -> None:
    t = texts(language, "Europe/Stockholm")
    for line in (*LINES, *a_troubled_weekend().lines()):
        row = line_row(line, ITINERARY, t)
        assert row.what
        assert (row.seq, row.at) == (line.seq, line.at)


@pytest.mark.parametrize("kind", [ev.KINDS[name] for name in sorted(ev.KINDS)])
def test_a_line_of_any_kind_with_odd_contents_is_told(kind: type[ev.Event]) -> None:
    odd: dict[str, object] = {
        "str": "<b>", "int": 1, "float": 1.0, "bool": True, "datetime": START,
        "tuple[str, ...]": ("a",),
    }  # fmt: skip
    known = {"outcome": "done", "verdict": "works", "side": "new", "look": "soak"}
    if kind is ev.RunEnded:
        known["outcome"] = "completed"
    values = {
        field.name: known.get(field.name, odd[str(field.type).partition(" |")[0]])
        for field in fields(kind)
    }
    row = line_row(a_line(kind(**values)), ITINERARY, texts("sv", "Europe/Stockholm"))
    assert row.what


@pytest.mark.parametrize(
    ("event", "wave", "move"),
    [
        (ev.StepDoubted(MOVE, "switch", 1), "w01", MOVE),
        (ev.AuthorityMoved(MOVE, "new"), "w01", MOVE),
        (ev.CheckOpened("function-2-1@w02", 1), "w02", ""),
        (ev.WaveVerified("w02", 1), "w02", ""),
        (ev.DeadlineExtended(f"{MOVE}/copy", START, START, DECIDER, "r"), "w01", MOVE),
        (ev.DeadlineExtended("w02", START, START, DECIDER, "r"), "w02", ""),
        (ev.CommandTaken("c", "tick", "function-2-1@w02", DECIDER, False, "", 1), "w02", ""),
        (ev.HandRecorded("run", "t", DECIDER, "r"), "", ""),
        (ev.HandRecorded("nobody-knows", "t", DECIDER, "r"), "", ""),
        (ev.RunPaused("r"), "", ""),
    ],
)
def test_a_line_belongs_where_it_happened(event: ev.Event, wave: str, move: str) -> None:
    assert places_of(event, ITINERARY) == (wave, move)


def test_whoever_did_something_is_found_under_any_of_their_names() -> None:
    played = a_line(ev.CheckPassed("function-1-1@w01", 1), f"simulated:{HANDLERS[0]}")
    both = a_line(ev.OverrideGiven("w01", "s", "anna", "bo", "r"))
    assert people_of(played) == {HANDLERS[0]}
    assert people_of(both) == {"anna", "bo"}
    assert people_of(a_line(ev.GateLapsed("w01", 1, "policy", "r"))) == frozenset()


def test_what_the_program_did_names_nobody() -> None:
    row = line_row(a_line(ev.CheckPassed("function-1-1@w01", 1)), ITINERARY, texts("en"))
    assert (row.who, row.simulated) == ("", False)


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(),
        Wanted(wave="w01"),
        Wanted(move=MOVE),
        Wanted(kind="StepEnded"),
        Wanted(person=DECIDER),
        Wanted(wave="w02", kind="GateDecided"),
        Wanted(wave="no-such"),
    ],
)
def test_leafing_back_finds_each_line_once_in_falling_order(wanted: Wanted) -> None:
    def asked(line: Line) -> bool:
        return is_wanted(line, wanted, ITINERARY)

    found: list[int] = []
    before: int | None = LINES[-1].seq + 1
    while before is not None:
        page = look_back(lambda b, n: backwards(LINES, b, n), asked, before, 7)
        found += [line.seq for line in page.lines]
        before = page.further
    assert found == [line.seq for line in reversed(LINES) if asked(line)]
    assert bool(found) is (wanted.wave != "no-such")


def test_looking_for_something_rare_ends_and_says_where_to_go_on() -> None:
    asked: list[int] = []
    one = LINES[0]

    def endless(before: int, count: int) -> Sequence[Line]:
        asked.append(count)
        return [
            Line(before - n, one.at, 1, one.actor, one.event, "", "") for n in range(1, count + 1)
        ]

    page = look_back(endless, lambda _: False, 1_000_000, 10)
    assert (page.lines, page.further) == ((), 1_000_000 - LOOKED_AT_MAX)
    assert sum(asked) == LOOKED_AT_MAX
    assert max(asked) == CHUNK
