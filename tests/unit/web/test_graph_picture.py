"""The picture of a neighbourhood: well-formed, without styles, with all that it draws named."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

from migrator.engine import events as ev
from migrator.engine.fold import apply
from migrator.engine.run import Run, new_run
from migrator.ids import SubsystemId
from migrator.inventory.model import LatencyClass
from migrator.plan.model import PairLeg
from migrator.reports.texts import texts
from migrator.web.graph_picture import COLUMN_MAX, Drawing, drawing
from migrator.web.graph_view import arcs_of
from weekend import START, an_itinerary

T = texts("sv", "Europe/Stockholm")
SVG = "{http://www.w3.org/2000/svg}"


def pair(source: str, target: str, links: int) -> PairLeg:
    ends = SubsystemId(source), SubsystemId(target)
    return PairLeg(*ends, links, links, LatencyClass.INTERACTIVE, ())


def drawn(run: Run, centre: str, steps: int = 1) -> tuple[Drawing, ET.Element]:
    picture = drawing(run, arcs_of(run.itinerary), centre, T, steps=steps)
    return picture, ET.fromstring(picture.svg)  # noqa: S314 - our own


def boxes(root: ET.Element) -> dict[str, float]:
    """The left edges of the boxes, by what they are called."""
    found = {}
    for group in root.iter():
        box = group.find("rect")
        if box is not None:
            found[str(group.findtext("title")).partition(" (")[0]] = float(box.attrib["x"])
    return found


def a_run(*pairs: PairLeg) -> Run:
    return new_run(replace(an_itinerary(4, 6), pairs=pairs))


def test_callers_stand_left_and_the_called_ones_right() -> None:
    names = [str(name) for name in an_itinerary(4, 6).legs]
    a, b, c, d, e = names[:5]
    run = a_run(pair(b, a, 3), pair(a, c, 3), pair(a, d, 1), pair(d, a, 9), pair(c, e, 4))
    shown = run.itinerary.names
    _, root = drawn(run, a)
    place = boxes(root)
    assert place[shown[b]] == place[shown[d]] < place[shown[a]] < place[shown[c]]
    assert shown[e] not in place
    further, root = drawn(run, a, steps=2)
    place = boxes(root)
    assert place[shown[c]] < place[shown[e]]
    assert (further.drawn, further.neighbours) == (4, 4)


def test_no_more_is_drawn_than_can_be_read_and_it_says_so() -> None:
    names = [str(name) for name in an_itinerary(4, 6).legs]
    run = a_run(*(pair(names[0], other, n) for n, other in enumerate(names[1:], 1)))
    picture, root = drawn(run, names[0])
    assert (picture.drawn, picture.neighbours) == (COLUMN_MAX, 23)
    assert run.itinerary.names[names[-1]] in boxes(root), "the one with most links"
    assert run.itinerary.names[names[1]] not in boxes(root), "the one with fewest"


def test_a_side_on_which_nobody_stands_takes_no_room() -> None:
    names = [str(name) for name in an_itinerary(4, 6).legs]
    run = a_run(pair(names[0], names[1], 3), pair(names[1], names[2], 3))
    for centre, steps in ((names[0], 1), (names[0], 2), (names[2], 2)):
        _, root = drawn(run, centre, steps)
        place = boxes(root)
        assert min(place.values()) < 10, (centre, steps)
        assert max(place.values()) + 220 > float(root.attrib["width"]), (centre, steps)


def test_a_box_says_in_words_where_it_stands_and_leads_on() -> None:
    names = [str(name) for name in an_itinerary(4, 6).legs]
    run = a_run(pair(names[0], names[1], 3), pair(names[0], "old-print", 1))
    apply(run, START, ev.AuthorityMoved(names[1], "new"))
    picture, root = drawn(run, names[0])
    assert "● w01 på nya sidan" in picture.svg
    assert "▪ flyttas inte" in picture.svg
    assert [each.attrib["href"] for each in root.iter("a")] == [
        f"/graph/{names[1]}",
        "/graph/old-print",
    ]
    ties = [each.attrib["class"] for each in root.iter("path") if "marker-end" in each.attrib]
    assert sorted(ties) == ["tie", "tie tie-across"]


def test_there_is_nothing_in_it_that_the_policy_of_the_pages_refuses() -> None:
    itinerary = an_itinerary(4, 6)
    names = dict.fromkeys(itinerary.names, 'A "<b>&" name that is much too long for its small box')
    run = new_run(replace(itinerary, names=names))
    picture, root = drawn(run, str(next(iter(itinerary.legs))), steps=2)
    assert "style" not in {name for each in root.iter() for name in each.attrib}
    assert not list(root.iter("style"))
    assert "<b>" not in picture.svg
    assert root.attrib["role"] == "group"
    assert root.attrib["aria-labelledby"] == "around-title around-desc"
