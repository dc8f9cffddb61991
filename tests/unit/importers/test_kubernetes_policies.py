"""NetworkPolicies: a link where both ends are named, a reason where they are not."""

from __future__ import annotations

import pytest

from manifests import Cluster, an_object, service, workload
from migrator.importers.kubernetes_policies import Estate, links_of_policies

BOTH = (
    workload("web")
    + workload("db", container="ports: [{name: sql, containerPort: 5432}]")
    + service("db", "ports: [{port: 15432, targetPort: sql}]")
)
OWN = "podSelector: {matchLabels: {app: db}}"
UNKNOWN = "{podSelector: {matchLabels: {app: x}}}"


def allowed(spec: str) -> tuple[list[tuple[str, str, int | None]], Cluster]:
    policy = an_object("NetworkPolicy", "p", f"spec: {{{spec}}}", "networking.k8s.io/v1")
    cluster = Cluster(BOTH + policy)
    estate = Estate(cluster.workloads, cluster.directory, {"default": {"team": "bread"}})
    found = links_of_policies(cluster.objects, estate, cluster.collector)
    return [(link.source, link.target, link.port) for link in found], cluster


@pytest.mark.parametrize("port", ["5432", "sql"])
def test_both_ends_named_is_a_link_on_the_services_port(port: str) -> None:
    rule = f"{{from: [{{podSelector: {{matchLabels: {{app: web}}}}}}], ports: [{{port: {port}}}]}}"
    spec = f"{OWN}, ingress: [{rule}]"
    assert allowed(spec)[0] == [("web.c", "db.c", 15432)]


def test_what_may_go_out_is_read_the_other_way() -> None:
    spec = (
        "podSelector: {matchExpressions: [{key: app, operator: In, values: [web]}]}, "
        "egress: [{to: [{podSelector: {matchLabels: {app: db}}, "
        "namespaceSelector: {matchLabels: {team: bread}}}]}]"
    )
    assert allowed(spec)[0] == [("web.c", "db.c", None)]


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        (f"{OWN}, ingress: [{{from: [{{ipBlock: {{cidr: 10.0.0.0/8}}}}]}}]", "an address range"),
        (f"{OWN}, ingress: [{{from: [{{namespaceSelector: {{}}}}]}}]", "a whole namespace"),
        (f"{OWN}, ingress: [{{from: [{{podSelector: {{}}}}]}}]", "every pod"),
        (f"{OWN}, ingress: [{{}}]", "everybody may"),
        (f"{OWN}, ingress: [{{from: [{UNKNOWN}]}}]", "no workload"),
        ("podSelector: {}", "every pod"),
        ("podSelector: {matchLabels: {app: gone}}", "no workload"),
    ],
)  # fmt: skip
def test_a_rule_that_does_not_name_both_ends_is_ignored_with_its_reason(
    spec: str, reason: str
) -> None:
    found, cluster = allowed(spec)
    assert found == []
    assert any(reason in why for why in cluster.ignored.values())
