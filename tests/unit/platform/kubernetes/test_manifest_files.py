"""Files become objects with places, and what nobody rendered is refused."""

from __future__ import annotations

import json

import pytest

from migrator.platform.kubernetes.manifest_files import (
    Gathered,
    kubernetes_word,
    read_manifests,
)
from migrator.platform.kubernetes.objects import at

CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"


def read(**files: str) -> Gathered:
    gathered = Gathered()
    named = {name.replace("_", "."): text.encode() for name, text in files.items()}
    read_manifests(named, "manifests/shop", gathered)
    return gathered


def names(gathered: Gathered) -> list[str]:
    return [str(manifest.name) for manifest in gathered.manifests]


def said(gathered: Gathered) -> list[str]:
    return [str(fault) for fault in gathered.faults]


def test_documents_come_in_the_order_of_files_and_empty_ones_are_skipped() -> None:
    gathered = read(b_yaml=f"---\n---\n{CONFIG}---\n# nothing\n", a_yml=CONFIG.replace("a}", "z}"))
    assert names(gathered) == ["ConfigMap/z", "ConfigMap/a"]
    assert [manifest.place for manifest in gathered.manifests][1] == "manifests/shop/b.yaml:3"
    assert gathered.faults == []


def test_files_of_other_kinds_are_not_read() -> None:
    assert read(README_md="# no YAML: {", notes_txt="{") == Gathered()


def test_a_json_file_that_holds_nothing_is_skipped() -> None:
    assert read(a_json="null", b_json=" \n").faults == []


def test_lists_are_unfolded_and_a_typed_list_says_what_its_items_are() -> None:
    listed = (
        "apiVersion: v1\nkind: List\nitems:\n"
        "- {apiVersion: v1, kind: ConfigMapList, items: [{metadata: {name: a}}]}\n"
        "- {apiVersion: v1, kind: Secret, metadata: {name: b}}\n"
    )
    gathered = read(all_yaml=listed)
    assert names(gathered) == ["ConfigMap/a", "Secret/b"]
    assert at(gathered.manifests[0].object, "apiVersion") == "v1"
    assert gathered.manifests[1].fault("x", "kind").path == "items[1].kind"
    assert gathered.manifests[1].fault("x", "kind").line == 5


def test_json_is_read_as_json_with_tabs_pairs_and_lines() -> None:
    text = json.dumps(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"s": "a/b"}},
        indent="\t",
    )
    gathered = read(a_json=text.replace("a/b", "a\\/b"))
    assert at(gathered.manifests[0].object, "data", "s") == "a/b"
    assert gathered.manifests[0].fault("x", "data").line == 7


def test_json_whose_lines_nobody_can_tell_is_read_all_the_same() -> None:
    text = json.dumps(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "a"},
            "data": {"s": "\U0001f600"},
        }
    )
    assert at(read(a_json=text).manifests[0].object, "data", "s") == "\U0001f600"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"a": 1', "this is no JSON"),
        ('{"a": 1, "a": 2}', "stands twice"),
        ("[" * 100_000, "nested deeper"),
        ("[" * 100 + "]" * 100, "nested deeper"),
        ('{"a":"\\ud83d\\ude00","b":' + "[" * 100 + "]" * 100 + "}", "nested deeper"),
        ("1" * 5000, "cannot be read"),
        ('{"apiVersion": "\\ud800"}', "half a character"),
        ('{"\\ud800": 1}', "half a character"),
        ("[1, 2]", "wants a Kubernetes object, found a list"),
    ],
)
def test_broken_json_is_a_fault_of_its_file(text: str, words: str) -> None:
    gathered = read(a_json=text)
    assert words in said(gathered)[0]
    assert gathered.faults[0].file == "manifests/shop/a.json"


def test_a_bomb_of_aliases_is_a_fault_and_not_an_end() -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    lines += [
        f"{b}: &{b} [{', '.join([f'*{a}'] * 10)}]" for a, b in zip("abcdef", "bcdefg", strict=True)
    ]
    assert "more than 1,000,000 values" in said(read(a_yaml="\n".join(lines)))[0]


def test_every_broken_file_is_named_at_once_and_the_others_are_read() -> None:
    gathered = read(a_yaml="a: [", b_yaml="\tb: 1", c_yaml=CONFIG)
    assert [fault.file for fault in gathered.faults] == [
        "manifests/shop/a.yaml",
        "manifests/shop/b.yaml",
    ]
    assert names(gathered) == ["ConfigMap/a"]


