"""Which manifests go along with which subsystem."""

from __future__ import annotations

from manifests import Cluster, an_object, service, workload
from migrator.importers.kubernetes_manifests import copied_manifests


def copied(text: str) -> tuple[set[tuple[str, str]], Cluster]:
    cluster = Cluster(text)
    manifests, _ = copied_manifests(
        cluster.objects, cluster.workloads, cluster.directory, cluster.collector
    )
    return {(each.subsystem, each.name) for each in manifests}, cluster


def test_a_workload_takes_along_what_it_needs() -> None:
    pod = "serviceAccountName: w, volumes: [{name: v, persistentVolumeClaim: {claimName: shelf}}]"
    text = workload("web", container="envFrom: [{configMapRef: {name: conf}}]", pod=pod)
    text += service("web")
    text += an_object("ConfigMap", "conf", "data: {}")
    text += an_object("PersistentVolumeClaim", "shelf", "spec: {}")
    text += an_object("ServiceAccount", "w", "")
    text += an_object(
        "HorizontalPodAutoscaler",
        "scaler",
        "spec: {scaleTargetRef: {kind: Deployment, name: web}}",
        "autoscaling/v2",
    )
    text += an_object(
        "PodDisruptionBudget",
        "budget",
        "spec: {selector: {matchLabels: {app: web}}}",
        "policy/v1",
    )
    names = {name for subsystem, name in copied(text)[0] if subsystem == "web"}
    assert names == {
        "configmap-conf.yaml",
        "deployment-web.yaml",
        "horizontalpodautoscaler-scaler.yaml",
        "persistentvolumeclaim-shelf.yaml",
        "poddisruptionbudget-budget.yaml",
        "service-web.yaml",
        "serviceaccount-w.yaml",
    }


def test_a_secret_is_never_copied() -> None:
    text = workload("web", container="envFrom: [{secretRef: {name: s}}]")
    text += an_object("Secret", "s", "stringData: {a: hunter2}")
    assert copied(text)[0] == {("web", "deployment-web.yaml")}


def test_what_two_need_is_copied_to_both_and_noted() -> None:
    container = "envFrom: [{configMapRef: {name: conf}}]"
    text = workload("a", container=container) + workload("b", container=container)
    found, cluster = copied(text + an_object("ConfigMap", "conf", "data: {}"))
    assert {("a", "configmap-conf.yaml"), ("b", "configmap-conf.yaml")} <= found
    assert [each.topic for each in cluster.collector.notes] == ["shared object"]


def test_a_route_to_one_goes_along_and_a_route_to_two_does_not() -> None:
    text = workload("a") + service("a") + workload("b") + service("b")
    paths = "[{backend: {service: {name: a, port: {number: 80}}}}%s]"
    body = "spec: {rules: [{http: {paths: " + paths + "}}]}"
    version = "networking.k8s.io/v1"
    alone = an_object("Ingress", "one", body % "", version)
    both = an_object(
        "Ingress", "two", body % ", {backend: {service: {name: b, port: {number: 80}}}}", version
    )
    found, cluster = copied(text + alone + both)
    assert ("a", "ingress-one.yaml") in found
    assert not any(name == "ingress-two.yaml" for _, name in found)
    assert [each.about for each in cluster.collector.notes] == ["Ingress two"]


def test_a_namespace_that_is_not_called_like_the_subsystem_is_written_down() -> None:
    elsewhere = workload("web").replace("{name: web,", "{name: web, namespace: shop,", 1)
    assert copied(elsewhere)[0] == {("web", "deployment-web.yaml"), ("web", "cutover.yaml")}
    same = workload("web").replace("{name: web,", "{name: web, namespace: web,", 1)
    assert copied(same)[0] == {("web", "deployment-web.yaml")}
