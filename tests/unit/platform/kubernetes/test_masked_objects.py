"""What may be shown of an object, and what may not."""

from __future__ import annotations

import json

from migrator.platform.kubernetes.masked_objects import MASK, masked
from migrator.platform.kubernetes.objects import KubeObject, at


def a_deployment() -> KubeObject:
    env: KubeObject = {"name": "DB_PASSWORD", "value": "hunter2"}
    linked: KubeObject = {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}
    container: KubeObject = {"name": "web", "image": "web:1", "env": [env, linked]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": "web",
            "annotations": {
                "kubectl.kubernetes.io/last-applied-configuration": '{"value":"hunter2"}',
                "team": "blue",
            },
        },
        "spec": {"template": {"spec": {"containers": [container], "initContainers": [container]}}},
    }


def test_values_of_variables_and_copies_of_manifests_are_never_shown() -> None:
    shown = masked(a_deployment())
    assert "hunter2" not in json.dumps(shown)
    assert at(shown, "metadata", "annotations", "team") == "blue"


def test_a_variable_keeps_its_name_and_where_its_value_comes_from() -> None:
    path = ("spec", "template", "spec", "containers", 0, "env")
    assert at(masked(a_deployment()), *path) == [
        {"name": "DB_PASSWORD", "value": MASK},
        {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
    ]


def test_a_secret_shows_its_keys_only() -> None:
    secret: KubeObject = {
        "kind": "Secret",
        "data": {"a": "aHVudGVyMg=="},
        "stringData": {"b": "hunter2"},
    }
    assert masked(secret) == {"kind": "Secret", "data": {"a": MASK}, "stringData": {"b": MASK}}


def test_a_secret_in_a_list_is_masked_too() -> None:
    listed: KubeObject = {"kind": "List", "items": [{"kind": "Secret", "data": {"a": "eA=="}}]}
    assert masked(listed)["items"] == [{"kind": "Secret", "data": {"a": MASK}}]


def test_masking_leaves_the_object_itself_alone() -> None:
    found = a_deployment()
    masked(found)
    assert found == a_deployment()
