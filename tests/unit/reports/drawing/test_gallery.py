"""All pictures together: which there are, that they can be read, and the words they come with."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

import pytest

from drawn import NS, collisions, parsed, words
from made_up_forecast import a_forecast
from migrator.reports.drawing.figure import Figure, alone, inline
from migrator.reports.drawing.gallery import NAMES, OF_A_FORECAST, about, gallery
from migrator.reports.drawing.scene import Scene, scene_of_plan, scene_of_run
from migrator.reports.teller import tell
from migrator.reports.texts import Texts, texts
from weekend import a_troubled_weekend, an_itinerary

ZONE = "Europe/Stockholm"


@cache
def scene(kind: str) -> Scene:
    """A plan of 48 moves or a troubled run of it, with a forecast or without."""
    itinerary = an_itinerary(8, 6)
    itinerary = replace(
        itinerary,
        pairs=tuple(replace(pair, calls_per_day=24 * pair.weight) for pair in itinerary.pairs),
        bridge_calls_per_hour=9000.0,
    )
    forecast = a_forecast(itinerary, weekends=40) if "forecast" in kind else None
    if "run" not in kind:
        return scene_of_plan(itinerary, forecast)
    weekend = a_troubled_weekend(8, 6)
    weekend.itinerary = itinerary
    lines = weekend.lines("returned")
    return scene_of_run(tell(itinerary, lines), lines, forecast)


KINDS = ("plan", "plan, forecast", "run", "run, forecast")


def drawn(kind: str, language: str = "sv") -> tuple[Figure, ...]:
    return gallery(texts(language, ZONE), scene(kind))


def test_what_needs_no_chance_is_drawn_without_a_forecast_and_the_rest_is_left_out() -> None:
    for kind in ("plan", "run"):
        names = [figure.name for figure in drawn(kind)]
        assert names == [name for name in NAMES if name not in OF_A_FORECAST]


def test_with_a_forecast_all_of_them_are_drawn() -> None:
    for kind in ("plan, forecast", "run, forecast"):
        assert tuple(figure.name for figure in drawn(kind)) == NAMES


def test_only_those_asked_for_are_drawn() -> None:
    t = texts("en", ZONE)
    assert [f.name for f in gallery(t, scene("plan, forecast"), ("fan", "graph"))] == [
        "fan",
        "graph",
    ]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", ["sv", "en"])
def test_no_text_stands_on_another_or_leaves_its_picture(kind: str, language: str) -> None:
    t = texts(language, ZONE)
    for figure in drawn(kind, language):
        for svg in (inline(figure), alone(figure, about(t, scene(kind), "autumn-1"))):
            assert collisions(parsed(svg)) == [], figure.name


@pytest.mark.parametrize("kind", KINDS)
def test_every_picture_is_named_and_described_for_those_who_hear_it(kind: str) -> None:
    for figure in drawn(kind):
        svg = parsed(inline(figure))
        assert svg.get("role") == "img"
        title, described = svg.find(f"{NS}title"), svg.find(f"{NS}desc")
        assert title is not None
        assert described is not None
        assert title.text == figure.title
        assert described.text == figure.description
        assert len(figure.description) > 20, figure.name
        assert svg.get("aria-labelledby") == f"{title.get('id')} {described.get('id')}"


@pytest.mark.parametrize("kind", KINDS)
def test_behind_every_picture_stands_a_table_with_rows(kind: str) -> None:
    for figure in drawn(kind):
        assert figure.table.rows, figure.name
        keys = [column.key for column in figure.table.columns]
        assert len(set(keys)) == len(keys)
        for row in figure.table.rows:
            assert len(row) == len(keys)


def test_no_colour_stands_in_a_picture_itself_and_every_pattern_it_uses_is_its_own() -> None:
    for figure in drawn("run, forecast"):
        svg = parsed(inline(figure))
        patterns = {f"url(#{each.get('id')})" for each in svg.iter(f"{NS}pattern")}
        for each in svg.iter():
            assert each.get("style") is None
            fill = each.get("fill")
            assert fill is None or fill in patterns, figure.name
        # Ids are told apart on a page that holds all of them.
        assert all(each.startswith(f"url(#{figure.name}-") for each in patterns)


def test_the_same_facts_give_the_same_bytes() -> None:
    t = texts("sv", ZONE)
    once = [alone(figure, "x") for figure in gallery(t, scene("run, forecast"))]
    assert [alone(figure, "x") for figure in gallery(t, scene("run, forecast"))] == once


def test_every_class_that_a_picture_wears_has_a_rule() -> None:
    plain = {"label", "day"}  # they say what a text is, and are drawn as every other text
    for kind in KINDS:
        for figure in drawn(kind):
            text = alone(figure, "x")
            style = text[text.index("<style>") : text.index("</style>")]
            ruled = set(re.findall(r"\.([a-z][a-z0-9-]*)", style))
            worn = {name for each in re.findall(r'class="([^"]+)"', text) for name in each.split()}
            assert worn <= ruled | plain, figure.name


def test_the_line_below_the_heading_names_run_mode_and_what_chance_rests_on() -> None:
    t: Texts = texts("en", ZONE)
    assert about(t, scene("plan"), "") == "Plan autumn-weekend"
    line = about(t, scene("run, forecast"), "autumn-1")
    assert line.startswith("Run autumn-1 · PRACTICE: nothing real is moved · ")
    assert line.endswith("forecast of 40 sampled weekends, seed 1")


def test_an_estate_without_links_has_no_pictures_of_links() -> None:
    bare = replace(scene("plan").itinerary, pairs=())
    names = [f.name for f in gallery(texts("en", ZONE), scene_of_plan(bare))]
    assert names == ["waves", "handlers"]


def test_an_empty_plan_is_drawn_and_nothing_breaks() -> None:
    itinerary = scene("plan").itinerary
    empty = replace(itinerary, waves=(), legs={}, pairs=(), checks=())
    (figure,) = gallery(texts("en", ZONE), scene_of_plan(empty))
    assert figure.name == "waves"
    assert "the window ends" in words(parsed(inline(figure)))


def test_a_name_that_would_break_the_page_is_only_a_name() -> None:
    itinerary = scene("plan").itinerary
    first = next(iter(itinerary.legs))
    nasty = '<b>&"co"</b>'
    named = replace(itinerary, names={**itinerary.names, first: nasty})
    for figure in gallery(texts("en", ZONE), scene_of_plan(named)):
        svg = parsed(alone(figure, nasty))
        assert nasty in words(svg) or figure.name != "graph"
        assert not list(svg.iter(f"{NS}b"))
