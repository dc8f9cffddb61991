"""Whatever stands in a manifests folder, reading it ends in a Subject or in faults with places."""

from __future__ import annotations

import json
from typing import Final

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from migrator.errors import InputError
from migrator.inventory.yaml_text import Plain
from migrator.platform.kubernetes.manifest_schema import installed_schemas
from migrator.platform.kubernetes.manifests import examine, read_subject
from migrator.platform.kubernetes.masked_objects import masked
from migrator.platform.kubernetes.objects import KubeObject, text_at

WORDS: Final = (
    *("apiVersion", "kind", "metadata", "name", "namespace", "labels", "annotations", "spec"),
    *("selector", "matchLabels", "template", "containers", "env", "envFrom", "value", "items"),
    *("ports", "port", "volumes", "secret", "data", "stringData", "status", "valueFrom"),
)
VALUES: Final = (
    *("v1", "apps/v1", "Service", "Deployment", "Secret", "List", "ConfigMapList", "CronJob"),
    *("web", "CustomResourceDefinition", "apiextensions.k8s.io/v1", "", "Endpoints"),
)
CUTOVER_WORDS: Final = (
    *("namespace", "fronts", "databases", "keeps_data", "service", "old", "port", "addresses"),
    *("number", "identity", "path", "new", "name", "source", "target", "writers", "host"),
)

plain = st.none() | st.booleans() | st.integers(-5, 70_000) | st.sampled_from(VALUES)


def tree(words: tuple[str, ...]) -> st.SearchStrategy[Plain]:
    keys = st.sampled_from(words) | st.text(max_size=3)
    return st.recursive(
        plain | st.sampled_from(("10.0.0.9", "127.0.0.1", "web", "Deployment/web")),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=5),
        max_leaves=25,
    )


heads = st.fixed_dictionaries(
    {
        "apiVersion": st.sampled_from(VALUES),
        "kind": st.sampled_from(VALUES),
        "metadata": st.fixed_dictionaries({"name": st.just("web")}) | tree(WORDS),
        "spec": tree(WORDS),
    }
)


@settings(max_examples=120, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(heads | tree(WORDS), max_size=3), tree(CUTOVER_WORDS))
def test_reading_never_fails_in_another_way_than_with_faults(
    objects: list[Plain], cutover: Plain
) -> None:
    files = {f"{n}.json": json.dumps(each).encode() for n, each in enumerate(objects)}
    files["cutover.yaml"] = json.dumps(cutover).encode()
    examined = examine("web", files, schemas=installed_schemas())
    assert (examined.subject is None) == bool(examined.faults)
    assert all(fault.file.startswith("manifests/web/") for fault in examined.faults)
    if examined.subject is not None:
        spaces = {text_at(each, "metadata", "namespace") for each in examined.subject.objects}
        assert spaces <= {"", examined.subject.namespace}


@settings(max_examples=60)
@given(st.binary(max_size=80), st.sampled_from(["a.yaml", "a.json", "cutover.yaml"]))
def test_bytes_that_are_nothing_are_faults_at_most(content: bytes, name: str) -> None:
    try:
        read_subject("web", {name: content})
    except InputError as error:
        assert error.faults  # noqa: PT017 - both ends are right


@settings(max_examples=60)
@given(tree(WORDS), st.sampled_from(["Secret", "Deployment", "List"]))
def test_a_secret_value_is_never_shown(spec: Plain, kind: str) -> None:
    secret: KubeObject = {
        "kind": "Secret",
        "data": {"a": "hunter2"},
        "stringData": {"b": "hunter2"},
    }
    variables: list[Plain] = [{"name": "A", "value": "hunter2"}, spec]
    found: KubeObject = {
        "kind": kind,
        "data": {"a": "hunter2"} if kind == "Secret" else None,
        "spec": {"template": {"spec": {"containers": [{"env": variables, "x": spec}]}}},
        "items": [secret, spec],
    }
    assert "hunter2" not in json.dumps(masked(found))
