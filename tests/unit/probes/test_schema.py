"""The schema for editors refuses what the program refuses."""

from __future__ import annotations

import pytest
from jsonschema import Draft202012Validator

from migrator.inventory.yaml_text import read_yaml
from migrator.probes.schema import FILE, json_schema

SCHEMA = json_schema()
RIGHT = """\
allow: [10.0.0.0/8]
vantages: [{id: here, kind: here}]
stands: [{old: here, new: here}]
addresses:
  a: 10.0.0.1
  b: {host: 10.0.0.1, port: 80}
  c: {old: 10.0.0.1, new: {from_old: {host: x}, from_new: y}}
checks: [{match: {port: 80}, kind: tcp, args: {stays_ms: 5}}]
waived: [{link: l, who: a, why: b, until: 2023-10-20}]
"""


def errors(text: str) -> list[str]:
    data = read_yaml(text, FILE).data
    return [error.message for error in Draft202012Validator(SCHEMA).iter_errors(data)]


def test_the_schema_is_one_of_the_named_dialect() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_a_right_file_is_right_by_the_schema_too() -> None:
    assert errors(RIGHT) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("allow: [10.0.0.0/8]", "allow: []"),
        ("allow: [10.0.0.0/8]", "{}"),
        ("kind: here", "kind: heer"),
        ("a: 10.0.0.1", "a: [10.0.0.1]"),
        ("10.0.0.1, port: 80}", "10.0.0.1, prot: 80}"),
        ("from_old: {host: x}", "from_odl: {host: x}"),
        ("c: {old: 10.0.0.1, new", "c: {odl: 10.0.0.1, new"),
        ("who: a, ", ""),
        ("until: 2023-10-20", "until: soon"),
        ("match: {port: 80}", "match: {port: 0}"),
    ],
)
def test_what_the_program_refuses_the_schema_refuses(old: str, new: str) -> None:
    assert RIGHT.count(old) == 1
    text = RIGHT.replace(old, "" if new == "{}" else new)
    assert len(errors(text)) >= 1
