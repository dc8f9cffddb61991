"""Names, readings and counts of raw objects."""

from __future__ import annotations

from migrator.platform.kubernetes.objects import (
    Change,
    ChangeSet,
    ChangeWord,
    KubeObject,
    ObjectName,
    at,
    name_of,
    number_at,
    objects_at,
    text_at,
    texts_at,
)

POD: KubeObject = {
    "kind": "Pod",
    "metadata": {"name": "web-1", "namespace": "shop", "labels": {"app": "web", "odd": 7}},
    "spec": {"containers": [{"name": "web", "ports": [80]}, "no object"], "priority": True},
}


def test_a_path_leads_to_what_stands_there_or_to_nothing() -> None:
    assert at(POD, "spec", "containers", 0, "name") == "web"
    assert at(POD, "spec", "containers", -1) == "no object"
    assert at(POD, "spec", "containers", 7, "name") is None
    assert at(POD, "spec", "containers", "name") is None
    assert at(None, "spec") is None


def test_readings_of_a_kind_never_give_another_kind() -> None:
    assert text_at(POD, "spec", "priority") == ""
    assert number_at(POD, "spec", "priority", default=3) == 3
    assert number_at(POD, "spec", "containers", 0, "ports", 0) == 80
    assert [text_at(c, "name") for c in objects_at(POD, "spec", "containers")] == ["web"]
    assert texts_at(POD, "metadata", "labels") == {"app": "web"}


def test_an_object_is_named_by_kind_namespace_and_name() -> None:
    assert str(name_of(POD)) == "Pod/shop/web-1"
    assert str(ObjectName("Namespace", "", "shop")) == "Namespace/shop"
    assert name_of({"metadata": {"name": "a"}}, "ConfigMap").kind == "ConfigMap"


def test_a_change_set_is_counted_in_a_fixed_order() -> None:
    name = name_of(POD)
    words = (ChangeWord.UNCHANGED, ChangeWord.CREATED, ChangeWord.UNCHANGED, ChangeWord.SKIPPED)
    changes = ChangeSet().with_changes(Change(name, word) for word in words)
    assert str(changes) == "1 created, 2 unchanged, 1 skipped"
    assert (len(changes), changes.writes) == (4, 1)
    assert [str(change) for change in changes][1] == "Pod/shop/web-1 created"
    assert str(ChangeSet()) == "nothing"
