"""What the objects of a subsystem must be together."""

from __future__ import annotations

import pytest

from migrator.platform.kubernetes.objects import text_at
from subjects import OBJECTS, faults, read, rules, with_objects


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (OBJECTS, "Deployment/people/folkbok stands twice, first at manifests/folkbok/app.yaml:9"),
        (
            "apiVersion: v1\nkind: Endpoints\nmetadata: {name: folkbok}",
            "both sides would be live",
        ),
        (
            (
                "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\n"
                "metadata: {name: x, labels: {kubernetes.io/service-name: folkbok}}"
            ),
            "both sides would be live",
        ),
        (
            (
                "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\n"
                "metadata: {name: folkbok-migrator}"
            ),
            "the program makes a slice of this name",
        ),
        (
            "apiVersion: v1\nkind: Service\nmetadata: {name: folkbok-pods}",
            "the program makes a Service of this name",
        ),
        ("apiVersion: v1\nkind: Pod\nmetadata: {name: p}", "cannot be prepared and fenced"),
        (
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {replicas: 1}",
            "without a selector",
        ),
        (
            (
                "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\n"
                "spec: {selector: {matchLabels: {a: b}}}"
            ),
            "the pods' template does not carry it",
        ),
        (
            (
                "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\n"
                "metadata: {name: r, namespace: people}"
            ),
            "belongs to the whole cluster",
        ),
    ],
)
def test_objects_that_would_break_the_move_are_refused(more: str, words: str) -> None:
    assert words in "\n".join(faults(f"{OBJECTS}---\n{more}\n"))


def test_objects_of_the_whole_cluster_get_no_namespace() -> None:
    more = (
        "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: people}\n"
        "---\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n"
        "metadata: {name: gates.example.test}\n"
        "spec: {group: example.test, scope: Cluster, names: {kind: Gate}}\n"
        "---\napiVersion: example.test/v1\nkind: Gate\nmetadata: {name: g}\n"
    )
    subject = read(OBJECTS + more)
    assert [text_at(each, "metadata", "namespace") for each in subject.objects[3:]] == ["", "", ""]
    assert rules(OBJECTS + more) == []


def test_a_kind_that_nobody_here_knows_gets_the_namespace_with_a_finding() -> None:
    more = "---\napiVersion: example.test/v1\nkind: Gate\nmetadata: {name: g}\n"
    assert text_at(read(OBJECTS + more).objects[3], "metadata", "namespace") == "people"
    assert rules(OBJECTS + more) == [("scope-unknown", 30)]


def test_what_the_manifests_do_not_bring_is_a_finding() -> None:
    objects = with_objects(
        "      containers: [{name: web,",
        "      imagePullSecrets: [{name: pull}]\n"
        "      serviceAccountName: web\n"
        "      volumes:\n"
        "        - {name: a, secret: {secretName: keys}}\n"
        "        - {name: b, configMap: {name: maybe, optional: true}}\n"
        "        - {name: c, projected: {sources: [{configMap: {name: kube-root-ca.crt}}]}}\n"
        "        - {name: d, persistentVolumeClaim: {claimName: data}}\n"
        "      containers: [{name: web, envFrom: [{configMapRef: {name: settings}}],"
        " env: [{name: P, valueFrom: {secretKeyRef: {name: pull, key: k}}}],",
    )
    assert rules(objects) == [("not-in-manifests", line) for line in (17, 18, 20, 23, 24)]
    secret = "---\napiVersion: v1\nkind: Secret\nmetadata: {name: pull}\n"
    assert len(rules(objects + secret)) == 4
