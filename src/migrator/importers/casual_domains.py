"""Casual's domains as declared: several files of one domain merged, several domains side by side.

Called by `casual.py`. A file that names its domain belongs to it; a file that names none belongs to
the one domain named in its folder, or in the whole import, and is otherwise a domain of its own
with a note that says so. Secrets are masked here, before anything else sees them. What is declared
twice is kept twice, as Casual itself does, with a number behind the second alias.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Final

from migrator.errors import Fault, InputError
from migrator.importers.addresses import speaks_of_secrets
from migrator.importers.casual_files import LISTS, read_documents
from migrator.importers.casual_model import (
    Domain,
    Forward,
    Gateway,
    Program,
    QueueGroup,
    Resource,
    masked_info,
)
from migrator.importers.coverage import Collector, Ignored, MissingFile, Noted, PlainSecret
from migrator.importers.files import FAULTS_KEPT_MAX, SourceFile, read_all
from migrator.importers.nodes import Node

_VARIABLE: Final = re.compile(r"\$\{([^}\s]*)\}")
_ROOTS: Final = ("domain", "system", "http")
_READ: Final = frozenset((
    "default", "environment", "executables", "gateway", "global", "groups", "name", "note",
    "queue", "servers", "services", "transaction",
))  # fmt: skip
"""The keys of a domain that are read, or that say nothing about who is linked to whom."""


def read_domains(
    files: Sequence[SourceFile], variables: Mapping[str, str], collector: Collector
) -> list[Domain]:
    """Every domain of the files, by name; all faults of all files at once."""
    for file in files:
        collector.saw(file.shown)
    roots = [root for found in read_all(files, read_documents) for root in found]
    opened = {file.shown: str(file.path) for file in files}
    used = [root for root in roots if _is_casual(root, collector)]
    reader = _Reader(collector, opened, variables)
    for name, nodes in _by_domain(used, collector).items():
        reader.read(name, nodes)
    if reader.faults:
        raise InputError(
            "import-broken-documents",
            f"{len(reader.faults)} faults in the configuration",
            hint="mend the named lines, and let Casual validate the files",
            faults=tuple(reader.faults[:FAULTS_KEPT_MAX]),
            count=len(reader.faults),
        )
    return sorted(reader.domains, key=lambda each: each.name)


def _is_casual(root: Node, collector: Collector) -> bool:
    """Tell whether a document has one of Casual's roots; keep account of it if it has not."""
    if any(root.get(word).exists for word in _ROOTS):
        return True
    why = "no Casual configuration: it has no domain, system or http at its root"
    collector.ignored.add(Ignored(root.file, root.line or 1, "document", why))
    return False


def _by_domain(roots: Iterable[Node], collector: Collector) -> dict[str, list[Node]]:
    """Sort the documents by the domain that they belong to."""
    listed = list(roots)
    by_name: dict[str, list[Node]] = {}
    folders: dict[str, set[str]] = {}
    for root in listed:
        name = root.get("domain", "name").text
        if name:
            by_name.setdefault(name, []).append(root)
            folders.setdefault(str(PurePosixPath(root.file).parent), set()).add(name)
    for name, nodes in by_name.items():
        places = sorted({str(PurePosixPath(node.file).parent) for node in nodes})
        if len(places) > 1:
            said = f"declared in {len(places)} folders ({', '.join(places)}) and read as one domain"
            collector.notes.add(Noted("one domain?", name, said, nodes[0].file, 1))
    named = set(by_name)
    for root in listed:
        if root.get("domain", "name").text:
            continue
        nearby = folders.get(str(PurePosixPath(root.file).parent), set()) or named
        if len(nearby) == 1:
            by_name[next(iter(nearby))].append(root)
        elif not root.get("domain").exists:
            why = "it names no domain, and several could be meant"
            collector.ignored.add(Ignored(root.file, root.line or 1, "document", why))
        else:
            own = PurePosixPath(root.file).stem
            why = "the file names no domain" + (" and several could be meant" if nearby else "")
            said = f"{why}: it is read as a domain of its own"
            collector.notes.add(Noted("one domain?", own, said, root.file, root.line or 1))
            by_name.setdefault(own, []).append(root)
    return by_name


