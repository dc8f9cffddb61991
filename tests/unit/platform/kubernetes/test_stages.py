"""The order of kinds, and how a workload sleeps."""

from __future__ import annotations

import pytest

from migrator.platform.kubernetes.objects import KubeObject, at, text_at
from migrator.platform.kubernetes.stages import asleep, defined_kinds, groups, is_in_force


def of_kind(kind: str, **spec: int) -> KubeObject:
    meta: KubeObject = {"name": "web", "namespace": "shop"}
    return {"apiVersion": "v1", "kind": kind, "metadata": meta, "spec": {**spec}}


def test_what_defines_comes_first_then_classes_then_what_pods_read_and_webhooks_last() -> None:
    kinds = (
        "ValidatingWebhookConfiguration",
        "Widget",
        "Deployment",
        "HorizontalPodAutoscaler",
        "Service",
        "Secret",
        "IngressClass",
        "ClusterRole",
        "CustomResourceDefinition",
        "Namespace",
    )
    ordered = [text_at(each, "kind") for group in groups(map(of_kind, kinds)) for each in group]
    assert ordered == [
        "Namespace",
        "CustomResourceDefinition",
        "ClusterRole",
        "IngressClass",
        "Secret",
        "Service",
        "Deployment",
        "Widget",
        "HorizontalPodAutoscaler",
        "ValidatingWebhookConfiguration",
    ]


def test_objects_of_one_kind_are_one_group_in_the_order_of_names() -> None:
    def named(name: str) -> KubeObject:
        return {**of_kind("ConfigMap"), "metadata": {"name": name, "namespace": "shop"}}

    [group] = groups([named("b"), named("a")])
    assert [text_at(each, "metadata", "name") for each in group] == ["a", "b"]


@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        ("Deployment", ("spec", "replicas"), 0),
        ("StatefulSet", ("spec", "replicas"), 0),
        ("Job", ("spec", "suspend"), True),
        ("CronJob", ("spec", "suspend"), True),
        ("DaemonSet", ("spec", "template", "spec", "nodeSelector", "migrator/asleep"), "true"),
    ],
)
def test_each_workload_sleeps_in_its_own_way(
    kind: str, path: tuple[str, ...], value: object
) -> None:
    wanted = of_kind(kind, replicas=3)
    slept = asleep(wanted)
    assert at(slept, *path) == value
    assert wanted == of_kind(kind, replicas=3)


def test_what_runs_nothing_is_awake_as_it_is_and_a_bare_pod_cannot_sleep() -> None:
    assert asleep(of_kind("Service")) == of_kind("Service")
    assert asleep(of_kind("Pod")) is None


def test_a_definition_says_which_kind_it_brings_and_is_in_force_when_established() -> None:
    widgets: KubeObject = {
        "kind": "CustomResourceDefinition",
        "spec": {"group": "example.org", "names": {"kind": "Widget"}},
    }
    assert defined_kinds([of_kind("Service"), widgets]) == {("example.org", "Widget")}
    assert not is_in_force(widgets)
    established: KubeObject = {"conditions": [{"type": "Established", "status": "True"}]}
    assert is_in_force({**widgets, "status": established})


def test_a_namespace_that_is_going_is_not_in_force() -> None:
    for phase, holds in (("Active", True), ("Terminating", False)):
        assert is_in_force({"kind": "Namespace", "status": {"phase": phase}}) is holds
    assert not is_in_force(None)
