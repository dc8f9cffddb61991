"""The pictures: well-formed, named, within their frame, nothing written over anything else."""

from __future__ import annotations

import re
from itertools import combinations, pairwise
from xml.etree import ElementTree as ET

import pytest

from migrator.engine import events as ev
from migrator.plan.model import StepKind
from migrator.reports import pictures
from migrator.reports.svg import CHARACTER_WIDTH, STRONG_WIDTH, TICK_WIDTH
from migrator.reports.teller import tell
from migrator.reports.texts import texts
from weekend import (
    DECIDER,
    Weekend,
    a_quiet_weekend,
    a_troubled_weekend,
    a_weekend,
    minutes,
)

NS = "{http://www.w3.org/2000/svg}"


def drawn(weekend: Weekend, language: str = "sv") -> dict[str, ET.Element]:
    """Every picture of a weekend, parsed; a picture that is no XML fails here."""
    t = texts(language, weekend.itinerary.window.time_zone)
    lines = weekend.lines("returned")
    book = tell(weekend.itinerary, lines)
    found = {}
    for wave in book.waves:
        for attempt in wave.attempts:
            if attempt.moves:
                name = f"{wave.leg.id}-{attempt.number}"
                found[name] = pictures.moves_picture(t, wave, attempt, book.end)
    return {name: ET.fromstring(text) for name, text in found.items()}  # noqa: S314 - our own


@pytest.fixture(scope="module")
def all_pictures() -> dict[str, ET.Element]:
    return drawn(a_troubled_weekend(8, 6))


def boxes(svg: ET.Element) -> list[tuple[str, float, float, float, float]]:
    """Every text with the box that it takes at most: left, right, top, bottom."""
    found = []
    for text in svg.iter(f"{NS}text"):
        words, classes = text.text or "", text.get("class", "")
        size = TICK_WIDTH if "tick" in classes else CHARACTER_WIDTH
        width = len(words) * (STRONG_WIDTH if "strong" in classes else size)
        x, y = float(text.get("x", "0")), float(text.get("y", "0"))
        left = x - {"start": 0.0, "middle": width / 2, "end": width}[text.get("text-anchor", "")]
        found.append((words, left, left + width, y - 10, y + 3))
    return found


def test_every_picture_is_named_and_described_for_those_who_hear_it(
    all_pictures: dict[str, ET.Element],
) -> None:
    for name, svg in all_pictures.items():
        title, desc = svg.find(f"{NS}title"), svg.find(f"{NS}desc")
        assert title is not None, name
        assert desc is not None, name
        assert title.text
        assert desc.text
        assert svg.get("aria-labelledby") == f"{title.get('id')} {desc.get('id')}"


def test_no_text_stands_on_another_or_leaves_the_picture(
    all_pictures: dict[str, ET.Element],
) -> None:
    for name, svg in all_pictures.items():
        _, _, width, height = map(float, svg.get("viewBox", "").split())
        found = boxes(svg)
        for words, left, right, _, bottom in found:
            assert left >= -1, f"{name}: {words}"
            assert right <= width + 1, f"{name}: {words}"
            assert bottom <= height, f"{name}: {words}"
        for one, other in combinations(found, 2):
            apart = one[2] <= other[1] or other[2] <= one[1]
            above = one[4] <= other[3] or other[4] <= one[3]
            assert apart or above, f"{name}: {one[0]!r} stands on {other[0]!r}"


def test_every_bar_lies_inside_the_picture(all_pictures: dict[str, ET.Element]) -> None:
    for name, svg in all_pictures.items():
        _, _, width, height = map(float, svg.get("viewBox", "").split())
        for rect in svg.iter(f"{NS}rect"):
            if "bar" not in rect.get("class", "").split():
                continue
            x, y = float(rect.get("x", "0")), float(rect.get("y", "0"))
            assert 0 <= x <= x + float(rect.get("width", "0")) <= width + 2, name
            assert 0 <= y <= y + float(rect.get("height", "0")) <= height, name


def test_nothing_is_styled_by_colour_alone_or_inline(all_pictures: dict[str, ET.Element]) -> None:
    for svg in all_pictures.values():
        for element in svg.iter():
            assert element.get("style") is None
            assert not re.search(r"#[0-9a-f]{3,6}$", element.get("fill") or "")


def test_the_segments_of_a_held_and_unwound_wave_follow_each_other() -> None:
    weekend = a_troubled_weekend()
    book = tell(weekend.itinerary, weekend.lines("returned"))
    segments = pictures.attempt_segments(book.waves[1].attempts[0], book.end)
    assert [segment.kind for segment in segments] == ["work", "held", "back"]
    for one, other in pairwise(segments):
        assert one.end == other.start


def test_what_ran_ahead_of_the_decision_is_told_apart_from_the_wave_itself() -> None:
    weekend = a_weekend(1, 1)
    (wave,), (leg,) = weekend.itinerary.waves, weekend.itinerary.legs.values()
    weekend.step(leg, StepKind.PREPARE, wave.gate_at - minutes(120))
    weekend.step(leg, StepKind.BASELINE, weekend.gate(wave))
    book = tell(weekend.itinerary, weekend.lines(None))
    (attempt,) = book.waves[0].attempts
    assert book.waves[0].started == wave.gate_at
    segments = pictures.attempt_segments(attempt, book.end)
    assert [segment.kind for segment in segments] == ["ahead", "work"]
    assert segments[0].start == wave.gate_at - minutes(120)
    assert segments[1].start == wave.gate_at
    kinds = [s.kind for s in pictures.move_segments(attempt.moves[0], attempt, book.end)]
    assert kinds == ["work", "rest", "work"]


def test_making_a_wave_final_hours_later_does_not_stretch_its_picture() -> None:
    weekend = a_quiet_weekend(1, 1)
    (leg,) = weekend.itinerary.legs.values()
    last = max(at for at, _, _ in weekend.facts)
    weekend.note(last + minutes(600), ev.CommitBegun("w01", DECIDER, "it works"), DECIDER)
    weekend.step(leg, StepKind.FINALISE, last + minutes(600))
    book = tell(weekend.itinerary, weekend.lines())
    (attempt,) = book.waves[0].attempts
    segments = pictures.move_segments(attempt.moves[0], attempt, book.end)
    assert segments[-1].end <= last


def test_a_run_that_is_held_now_is_drawn_up_to_now() -> None:
    weekend = a_weekend(1, 1)
    wave = weekend.itinerary.waves[0]
    leg = next(iter(weekend.itinerary.legs.values()))
    at = weekend.steps(leg, weekend.gate(wave))
    weekend.note(at, ev.WaveHeld(wave.id, 1, "stalled", wave.id, (), "nobody", None))
    weekend.note(at + minutes(40), ev.RunPaused("lunch"))
    book = tell(weekend.itinerary, weekend.lines(None))
    segments = pictures.attempt_segments(book.waves[0].attempts[0], book.end)
    assert [segment.kind for segment in segments] == ["work", "held"]
    assert segments[-1].end == book.end


def test_names_that_would_break_a_page_are_escaped() -> None:
    weekend = a_weekend(1, 1)
    leg = next(iter(weekend.itinerary.legs.values()))
    object.__setattr__(leg, "name", '<b>& "co"')
    weekend.quiet_wave(weekend.itinerary.waves[0])
    svg = drawn(weekend)["w01-1"]
    assert any((text.text or "").startswith("<b>&") for text in svg.iter(f"{NS}text"))
