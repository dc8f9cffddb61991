"""Evidence and the links that it proves; every importer's links pass through `merge`. Pure.

A link exists here only because something in a file names its target: the Evidence says what and
where. Two things that look alike are no evidence. How strong the evidence is stands with it in
words, because a start order or an allowance proves less than an address.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from migrator.ids import ComponentId, LinkId
from migrator.inventory.model import LatencyClass

CALLS_ASSUMED: Final = 1
"""Manifests do not count calls. One a day is the least that a link in use can have, and the report
says so."""

CRITICALITY_ASSUMED: Final = 3
"""The middle of 1 to 5, as for a subsystem whose criticality nobody gave."""

EVIDENCES_SHOWN_MAX: Final = 20
"""A link proved twenty times is proved; the rest is counted, so that a cell stays readable."""


class Strength(Enum):
    """What the evidence proves."""

    SEEN = "seen in use"  # somebody counted the calls
    DECLARED = "declared"  # written down as a connection
    INFERRED = "inferred"  # an address is named; somebody will call it
    ALLOWED = "allowed; that it is used is not proven"
    WEAK = "low confidence: start order only"


class EvidenceKind(Enum):
    """Where a link was read from; the coverage report counts by it."""

    ENVIRONMENT = "environment"
    ENV_FILE = "env_file"
    ARGUMENT = "argument"
    CONFIG_MAP = "config_map"
    INGRESS = "ingress"
    VIRTUAL_SERVICE = "virtual_service"
    ROUTE = "route"
    LOAD_BALANCER = "load_balancer"
    NETWORK_POLICY = "network_policy"
    COMPOSE_LINK = "compose_link"
    DEPENDS_ON = "depends_on"
    ENDPOINT_SLICE = "endpoint_slice"
    CASUAL_OUTBOUND = "casual_outbound"
    CASUAL_REVERSE = "casual_reverse"
    CASUAL_FORWARD = "casual_forward"
    CASUAL_RESOURCE = "casual_resource"
    CASUAL_HTTP = "casual_http"
    SERVICE_LOG = "service_log"
    SERVICE_GRAPH = "service_graph"
    TRACES = "traces"
    FLOW_TABLE = "flow_table"
    AZURE_MIGRATE = "azure_migrate"
    AWS_DISCOVERY = "aws_discovery"


STRENGTH: Final[Mapping[EvidenceKind, Strength]] = {
    EvidenceKind.ENVIRONMENT: Strength.INFERRED,
    EvidenceKind.ENV_FILE: Strength.INFERRED,
    EvidenceKind.ARGUMENT: Strength.INFERRED,
    EvidenceKind.CONFIG_MAP: Strength.INFERRED,
    EvidenceKind.INGRESS: Strength.DECLARED,
    EvidenceKind.VIRTUAL_SERVICE: Strength.DECLARED,
    EvidenceKind.ROUTE: Strength.DECLARED,
    EvidenceKind.LOAD_BALANCER: Strength.DECLARED,
    EvidenceKind.NETWORK_POLICY: Strength.ALLOWED,
    EvidenceKind.COMPOSE_LINK: Strength.DECLARED,
    EvidenceKind.DEPENDS_ON: Strength.WEAK,
    EvidenceKind.ENDPOINT_SLICE: Strength.DECLARED,
    EvidenceKind.CASUAL_OUTBOUND: Strength.DECLARED,
    EvidenceKind.CASUAL_REVERSE: Strength.DECLARED,
    EvidenceKind.CASUAL_FORWARD: Strength.DECLARED,
    EvidenceKind.CASUAL_RESOURCE: Strength.DECLARED,
    EvidenceKind.CASUAL_HTTP: Strength.DECLARED,
    EvidenceKind.SERVICE_LOG: Strength.SEEN,
    EvidenceKind.SERVICE_GRAPH: Strength.SEEN,
    EvidenceKind.TRACES: Strength.SEEN,
    EvidenceKind.FLOW_TABLE: Strength.SEEN,
    EvidenceKind.AZURE_MIGRATE: Strength.SEEN,
    EvidenceKind.AWS_DISCOVERY: Strength.SEEN,
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """One place in a file that names a link's target. `what` is masked already."""

    file: str
    line: int
    path: str
    what: str
    kind: EvidenceKind

    def __str__(self) -> str:
        """Render as one entry of the evidence column."""
        place = f"{self.file}:{self.line}"
        said = f"{self.kind.value} {place} {self.path} {self.what}".rstrip()
        return f"{said} ({STRENGTH[self.kind].value})"

    @property
    def order(self) -> tuple[str, int, str, str, str]:
        """The order in which evidences are shown."""
        return (self.file, self.line, self.path, self.kind.value, self.what)


