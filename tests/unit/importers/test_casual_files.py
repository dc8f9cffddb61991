"""One tree in four spellings, with the line of each value; what is broken says where."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.errors import InputError
from migrator.importers.casual_files import read_documents
from migrator.importers.files import SourceFile
from migrator.importers.nodes import Node

YAML = """domain:
  name: orders
  servers:
    - path: /opt/one
      memberships: [back]
    - path: /opt/two
"""
JSON = """{"domain": {
\t"name": "orders",
\t"servers": [
\t\t{"path": "/opt/one", "memberships": ["back"]},
\t\t{"path": "/opt/two"}]}}
"""
XML = """<?xml version="1.0"?>
<domain>
 <name>orders</name>
 <servers>
  <element>
   <path>/opt/one</path>
   <memberships><element>back</element></memberships>
  </element>
  <element><path>/opt/two</path></element>
 </servers>
</domain>
"""
INI = """[domain]
name=orders

[domain.servers]
path=/opt/one
memberships=back

; the second one
[domain.servers]
path=/opt/two
"""
SPELLINGS = {"a.yaml": YAML, "a.json": JSON, "a.xml": XML, "a.ini": INI}


def read(name: str, text: str) -> Node:
    (root,) = read_documents(SourceFile(Path("/in", name), name, text))
    return root


def fault(name: str, text: str) -> tuple[int | None, str]:
    with pytest.raises(InputError) as caught:
        read(name, text)
    (first, *_) = caught.value.faults
    return first.line, first.message


@pytest.mark.parametrize("name", SPELLINGS)
def test_every_spelling_says_the_same(name: str) -> None:
    root = read(name, SPELLINGS[name])
    assert root.value == {
        "domain": {
            "name": "orders",
            "servers": [{"path": "/opt/one", "memberships": ["back"]}, {"path": "/opt/two"}],
        }
    }


@pytest.mark.parametrize("name", SPELLINGS)
def test_every_spelling_knows_the_line_of_a_value(name: str) -> None:
    node = read(name, SPELLINGS[name]).get("domain", "servers", 1, "path")
    assert node.line is not None
    assert "/opt/two" in SPELLINGS[name].splitlines()[node.line - 1]


def test_a_section_below_a_list_belongs_to_its_last_entry() -> None:
    text = "[domain.gateway.inbound.groups]\nalias=a\n" * 2
    text += "[domain.gateway.inbound.groups.connections]\naddress=h:1\nservices=x\nservices=y\n"
    groups = read("a.ini", text).get("domain", "gateway", "inbound", "groups")
    assert groups.value == [
        {"alias": "a"},
        {"alias": "a", "connections": [{"address": "h:1", "services": ["x", "y"]}]},
    ]


def test_the_encoding_that_xml_declares_is_not_believed_twice() -> None:
    text = '<?xml version="1.0" encoding="ISO-8859-1"?><domain><name>Lön</name></domain>'
    assert read("a.xml", text).get("domain", "name").text == "Lön"


def test_an_empty_list_of_xml_is_a_list() -> None:
    assert read("a.xml", "<domain><servers/></domain>").get("domain", "servers").value == []


@pytest.mark.parametrize(
    ("name", "text", "line", "said"),
    [
        ("a.json", '{"domain":\n {"name": }}', 2, "Expecting value"),
        ("a.xml", "<domain>\n<name>x</domain>", 2, "mismatched tag"),
        ("a.xml", '<!DOCTYPE d [\n<!ENTITY a "b">]>\n<d>&a;</d>', 1, "document type"),
        ("a.xml", "<domain>\n<name>a</name>\n<name>b</name></domain>", 3, "second time"),
        ("a.ini", "[domain]\nname=x\nwhat is this\n", 3, "neither"),
        ("a.ini", "[domain]\nqueue=x\n[domain.queue.groups]\n", 3, "already"),
        ("a.yaml", "domain:\n  name: [\n", None, ""),
    ],
)
def test_a_broken_file_says_where(name: str, text: str, line: int | None, said: str) -> None:
    found, message = fault(name, text)
    assert said in message
    assert line is None or found == line


def test_xml_that_nests_for_ever_is_a_fault() -> None:
    assert "nests deeper" in fault("a.xml", "<a>" * 5000)[1]


def test_json_that_nests_for_ever_is_a_fault() -> None:
    assert fault("a.json", "[" * 100_000)[1]
