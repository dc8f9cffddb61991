"""Misspelt fields are found without a server, and no value stands in a message."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.platform.kubernetes.manifest_schema import Schemas, installed_schemas
from migrator.platform.kubernetes.manifests import Examined, examine

pytest.importorskip("kubernetes_validate", reason="the extra `schemas` is not installed")

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, annotations: {a: b}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}, creationTimestamp: null}
    spec:
      containers:
        - name: web
          image: example.test/web:1
          ports: [{containerPort: 80}]
          env: [{name: A, value: "1"}]
          readinessProbe: {httpGet: {port: http, path: /}}
          resources: {limits: {cpu: 1, memory: 1Gi}}
      volumes: [{name: v, secret: {secretName: s, defaultMode: 0444}}]
"""


def schemas() -> Schemas:
    found = installed_schemas()
    assert found is not None
    return found


def judged(text: str) -> Examined:
    return examine("shop", {"app.yaml": text.encode()}, schemas=schemas())


def test_what_fits_is_right() -> None:
    assert judged(DEPLOYMENT).faults == ()


@pytest.mark.parametrize(
    ("old", "new", "line", "path", "message"),
    [
        ("replicas:", "replcas:", 5, "spec.replcas", "unknown field 'replcas'; did you mean"),
        ("  replicas: 2", "  replicas: '2'", 5, "spec.replicas", "a whole number, found text"),
        (
            "image:", "imge:", 12, "spec.template.spec.containers[0].imge",
            "unknown field 'imge'; did you mean 'image'?",
        ),
        (
            'value: "1"', "value: 1", 14, "spec.template.spec.containers[0].env[0].value",
            "wants text, found a whole number; put it in quotes",
        ),
        (
            "containerPort: 80", "hostPort: 80", 13, "spec.template.spec.containers[0].ports[0]",
            "the field 'containerPort' is missing",
        ),
        (
            "port: http,", "port: true,", 15,
            "spec.template.spec.containers[0].readinessProbe.httpGet.port",
            "wants text or a whole number, found true or false",
        ),
        (
            "name: v,", "name: v, nmae: x,", 17, "spec.template.spec.volumes[0].nmae",
            "unknown field 'nmae'; did you mean 'name'?",
        ),
    ],
)  # fmt: skip
def test_a_field_that_does_not_fit_is_named_with_its_line(
    old: str, new: str, line: int, path: str, message: str
) -> None:
    (fault,) = judged(DEPLOYMENT.replace(old, new, 1)).faults
    assert (fault.file, fault.line, fault.path) == ("manifests/shop/app.yaml", line, path)
    assert message in fault.message


def test_every_misspelt_field_is_named_at_once() -> None:
    wrong = DEPLOYMENT.replace("replicas", "replcas").replace("image", "imge")
    assert len(judged(wrong).faults) == 2


def test_a_secret_value_of_a_wrong_type_is_not_repeated() -> None:
    text = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {a: [hunter2]}\n"
    (fault,) = judged(text).faults
    assert fault.message == "wants text, found a list"


def test_kinds_that_are_not_kubernetes_own_are_told_to_be_unchecked() -> None:
    text = "apiVersion: example.test/v1\nkind: Gate\nmetadata: {name: g, namespace: shop}\nx: 1\n"
    found = judged(text)
    assert found.faults == ()
    assert [finding.rule for finding in found.findings] == ["kind-not-checked"]


def test_a_kind_of_the_same_name_in_another_group_is_not_taken_for_kubernetes_own() -> None:
    text = (
        "apiVersion: apps.example.test/v1\nkind: Deployment\nmetadata: {name: g, namespace: shop}\n"
    )
    assert [finding.rule for finding in judged(text + "x: 1\n").findings] == ["kind-not-checked"]


@pytest.mark.parametrize("kind", ["../deployment", "deployment", "De ploy"])
def test_a_kind_is_never_a_path(kind: str) -> None:
    text = f"apiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: g}}\n"
    assert [finding.rule for finding in judged(text).findings] == ["kind-not-checked"]


def test_a_version_that_nobody_has_schemas_of_gives_none() -> None:
    assert installed_schemas("1.2") is None
    assert Schemas(Path("nowhere"), "1.2").of(judged(DEPLOYMENT).manifests[0]) is None
