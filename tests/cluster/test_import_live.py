"""A live cluster as an inventory: what runs, who calls whom, where it leads outside; no secrets."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from cluster.reach import Cluster
from kubernetes_rig import wall
from migrator.cli.app import run
from migrator.importers.kubernetes_live import Source, read_live
from migrator.importers.write import write_draft
from migrator.inventory.reader import read_inventory
from migrator.inventory.yaml_text import Plain
from migrator.links.load import read_links
from migrator.platform.kubernetes.connecting import client_of
from migrator.platform.kubernetes.kubeconfig import choose
from migrator.platform.kubernetes.reading_all import ClusterReading, read_cluster

pytestmark = pytest.mark.cluster

Raw = dict[str, Plain]


def a_deployment(name: str, image: str, **env: str) -> Raw:
    settings: list[Plain] = [{"name": key, "value": value} for key, value in env.items()]
    password: Raw = {"secretKeyRef": {"name": "password", "key": "p", "optional": True}}
    settings.append({"name": "PASSWORD", "valueFrom": password})
    container: Raw = {"name": "c", "image": image, "env": settings, "command": ["sleep", "999"]}
    labels: Raw = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }


def a_service(name: str, **selector: str) -> Raw:
    spec: Raw = {"ports": [{"port": 5432, "name": "tcp"}]}
    if selector:
        spec["selector"] = {**selector}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def an_estate(image: str) -> list[Raw]:
    """Two workloads, one of which also calls a database outside the cluster; and a Secret."""
    leads: Raw = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": "base-1", "labels": {"kubernetes.io/service-name": "base"}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": ["203.0.113.5"]}],
        "ports": [{"name": "tcp", "port": 5432}],
    }
    secret: Raw = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "password"},
        "stringData": {"p": "correct-horse-8"},
    }
    web = a_deployment("web", image, PAY_URL="http://pay:5432", DB_URL="postgres://base:5432/x")
    pay = a_deployment("pay", image)
    return [secret, web, pay, a_service("pay", app="pay"), a_service("base"), leads]


def read(cluster: Cluster, namespace: str) -> ClusterReading:
    async def ask() -> ClusterReading:
        client = client_of(choose(cluster.context, file=cluster.kubeconfig), wall=wall)
        try:
            return await read_cluster(client, [namespace])
        finally:
            await client.close()

    return asyncio.run(ask())


def test_a_live_cluster_is_an_inventory_and_twice_the_same(
    cluster: Cluster, tmp_path: Path
) -> None:
    with cluster.namespace() as namespace:
        cluster.apply(namespace, *an_estate(cluster.image))
        written = []
        for name in ("one", "two"):
            reading = read(cluster, namespace)
            draft = read_live(reading.objects, Source(cluster.context, reading.forbidden), "old")
            write_draft(draft, tmp_path / name, force=False)
            files = sorted(each for each in (tmp_path / name).rglob("*") if each.is_file())
            written.append({each.name: each.read_bytes() for each in files})
        where = ["--context", cluster.context, "--namespace", namespace, "--name", "old"]
        where += ["--kubeconfig", str(cluster.kubeconfig)] if cluster.kubeconfig else []
        assert run(["import", "kubernetes-live", *where, "-o", str(tmp_path / "three")]) == 0
    assert written[0] == written[1]
    links = (tmp_path / "three" / "links.csv").read_bytes()
    assert links == written[0]["links.csv"]
    assert b"correct-horse-8" not in b"".join(written[0].values())
    inventory = read_inventory(tmp_path / "one")
    assert [each.id for each in inventory.subsystems] == ["base", "pay", "web"]
    assert inventory.subsystems[0].tags == ("address:203.0.113.5:5432", "service")
    assert read_links(inventory, None).count == 2
    copied = json.dumps([text.decode() for text in written[0].values()])
    for word in ("resourceVersion", "managedFields", "last-applied"):
        assert word not in copied
