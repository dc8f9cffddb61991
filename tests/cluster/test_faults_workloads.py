"""What goes wrong with a move's workloads: it is named in seconds, and the wave goes back."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from cluster.estate_on_cluster import a_server
from cluster.faulty import Night, night
from cluster.lab.machine import LabFailed
from cluster.lab.parts import wait_until

__all__ = ["night"]  # a fixture
pytestmark = pytest.mark.cluster
SECONDS = 30.0
"""What can only get worse is known within this, on two cores with other labs beside it."""


class _EmptyRegistry(http.server.BaseHTTPRequestHandler):
    """A registry without images."""

    def do_GET(self) -> None:
        body = json.dumps({"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]})
        self.send_response(200 if self.path == "/v2/" else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body.encode())

    do_HEAD = do_GET  # noqa: N815 - http.server's own naming

    def log_message(self, format: str, *words: object) -> None:  # noqa: A002 - its own name
        pass


@contextmanager
def an_empty_registry() -> Iterator[str]:
    """A registry on the node's own loopback: only there containerd speaks plain http."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _EmptyRegistry) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"localhost:{server.server_port}"
        server.shutdown()


def test_an_image_that_does_not_exist(night: Night) -> None:
    with an_empty_registry() as registry:
        image = f"{registry}/nowhere:1"
        ended = night.carry_out(night.estate("fc", changes={"fc": {"image": image}}))
    ended.is_back()
    assert f"{image} cannot be pulled" in ended.cause
    assert "not found" in ended.cause
    assert ended.took("start") < SECONDS


def test_a_crash_loop(night: Night) -> None:
    command = ["python3", "-c", "raise SystemExit('no database here')"]
    ended = night.carry_out(night.estate("fd", changes={"fd": {"command": command}}))
    ended.is_back()
    assert "it ended with 1" in ended.cause
    assert ended.took("start") < SECONDS


def test_readiness_that_never_comes(night: Night) -> None:
    probe = {"exec": {"command": ["python3", "-c", "raise SystemExit('still warming up')"]}}
    changes = {"fe": {"readinessProbe": {**probe, "periodSeconds": 2}}}
    ended = night.carry_out(night.estate("fe", changes=changes, start=0.25))
    ended.is_back()
    assert "not-ready-in-time" in ended.cause
    assert "still warming up" in ended.cause
    assert ended.took("start") < SECONDS  # its limit is 15 s


def test_a_quota_that_is_exceeded(night: Night) -> None:
    estate = night.estate("ff")
    night.cluster.kubectl("create", "namespace", "ff")
    night.cluster.kubectl("-n", "ff", "create", "quota", "small", "--hard=pods=0")
    ended = night.carry_out(estate)
    ended.is_back()
    assert "exceeded quota: small" in ended.cause
    assert ended.took("start") < SECONDS


def test_fields_that_are_somebody_elses(night: Night) -> None:
    estate = night.estate("fg")
    night.cluster.kubectl("create", "namespace", "fg")
    theirs = a_server("fg", "fg", "registry.invalid/theirs:1", replicas=0)
    said = ("-n", "fg", "apply", "--server-side", "--field-manager=their-pipeline", "-f", "-")
    night.cluster.kubectl(*said, stdin=json.dumps(theirs))
    ended = night.carry_out(estate)
    ended.is_back(theirs=["fg/fg"])
    assert "cluster-field-conflict" in ended.cause
    assert "their-pipeline" in ended.cause
    assert ended.took("prepare") < SECONDS
    live = json.loads(night.cluster.kubectl("-n", "fg", "get", "deployment", "fg", "-o", "json"))
    assert "migrator/token" not in live["metadata"].get("annotations", {})


POLICY = """\
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: no-small-servers}
spec:
  failurePolicy: Fail
  matchConstraints:
    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: fh}}
    resourceRules:
      - {apiGroups: [%s], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [%s]}
  validations:
    - {expression: "false", message: "the platform team wants a ticket first"}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: no-small-servers}
spec: {policyName: no-small-servers, validationActions: [Deny]}
"""


@pytest.mark.parametrize(("group", "kind"), [("apps", "deployments"), ("''", "pods")])
def test_an_admission_policy_of_somebody_else(night: Night, group: str, kind: str) -> None:
    estate = night.estate("fh")
    night.cluster.kubectl("create", "namespace", "fh")
    night.cluster.kubectl("apply", "-f", "-", stdin=POLICY % (group, kind))
    try:
        wait_until(lambda: _is_refused(night, kind), 20, "the policy is not in force")
        ended = night.carry_out(estate)
    finally:
        night.cluster.kubectl("delete", "-f", "-", stdin=POLICY % (group, kind))
    ended.is_back()
    assert "no-small-servers" in ended.cause
    assert "the platform team wants a ticket first" in ended.cause
    assert ended.took("prepare" if kind == "deployments" else "start") < SECONDS


def _is_refused(night: Night, kind: str) -> bool:
    trial = {
        "deployments": ["create", "deployment", "trial", "--image=none"],
        "pods": ["run", "trial", "--image=none"],
    }[kind]
    try:
        night.cluster.kubectl("-n", "fh", *trial, "--dry-run=server")
    except LabFailed as refused:
        return "no-small-servers" in str(refused)
    return False
