"""The cluster that the tests of this folder run against: the lab, or one of the user's own.

A test asks for `Cluster` and works in a namespace that is made for it; only a test that needs to
break something asks for the lab. Against somebody's own cluster nothing is touched outside those
namespaces.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cluster.lab.machine import LabFailed, run


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster, and how this process reaches it."""

    kubectl_program: Path | str
    kubeconfig: Path | None
    """None where kubectl finds it as it always does: a cluster of the user's own."""

    context: str
    image: str
    """An image with Python 3 that the cluster's nodes have or can pull."""

    def kubectl(self, *words: str, stdin: str | None = None, seconds_max: float = 120) -> str:
        """What kubectl says."""
        where = [f"--context={self.context}"]
        if self.kubeconfig is not None:
            where.append(f"--kubeconfig={self.kubeconfig}")
        return run([self.kubectl_program, *where, *words], stdin=stdin, seconds_max=seconds_max)

    def apply(self, namespace: str, *objects: Mapping[str, object]) -> None:
        """Apply objects into a namespace."""
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
        self.kubectl("--namespace", namespace, "apply", "--server-side", "-f", "-", stdin=text)

    @contextmanager
    def namespace(self) -> Iterator[str]:
        """A namespace for one test. It is deleted afterwards, and nobody waits for that."""
        name = f"migrator-test-{secrets.token_hex(4)}"
        self.kubectl("create", "namespace", name)
        try:
            self._wait_for_account(name)
            yield name
        finally:
            self.kubectl("delete", "namespace", name, "--wait=false")

    def _wait_for_account(self, namespace: str) -> None:
        account = ["wait", "--for=create", "serviceaccount/default", "--timeout=30s"]
        self.kubectl("--namespace", namespace, *account)


def user_cluster(context: str, image: str) -> Cluster:
    """A cluster of the user's own, by the name of a context in their kubeconfig."""
    cluster = Cluster("kubectl", None, context, image)
    try:
        cluster.kubectl("version", "--request-timeout=10s")
    except LabFailed as error:
        raise LabFailed(f"the cluster of context {context} does not answer: {error}") from error
    return cluster
