"""Reads Compose files into a Draft: services become subsystems, addresses become links.

Called by `cli/imports.py`, and by `kubernetes.py`, which takes the links only. `depends_on` is the
order of starting: it yields a link, because who waits for another usually calls it, and the link
says how little that proves. Published ports open doors and name no caller: they are noted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from migrator.ids import ComponentId, SubsystemId
from migrator.importers.compose_services import (
    ComposeService,
    environment,
    ports,
    read_project,
    services_of,
)
from migrator.importers.coverage import Collector, Ignored, MissingFile, Noted, Unresolved
from migrator.importers.draft import Draft, DraftComponent, DraftSubsystem, as_id, unique_id
from migrator.importers.evidence import Evidence, EvidenceKind, FoundLink, merge
from migrator.importers.nodes import Node
from migrator.importers.quantities import GIB, compose_bytes, plain_number
from migrator.importers.scan import (
    Answer,
    Caller,
    Endpoint,
    Resolve,
    Text,
    links_in,
    texts_of_arguments,
)
from migrator.importers.similar import similar_names
from migrator.importers.stores import (
    Store,
    is_gateway,
    store_of_command,
    store_of_health_check,
    store_of_image,
)
from migrator.inventory.model import Kind

_READ: Final = frozenset((
    "command", "container_name", "cpus", "depends_on", "deploy", "entrypoint", "env_file",
    "environment", "expose", "extends", "healthcheck", "hostname", "image", "links",
    "mem_limit", "mem_reservation", "networks", "ports", "scale", "secrets", "volumes",
))  # fmt: skip
"""The keys of a service that say something about links, kind or size."""


@dataclass(frozen=True, slots=True)
class ReadService:
    """A service with all that was concluded about it."""

    name: str
    file: str
    line: int
    subsystem: DraftSubsystem
    component: ComponentId
    store: Store | None
    ports: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ComposeReading:
    """What Compose files say: the services, and the links as (source, target, link) by name."""

    name: str
    services: tuple[ReadService, ...]
    links: tuple[tuple[str, str, FoundLink], ...]


def read_compose(paths: Sequence[Path], name: str = "") -> Draft:
    """Read Compose files into a Draft; several files are laid over each other in their order."""
    collector = Collector()
    reading = read_services(paths, collector)
    found = [link for _, _, link in reading.links]
    technology = {
        each.component: each.store.protocol for each in reading.services if each.store is not None
    }
    subsystems = tuple(
        sorted((each.subsystem for each in reading.services), key=lambda each: each.id)
    )
    owner = {each.component: each.subsystem.id for each in reading.services}
    linked = {frozenset[str]((owner[one.source], owner[one.target])) for one in found}
    collector.suspected.update(similar_names(subsystems, linked))
    collector.suspected = {
        each for each in collector.suspected if frozenset((each.source, each.target)) not in linked
    }
    folder = paths[0].resolve()
    default = folder.name if folder.is_dir() else folder.parent.name
    return Draft(
        name or reading.name or default or "compose",
        subsystems,
        merge(found, technology),
        (),
        collector.freeze("compose"),
    )


def read_services(paths: Sequence[Path], collector: Collector) -> ComposeReading:
    """Read the services and the links between them; what is missing goes to the collector."""
    project = read_project(paths, collector)
    services = services_of(project)
    _name_ignored_keys(services, collector)
    read: dict[str, ReadService] = {}
    taken: set[str] = set()
    for service in services:
        own = SubsystemId(unique_id(as_id(service.name), taken))
        taken.add(own)
        read[service.name] = _read_service(service, own, collector)
    names = _names(services)
    by_id = {each.subsystem.id: each.name for each in read.values()}
    by_component = {each.component: each.name for each in read.values()}
    links: list[tuple[str, str, FoundLink]] = []
    for service in services:
        resolve = _resolver(service, names, read)
        found = _named_links(service, read[service.name], resolve, collector)
        found += _declared_links(service, read, collector)
        links += [(by_component[one.source], by_component[one.target], one) for one in found]
    assert set(by_id.values()) == set(read), "each service has one subsystem"
    _note_missing_env(project.env_shown, read, collector)
    _note_shared_volumes(services, collector)
    return ComposeReading(project.name, tuple(read.values()), tuple(links))


def _read_service(service: ComposeService, own: SubsystemId, collector: Collector) -> ReadService:
    """One service as a subsystem of one component."""
    image = service.text("image") or ""
    words = [node.text or "" for key in ("entrypoint", "command") for node in service.words(key)]
    check = [node.text or "" for node in service.words("healthcheck", "test")]
    store = store_of_image(image)
    why = f"the image {image} is a known store; no volume says so"
    if store is None:
        store = store_of_command(words)
        why = "its command starts a known store; the image is not known"
    if store is None and (not image or "$" in image):
        # Only for an image without a name: a service may well check its own store's health.
        store = store_of_health_check(check)
        why = "its health check asks a known store; the image is not known"
    volumes = _named_volumes(service)
    kind = Kind.STATELESS
    if volumes:
        kind, why = Kind.STATEFUL, f"it keeps data in the volume {volumes[0]}"
    elif store is not None and store.durable:
        kind = Kind.STATEFUL
    else:
        why = "no named volume, and no known store's image"
    if kind is Kind.STATELESS and "$" in image:
        why += f" (the image {image} is a variable without a value)"
    role = store.role if store else "gateway" if is_gateway(image) else "process"
    technology = store.technology if store else None
    component = DraftComponent(ComponentId(own), service.name, role, technology)
    _note_doors(service, own, collector)
    for node in service.all("secrets"):
        secret = node.text or node.get("source").text
        if secret:
            collector.secret(secret, [own])
    cpu, memory = _size(service)
    subsystem = DraftSubsystem(
        own, service.name, kind, why, (component,), cpu, memory, tags=("compose",)
    )
    numbers = tuple(port.number for port in ports(service))
    return ReadService(
        service.name, service.file, service.line, subsystem, component.id, store, numbers
    )


def _named_volumes(service: ComposeService) -> list[str]:
    """The volumes that outlive the container: those with a name of their own."""
    names: list[str] = []
    declared = {name for top in service.project.tops for name, _ in top.get("volumes").entries()}
    for node in service.all("volumes"):
        text = service.project.replace(node) if node.text is not None else ""
        source, colon, _ = text.partition(":")
        # One letter before a colon is a drive of Windows, unless such a volume is declared.
        named = re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]+", source) or source in declared
        if colon and named:
            names.append(source)
        elif node.get("type").text == "volume" and node.get("source").text:
            names.append(node.get("source").text or "")
    return names


def _size(service: ComposeService) -> tuple[float | None, float | None]:
    """Cores and GiB: what is reserved, else the limit, for all replicas."""
    copies = plain_number(service.text("deploy", "replicas") or service.text("scale")) or 1
    cores = plain_number(
        service.text("deploy", "resources", "reservations", "cpus")
        or service.text("deploy", "resources", "limits", "cpus")
        or service.text("cpus")
    )
    size = compose_bytes(
        service.text("deploy", "resources", "reservations", "memory")
        or service.text("mem_reservation")
        or service.text("deploy", "resources", "limits", "memory")
        or service.text("mem_limit")
    )
    return (
        round(cores * copies, 3) if cores else None,
        round(size * copies / GIB, 4) if size else None,
    )


def _names(services: list[ComposeService]) -> dict[str, str]:
    """Every name that leads to a service, and the service."""
    names: dict[str, str] = {}
    for service in services:
        for extra in ("container_name", "hostname"):
            text = service.text(extra)
            if text:
                names.setdefault(text.lower(), service.name)
        for _, network in service.maps("networks"):
            for alias in network.get("aliases").parts():
                names.setdefault((alias.text or "").lower(), service.name)
    return names | {service.name.lower(): service.name for service in services}


def _resolver(
    service: ComposeService, names: dict[str, str], read: dict[str, ReadService]
) -> Resolve:
    """The function that answers for one service; its `links` may give others more names."""
    own = dict(names)
    for target, alias, _ in _links_of(service):
        if target in read:
            own[alias.lower()] = target

    def resolve(host: str, port: int | None) -> Answer | None:
        target = read.get(own.get(host.lower(), ""))
        return None if target is None else Answer((_endpoint(target, port),))

    return resolve


def _endpoint(target: ReadService, port: int | None) -> Endpoint:
    """A service's end of a link; its only port where none is named."""
    only = target.ports[0] if len(target.ports) == 1 else None
    spoken = target.store.protocol if target.store else None
    return Endpoint(target.subsystem.id, target.component, port or only, spoken)


