"""Links that NetworkPolicies allow, where both ends are named by their pods' labels.

Called by `kubernetes.py`. A policy proves that somebody meant the call to be possible, not that it
is made; the evidence says so. Rules that name address ranges, whole namespaces or every pod prove
nothing about two ends, and are ignored with that reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from migrator.importers.coverage import Collector, Ignored
from migrator.importers.evidence import Evidence, EvidenceKind, FoundLink
from migrator.importers.kubernetes_directory import Directory, container_port
from migrator.importers.kubernetes_objects import KubeObject
from migrator.importers.kubernetes_workloads import Workload
from migrator.importers.nodes import Node


def is_policy(one: KubeObject) -> bool:
    """Tell whether the object is a NetworkPolicy."""
    return one.kind == "NetworkPolicy" and one.group in {"networking.k8s.io", "extensions"}


@dataclass(frozen=True, slots=True)
class Estate:
    """What the policies are compared with."""

    workloads: tuple[Workload, ...]
    directory: Directory
    namespaces: dict[str, dict[str, str]]  # name -> labels


def links_of_policies(
    objects: Iterable[KubeObject], estate: Estate, collector: Collector
) -> list[FoundLink]:
    """The links that all policies allow between ends that they name."""
    found: list[FoundLink] = []
    for one in objects:
        if is_policy(one):
            found += _links_of(one, estate, collector)
    return found


def _links_of(one: KubeObject, estate: Estate, collector: Collector) -> list[FoundLink]:
    """The links of one policy."""
    spec = one.root.get("spec")
    own, why = _chosen(spec.get("podSelector"), one.namespace, estate)
    if not own:
        collector.ignored.add(Ignored(one.file, one.line, one.shown, f"its podSelector {why}"))
        return []
    found: list[FoundLink] = []
    for direction, key in (("ingress", "from"), ("egress", "to")):
        for rule in spec.get(direction).parts():
            peers = list(rule.get(key).parts())
            if not peers:
                _ignore(one, rule, f"its {direction} rule names nobody: everybody may", collector)
            for peer in peers:
                others, why = _peer(peer, one, estate)
                if not others:
                    _ignore(one, peer, f"its {direction} peer {why}", collector)
                    continue
                sources, targets = (others, own) if direction == "ingress" else (own, others)
                found += _between(one, sources, targets, rule, peer, estate)
    return found


def _ignore(one: KubeObject, node: Node, why: str, collector: Collector) -> None:
    collector.ignored.add(
        Ignored(one.file, node.line or one.line, f"{one.shown} {node.where}", why)
    )


def _peer(peer: Node, one: KubeObject, estate: Estate) -> tuple[list[Workload], str]:
    """The workloads that a rule's peer names, or why it names none."""
    if peer.get("ipBlock").exists:
        return [], "is an address range"
    if not peer.get("podSelector").exists:
        return [], "is a whole namespace"
    places = [one.namespace]
    if peer.get("namespaceSelector").exists:
        places = sorted(
            name
            for name, labels in estate.namespaces.items()
            if _matches(peer.get("namespaceSelector"), labels)
        )
        if not places:
            return [], "is in a namespace that is not among the files"
    found: list[Workload] = []
    why = ""
    for place in places:
        chosen, why = _chosen(peer.get("podSelector"), place, estate)
        found += chosen
    return found, why


def _chosen(selector: Node, namespace: str, estate: Estate) -> tuple[list[Workload], str]:
    """The workloads whose pods a selector names, or why there are none."""
    if not selector.get("matchLabels").texts and not list(selector.get("matchExpressions").parts()):
        return [], "names every pod"
    found = [
        each
        for each in estate.workloads
        if each.namespace == namespace and _matches(selector, each.labels)
    ]
    return found, "names no workload in these files"


def _matches(selector: Node, labels: dict[str, str]) -> bool:
    """Tell whether a label selector names something with these labels."""
    if any(labels.get(key) != value for key, value in selector.get("matchLabels").texts.items()):
        return False
    for expression in selector.get("matchExpressions").parts():
        value = labels.get(expression.get("key").text or "")
        values = {each.text for each in expression.get("values").parts()}
        said = {
            "In": value is not None and value in values,
            "NotIn": value is None or value not in values,
            "Exists": value is not None,
            "DoesNotExist": value is None,
        }
        if not said.get(expression.get("operator").text or "", False):
            return False
    return True


def _between(
    one: KubeObject,
    sources: list[Workload],
    targets: list[Workload],
    rule: Node,
    peer: Node,
    estate: Estate,
) -> Iterator[FoundLink]:
    """A link from each source to each target, on each port that the rule names."""
    ports: list[Node | None] = list(rule.get("ports").parts()) or [None]
    for source in sources:
        for target in targets:
            for port in ports:
                if source.id == target.id:
                    continue
                end = estate.directory.endpoint(target, _number(target, port))
                shown = "" if end.port is None else f" on port {end.port}"
                what = f"{one.shown} allows {source.id} to {target.id}{shown}"
                evidence = Evidence(
                    peer.file, peer.line or one.line, peer.where, what, EvidenceKind.NETWORK_POLICY
                )
                spoken = end.protocol
                if spoken is None and port is not None and port.get("protocol").text == "UDP":
                    spoken = "udp"
                yield FoundLink(source.main.component, end.component, spoken, end.port, evidence)


def _number(target: Workload, port: Node | None) -> int | None:
    """The number of a rule's port, also where it is written as a name."""
    if port is None:
        return None
    written = port.get("port")
    return written.number or container_port(target, written.text or "")