class _Reader:
    """Reads the documents of one domain after another; keeps every fault."""

    def __init__(
        self, collector: Collector, opened: Mapping[str, str], variables: Mapping[str, str]
    ) -> None:
        self.domains: list[Domain] = []
        self.faults: list[Fault] = []
        self._collector = collector
        self._opened = opened
        self._given = variables
        self._values: dict[str, str] = {}

    def read(self, name: str, roots: Sequence[Node]) -> None:
        """Read one domain's documents, in the order of their files."""
        domain = Domain(name, roots[0])
        self._values = {}
        for root in roots:
            self._variables(root.get("domain"), domain)
        self._values = {**domain.variables, **self._given}
        for root in roots:
            self._document(root, domain)
        domain.programs = _numbered(domain.programs)
        self.domains.append(domain)

    def _document(self, root: Node, domain: Domain) -> None:
        for part in self._list(root.get("system", "resources")):
            self._collector.saw(root.file, "system resource")
            why = "a kind of resource of the machine; the domains' own resources are read"
            said = part.get("key").text or "?"
            self._collector.ignored.add(Ignored(root.file, part.line or 1, said, why))
        for part in self._list(root.get("http", "services")):
            url = self._text(part.get("url"))
            domain.http.append((part.get("name").text or "", url, part.get("url")))
            self._collector.saw(root.file, "http service")
        own = root.get("domain")
        if not own.exists:
            return
        self._collector.saw(root.file, "domain")
        if not isinstance(own.value, dict):
            self._fault(own, "wants the keys of a domain")
            return
        for key, node in own.entries():
            if key not in _READ:
                why = "this part of a domain is not read"
                self._collector.ignored.add(Ignored(node.file, node.line or 1, key, why))
        self._programs(own, domain)
        for part in self._list(own.get("groups")):
            name = part.get("name").text or ""
            domain.groups[name] = (*domain.groups.get(name, ()), *self._texts(part, "resources"))
            self._collector.saw(root.file, "group")
            before = ", ".join(self._texts(part, "dependencies"))
            if before:
                self._note("boot order", f"{domain.name}/{name}", f"starts after {before}", part)
        for part in self._list(own.get("services")):
            name = part.get("name").text or ""
            domain.services[name] = self._texts(part, "routes")
            self._collector.saw(root.file, "service")
        self._resources(own, domain)
        self._queues(own, domain)
        self._gateways(own.get("gateway"), domain)

    def _programs(self, own: Node, domain: Domain) -> None:
        for kind in ("servers", "executables"):
            default = own.get("default", kind[:-1])
            for part in self._list(own.get(kind)):
                path = self._text(part.get("path"))
                alias = self._text(part.get("alias")) or PurePosixPath(path).name
                if not alias:
                    self._fault(part, f"one of the {kind} has neither a path nor an alias")
                    continue
                memberships = self._texts(part, "memberships") or self._texts(
                    default, "memberships"
                )
                resources = self._texts(part, "resources")
                program = Program(alias, path, part, memberships, resources, kind == "executables")
                domain.programs.append(program)
                self._collector.saw(part.file, kind[:-1])
                for entry in self._list(part.get("environment", "variables")):
                    self._see_secret(entry.get("key").text or "", entry.get("value"))

    def _variables(self, own: Node, domain: Domain) -> None:
        for entry in self._list(own.get("environment", "files")):
            why = "its variables are not known: give them with --variables"
            self._collector.missing_files.add(MissingFile(entry.text or "?", domain.name, why))
        for entry in self._list(own.get("environment", "variables")):
            key, value = entry.get("key").text, entry.get("value")
            if key:
                domain.variables[key] = value.text or ""
                self._see_secret(key, value)

    def _resources(self, own: Node, domain: Domain) -> None:
        transaction = own.get("transaction")
        default = transaction.get("default", "resource", "key").text or ""
        for part in self._list(transaction.get("resources")):
            name = part.get("name").text or ""
            if not name:
                self._fault(part, "this resource has no name")
                continue
            key = self._text(part.get("key")) or default
            info = part.get("openinfo")
            for word in ("openinfo", "closeinfo"):
                if part.get(word).text:
                    self._keep_secret(f"{word} of {name}", part.get(word))
            domain.resources[name] = Resource(name, key, masked_info(self._text(info)), part)
            self._collector.saw(part.file, "resource")
        log = transaction.get("log")
        if log.text:
            domain.logs.append((self._text(log), log))

    def _queues(self, own: Node, domain: Domain) -> None:
        queue = own.get("queue")
        for part in self._list(queue.get("groups")):
            alias = self._text(part.get("alias")) or self._text(part.get("name")) or "queues"
            names = tuple(each.get("name").text or "" for each in self._list(part.get("queues")))
            base = self._text(part.get("queuebase"))
            domain.queue_groups.append(QueueGroup(alias, base, names, part))
            self._collector.saw(part.file, "queue group")
        for group in self._list(queue.get("forward", "groups")):
            for kind in ("services", "queues"):
                for part in self._list(group.get(kind)):
                    target = part.get("target")
                    words = (
                        part.get("source").text,
                        target.get("service").text,
                        target.get("queue").text,
                        part.get("reply", "queue").text,
                    )
                    source, service, name, reply = (word or "" for word in words)
                    domain.forwards.append(Forward(source, service, name, reply, part))
                    self._collector.saw(part.file, "forward")

    def _gateways(self, gateway: Node, domain: Domain) -> None:
        kinds = (
            (gateway.get("inbound"), domain.inbound, "inbound"),
            (gateway.get("outbound"), domain.outbound, "outbound"),
            (gateway.get("reverse", "inbound"), domain.reverse_inbound, "reverse-inbound"),
            (gateway.get("reverse", "outbound"), domain.reverse_outbound, "reverse-outbound"),
        )
        for node, found, word in kinds:
            passes_on = node.get("default", "connection", "discovery", "forward").text
            for index, group in enumerate(self._list(node.get("groups"))):
                alias = self._text(group.get("alias")) or f"{word}-{index + 1}"
                for part in self._list(group.get("connections")):
                    self._gateway(part, alias, group.get("order").number, found)
                    said = part.get("discovery", "forward").text or passes_on
                    if said == "true":
                        what = "who calls here reaches the domains behind, too: links not seen here"
                        self._note("passes discovery on", f"{domain.name}/{alias}", what, part)
        # Until 1.3 there were no groups: a listener was an inbound, a connection an outbound.
        for part in self._list(gateway.get("listeners")):
            self._gateway(part, "inbound", None, domain.inbound)
        for part in self._list(gateway.get("connections")):
            self._gateway(part, "outbound", None, domain.outbound)
        read = {"inbound", "outbound", "reverse", "listeners", "connections", "default", "note"}
        for key, node in gateway.entries():
            if key not in read:
                why = "this part of the gateway is not read"
                self._collector.ignored.add(Ignored(node.file, node.line or 1, key, why))

    def _gateway(self, part: Node, alias: str, order: int | None, found: list[Gateway]) -> None:
        node = part.get("address")
        self._collector.saw(part.file, "gateway address")
        address = self._text(node)
        host, colon, written = address.rpartition(":")
        if not node.exists or not colon or not (written.isdigit() or "${" in address):
            self._fault(node if node.exists else part, "wants an address: host:port")
            return
        services, queues = self._texts(part, "services"), self._texts(part, "queues")
        port = int(written[:5]) if written.isdigit() else 0
        if port > 65535 or (written.isdigit() and port == 0):
            self._fault(node, f"{written} is no port")
            return
        host = host if "${" in host else host.lower()  # a variable's name keeps its case
        found.append(Gateway(alias, host, port, part, services, queues, order))

    def _list(self, node: Node) -> list[Node]:
        """The entries of a list; what is there and is no list is a fault."""
        if not node.exists or isinstance(node.value, list):
            return list(node.parts())
        self._fault(node, "wants a list")
        return []

    def _texts(self, part: Node, key: str) -> tuple[str, ...]:
        assert key in LISTS, "INI could not say it"
        return tuple(self._text(each) for each in self._list(part.get(key)) if each.text)

    def _text(self, node: Node) -> str:
        """A text with its variables replaced; one without a value stays, and is counted."""

        def value(match: re.Match[str]) -> str:
            known = self._values.get(match[1])
            if known is None:
                self._collector.variable(match[1], node.file, node.line or 1)
                return match[0]
            return known

        return _VARIABLE.sub(value, node.text or "")

    def _see_secret(self, key: str, value: Node) -> None:
        if speaks_of_secrets(key) and value.text and not value.text.startswith("${"):
            self._keep_secret(key, value)

    def _keep_secret(self, name: str, node: Node) -> None:
        self._collector.plain_secrets.add(PlainSecret(node.file, node.line or 1, node.where, name))

    def _note(self, topic: str, about: str, said: str, node: Node) -> None:
        self._collector.notes.add(Noted(topic, about, said, node.file, node.line or 1))

    def _fault(self, node: Node, message: str) -> None:
        file = self._opened[node.file]
        self.faults.append(Fault(file, node.line, node.where, message))


def _numbered(programs: Iterable[Program]) -> list[Program]:
    """Programs whose aliases differ: the second of a name is `name.2`, as Casual has it."""
    taken: dict[str, int] = {}
    numbered = []
    for each in programs:
        count = taken[each.alias] = taken.get(each.alias, 0) + 1
        alias = each.alias if count == 1 else f"{each.alias}.{count}"
        numbered.append(
            Program(alias, each.path, each.node, each.memberships, each.resources, each.executable)
        )
    return numbered
