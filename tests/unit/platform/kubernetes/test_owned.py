"""What is ours of an object, read from its managedFields."""

from __future__ import annotations

from migrator.inventory.yaml_text import Plain
from migrator.platform.kubernetes.objects import KubeObject, map_at
from migrator.platform.kubernetes.owned import (
    managers,
    our_fields,
    paths,
    says_the_same,
    shown,
    value_at,
)

CONTAINER = 'k:{"name":"web"}'
FIELDS: KubeObject = {
    "f:metadata": {"f:finalizers": {".": {}, 'v:"example.org/hold"': {}}},
    "f:spec": {
        "f:replicas": {},
        "f:template": {"f:spec": {"f:containers": {CONTAINER: {".": {}, "f:image": {}}}}},
    },
}


def an_object(image: str = "web:1", replicas: int = 2, **status: Plain) -> KubeObject:
    entries: list[Plain] = [
        {"manager": "kube-controller-manager", "operation": "Update", "fieldsV1": {"f:status": {}}},
        {"manager": "migrator", "operation": "Apply", "fieldsV1": FIELDS},
    ]
    return {
        "metadata": {"finalizers": ["example.org/hold"], "managedFields": entries},
        "spec": {
            "replicas": replicas,
            "template": {
                "spec": {"containers": [{"name": "side"}, {"name": "web", "image": image}]}
            },
        },
        "status": {**status},
    }


def test_our_fields_are_those_that_we_applied() -> None:
    assert our_fields(an_object()) == FIELDS
    assert [m.name for m in managers(an_object())] == ["kube-controller-manager", "migrator"]
    assert our_fields({"metadata": {}}) == {}


def test_paths_lead_into_lists_by_the_keys_of_their_entries() -> None:
    found = {shown(path): value_at(an_object(), path) for path in paths(FIELDS)}
    assert found == {
        '.metadata.finalizers[="example.org/hold"]': "example.org/hold",
        ".spec.replicas": 2,
        '.spec.template.spec.containers[name="web"].image': "web:1",
    }


def test_a_status_that_somebody_else_writes_changes_nothing_of_ours() -> None:
    assert says_the_same(an_object(), an_object(ready=2))


def test_a_value_of_ours_that_changed_is_seen() -> None:
    assert not says_the_same(an_object(), an_object(image="web:2"))
    assert not says_the_same(an_object(), an_object(replicas=3))


def test_a_field_that_is_no_longer_ours_is_seen() -> None:
    other = an_object()
    map_at(other, "metadata")["managedFields"] = []
    assert not says_the_same(other, an_object())
