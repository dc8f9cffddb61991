"""The neighbourhood of a subsystem: who is near, on which side, and in which circle."""

from __future__ import annotations

from dataclasses import replace

import pytest

from migrator.engine import events as ev
from migrator.engine.fold import apply
from migrator.engine.run import Run, new_run
from migrator.ids import SubsystemId
from migrator.inventory.model import LatencyClass
from migrator.plan.model import Itinerary, PairLeg
from migrator.reports.texts import texts
from migrator.web.graph_view import FOUND_MAX, HEAVIEST, Arcs, arcs_of, found_page, graph_page
from weekend import START, an_itinerary

T = texts("en", "Europe/Stockholm")


def pair(source: str, target: str, links: int = 1) -> PairLeg:
    return PairLeg(
        SubsystemId(source), SubsystemId(target), links, links * 10, LatencyClass.INTERACTIVE, ()
    )


def estate(*pairs: PairLeg, waves: int = 2, moves: int = 3) -> Itinerary:
    return replace(an_itinerary(waves, moves), pairs=pairs)


@pytest.fixture
def known() -> tuple[Run, Arcs, list[str]]:
    """Six subsystems a..f: b and c call a; a calls d (much) and a stayer; d calls e, e calls a."""
    names = [str(name) for name in an_itinerary(2, 3).legs]
    a, b, c, d, e, _ = names
    itinerary = estate(
        pair(b, a, 5), pair(c, a, 7), pair(a, d, 40), pair(a, "cobol-core", 3), pair(d, e, 2),
        pair(e, a, 1), pair(a, a, 99),
    )  # fmt: skip
    return new_run(itinerary), arcs_of(itinerary), names


def moved(run: Run, name: str, side: str = "new") -> None:
    apply(run, START, ev.AuthorityMoved(name, side))


def test_callers_and_called_stand_apart_with_most_links_first(
    known: tuple[Run, Arcs, list[str]],
) -> None:
    run, arcs, (a, b, c, d, e, _) = known
    page = graph_page(run, arcs, a, T)
    assert page is not None
    assert [(each.id, each.links) for each in page.called_by] == [(c, 7), (b, 5), (e, 1)]
    assert [(each.id, each.links) for each in page.calls] == [(d, 40), ("cobol-core", 3)]
    assert (page.links_in, page.links_out) == (13, 43), "links inside it are nobody's neighbour"
    assert page.second == ()


def test_what_stays_has_no_wave_and_says_so(known: tuple[Run, Arcs, list[str]]) -> None:
    run, arcs, names = known
    page = graph_page(run, arcs, names[0], T)
    assert page is not None
    (stays,) = [each for each in page.calls if not each.moves]
    assert (stays.wave, stays.place, stays.place_word) == ("", "stays", "it stays")
    own = graph_page(run, arcs, "cobol-core", T)
    assert own is not None, "the graph holds what stays, too"
    assert [each.id for each in own.called_by] == [names[0]]


def test_links_cross_while_their_ends_stand_on_different_sides(
    known: tuple[Run, Arcs, list[str]],
) -> None:
    run, arcs, (a, b, _, d, _, _) = known
    before = graph_page(run, arcs, a, T)
    assert before is not None
    assert before.crossing == 0
    moved(run, a, "none")
    between = graph_page(run, arcs, a, T)
    assert between is not None
    assert between.crossing == 0, "whoever has lost authority has not gone over yet"
    moved(run, a)
    moved(run, d)
    after = graph_page(run, arcs, a, T)
    assert after is not None
    assert {each.id: each.crossing for each in after.calls} == {d: False, "cobol-core": True}
    assert after.crossing == 5 + 7 + 1 + 3
    assert {each.wave: each.crossing for each in after.waves} == {"w01": 12, "w02": 1, "": 3}
    assert b in {each.id for each in after.called_by if each.crossing}


def test_two_steps_follow_one_direction_and_never_lead_back(
    known: tuple[Run, Arcs, list[str]],
) -> None:
    run, arcs, (a, b, c, d, e, _) = known
    page = graph_page(run, arcs, c, T, steps=2)
    assert page is not None
    assert [each.id for each in page.second] == [d, "cobol-core"], "what is called by a"
    beside = {each.id for each in page.second}
    assert b not in beside, "it calls the same one, which makes it no neighbour"
    assert e not in beside
    assert a not in beside


def test_a_circle_is_told_with_a_shortest_way_round(known: tuple[Run, Arcs, list[str]]) -> None:
    run, arcs, (a, b, _, d, e, _) = known
    page = graph_page(run, arcs, d, T)
    assert page is not None
    assert page.circle is not None
    assert page.circle.members == 3
    assert [name for name, _ in page.circle.way] == [d, e, a, d]
    outside = graph_page(run, arcs, b, T)
    assert outside is not None
    assert outside.circle is None, "it calls into the circle, and nobody calls it"


def test_neighbours_are_counted_once_in_their_wave() -> None:
    names = [str(name) for name in an_itinerary(2, 3).legs]
    a, b = names[:2]
    itinerary = estate(pair(a, b, 2), pair(b, a, 3))
    page = graph_page(new_run(itinerary), arcs_of(itinerary), a, T)
    assert page is not None
    assert [(each.wave, each.neighbours, each.links) for each in page.waves] == [("w01", 1, 5)]


def test_what_the_estate_does_not_know_has_no_page(known: tuple[Run, Arcs, list[str]]) -> None:
    run, arcs, _ = known
    assert graph_page(run, arcs, "nobody", T) is None


def test_who_is_bound_to_move_with_it_is_named() -> None:
    itinerary = an_itinerary(1, 2)
    one, other = (leg.id for leg in itinerary.legs.values())
    legs = {name: replace(leg, together=(one, other)) for name, leg in itinerary.legs.items()}
    bound = replace(itinerary, legs=legs)
    page = graph_page(new_run(bound), arcs_of(bound), one, T)
    assert page is not None
    assert [name for name, _ in page.together] == [other]


def test_a_part_of_a_name_or_an_id_finds_a_subsystem_and_a_whole_id_stands_first() -> None:
    itinerary = an_itinerary(14, 6)
    run, arcs = new_run(itinerary), arcs_of(itinerary)
    found = found_page(run, arcs, "INTAKE", T)
    assert found.found_all == 14
    assert all("intake" in each.id for each in found.found)
    links = [each.links for each in found.found]
    assert links == sorted(links, reverse=True)
    whole = found_page(run, arcs, str(found.found[-1].id), T)
    assert whole.found[0].id == found.found[-1].id
    assert found_page(run, arcs, "zebra", T).found == ()


def test_without_a_question_the_ones_with_most_links_are_offered() -> None:
    itinerary = an_itinerary(14, 6)
    run, arcs = new_run(itinerary), arcs_of(itinerary)
    page = found_page(run, arcs, "", T)
    assert (len(page.found), page.found_all) == (HEAVIEST, len(itinerary.names))
    assert len(found_page(run, arcs, "e", T).found) == FOUND_MAX
