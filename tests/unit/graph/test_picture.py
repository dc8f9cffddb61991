"""The SVG form: well-formed, readable, with words for whoever cannot see it."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree import ElementTree as ET

import pytest

from estates import a_graph, an_estate, together
from migrator.graph.atoms import atoms
from migrator.graph.picture import svg
from migrator.graph.reach import around
from migrator.graph.view import View, view_of_hubs, view_of_neighbourhood, view_of_route
from migrator.ids import SubsystemId

SVG = "{http://www.w3.org/2000/svg}"
NAMES = {SubsystemId(letter): f"System {letter} & <co>" for letter in "abcdefgh"}
GRAPH = a_graph("ab:9", "bc:4", "ca:1", "ad:0", "da:2", "ae:3", "fa:7", "ga:1", "ha:1")
GROUPS = atoms(an_estate("abcdefgh", together("a", "b")))


def neighbourhood() -> View:
    return view_of_neighbourhood(GRAPH, around(GRAPH, SubsystemId("a"), 1), GROUPS)


VIEWS = {
    "hubs": view_of_hubs(GRAPH, GROUPS, "Estate"),
    "neighbourhood": neighbourhood(),
    "route": view_of_route(GRAPH.arcs[:1], GROUPS),
    "nothing": view_of_hubs(a_graph(nodes="ab"), (), "Empty"),
    "never called": view_of_hubs(a_graph("ab:0"), (), "Quiet"),
    "alone": view_of_neighbourhood(
        a_graph(nodes="a"), around(a_graph(nodes="a"), SubsystemId("a"), 1), ()
    ),
}


def parsed(view: View, names: Mapping[SubsystemId, str] = NAMES) -> ET.Element:
    return ET.fromstring(svg(view, names))  # noqa: S314 - our own picture


def text_of(root: ET.Element, tag: str) -> str:
    found = root.find(f"{SVG}{tag}")
    assert found is not None
    return found.text or ""


@pytest.mark.parametrize("name", VIEWS)
def test_every_picture_is_well_formed_and_says_what_it_shows(name: str) -> None:
    root = parsed(VIEWS[name])
    assert text_of(root, "title") == VIEWS[name].title
    assert text_of(root, "desc").startswith(VIEWS[name].left_out)
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "title desc"


@pytest.mark.parametrize("name", VIEWS)
def test_everything_lies_inside_the_picture(name: str) -> None:
    root = parsed(VIEWS[name])
    width, height = float(root.get("width", "0")), float(root.get("height", "0"))
    for element in root.iter():
        for far, near in (("x", "cx"), ("y", "cy")):
            value = element.get(far) or element.get(near)
            if value is not None and element.tag != f"{SVG}marker":
                assert 0 <= float(value) <= (width if far == "x" else height)


@pytest.mark.parametrize("name", ["neighbourhood", "route"])
def test_boxes_do_not_overlap(name: str) -> None:
    root = parsed(VIEWS[name])
    boxes = [
        tuple(float(box.get(key, "0")) for key in ("x", "y", "width", "height"))
        for box in root.iter(f"{SVG}rect")
    ][1:]  # the first is the background
    assert len(boxes) == len(VIEWS[name].nodes)
    for number, (x, y, width, height) in enumerate(boxes):
        for other_x, other_y, _, _ in boxes[number + 1 :]:
            assert abs(x - other_x) >= width or abs(y - other_y) >= height


def test_every_arc_is_drawn_and_told_in_words() -> None:
    view = neighbourhood()
    root = parsed(view)
    lines = [path for path in root.iter(f"{SVG}path") if path.get("marker-end")]
    assert len(lines) == len(view.arcs)
    description = text_of(root, "desc")
    assert "System a & <co> calls System b & <co>: 1 link, weight 9." in description
    assert description.count(" calls ") == len(view.arcs)


def test_heavier_arcs_are_wider_and_lie_on_top() -> None:
    root = parsed(VIEWS["hubs"])
    widths = [
        float(path.get("stroke-width", "0"))
        for path in root.iter(f"{SVG}path")
        if path.get("marker-end")
    ]
    assert widths == sorted(widths)
    assert widths[0] == 1.0
    assert widths[-1] == 7.0


def test_what_must_move_together_is_marked_and_told() -> None:
    root = parsed(neighbourhood())
    marked = [box for box in root.iter(f"{SVG}rect") if box.get("stroke-width") == "2.5"]
    assert len(marked) == 2
    told = "Must move together: System a & <co> + System b & <co> (with a-b)"
    assert told in [text.text for text in root.iter(f"{SVG}text")]
    assert told in text_of(root, "desc")


def test_the_one_asked_about_stands_out() -> None:
    filled = [box.get("fill") for box in parsed(neighbourhood()).iter(f"{SVG}rect")]
    assert filled.count("#cfe3f7") == 1


def test_a_long_name_is_cut_in_the_box_and_whole_in_its_title() -> None:
    names = dict.fromkeys(NAMES, "A very long name of a subsystem, really")
    root = parsed(neighbourhood(), names)
    texts = [text.text or "" for text in root.iter(f"{SVG}text")]
    assert "A very long name of a su…" in texts
    assert any(
        title.text == "A very long name of a subsystem, really (a)"
        for title in root.iter(f"{SVG}title")
    )


def test_a_member_that_is_not_drawn_is_named_by_its_id() -> None:
    names = {key: name for key, name in NAMES.items() if key != "b"}
    graph = a_graph("ca:1")
    view = view_of_hubs(graph, GROUPS, "Estate")
    assert "System a & <co> + b" in svg(view, names).replace("&amp;", "&").replace(
        "&lt;", "<"
    ).replace("&gt;", ">")


def test_the_same_view_is_the_same_bytes() -> None:
    assert svg(neighbourhood(), NAMES) == svg(neighbourhood(), NAMES)
