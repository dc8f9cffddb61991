"""The subsystems by wave."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from drawn import NS, boxes, collisions, parsed, words
from migrator.plan.model import Itinerary, PairLeg
from migrator.reports.drawing.figure import Figure, inline
from migrator.reports.drawing.graph import ARCS_MAX, HUBS, graph_figure
from migrator.reports.drawing.scene import scene_of_plan
from migrator.reports.texts import texts
from weekend import an_itinerary

T = texts("en", "Europe/Stockholm")


def drawn(itinerary: Itinerary) -> Figure:
    figure = graph_figure(T, scene_of_plan(itinerary))
    assert figure is not None
    return figure


def tied(itinerary: Itinerary, *ties: tuple[int, int, int]) -> Itinerary:
    """The plan with these pairs alone: numbers of two moves, and a weight."""
    ids = list(itinerary.legs)
    like = itinerary.pairs[0]
    pairs: list[PairLeg] = [
        replace(like, source=itinerary.legs[ids[a]].id, target=itinerary.legs[ids[b]].id,
                links=weight, weight=weight)
        for a, b, weight in ties
    ]  # fmt: skip
    return replace(itinerary, pairs=tuple(pairs))


def nodes(svg: ET.Element) -> list[ET.Element]:
    return [r for r in svg.iter(f"{NS}rect") if (r.get("class") or "").split()[0] == "box"]


def arcs(svg: ET.Element) -> list[ET.Element]:
    return [path for path in svg.iter(f"{NS}path") if path.get("class") == "tie"]


def test_every_move_has_one_box_and_boxes_of_a_wave_stand_in_its_stretch() -> None:
    itinerary = an_itinerary(6, 13)
    svg = parsed(inline(drawn(itinerary)))
    found = Counter(
        (box.findtext(f"{NS}title") or "").rsplit("(", 1)[1].rstrip(")") for box in nodes(svg)
    )
    assert found == Counter({str(name): 1 for name in itinerary.legs})
    rules = [float(r.get("y1", "0")) for r in svg.iter(f"{NS}line") if r.get("class") == "row"]
    assert len(rules) == 6
    for box in nodes(svg):
        name = (box.findtext(f"{NS}title") or "").rsplit("(", 1)[1].rstrip(")")
        wave = int(itinerary.legs[name].wave[1:]) - 1
        below = rules[wave + 1] if wave + 1 < len(rules) else 10**6
        assert rules[wave] < float(box.get("y", "0")) < below


def test_no_two_boxes_stand_on_each_other_and_no_name_leaves_its_box() -> None:
    svg = parsed(inline(drawn(an_itinerary(6, 13))))
    assert collisions(svg) == []
    headings = max(right for said, _, right, _, _ in boxes(svg) if said.endswith("subsystems"))
    assert headings < min(float(box.get("x", "0")) for box in nodes(svg))
    places = {(box.get("x"), box.get("y")) for box in nodes(svg)}
    assert len(places) == 78


def test_only_pairs_between_waves_have_arcs_and_both_directions_are_one() -> None:
    itinerary = tied(an_itinerary(2, 3), (0, 1, 50), (0, 4, 7), (4, 0, 5), (2, 5, 1))
    figure = drawn(itinerary)
    assert len(arcs(parsed(inline(figure)))) == 2
    assert [row[4:] for row in figure.table.rows] == [(12, 12), (1, 1)]
    assert figure.notes == ("79 % of the link weight between moves lies inside waves.",)


def test_the_heavier_a_tie_the_wider_its_arc() -> None:
    figure = drawn(tied(an_itinerary(2, 3), (0, 3, 100), (1, 4, 25), (2, 5, 1)))
    widths = sorted(float(arc.get("stroke-width", "0")) for arc in arcs(parsed(inline(figure))))
    assert widths == pytest.approx([1.6, 4.0, 7.0])


def test_of_many_pairs_the_heaviest_are_drawn_and_all_are_in_the_table() -> None:
    itinerary = an_itinerary(2, 10)
    ties = [(a, 10 + b, 1 + a * 10 + b) for a in range(10) for b in range(10)]
    figure = drawn(tied(itinerary, *ties))
    svg = parsed(inline(figure))
    assert len(arcs(svg)) == ARCS_MAX
    assert len(figure.table.rows) == 100
    weights = [row[5] for row in figure.table.rows]
    assert weights == sorted(weights, reverse=True)  # type: ignore[type-var] # numbers
    titles = " ".join(arc.findtext(f"{NS}title") or "" for arc in arcs(svg))
    assert "weight 100" in titles
    assert "weight 69" in titles
    assert "weight 68" not in titles
    assert figure.notes[1].startswith("Drawn are the 32 heaviest of 100 pairs")


def test_those_with_most_weight_between_waves_have_a_strong_frame() -> None:
    itinerary = tied(an_itinerary(2, 10), *[(0, 10 + n, 50 + n) for n in range(10)])
    svg = parsed(inline(drawn(itinerary)))
    hubs = [box for box in nodes(svg) if box.get("class") == "box hub"]
    assert len(hubs) == HUBS
    first = itinerary.legs[next(iter(itinerary.legs))].name
    assert any((box.findtext(f"{NS}title") or "").startswith(first) for box in hubs)


def test_partners_in_neighbouring_waves_stand_below_each_other() -> None:
    """Crossed ties are laid straight: the order within a wave is free, so it is used."""
    itinerary = tied(an_itinerary(2, 4), *[(n, 7 - n, 10) for n in range(4)])
    svg = parsed(inline(drawn(itinerary)))
    for arc in arcs(svg):
        start, end = arc.get("d", "").removeprefix("M").split("C")
        assert start.split(" ")[0] == end.split(" ")[-2]


def test_a_large_estate_is_drawn_as_squares_of_wave_against_wave() -> None:
    itinerary = an_itinerary(12, 7)
    figure = graph_figure(T, scene_of_plan(itinerary), nodes_max=80)
    assert figure is not None
    svg = parsed(inline(figure))
    assert collisions(svg) == []
    assert nodes(svg) == []
    names = [word for word in words(svg) if word in {wave.id for wave in itinerary.waves}]
    assert len(names) == 12
    weight = sum(
        pair.weight
        for pair in itinerary.pairs
        if pair.source in itinerary.legs and pair.target in itinerary.legs
    )
    assert sum(row[3] for row in figure.table.rows) == weight  # type: ignore[misc] # numbers
    squares = [r for r in svg.iter(f"{NS}rect") if (r.get("class") or "").startswith("cell")]
    assert len(squares) == len(figure.table.rows)


def test_a_plan_whose_waves_cut_nothing_is_drawn_without_arcs() -> None:
    figure = drawn(tied(an_itinerary(2, 3), (0, 1, 5)))
    assert arcs(parsed(inline(figure))) == []
    assert figure.description == "No link is cut by the waves."
