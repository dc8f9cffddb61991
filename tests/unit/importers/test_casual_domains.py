"""Which file belongs to which domain, and what is wrong with a configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from casual_texts import a_domain, read
from migrator.errors import InputError


def test_several_files_of_one_domain_are_merged(tmp_path: Path) -> None:
    one = a_domain("orders") + "  servers: [{path: /opt/a}]\n"
    two = a_domain("orders") + "  servers: [{path: /opt/b}]\n"
    nameless = "domain: {executables: [{path: /opt/c}]}\n"
    (domain,) = read(tmp_path, a=one, b=two, c=nameless).subsystems
    assert [each.name for each in domain.components] == ["a", "b", "c"]


def test_a_file_without_a_name_among_several_stands_alone_with_a_note(tmp_path: Path) -> None:
    files = {"a": a_domain("orders"), "b": a_domain("pay"), "c": "domain: {servers: []}\n"}
    draft = read(tmp_path, **files)
    assert [each.id for each in draft.subsystems] == ["c", "orders", "pay"]
    assert [each.about for each in draft.coverage.notes] == ["c"]


def test_what_is_no_configuration_is_said_to_be_ignored(tmp_path: Path) -> None:
    draft = read(tmp_path, a=a_domain("orders") + "  colour: red\n", b="services: {web: {}}\n")
    assert [(each.file, each.what) for each in draft.coverage.ignored] == [
        ("a.yaml", "colour"),
        ("b.yaml", "document"),
    ]


def test_no_domain_at_all_is_input_to_mend(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, a="system: {resources: []}\n")
    assert caught.value.reference == "import-no-domains"


def test_all_faults_are_told_at_once_with_their_lines(tmp_path: Path) -> None:
    text = (
        "domain:\n  name: orders\n  servers: three\n  gateway:\n    inbound:\n      groups:\n"
        "        - connections:\n            - address: no-port\n            - address: h:99999\n"
        "            - note: nothing\n  executables: [{instances: 1}]\n"
        "  transaction: {resources: [{openinfo: x}]}\n"
    )
    with pytest.raises(InputError) as caught:
        read(tmp_path, a=text)
    lines = sorted((each.line, each.message) for each in caught.value.faults)
    assert [line for line, _ in lines] == [3, 8, 9, 10, 11, 12]
    assert caught.value.faults[0].file.endswith("a.yaml")


def test_secrets_are_counted_and_kept_nowhere(tmp_path: Path) -> None:
    text = a_domain("orders") + (
        "  environment: {variables: [{key: DB_PASSWORD, value: hunter2}]}\n"
        "  servers: [{path: s, environment: {variables: [{key: API_TOKEN, value: hunter3}]}}]\n"
        "  transaction: {resources: [{name: r, openinfo: 'db=pay,pwd=hunter4'}]}\n"
    )
    draft = read(tmp_path, a=text)
    assert [each.name for each in draft.coverage.plain_secrets] == [
        "DB_PASSWORD",
        "API_TOKEN",
        "openinfo of r",
    ]
    assert "hunter" not in repr(draft)


def test_defaults_give_a_server_its_groups(tmp_path: Path) -> None:
    text = a_domain("orders") + (
        "  default: {server: {memberships: [back]}}\n  servers: [{path: s}]\n"
    )
    assert [each.id for each in read(tmp_path, "group", a=text).subsystems] == ["orders.back"]


def test_a_file_of_variables_that_was_not_given_is_missed(tmp_path: Path) -> None:
    text = a_domain("orders") + "  environment: {files: [/etc/orders.env]}\n"
    (missing,) = read(tmp_path, a=text).coverage.missing_files
    assert (missing.name, missing.needed_by) == ("/etc/orders.env", "orders")


def test_the_order_of_starting_is_told(tmp_path: Path) -> None:
    text = a_domain("orders") + "  groups: [{name: back}, {name: front, dependencies: [back]}]\n"
    (note,) = read(tmp_path, a=text).coverage.notes
    assert (note.about, note.said) == ("orders/front", "starts after back")


@pytest.mark.parametrize(
    ("default", "own", "told"), [("true", "", 1), ("true", "false", 0), ("false", "true", 1)]
)
def test_a_door_that_passes_discovery_on_is_told(
    tmp_path: Path, default: str, own: str, told: int
) -> None:
    discovery = f", discovery: {{forward: {own}}}" if own else ""
    text = (
        "domain:\n  name: orders\n  gateway:\n    inbound:\n"
        f"      default: {{connection: {{discovery: {{forward: {default}}}}}}}\n"
        f"      groups: [{{alias: in, connections: [{{address: 'o:1'{discovery}}}]}}]\n"
    )
    notes = read(tmp_path, a=text).coverage.notes
    assert sum(each.topic == "passes discovery on" for each in notes) == told
