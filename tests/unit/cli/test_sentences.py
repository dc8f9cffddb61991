"""Every kind of line has words of its own, and none of them steers a terminal."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

import practising
from migrator.cli.sentences import NOISE, told_of, tone, worth_telling
from migrator.engine import events as ev
from migrator.engine.events import KINDS
from migrator.engine.ports import Line
from weekend import a_troubled_weekend

AT = datetime(2023, 10, 14, 1, 40, tzinfo=UTC)
VALUES: dict[str, object] = {
    "outcome": "done", "how": "skip", "side": "none", "verdict": "works", "wave": "w1",
    "attempt": 2, "nth": 2, "partial": True, "practice": True, "asserted": True, "seed": 7,
    "saw": 3, "speed": 600.0,
}  # fmt: skip


def an_event(kind: type[ev.Event]) -> ev.Event:
    values = {}
    for name, hint in kind.__annotations__.items():
        if name in VALUES:
            values[name] = "completed" if (kind, name) == (ev.RunEnded, "outcome") else VALUES[name]
        elif "datetime" in hint:
            values[name] = AT
        elif "tuple" in hint:
            values[name] = ("web",)
        elif hint in {"int", "float", "float | None"}:
            values[name] = 1
        else:
            values[name] = "anna"
    return kind(**values)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_of_line_has_its_sentence(kind: str) -> None:
    event = an_event(KINDS[kind])
    text = told_of(event, practising.small_itinerary())
    assert text != kind
    assert len(text) > 10
    assert tone(event) in {"bad", "warn", "good", "calm"}


def test_times_are_told_by_the_plans_clocks() -> None:
    event = ev.GateOpened("w1", 1, AT)
    told = told_of(event, practising.small_itinerary())
    assert told == "gate of w1: go or no-go? until Sat 03:40"


def test_what_somebody_pasted_does_not_steer_the_terminal() -> None:
    told = told_of(ev.RunPaused("a\x1b[2J\nb"), practising.small_itinerary())
    assert told == "the run is paused: a\N{REPLACEMENT CHARACTER}[2J / b"


def test_news_leaves_out_what_began_and_what_went_well() -> None:
    weekend = a_troubled_weekend()
    lines = weekend.lines("returned")
    news = [line for line in lines if worth_telling(line)]
    assert not any(isinstance(line.event, NOISE) for line in news)
    assert any(isinstance(line.event, ev.UnwindBegun) for line in news)
    assert len(news) < len(lines) / 3


def test_a_look_that_was_cut_short_has_not_failed() -> None:
    event = ev.StepEnded("web", "soak", 1, "failed", "cut short: the move is being taken back")
    line = Line(1, AT, 1, "engine", event, "", "")
    assert told_of(event, practising.small_itinerary()) == (
        "web/soak is cut short: the move is being taken back"
    )
    assert (tone(event), worth_telling(line)) == ("calm", False)


def test_an_unwind_says_what_it_leaves_to_the_bridges_and_why_it_is_all_of_a_wave() -> None:
    begun = ev.UnwindBegun("w1", 1, ("web",), ("asked for",), False, "policy", "x")
    itinerary = practising.small_itinerary()
    assert told_of(begun, itinerary).endswith(": web")
    bridges = ("web to db: 2 links, 60 calls/h",)
    loaded = replace(
        begun, calls_per_hour=60.0, calls_per_hour_max=50.0, bridges=bridges, widened="so it is"
    )
    assert told_of(loaded, itinerary).endswith(
        ": web; all of it, because so it is; bridges then carry 60 calls per hour of the 50 that "
        "they can: TOO MANY (the heaviest again: web to db: 2 links, 60 calls/h)"
    )
