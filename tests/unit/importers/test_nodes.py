"""A place in a document knows its value, its line and its path."""

from __future__ import annotations

from migrator.importers.nodes import Node
from migrator.inventory.yaml_text import read_yaml

TEXT = """\
spec:
  containers:
    - name: web
      ports: [{containerPort: 80}]
      ready: true
"""
ROOT = Node("a.yaml", read_yaml(TEXT, "a.yaml"), read_yaml(TEXT, "a.yaml").data)


def test_a_place_says_where_it_is() -> None:
    port = ROOT.get("spec", "containers", 0, "ports", 0, "containerPort")
    assert (port.number, port.line) == (80, 4)
    assert port.where == "spec.containers[0].ports[0].containerPort"


def test_what_is_missing_is_none_all_the_way_down() -> None:
    missing = ROOT.get("spec", "volumes", 3, "name")
    assert (missing.exists, missing.text, missing.number) == (False, None, None)
    assert list(missing.parts()) == []
    assert list(missing.entries()) == []


def test_scalars_are_text_and_containers_are_not() -> None:
    assert ROOT.get("spec", "containers", 0, "ready").text == "true"
    assert ROOT.get("spec", "containers").text is None


def test_a_number_may_be_written_as_text() -> None:
    assert Node("a", ROOT.lines, "0080").number == 80
    assert Node("a", ROOT.lines, "http").number is None
    assert Node("a", ROOT.lines, value=True).number is None