@dataclass(frozen=True, slots=True)
class FoundLink:
    """A link as one piece of evidence shows it, before the same link's evidences are joined."""

    source: ComponentId
    target: ComponentId
    protocol: str | None  # None: the evidence does not say
    port: int | None  # None: the evidence does not say
    evidence: Evidence
    calls_per_day: int | None = None  # None: nobody counted


@dataclass(frozen=True, slots=True)
class ProvenLink:
    """A link with everything that proves it; a row of links.csv."""

    id: LinkId
    source: ComponentId
    target: ComponentId
    protocol: str
    port: int | None
    latency: LatencyClass
    evidence: tuple[Evidence, ...]
    calls_per_day: int | None = None  # None: nobody counted

    @property
    def evidence_text(self) -> str:
        """The evidence column: the evidences, joined."""
        shown = [str(each) for each in self.evidence[:EVIDENCES_SHOWN_MAX]]
        rest = len(self.evidence) - len(shown)
        return "; ".join([*shown, *([f"and {rest} more"] if rest else [])])


def merge(
    found: Iterable[FoundLink],
    technology: Mapping[ComponentId, str],
    batch: frozenset[ComponentId] = frozenset(),
) -> tuple[ProvenLink, ...]:
    """Join the evidences of the same link: same source, target, protocol and port.

    Evidence that names no port, or no protocol, joins the link of the same two ends that has one.
    `technology` says what a store speaks; `batch` are the components that call in batch runs.
    The largest count is the link's: two counts of one link are two looks at the same calls.
    """
    by_ends: dict[tuple[ComponentId, ComponentId], list[FoundLink]] = {}
    for one in found:
        if one.source != one.target:
            by_ends.setdefault((one.source, one.target), []).append(one)
    links: list[ProvenLink] = []
    for source, target in sorted(by_ends):
        spoken = technology.get(target)
        for (port, protocol), ones in _by_port(by_ends[source, target], spoken).items():
            counts = [one.calls_per_day for one in ones if one.calls_per_day is not None]
            evidence = {one.evidence for one in ones}
            links.append(
                ProvenLink(
                    _link_id(source, target, protocol, port),
                    source,
                    target,
                    protocol,
                    port,
                    _latency(protocol, from_batch=source in batch),
                    tuple(sorted(evidence, key=lambda each: each.order)),
                    max(counts, default=None),
                )
            )
    return tuple(links)


def _by_port(
    found: list[FoundLink], spoken: str | None
) -> dict[tuple[int | None, str], list[FoundLink]]:
    """Sort the evidences of one pair of ends by port and protocol; the vague join the precise."""
    ports = sorted({one.port for one in found if one.port is not None})
    protocols: dict[int | None, list[str]] = {}
    for one in found:
        port = one.port if one.port is not None or not ports else ports[0]
        named = protocols.setdefault(port, [])
        if one.protocol is not None and one.protocol not in named:
            named.append(one.protocol)
    joined: dict[tuple[int | None, str], list[FoundLink]] = {}
    for one in found:
        port = one.port if one.port is not None or not ports else ports[0]
        named = sorted(protocols[port])
        protocol = one.protocol or (named[0] if named else spoken or "tcp")
        joined.setdefault((port, protocol), []).append(one)
    return dict(sorted(joined.items(), key=lambda item: (item[0][0] or 0, item[0][1])))


def _link_id(source: str, target: str, protocol: str, port: int | None) -> LinkId:
    """The same for the same link in every import, whatever else was found beside it."""
    text = "\0".join((source, target, protocol, "" if port is None else str(port)))
    return LinkId("l-" + hashlib.sha256(text.encode()).hexdigest()[:16])


_TRANSACTIONAL: Final = frozenset(
    (
        *("cassandra", "couchdb", "database", "mongodb", "mysql", "oracle", "postgresql", "redis"),
        *("sqlserver", "xa"),
    )
)
_ASYNC: Final = frozenset(
    ("amqp", "amqps", "kafka", "messaging", "mqtt", "nats", "otlp", "smtp", "stomp")
)


def _latency(protocol: str, *, from_batch: bool) -> LatencyClass:
    """The latency class that goes with a protocol; an assumption, and the report says so."""
    if from_batch:
        return LatencyClass.BATCH
    if protocol in _TRANSACTIONAL:
        return LatencyClass.TRANSACTIONAL
    if protocol in _ASYNC:
        return LatencyClass.ASYNC
    return LatencyClass.INTERACTIVE
