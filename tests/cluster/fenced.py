"""A cluster in which migrator's accounts and policies are in force, for the tests that need them.

What is applied is exactly what `migrator rights` prints, by the administrator; tests then act as
the accounts themselves.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from cluster.lab.machine import LabFailed
from cluster.lab.parts import Lab, wait_until
from cluster.reach import Cluster
from cluster.workloads import a_deployment, a_service
from migrator.platform.kubernetes.admission import EpochFence
from migrator.platform.kubernetes.bucket import Bucket
from migrator.platform.kubernetes.connecting import client_of
from migrator.platform.kubernetes.kubeconfig import choose
from migrator.platform.kubernetes.objects import KubeObject
from migrator.platform.kubernetes.policy_shape import SYSTEM_NAMESPACE
from migrator.platform.kubernetes.rest import Client
from migrator.platform.kubernetes.rights import LABEL, rights
from migrator.platform.kubernetes.slices import EPOCH, TOKEN
from migrator.platform.kubernetes.subject import Subject
from migrator.platform.kubernetes.yaml_out import documents


def a_subject(namespace: str) -> Subject:
    """A subsystem with one Deployment, its settings and its password."""
    plain: tuple[dict[str, object], ...] = (
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}},
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "password"}},
        a_deployment("web", "registry.invalid/web:1"),
        a_service("web"),
    )
    objects: list[KubeObject] = json.loads(json.dumps(plain))
    placed = []
    for each in objects:
        meta = each["metadata"]
        assert isinstance(meta, dict)
        placed.append({**each, "metadata": {**meta, "namespace": namespace}})
    return Subject("web", namespace, tuple(placed))


@dataclass
class World:
    """The lab with migrator's accounts in it, and a namespace that is moved into."""

    lab: Lab
    cluster: Cluster
    namespace: str
    run: str

    @asynccontextmanager
    async def acting_as(self, account: str) -> AsyncIterator[Client]:
        """A client that the server takes for one of migrator's accounts; "" is the admin."""
        context = choose("lab", file=self.lab.kubeconfig)
        if account:
            words = ["create", "token", account, "-n", SYSTEM_NAMESPACE]
            context = replace(context, user={"token": self.cluster.kubectl(*words).strip()})
        client = client_of(context, wall=lambda: datetime.now(UTC), bucket=Bucket(0))
        try:
            yield client
        finally:
            await client.close()

    def settings(self, epoch: int | None, **data: str) -> KubeObject:
        notes: KubeObject = {} if epoch is None else {TOKEN: f"t{epoch}", EPOCH: str(epoch)}
        meta: KubeObject = {"name": "settings", "namespace": self.namespace, "annotations": notes}
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {**data}}

    def fence(self, client: Client) -> EpochFence:
        return EpochFence(client, self.run, [self.namespace])


@dataclass
class Installed:
    """Namespaces in which everything that `migrator rights` prints is in force."""

    cluster: Cluster
    text: str
    free: list[str]

    def apply(self) -> None:
        self.cluster.kubectl("apply", "-f", "-", stdin=self.text)
        wait_until(lambda: are_in_force(self.cluster), 20, "the policies are not in force")


def are_in_force(cluster: Cluster) -> bool:
    """Tell whether the server judges by the policies, which takes it about a second."""
    for account, word in (("conductor", "migrator-marks"), ("rehearser", "migrator-rehearser")):
        who = f"--as=system:serviceaccount:{SYSTEM_NAMESPACE}:{account}"
        # The administrator's group, so that only a policy can say no.
        words = ["create", "configmap", "unmarked", "-n", SYSTEM_NAMESPACE, who]
        words += ["--as-group=system:masters"]
        try:
            cluster.kubectl(*words)
        except LabFailed as refused:
            if word not in str(refused):
                return False
        else:
            cluster.kubectl(
                "delete", "configmap", "unmarked", "-n", SYSTEM_NAMESPACE, "--ignore-not-found"
            )
            return False
    return True


@contextmanager
def installing(cluster: Cluster, namespaces: int, *, agents: bool = False) -> Iterator[Installed]:
    """Apply everything for so many namespaces, and take it away by its label.

    With `agents`, pods may look at links there.
    """
    with ExitStack() as spaces:
        free = [spaces.enter_context(cluster.namespace()) for _ in range(namespaces)]
        wanted = rights(map(a_subject, free), agents_in=free if agents else ())
        made = Installed(cluster, documents(wanted), free)
        made.apply()
        try:
            yield made
        finally:
            everywhere = "validatingadmissionpolicies,validatingadmissionpolicybindings"
            roles = "clusterroles,clusterrolebindings,roles,rolebindings"
            chosen = ["-l", LABEL, "--ignore-not-found"]
            cluster.kubectl("delete", everywhere, *chosen)
            cluster.kubectl("delete", roles, "-A", *chosen)
            parameters = ["-n", SYSTEM_NAMESPACE, "-l", "migrator/parameter"]
            cluster.kubectl("delete", "configmaps", *parameters)


def in_namespace(world: World, *words: str, stdin: str | None = None) -> str:
    return world.cluster.kubectl("--namespace", world.namespace, *words, stdin=stdin)