def _named_links(
    service: ComposeService, own: ReadService, resolve: Resolve, collector: Collector
) -> list[FoundLink]:
    """The links that a service's environment and command name."""
    caller = Caller(own.subsystem.id, own.component, resolve)
    settings = environment(service)
    siblings = {key: each.value for key, each in settings.items() if each.value is not None}
    found: list[FoundLink] = []
    for key, each in settings.items():
        if each.value is not None:
            text = Text(key, each.value, each.node, each.kind, siblings)
            found += links_in(text, caller, collector)
    words = [*service.words("entrypoint"), *service.words("command")]
    for text in texts_of_arguments(words, EvidenceKind.ARGUMENT):
        found += links_in(text, caller, collector)
    return found


def _declared_links(
    service: ComposeService, read: dict[str, ReadService], collector: Collector
) -> list[FoundLink]:
    """The links of `links` and of `depends_on`, their port that of the target."""
    named = [(target, node, EvidenceKind.COMPOSE_LINK) for target, _, node in _links_of(service)]
    named += [(target, node, EvidenceKind.DEPENDS_ON) for target, node in _depends_on(service)]
    found: list[FoundLink] = []
    for name, node, kind in named:
        target = read.get(name)
        line = node.line or service.line
        if target is None:
            why = "no service of that name is in the files"
            collector.unresolved.add(
                Unresolved(read[service.name].subsystem.id, name, why, node.file, line, node.where)
            )
            continue
        end = _endpoint(target, None)
        port = "" if end.port is None else f", whose one port is {end.port}"
        evidence = Evidence(node.file, line, node.where, f"{name}{port}", kind)
        found.append(
            FoundLink(read[service.name].component, end.component, end.protocol, end.port, evidence)
        )
    return found


