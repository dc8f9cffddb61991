"""From the names and addresses in a table to components and subsystems. Pure; no file is read.

Called by the importers of tables with every different (name, address) pair once: thousands, where
the rows are millions. A name becomes a component of its own unless the rules say better; an
address that nothing names becomes the component `unknown:<address>` of the external subsystem
`unknown`, so that its links stay in the plan and somebody can ask whose it is. Two names that only
look alike stay two.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Final

from migrator.ids import ComponentId, SubsystemId
from migrator.importers.draft import DraftComponent, DraftSubsystem, as_id, unique_id
from migrator.inventory.model import Kind

LOCAL: Final = ""
"""Stands for the machine itself, as in links/csv_map_flows.py."""

HOST_CHARACTERS_MAX: Final = 255

STORE_PORTS: Final[Mapping[int, str]] = {
    1433: "sqlserver", 1521: "oracle", 3306: "mysql", 5432: "postgresql", 5984: "couchdb",
    6379: "redis", 9042: "cassandra", 9200: "elasticsearch", 27017: "mongodb", 50000: "db2",
}  # fmt: skip
"""Ports that their makers' manuals give to stores; a component called there is taken for one."""

QUEUE_PORTS: Final[Mapping[int, str]] = {
    1414: "ibm-mq", 1883: "mqtt", 4222: "nats", 5671: "amqp", 5672: "amqp", 9092: "kafka",
    61616: "activemq",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class KnownHost:
    """What somebody wrote down about a name or an address."""

    component: str
    subsystem: str | None = None  # None: the rules say
    kind: Kind | None = None  # None: concluded


@dataclass(frozen=True, slots=True)
class HostRules:
    """How names become components: from the map, or an importer's own."""

    known: Mapping[str, KnownHost] = field(default_factory=dict)
    strip_domains: tuple[str, ...] | None = ()  # None: every domain
    subsystem: str | None = None  # a pattern whose group 1 names the subsystem; None: the host
    external: tuple[str, ...] = ()  # name patterns and networks


@dataclass(frozen=True, slots=True)
class Placed:
    """Every end with its component, and what they are."""

    ends: Mapping[tuple[str, str], str]  # (name, address) -> component, or LOCAL
    unknown: Mapping[str, str]  # component -> the address that nothing names
    learned: Mapping[str, str]  # address -> the name that stood beside it
    doubtful: Mapping[str, tuple[str, ...]]  # address -> the several names that stood beside it
    hosts: Mapping[str, _Host]  # component -> what is known of it


@dataclass(frozen=True, slots=True)
class _Host:
    """A component in the making."""

    name: str
    subsystem: str
    kind: Kind | None
    why: str


def place(ends: Iterable[tuple[str, str]], rules: HostRules) -> Placed:
    """Say for each (name, address) which component it is."""
    pairs = sorted({(name, address) for name, address in ends})
    known = {_key(text): host for text, host in rules.known.items()}
    learned, doubtful = _learn(pairs, rules)
    placed: dict[tuple[str, str], str] = {}
    by_key: dict[str, str] = {}
    hosts: dict[str, _Host] = {}
    unknown: dict[str, str] = {}
    for name, address in pairs:
        found = _meant(name, address, known, learned, rules)
        if found is None:
            placed[name, address] = LOCAL
            continue
        key, host, is_unknown = found
        if key not in by_key:
            # An address is an id but for its colons; without zeros to drop, no two become one.
            wanted = "unknown-" + key.replace(":", "-") if is_unknown else as_id(key)
            by_key[key] = unique_id(wanted, hosts)
            hosts[by_key[key]] = host
        placed[name, address] = by_key[key]
        if is_unknown:
            unknown[by_key[key]] = key
    return Placed(placed, unknown, learned, doubtful, hosts)


def address_of(text: str) -> str | None:
    """An IP address in its one spelling, without a zone; None if the text is none."""
    try:
        address = ipaddress.ip_address(text.strip("[]").partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def subsystems(
    placed: Placed, linked: frozenset[str], answers: Mapping[str, Sequence[int]]
) -> tuple[DraftSubsystem, ...]:
    """The components with links, as subsystems; `answers` are the telling ports of each."""
    members: dict[str, list[str]] = {}
    for component in sorted(linked):
        members.setdefault(placed.hosts[component].subsystem, []).append(component)
    # An id is given to the subsystems in one fixed order, so that the next import gives the same.
    ids: dict[str, str] = {}
    taken: set[str] = set()
    for name in sorted(members):
        ids[name] = unique_id(as_id(name), taken)
        taken.add(ids[name])
    made = [
        _subsystem(ids[name], name, components, placed, answers)
        for name, components in members.items()
    ]
    return tuple(sorted(made, key=lambda each: each.id))


UNKNOWN: Final = "unknown"


def _meant(
    name: str,
    address: str,
    known: Mapping[str, KnownHost],
    learned: Mapping[str, str],
    rules: HostRules,
) -> tuple[str, _Host, bool] | None:
    """The key under which a component is one, what it is, and whether nothing names it."""
    key = _name_of(name, rules) or address_of(address) or _key(address)
    for text in (_key(name), key, _key(address)):
        if text in known:
            host = known[text]
            group = host.subsystem or _group(_key(host.component), rules)
            found = _Host(host.component, group, host.kind, "a table of hosts names it")
            return _key(host.component), found, False
    if _is_local(key):
        return None
    plain = address_of(key)
    if plain is not None and plain in learned:
        key = learned[plain]
        plain = None
    external = _is_external(key, rules.external)
    kind = Kind.EXTERNAL if external else None
    if plain is not None and not external:
        why = "addresses that nothing names: ask whose they are"
        return plain, _Host(f"unknown:{plain}", UNKNOWN, Kind.EXTERNAL, why), True
    why = "the map says that it is outside" if external else ""
    return key, _Host(key, _group(key, rules), kind, why), False


def _key(text: str) -> str:
    """The form in which names are compared: without case, blanks and a last dot."""
    return text.strip().strip("[]").rstrip(".").lower()[:HOST_CHARACTERS_MAX]


def _name_of(name: str, rules: HostRules) -> str:
    """The name, without the domains that the rules take off; an address as such."""
    key = _key(name)
    address = address_of(key) if key else None
    if address is not None or not key:
        return address or ""
    if rules.strip_domains is None:
        return key.partition(".")[0] or key
    for domain in rules.strip_domains:
        ending = "." + domain.lower().strip(".")
        if key.endswith(ending) and len(key) > len(ending):
            return key.removesuffix(ending)
    return key


def _learn(
    pairs: Iterable[tuple[str, str]], rules: HostRules
) -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
    """What rows with a name beside an address teach about rows without one."""
    beside: dict[str, set[str]] = {}
    for name, text in pairs:
        address, key = address_of(text), _name_of(name, rules)
        if address and key and address_of(key) is None and not _is_local(address):
            beside.setdefault(address, set()).add(key)
    learned = {one: next(iter(names)) for one, names in beside.items() if len(names) == 1}
    doubtful = {one: tuple(sorted(names)) for one, names in beside.items() if len(names) > 1}
    return learned, doubtful


def _is_local(key: str) -> bool:
    """Tell whether it means the machine itself: no link leads there."""
    address = address_of(key)
    if address is None:
        return key in {"localhost", "localhost.localdomain"}
    parsed = ipaddress.ip_address(address)
    return parsed.is_loopback or parsed.is_unspecified


def _is_external(key: str, patterns: Iterable[str]) -> bool:
    """Tell whether a name pattern or a network of the map holds it."""
    address = address_of(key)
    for pattern in patterns:
        if address is not None and "/" in pattern:
            if ipaddress.ip_address(address) in ipaddress.ip_network(pattern, strict=False):
                return True
        elif fnmatchcase(key, pattern.lower()):
            return True
    return False


def _group(key: str, rules: HostRules) -> str:
    """The subsystem that a host belongs to by its name."""
    if rules.subsystem is not None and address_of(key) is None:
        match = re.search(rules.subsystem, key)
        if match is not None and match.groups() and match[1]:
            return match[1]
    return key


def _subsystem(
    own: str,
    name: str,
    components: Sequence[str],
    placed: Placed,
    answers: Mapping[str, Sequence[int]],
) -> DraftSubsystem:
    """One subsystem: its kind is what somebody said, or what its ports suggest."""
    hosts = [placed.hosts[one] for one in components]
    told: list[tuple[Kind, str]] = [
        (host.kind, host.why) for host in hosts if host.kind is not None
    ]
    stores = [
        (one, port) for one in components for port in answers.get(one, ()) if port in STORE_PORTS
    ]
    if told:
        kind, why = told[0]
    elif stores:
        kind = Kind.STATEFUL
        why = f"{stores[0][0]} is called on port {stores[0][1]}, {STORE_PORTS[stores[0][1]]}'s own"
    else:
        kind, why = Kind.STATELESS, "nothing says that it keeps data; a guess"
    parts = tuple(
        _component(one, placed.hosts[one], kind, answers.get(one, ())) for one in components
    )
    return DraftSubsystem(SubsystemId(own), name, kind, why, parts)


def _component(own: str, host: _Host, kind: Kind, ports: Sequence[int]) -> DraftComponent:
    """One component with the role that its ports suggest."""
    store = next((STORE_PORTS[port] for port in ports if port in STORE_PORTS), None)
    queue = next((QUEUE_PORTS[port] for port in ports if port in QUEUE_PORTS), None)
    role = "external" if kind is Kind.EXTERNAL else "process"
    role = "store" if store else "queue" if queue and role == "process" else role
    return DraftComponent(ComponentId(own), host.name, role, store or queue)
