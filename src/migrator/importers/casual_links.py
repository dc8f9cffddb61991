"""The links between Casual's domains: gateways, reverse gateways, queues, stores, HTTP.

Called by `casual.py`. A link runs from whoever calls to whoever is called. In a reverse gateway
the two directions differ: the called side opens the connection; its links have a protocol of their
own and say so, because whoever proves links must knock from the other side. Addresses are compared
as text: two that are spelt differently are two, until somebody says that they are one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from migrator.ids import ComponentId, SubsystemId
from migrator.importers.addresses import addresses, is_local
from migrator.importers.casual_model import Domain, Forward, Gateway
from migrator.importers.casual_parts import Parts
from migrator.importers.coverage import Collector, Noted, Suspected, Unresolved
from migrator.importers.evidence import Evidence, EvidenceKind, FoundLink
from migrator.importers.nodes import Node

XATMI: Final = "xatmi"
REVERSE: Final = "xatmi-reverse"

NAMES_SHOWN_MAX: Final = 10
"""A gateway may name a thousand services; the file has them all."""

_EVERY: Final = frozenset(("", "0.0.0.0", "*", "[::]", "::"))  # noqa: S104 - read, never bound

End = tuple[str, ComponentId]


class Links:
    """Finds every link of the domains; what leads nowhere goes to the collector."""

    def __init__(self, parts: Parts, collector: Collector) -> None:
        """Nothing is looked at yet."""
        self._parts = parts
        self._collector = collector
        self._reached: dict[str, list[tuple[Domain, Gateway]]] = {}

    def all(self) -> list[FoundLink]:
        """Every link between two subsystems."""
        found: list[tuple[End, End, FoundLink]] = []
        for domain in self._parts.domains:
            found += self._outbound(domain)
            found += self._reverse(domain)
        for domain in self._parts.domains:
            found += self._http(domain)
            for forward in domain.forwards:
                found += self._forward(domain, forward)
        found += self._stores()
        self._doors_without_callers(found)
        return [link for source, target, link in found if source[0] != target[0]]

    def _outbound(self, domain: Domain) -> Iterator[tuple[End, End, FoundLink]]:
        listeners = _by_address((each, each.inbound) for each in self._parts.domains)
        every = [
            (each, gateway)
            for each in self._parts.domains
            for gateway in each.inbound
            if gateway.host in _EVERY and each is not domain
        ]
        for gateway in domain.outbound:
            source = self._parts.end(domain, "outbound", gateway.alias)
            target = self._answering(domain, gateway, listeners, every, "inbound")
            what = f"{gateway.shown} group={gateway.alias}{_said(gateway)}"
            if target is not None:
                yield self._link(
                    source, target, gateway, what, EvidenceKind.CASUAL_OUTBOUND, protocol=XATMI
                )

    def _reverse(self, domain: Domain) -> Iterator[tuple[End, End, FoundLink]]:
        listeners = _by_address((each, each.reverse_outbound) for each in self._parts.domains)
        for gateway in domain.reverse_inbound:
            called = self._parts.end(domain, "inbound", gateway.alias)
            caller = self._answering(domain, gateway, listeners, [], "outbound")
            if caller is None:
                continue
            what = (
                f"{gateway.shown} group={gateway.alias}: {called[0]} opens the connection, the "
                f"calls come from {caller[0]}"
            )
            yield self._link(
                caller, called, gateway, what, EvidenceKind.CASUAL_REVERSE, protocol=REVERSE
            )

    def _answering(
        self,
        domain: Domain,
        gateway: Gateway,
        listeners: dict[tuple[str, int], list[tuple[Domain, Gateway]]],
        every: list[tuple[Domain, Gateway]],
        kind: str,
    ) -> End | None:
        """Whoever listens on the address that a gateway dials; else what the address names.

        None where a variable leaves the address unknown: then it names nobody at all.
        """
        there = [] if "${" in gateway.shown else listeners.get((gateway.host, gateway.port), [])
        others = [each for each in there if each[0] is not domain] or there
        names = sorted({each.name for each, _ in others})
        if len(names) == 1:
            reached, door = others[0]
            self._reached.setdefault(domain.name, []).append((reached, gateway))
            if is_local(gateway.host) and reached is not domain:
                said = f"{gateway.shown} is {reached.name} only if both run on one machine"
                self._note("same machine?", domain.name, said, gateway.node)
            return self._parts.end(reached, kind, door.alias)
        why = "nothing among the files listens on this address"
        if "${" in gateway.shown:
            why = "a variable in the address has no value"
        elif names:
            why = f"{', '.join(names)} all listen on this address: nobody can say who is meant"
        node = gateway.node.get("address")
        place = (node.file, node.line or 1, node.where)
        self._collector.unresolved.add(Unresolved(domain.name, gateway.shown, why, *place))
        for other, door in every if not names else ():
            if door.port == gateway.port:
                said = (
                    f"{gateway.shown} may be {other.name}, which listens on every address of port "
                    f"{door.port}"
                )
                first, second = self._parts.entry(domain)[0], self._parts.entry(other)[0]
                self._collector.suspected.add(
                    Suspected(SubsystemId(first), SubsystemId(second), said)
                )
        return None if "${" in gateway.shown else self._parts.unknown(domain, gateway)

    def _link(
        self,
        source: End,
        target: End,
        gateway: Gateway,
        what: str,
        kind: EvidenceKind,
        *,
        protocol: str,
    ) -> tuple[End, End, FoundLink]:
        node = gateway.node.get("address")
        evidence = Evidence(node.file, node.line or 1, node.where, what, kind)
        port = gateway.port or None
        return source, target, FoundLink(source[1], target[1], protocol, port, evidence)

    def _forward(self, domain: Domain, forward: Forward) -> Iterator[tuple[End, End, FoundLink]]:
        """The link over a gateway that a forward proves to be used; what stays here is none."""
        for name, is_queue in (
            (forward.service, False),
            (forward.queue, True),
            (forward.reply, True),
        ):
            if not name or (is_queue and name in domain.queues):
                continue
            reached = self._reached.get(domain.name, [])
            over = [
                (other, gateway)
                for other, gateway in reached
                if name in (gateway.queues if is_queue else gateway.services)
                or (is_queue and name in other.queues)
            ]
            kind = "queue" if is_queue else "service"
            if len({other.name for other, _ in over}) != 1:
                self._lost(domain, forward, kind, name, sorted({each.name for each, _ in over}))
                continue
            other, gateway = over[0]
            node = forward.node
            what = f"queue {forward.source} is forwarded to the {kind} {name}"
            evidence = Evidence(
                node.file, node.line or 1, node.where, what, EvidenceKind.CASUAL_FORWARD
            )
            source = self._parts.end(domain, "outbound", gateway.alias)
            doors = [
                each for each in other.inbound if each.shown == gateway.shown
            ] or other.reverse_inbound
            if doors:
                target = self._parts.end(other, "inbound", doors[0].alias)
                port = gateway.port or None
                yield source, target, FoundLink(source[1], target[1], XATMI, port, evidence)

    def _lost(
        self, domain: Domain, forward: Forward, kind: str, name: str, several: list[str]
    ) -> None:
        """Keep account of a forward whose target nobody names."""
        if kind == "service" and name in domain.services:
            return
        why = (
            f"{', '.join(several)} all have it: which one answers is decided when it runs"
            if several
            else f"no file says who has this {kind}; the domain's own servers may"
        )
        node = forward.node
        self._collector.unresolved.add(
            Unresolved(domain.name, f"{kind} {name}", why, node.file, node.line or 1, node.where)
        )

    def _http(self, domain: Domain) -> Iterator[tuple[End, End, FoundLink]]:
        for service, url, node in domain.http:
            named = addresses(url)
            if not named:
                why = "the URL names no address"
                place = (node.file, node.line or 1, node.where)
                self._collector.unresolved.add(Unresolved(domain.name, service, why, *place))
            for one in named:
                gateway = Gateway("http", one.host.lower(), one.port or 0, node, (), (), None)
                what = f"service {service} is called at {one.shown}"
                evidence = Evidence(
                    node.file, node.line or 1, node.where, what, EvidenceKind.CASUAL_HTTP
                )
                source, target = self._parts.entry(domain), self._parts.unknown(domain, gateway)
                yield (
                    source,
                    target,
                    FoundLink(source[1], target[1], one.scheme, one.port, evidence),
                )

    def _stores(self) -> Iterator[tuple[End, End, FoundLink]]:
        """The links of programs to the stores that they share with other subsystems."""
        for store in self._parts.stores:
            target = self._parts.store_end(store)
            for domain, program in store.users:
                source = self._parts.end(domain, "program", program.alias)
                node = program.node
                what = f"{program.alias} uses the resource {store.resource.name}"
                evidence = Evidence(
                    node.file, node.line or 1, node.where, what, EvidenceKind.CASUAL_RESOURCE
                )
                yield source, target, FoundLink(source[1], target[1], "xa", None, evidence)

    def _doors_without_callers(self, found: list[tuple[End, End, FoundLink]]) -> None:
        """Name the gateways that nobody among the files comes through."""
        ends = {end[1] for source, target, _ in found for end in (source, target)}
        for domain in self._parts.domains:
            for kind, gateways in (
                ("inbound", domain.inbound),
                ("outbound", domain.reverse_outbound),
            ):
                for gateway in gateways:
                    if self._parts.end(domain, kind, gateway.alias)[1] not in ends:
                        said = f"nobody among the files connects to {gateway.shown}"
                        self._note(
                            "door without a caller",
                            f"{domain.name}/{gateway.alias}",
                            said,
                            gateway.node,
                        )

    def _note(self, topic: str, about: str, said: str, node: Node) -> None:
        self._collector.notes.add(Noted(topic, about, said, node.file, node.line or 1))


def _by_address(
    gateways: Iterator[tuple[Domain, list[Gateway]]],
) -> dict[tuple[str, int], list[tuple[Domain, Gateway]]]:
    """The gateways by the address that they listen on."""
    found: dict[tuple[str, int], list[tuple[Domain, Gateway]]] = {}
    for domain, each in gateways:
        for gateway in each:
            if gateway.host not in _EVERY:
                found.setdefault((gateway.host, gateway.port), []).append((domain, gateway))
    return found


def _said(gateway: Gateway) -> str:
    """What else a connection says: its order, and what it expects to find there."""
    parts = [] if gateway.order is None else [f"order={gateway.order}"]
    for word, names in (("services", gateway.services), ("queues", gateway.queues)):
        if names:
            rest = len(names) - NAMES_SHOWN_MAX
            more = f" and {rest} more" if rest > 0 else ""
            parts.append(f"{word}={','.join(names[:NAMES_SHOWN_MAX])}{more}")
    return "".join(f" {part}" for part in parts)
