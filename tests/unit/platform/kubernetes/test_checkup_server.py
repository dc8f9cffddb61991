"""The server itself, on a fake one: clock, queues, webhooks, network."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from checked_cluster import Checked, a_subject, a_workload, an_object, checked_cluster, told
from kubernetes_rig import wall
from migrator.platform.kubernetes.checked import Level
from migrator.platform.kubernetes.checkup_server import (
    clock,
    fence,
    network,
    priority,
    proxy_mode,
    selects,
    version_and_account,
    webhooks,
)
from migrator.platform.kubernetes.objects import KubeObject

SHOP = a_subject(a_workload())
ALL: KubeObject = {"apiGroups": ["*"], "resources": ["*"]}


@pytest.fixture
async def cluster() -> AsyncIterator[Checked]:
    async with checked_cluster() as found:
        found.make("Namespace", "shop", labels={"team": "shop"})
        found.make("Namespace", "kube-system")
        yield found


async def test_it_says_which_server_and_who_we_are(cluster: Checked) -> None:
    found = await version_and_account(cluster.client)
    assert told(found) == [
        (Level.OK, f"{cluster.server.address}, version 1.35"),
        (Level.OK, "kubernetes-admin"),
    ]


async def test_clocks_that_agree_and_clocks_that_do_not(cluster: Checked) -> None:
    assert [e.level for e in await clock(cluster.client, wall)] == [Level.OK]
    behind = await clock(cluster.client, lambda: datetime.now(UTC) - timedelta(minutes=2))
    assert behind[0].level is Level.WARNING
    assert behind[0].found.startswith("the server's clock is 1")
    assert "ahead of ours" in behind[0].found


def a_webhook(cluster: Checked, **hook: object) -> None:
    row = {"name": "h", "rules": [ALL], "sideEffects": "None", "failurePolicy": "Fail", **hook}
    cluster.make("ValidatingWebhookConfiguration", "hooks", webhooks=[row])


@pytest.mark.parametrize("effects", ["Some", "Unknown", ""])
async def test_a_webhook_with_side_effects_would_break_a_dry_run(
    cluster: Checked, effects: str
) -> None:
    a_webhook(cluster, sideEffects=effects)
    (found,) = await webhooks(cluster.client, (SHOP,))
    assert found.level is Level.FAILED
    assert "refuses every dry run" in found.found


async def test_a_webhook_whose_service_is_missing_refuses_everything(cluster: Checked) -> None:
    service = {"namespace": "shop", "name": "guard"}
    a_webhook(cluster, clientConfig={"service": service})
    (found,) = await webhooks(cluster.client, (SHOP,))
    assert (found.level, "shop/guard is not there" in found.found) == (Level.FAILED, True)
    cluster.make("Service", "guard", "shop", spec={"ports": [{"port": 443}]})
    assert [e.level for e in await webhooks(cluster.client, (SHOP,))] == [Level.OK]


@pytest.mark.parametrize(
    "hook",
    [
        {"rules": [{"apiGroups": ["theirs.se"], "resources": ["*"]}]},
        {"namespaceSelector": {"matchLabels": {"team": "else"}}},
        {"namespaceSelector": {"matchExpressions": [{"key": "team", "operator": "DoesNotExist"}]}},
    ],
)
async def test_a_webhook_that_judges_nothing_of_ours_is_no_matter(
    cluster: Checked, hook: dict[str, object]
) -> None:
    a_webhook(cluster, sideEffects="Some", **hook)
    assert [e.level for e in await webhooks(cluster.client, (SHOP,))] == [Level.OK]


@pytest.mark.parametrize(
    ("operator", "values", "holds"),
    [
        ("In", ["a"], True),
        ("In", ["b"], False),
        ("NotIn", ["a"], False),
        ("NotIn", ["b"], True),
        ("Exists", [], True),
        ("DoesNotExist", [], False),
    ],
)
def test_selectors_are_read_as_kubernetes_reads_them(
    operator: str, values: list[str], *, holds: bool
) -> None:
    row: KubeObject = {"key": "k", "operator": operator, "values": [*values]}
    assert selects({"matchExpressions": [row]}, {"k": "a"}) is holds


async def test_without_the_policies_the_fence_is_said_to_be_open(cluster: Checked) -> None:
    (found,) = await fence(cluster.client)
    assert (found.level, found.page) == (Level.WARNING, "fence-open")


async def test_a_server_that_does_not_say_its_queue_is_unknown(cluster: Checked) -> None:
    assert [e.level for e in await priority(cluster.client)] == [Level.UNKNOWN]


async def test_policies_of_an_unknown_network_are_not_proven(cluster: Checked) -> None:
    assert [e.level for e in await network(cluster.client, (SHOP,))] == [Level.OK]
    policy = an_object("NetworkPolicy", "deny", "shop")
    (found,) = await network(cluster.client, (a_subject(policy),))
    assert (found.level, found.page) == (Level.UNKNOWN, "network-policies-unproven")
    cluster.make("CustomResourceDefinition", "x", spec={"group": "crd.projectcalico.org"})
    assert told(await network(cluster.client, (a_subject(policy),))) == [
        (Level.OK, "1; Calico enforces them")
    ]


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ('kind: X\nmode: "nftables"\n', Level.OK),
        ('mode: ""\n', Level.OK),
        ("mode: ipvs\n", Level.WARNING),
        ("kind: X\n", Level.UNKNOWN),
    ],
)
async def test_the_proxys_mode_is_read_where_it_usually_stands(
    cluster: Checked, text: str, level: Level
) -> None:
    cluster.make("ConfigMap", "kube-proxy", "kube-system", data={"config.conf": text})
    assert [e.level for e in await proxy_mode(cluster.client)] == [level]