def test_what_an_anchor_repeats_is_a_copy_of_its_own() -> None:
    shared = "labels: &l {app: a}"
    text = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a, {shared}, annotations: *l}}\n"
    found = read(a_yaml=text).manifests[0].object
    labels, notes = at(found, "metadata", "labels"), at(found, "metadata", "annotations")
    assert labels == notes == {"app": "a"}
    assert labels is not notes


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("0644", 0o644),
        ("-017", -0o17),
        ("0", 0),
        ("00", 0),
        ("0809", "0809"),
        ("10", 10),
        ("0.5", 0.5),
        ("0x1f", 31),
        ("true", True),
        ("on", "on"),
    ],
)
def test_an_unquoted_word_means_what_the_clusters_tools_take_it_for(
    text: str, wanted: object
) -> None:
    assert kubernetes_word(text) == wanted


def test_the_mode_of_a_file_is_octal_in_a_manifest() -> None:
    gathered = read(a_yaml=CONFIG + "spec: {defaultMode: 0644, text: '0644'}\n")
    assert at(gathered.manifests[0].object, "spec") == {"defaultMode": 420, "text": "0644"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("kind: ConfigMap\nmetadata: {name: a}", "the key 'apiVersion' is missing"),
        ("apiVersion: v1\nmetadata: {name: a}", "the key 'kind' is missing"),
        ("apiVersion: v1\nkind: ConfigMap", "the key 'metadata.name' is missing"),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {}", "the key 'metadata.name' is missing"),
        ("apiVersion: v1\nkind: Job\nmetadata: {generateName: a-}", "write a fixed 'name'"),
        (
            "apiVersion: v1\nkind: X\nmetadata: {name: a, ownerReferences: [{uid: u}]}",
            "another cluster",
        ),
        ("apiVersion: v1\nkind: X\nmetadata: {name: a, labels: {n: 1}}", "put it in quotes"),
        ("apiVersion: v1\nkind: X\nmetadata: {name: a, labels: [n]}", "wants a mapping of texts"),
        (
            (
                "apiVersion: v1\nkind: Job\n"
                "metadata: {name: a, annotations: {helm.sh/hook: pre-install}}"
            ),
            "is a hook (helm.sh/hook: pre-install)",
        ),
        (
            (
                "apiVersion: v1\nkind: Job\n"
                "metadata: {name: a, annotations: {argocd.argoproj.io/hook: Sync}}"
            ),
            "is a hook",
        ),
        (
            "apiVersion: v1\nkind: X\nmetadata: {name: a, annotations: {migrator/epoch: '3'}}",
            "are written by the program",
        ),
        (
            (
                "apiVersion: v1\nkind: X\n"
                "metadata: {name: a, labels: {app.kubernetes.io/managed-by: migrator}}"
            ),
            "marks what the program makes",
        ),
        ("apiVersion: v1\nkind: X\nmetadata: {name: a}\nspec: {x: .nan}", "a finite number"),
        (
            "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: []",
            "kustomize build",
        ),
        ("just text", "wants a Kubernetes object"),
    ],
)
def test_what_is_no_object_to_apply_is_refused_in_words(text: str, words: str) -> None:
    faults = said(read(a_yaml=text))
    assert len(faults) == 1
    assert words in faults[0]


def test_a_chart_is_not_taken_for_objects() -> None:
    assert "helm template" in said(read(values_yaml="a: 1"))[0]


def test_what_only_a_server_writes_is_left_out_with_a_finding() -> None:
    text = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  uid: u-1\n"
        "  resourceVersion: '5'\n  managedFields: [{manager: x}]\n"
        "  annotations: {kubectl.kubernetes.io/last-applied-configuration: '{}'}\n"
        "status: {phase: Bound}\n"
    )
    gathered = read(a_yaml=text)
    assert gathered.manifests[0].object == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "a"},
    }
    assert {finding.rule for finding in gathered.findings} == {"server-field"}
    assert sorted(finding.line or 0 for finding in gathered.findings) == [5, 6, 7, 8, 9]


def test_an_empty_status_goes_without_a_word() -> None:
    gathered = read(a_yaml=CONFIG.replace("a}", "a, creationTimestamp: null}") + "status: {}\n")
    assert gathered.findings == []
    assert set(gathered.manifests[0].object) == {"apiVersion", "kind", "metadata"}