def _links_of(service: ComposeService) -> Iterator[tuple[str, str, Node]]:
    """The (service, alias, place) of `links`, as a list or as a map."""
    for node in service.all("links"):
        target, _, alias = service.project.replace(node).partition(":")
        yield target, alias or target, node
    for target, node in service.maps("links"):
        yield target, node.text or target, node


def _depends_on(service: ComposeService) -> Iterator[tuple[str, Node]]:
    """The services that are started before this one, as a list or as a map."""
    for node in service.all("depends_on"):
        yield node.text or "", node
    yield from service.maps("depends_on")


def _note_doors(service: ComposeService, own: SubsystemId, collector: Collector) -> None:
    """Note the ports that the host offers to others."""
    published = [port for port in ports(service) if port.published]
    if published:
        numbers = ", ".join(str(port.number) for port in published)
        said = f"published ({numbers}): it can be called from outside; who calls is not written"
        node = published[0].node
        collector.notes.add(Noted("open door", own, said, node.file, node.line or service.line))


def _name_ignored_keys(services: list[ComposeService], collector: Collector) -> None:
    """Name the keys that say nothing about links, once per file, with the first place."""
    seen: dict[tuple[str, str], tuple[int, int]] = {}
    for service in services:
        for node in service.nodes:
            for key, inner in node.entries():
                if key not in _READ and not key.startswith("x-"):
                    line, count = seen.get((node.file, key), (inner.line or 1, 0))
                    seen[node.file, key] = (min(line, inner.line or 1), count + 1)
    for (file, key), (line, count) in seen.items():
        what = f"key {key} of {count} service{'s' if count > 1 else ''}"
        why = "it says how a service is built or run, not whom it calls"
        collector.ignored.add(Ignored(file, line, what, why))


def _note_missing_env(
    env_shown: str | None, read: dict[str, ReadService], collector: Collector
) -> None:
    """Name the `.env` that is not there, where variables have no value without it."""
    if collector.variables and env_shown is None:
        first = next(iter(read.values())).file
        why = (
            f"it is not beside the Compose file; {len(collector.variables)} variables have no value"
        )
        collector.missing_files.add(MissingFile(".env", first, why))


def _note_shared_volumes(services: list[ComposeService], collector: Collector) -> None:
    """Name the volumes that several services use: shared data binds, and people must say how."""
    users: dict[str, list[ComposeService]] = {}
    for service in services:
        for volume in dict.fromkeys(_named_volumes(service)):
            users.setdefault(volume, []).append(service)
    for volume, shared in sorted(users.items()):
        if len(shared) > 1:
            names = ", ".join(each.name for each in shared)
            said = (
                f"{names} share the volume {volume}: consider a `with` relation in relations.yaml"
            )
            collector.notes.add(Noted("shared data", volume, said, shared[0].file, shared[0].line))
