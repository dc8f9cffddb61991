"""The DOT form: every word quoted, atoms as clusters."""

from __future__ import annotations

from estates import a_graph, an_estate, together
from migrator.graph.atoms import atoms
from migrator.graph.dot import dot, quoted
from migrator.graph.view import view_of_all, view_of_route
from migrator.ids import SubsystemId

NAMES = {SubsystemId(letter): f'The "{letter}" system' for letter in "abc"}


def test_quotation_marks_slashes_and_lines_are_kept() -> None:
    assert quoted('a "b" \\ c', "d") == '"a \\"b\\" \\\\ c\\nd"'


def test_a_graph_is_written_with_names_widths_and_clusters() -> None:
    graph = a_graph("ab:10", "bc:5", nodes="abc")
    view = view_of_all(graph, atoms(an_estate("abc", together("b", "c"))), "My estate")
    text = dot(view, NAMES)
    assert text.startswith('digraph "My estate" {\n')
    assert '  "a" [label="The \\"a\\" system\\na"];' in text
    assert '  "a" -> "b" [label="1 link", penwidth=6.00];' in text
    assert '  "b" -> "c" [label="1 link", penwidth=3.50];' in text
    assert '  subgraph "cluster_b" {\n    label="must move together";\n    "b";\n    "c";' in text
    assert text.endswith("}\n")


def test_those_asked_about_stand_out() -> None:
    text = dot(view_of_route(a_graph("ab:0").arcs, ()), NAMES)
    assert text.count("penwidth=2]") == 2


def test_an_estate_without_links_is_written_too() -> None:
    assert '"a" [label=' in dot(view_of_all(a_graph(nodes="a"), (), "x"), NAMES)
