"""Documents, Lists and JSON as objects; broken ones, templates and twins as faults."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.errors import Fault, InputError
from migrator.importers.coverage import Collector
from migrator.importers.files import SourceFile
from migrator.importers.kubernetes_objects import KubeObject, read_objects

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: %s}\n"


def source(text: str, name: str = "a.yaml") -> SourceFile:
    return SourceFile(Path(name), name, text)


def read(*files: SourceFile) -> list[KubeObject]:
    return read_objects(files, Collector())


def faults(*files: SourceFile) -> tuple[Fault, ...]:
    with pytest.raises(InputError) as caught:
        read(*files)
    return caught.value.faults


def test_each_document_keeps_its_own_text_and_line() -> None:
    text = f"# licence\n{POD % 'one'}---\n# about two\n{POD % 'two'}  # tail\n---\n"
    one, two = read(source(text))
    assert one.text == f"# licence\n{POD % 'one'}"
    assert two.text == f"# about two\n{POD % 'two'}  # tail\n"
    assert (one.line, two.line) == (2, 7)


def test_a_line_of_dashes_inside_a_block_does_not_end_the_document() -> None:
    text = POD % "one" + "data:\n  cert: |\n    ---\n    x\n"
    (one,) = read(source(text))
    assert one.text == text


def test_a_list_and_json_are_unpacked() -> None:
    items = '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}}'
    text = f'{{"apiVersion": "v1", "kind": "PodList", "items": [{items}]}}'
    for name in ("a.json", "a.yaml"):
        (one,) = read(source(text, name))
        assert (one.kind, one.name) == ("Pod", "x")
        assert '"name": "x"' in one.text


def test_anchors_are_written_out_because_a_copy_is_read_without_them() -> None:
    text = POD % "one" + "a: &x [1]\nb: *x\n"
    (one,) = read(source(text))
    assert "*x" not in one.text
    assert one.root.get("b", 0).number == 1


def test_the_text_of_a_secret_is_not_kept() -> None:
    text = POD.replace("Pod", "Secret") % "login" + "stringData: {p: hunter2}\n"
    (one,) = read(source(text))
    assert one.text == ""


def test_what_is_no_object_is_ignored_with_a_reason() -> None:
    collector = Collector()
    assert (
        read_objects([source("replicas: 3\n"), source("services: {}\n", "c.yaml")], collector) == []
    )
    assert [each.why for each in sorted(collector.ignored)] == [
        "no Kubernetes object: it has no apiVersion and kind",
        "no Kubernetes object; a Compose file is given with --compose",
    ]


def test_all_broken_files_are_named_at_once_with_their_lines() -> None:
    found = faults(source("a: [\n"), source("kind: x\n\tb: 1\n", "b.yaml"), source("{", "c.json"))
    assert [(fault.file, fault.line) for fault in found] == [
        ("a.yaml", 2),
        ("b.yaml", 2),
        ("c.json", 1),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Values.name }}\n",
        "{{- if .Values.on }}\napiVersion: v1\n{{- end }}\n",
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: '{{ .Release.Name }}-web'\n",
    ],
)
def test_a_template_is_told_from_a_broken_file(text: str) -> None:
    assert "template" in faults(source(text))[0].message


def test_braces_in_a_configuration_are_no_template() -> None:
    text = POD.replace("Pod", "ConfigMap") % "rules" + "data: {alert: 'over {{ $value }}'}\n"
    assert len(read(source(text))) == 1


def test_an_object_without_a_name_is_a_fault() -> None:
    (fault,) = faults(source("apiVersion: v1\nkind: Pod\nmetadata: {}\n"))
    assert fault.message == "this Pod has no metadata.name"


def test_the_same_object_twice_names_both_places() -> None:
    (fault,) = faults(source(POD % "one"), source("---\n" + POD % "one", "b.yaml"))
    assert (fault.file, fault.line) == ("b.yaml", 2)
    assert fault.message == "Pod one stands here and in a.yaml:1"


def test_the_same_name_in_another_namespace_is_another_object() -> None:
    other = POD.replace("{name: %s}", "{name: %s, namespace: b}")
    assert len(read(source(POD % "one"), source(other % "one", "b.yaml"))) == 2


def test_a_key_twice_in_json_is_a_fault() -> None:
    (fault,) = faults(source('{"kind": 1, "kind": 2}', "a.json"))
    assert "'kind' stands twice" in fault.message


def test_json_nested_without_end_is_a_fault() -> None:
    (fault,) = faults(source("[" * 100_000, "a.json"))
    assert "nested deeper" in fault.message
