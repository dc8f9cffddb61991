"""What Casual's domains become: subsystems with components, one per domain or one per group.

Called by `casual.py`, and by `casual_links.py` to find the ends of links. A store of transactions
that several subsystems use becomes a subsystem of its own, because nobody of them can take it along
alone; one that a single subsystem uses is a component of it. An address that none of the files
listens on becomes a component of the external subsystem `unknown`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, Literal

from migrator.ids import ComponentId, SubsystemId
from migrator.importers.addresses import is_local
from migrator.importers.casual_model import Domain, Gateway, Program, QueueGroup, Resource
from migrator.importers.coverage import Collector, Noted, Suspected
from migrator.importers.draft import DraftComponent, DraftSubsystem, as_id, unique_id
from migrator.inventory.model import Kind

Split = Literal["domain", "group"]

UNKNOWN: Final = "unknown"
"""The external subsystem of all addresses that nobody is known behind, as every importer has it."""


@dataclass(frozen=True, slots=True)
class SharedStore:
    """A resource and all who use it, as (domain, program) pairs."""

    resource: Resource
    domains: tuple[str, ...]
    users: tuple[tuple[Domain, Program], ...]

    @property
    def key(self) -> tuple[str, str, str]:
        """What its end is found by."""
        return ("", "\0".join(self.domains), f"{self.resource.name}\0{self.resource.identity}")


@dataclass(slots=True)
class _Growing:
    """A subsystem while its components are found."""

    name: str
    why: str
    components: list[DraftComponent] = field(default_factory=list)
    state: list[str] = field(default_factory=list)


class Parts:
    """Every component of the estate, by what it was made from."""

    def __init__(self, domains: Iterable[Domain], split: Split, collector: Collector) -> None:
        """Make all of them at once, in the order of the domains."""
        self.domains = list(domains)
        self._split = split
        self._collector = collector
        self._growing: dict[str, _Growing] = {}
        self._unknown: dict[str, DraftComponent] = {}
        self._taken: set[str] = {UNKNOWN}
        self._components: set[str] = set()
        self._ids: dict[str, str] = {}  # by the domain's name: two names may look alike as ids
        self._ends: dict[tuple[str, str, str], tuple[str, ComponentId]] = {}
        for domain in self.domains:
            taken = {*self._ids.values(), UNKNOWN}
            self._ids[domain.name] = unique_id(as_id(domain.name), taken)
        for domain in self.domains:
            self._of_domain(domain)
        self.stores = shared_stores(self.domains, collector)
        for store in self.stores:
            self._of_store(store)

    def end(self, domain: Domain, kind: str, alias: str) -> tuple[str, ComponentId]:
        """The (subsystem, component) of a part of a domain."""
        return self._ends[domain.name, kind, alias]

    def entry(self, domain: Domain) -> tuple[str, ComponentId]:
        """The part of a domain that stands for it where nothing says which part is meant."""
        mine = [end for (name, _, _), end in self._ends.items() if name == domain.name]
        return next((end for end in mine if end[0] == self._ids[domain.name]), mine[0])

    def store_end(self, store: SharedStore) -> tuple[str, ComponentId]:
        """The (subsystem, component) of a shared store."""
        return self._ends[store.key]

    def subsystem_of(self, domain: Domain, program: Program) -> str:
        """The subsystem that a program belongs to."""
        if self._split == "group" and program.memberships:
            return as_id(f"{self._ids[domain.name]}.{program.memberships[0]}")
        return self._ids[domain.name]

    def unknown(self, domain: Domain, gateway: Gateway) -> tuple[str, ComponentId]:
        """The external system behind an address that nothing among the files listens on."""
        host = gateway.host or "any"
        if is_local(host):
            host = f"{domain.name}-localhost"
        known = self._unknown.get(host)
        if known is None:
            known = self._component(f"unknown-{host}", f"unknown:{host}", "external", None)
            self._unknown[host] = known
        return UNKNOWN, known.id

    def subsystems(self) -> tuple[DraftSubsystem, ...]:
        """All of them, by id."""
        own = [
            DraftSubsystem(
                SubsystemId(name),
                each.name,
                Kind.STATEFUL if each.state else Kind.STATELESS,
                f"{each.why}; it keeps {', '.join(each.state)}"
                if each.state
                else f"{each.why}; nothing says that it keeps anything",
                tuple(each.components),
                tags=("casual",),
            )
            for name, each in self._growing.items()
        ]
        if self._unknown:
            components = tuple(sorted(self._unknown.values(), key=lambda each: each.id))
            why = "addresses that nothing among the files listens on"
            name = SubsystemId(UNKNOWN)
            own.append(DraftSubsystem(name, UNKNOWN, Kind.EXTERNAL, why, components))
        return tuple(sorted(own, key=lambda each: each.id))

    def _of_domain(self, domain: Domain) -> None:
        own = self._ids[domain.name]
        before = len(self._ends)
        for program in domain.programs:
            role = "frontend" if program.path.rpartition("/")[2] == "nginx" else "process"
            self._add(self.subsystem_of(domain, program), domain, "program", program.alias, role)
            if self._split == "group" and len(program.memberships) > 1:
                said = f"a member of {', '.join(program.memberships)}; it was put with the first"
                self._note("several groups", program.alias, said, program)
        for group in domain.queue_groups:
            self._add(own, domain, "queue", group.alias, "queue")
            self._queue_state(own, domain, group)
        for kind, gateways in (
            ("inbound", domain.inbound + domain.reverse_inbound),
            ("outbound", domain.outbound + domain.reverse_outbound),
        ):
            for alias in dict.fromkeys(each.alias for each in gateways):
                self._add(own, domain, kind, alias, "gateway")
        for log, node in domain.logs:
            if log != ":memory:":
                self._place(own, domain.name).state.append("a transaction log")
            said = f"the transaction log {log}: empty it before the move, or move it with the data"
            self._collector.notes.add(Noted("state", own, said, node.file, node.line or 1))
        if len(self._ends) == before:
            self._add(own, domain, "domain", domain.name, "process")

    def _queue_state(self, own: str, domain: Domain, group: QueueGroup) -> None:
        base = group.base or "the default file of the domain"
        if group.base == ":memory:":
            said = f"queue group {group.alias} is in memory: what it holds is lost at a stop"
        else:
            said = f"queue group {group.alias} ({len(group.queues)} queues) is kept in {base}"
            self._growing[own].state.append(f"queues ({group.alias})")
        node = group.node
        self._collector.notes.add(Noted("state", domain.name, said, node.file, node.line or 1))

    def _of_store(self, store: SharedStore) -> None:
        name, key = store.resource.name, store.resource.key or None
        technology = key or "xa"
        owners = sorted({self.subsystem_of(*user) for user in store.users})
        owners = owners or [self._ids[each] for each in store.domains]
        if len(owners) == 1:
            place = self._place(owners[0], owners[0])
            component = self._component(f"{owners[0]}.{name}", name, "store", technology)
            place.state.append(f"the resource {name}")
            self._ends[store.key] = (owners[0], component.id)
        else:
            own = unique_id(as_id(name), self._taken)
            place = self._place(own, name)
            component = self._component(own, name, "store", technology)
            place.why = f"a transaction resource that {', '.join(owners)} share"
            place.state.append("their data")
            self._ends[store.key] = (own, component.id)
            said = (
                f"{', '.join(owners)} use the resource {name}: they are coupled by data; consider "
                "a `with` relation in relations.yaml, or split the store first"
            )
            self._note("shared data", name, said, store.resource)
        place.components.append(component)

    def _note(self, topic: str, about: str, said: str, where: Program | Resource) -> None:
        node = where.node
        self._collector.notes.add(Noted(topic, about, said, node.file, node.line or 1))

    def _add(self, subsystem: str, domain: Domain, kind: str, alias: str, role: str) -> None:
        name = domain.name if subsystem == self._ids[domain.name] else subsystem
        place = self._place(subsystem, name)
        component = self._component(f"{domain.name}.{alias}", alias, role, f"casual-{kind}")
        place.components.append(component)
        self._ends[domain.name, kind, alias] = (subsystem, component.id)

    def _place(self, subsystem: str, name: str) -> _Growing:
        self._taken.add(subsystem)
        why = "one per domain" if self._split == "domain" else "one per group of a domain"
        return self._growing.setdefault(subsystem, _Growing(name, why))

    def _component(
        self, wanted: str, name: str, role: str, technology: str | None
    ) -> DraftComponent:
        own = unique_id(as_id(wanted), self._components)
        self._components.add(own)
        return DraftComponent(ComponentId(own), name, role, technology)


def shared_stores(domains: Iterable[Domain], collector: Collector) -> list[SharedStore]:
    """Every resource with all who use it; the same store in two domains is one.

    It is the same where key and openinfo say so. The name alone proves nothing between two
    domains: there it is only suspected.
    """
    found: dict[tuple[str, str, str], list[tuple[Domain, Resource]]] = {}
    named: dict[str, set[str]] = {}
    for domain in domains:
        for resource in domain.resources.values():
            own = "" if resource.identity else f"{domain.name}\0{resource.name}"
            key = (resource.key, resource.identity, own)
            found.setdefault(key, []).append((domain, resource))
            if own:
                named.setdefault(resource.name, set()).add(as_id(domain.name))
    for name, places in sorted(named.items()):
        for first, second in pairwise(sorted(places)):
            why = f"both have a resource {name}; nothing says that it is the same store"
            collector.suspected.add(Suspected(first, second, why))
    return [
        SharedStore(
            members[0][1],
            tuple(dict.fromkeys(domain.name for domain, _ in members)),
            tuple(user for domain, resource in members for user in _users(domain, resource.name)),
        )
        for _, members in sorted(found.items(), key=lambda item: item[0])
    ]


def _users(domain: Domain, resource: str) -> list[tuple[Domain, Program]]:
    """The programs that use a resource themselves or through one of their groups."""
    return [
        (domain, program)
        for program in domain.programs
        if resource in program.resources
        or any(resource in domain.groups.get(group, ()) for group in program.memberships)
    ]
