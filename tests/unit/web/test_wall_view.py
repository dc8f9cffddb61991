"""What stands around the waves on the wall: fixed numbers of lines, clocks, and waves over time."""

from __future__ import annotations

from datetime import datetime
from xml.etree import ElementTree as ET

import pytest

from migrator.engine import events as ev
from migrator.engine.fold import apply
from migrator.engine.run import Run, new_run
from migrator.reports.texts import texts
from migrator.web.outlook_view import TurnBackClock
from migrator.web.wall_view import DENSE_FROM, LINES_MAX, SLOTS, Around, around
from migrator.web.weekend_view import light, weekend
from weekend import END, HANDLERS, START, Weekend, a_weekend, minutes
from weekend_itinerary import LEAD

T = texts("sv", "Europe/Stockholm")
MOVE = "sickness-intake"
NOW = START + minutes(90)


def folded(made: Weekend) -> Run:
    run = new_run(made.itinerary)
    for line in made.lines(None):
        apply(run, line.at, line.event)
    return run


@pytest.fixture
def run() -> Run:
    made = a_weekend(3, 3)
    made.gate(made.itinerary.waves[0])
    return folded(made)


def shown(run: Run, now: datetime = NOW, clock: TurnBackClock | None = None) -> Around:
    return around(run, weekend(run, now, T), clock, T)


def opened(run: Run, name: str, target: str = MOVE, red: float = 240) -> None:
    due = START + minutes(red)
    apply(run, START, ev.DisturbanceOpened(
        name, name, target, "person", f"{name} is wrong", HANDLERS[0], LEAD, due, "policy"
    ))  # fmt: skip


def test_no_more_lines_than_have_a_place_and_all_are_counted(run: Run) -> None:
    for number in range(1, 8):
        opened(run, f"D{number}", target=["", "w01", "w02", *list(run.moves)[:4]][number - 1])
    wall = shown(run)
    assert (len(wall.disturbed), wall.disturbed_all) == (SLOTS, 7)


def test_a_disturbance_says_its_level_in_a_word_and_how_long_it_has(run: Run) -> None:
    opened(run, "D1", red=240)
    (slot,) = shown(run).disturbed
    assert (slot.word, slot.sign, slot.left) == ("gul", "▲", T.lasting(150))
    assert "Sickness intake" in slot.what
    assert not slot.soon
    assert shown(run, START + minutes(220)).disturbed[0].soon
    assert "D1" not in "".join(each.what for each in shown(run).awaited), "it has its own place"


def test_a_red_one_has_no_clock_and_makes_the_whole_wall_red(run: Run) -> None:
    opened(run, "D1")
    assert light(run) == "yellow"
    apply(run, NOW, ev.DisturbanceReddened("D1", MOVE, "not mended", holds=False))
    (slot,) = shown(run).disturbed
    assert (slot.word, slot.until, slot.left) == ("röd", None, "")
    assert light(run) == "red"


def test_a_subsystem_and_its_wave_show_the_level_of_what_is_disturbed(run: Run) -> None:
    opened(run, "D1")
    first, second, _ = weekend(run, NOW, T).waves
    assert (first.level, second.level) == ("yellow", "green")
    assert {dot.id: dot.level for dot in first.moves}[MOVE] == "yellow"
    assert [dot.id for dot in first.named] == [MOVE]


def test_what_is_awaited_is_said_in_the_readers_language_and_the_next_hour_named(run: Run) -> None:
    deadline = NOW + minutes(25)
    apply(run, NOW, ev.GateOpened("w02", 1, deadline))
    wall = shown(run)
    assert any("w02" in slot.what and "väntar" in slot.what for slot in wall.awaited)
    assert (wall.decide_at, wall.decide_left) == (deadline, T.lasting(25))
    assert "w02" in wall.decide_what


def test_clocks_count_whole_minutes_down(run: Run) -> None:
    limit = NOW + minutes(61.9)
    clock = TurnBackClock("", "", "", "calm", limit)
    wall = shown(run, clock=clock)
    assert wall.turn_left == T.lasting(61)
    assert wall.left == T.lasting((END - NOW).total_seconds() // 60)
    assert shown(run, limit + minutes(1), clock).turn_left == T.lasting(0)


def test_a_large_estate_names_only_what_needs_a_look_unless_it_is_asked_for_all(run: Run) -> None:
    wall = weekend(run, NOW, T)
    assert wall.moves < DENSE_FROM
    assert not around(run, wall, None, T).dense
    assert around(run, wall, None, T, dense=True).dense


def test_the_waves_over_time_are_drawn_as_planned_and_as_they_were(run: Run) -> None:
    root = ET.fromstring(shown(run).timeline)  # noqa: S314 - our own
    classes = [each.attrib.get("class", "") for each in root.iter()]
    assert classes.count("plan") == 3
    assert classes.count("mark-now") == 1
    assert "mark-turn" not in classes
    assert "style" not in {name for each in root.iter() for name in each.attrib}
    limit = TurnBackClock("", "", "", "calm", END)
    assert "mark-turn" in shown(run, clock=limit).timeline


def test_of_many_waves_those_that_go_on_and_come_next_have_a_line() -> None:
    made = a_weekend(40, 1)
    for wave in made.itinerary.waves[5:7]:
        made.gate(wave)
    many = folded(made)
    svg = shown(many).timeline
    drawn = [each.id for each in made.itinerary.waves if f" {each.id} " in svg]
    assert len(drawn) == LINES_MAX
    assert {"w06", "w07", "w01"} <= set(drawn)
    assert "w40" not in drawn
    assert f"{LINES_MAX} av 40" in svg


def test_a_wave_that_moves_has_a_bar_up_to_now() -> None:
    made = a_weekend(1, 3)
    at = made.gate(made.itinerary.waves[0])
    made.steps(made.itinerary.legs[made.itinerary.waves[0].moves[0]], at)
    moving = folded(made)
    early, late = (shown(moving, at + minutes(each)).timeline for each in (60, 600))

    def width(svg: str) -> float:
        root = ET.fromstring(svg)  # noqa: S314 - our own
        (real,) = [each for each in root.iter() if "real" in each.attrib.get("class", "")]
        return float(real.attrib["width"])

    assert width(late) > 5 * width(early)
