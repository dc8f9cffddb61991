"""`cutover.yaml`: what a subsystem's manifests cannot say about its move. The door for that file.

Called by `manifests.py`. The file lies beside the manifests and is never applied: which Services
carry the traffic, where the old side is, how answers tell the sides apart, which databases move,
and which workloads keep data. Only the file itself is judged here; whether it fits the objects is
judged in `manifest_checks.py`. No password ever stands in it, only where one is found.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from migrator.errors import Fault, InputError
from migrator.inventory.door import Placed, faults_of, found, one, rows
from migrator.inventory.field_types import Row
from migrator.inventory.yaml_text import Document, decode, read_yaml
from migrator.platform.kubernetes.slices import ENDPOINTS_MAX
from migrator.platform.kubernetes.subject import DatabaseEnd, DatabaseMove

FILE: Final = "cutover.yaml"

POSTGRESQL_PORT: Final = 5432

_LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_REFERENCE: Final = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|file:.+")
_TABLE: Final = re.compile(r"[^.\s]+\.[^.\s]+")
_WORKLOAD: Final = re.compile(r"[A-Za-z]+/[a-z0-9.-]+")


def is_namespace(text: str) -> bool:
    """Tell whether a text may be a namespace's name."""
    return _LABEL.fullmatch(text) is not None


def _filled(value: str) -> str:
    if not value or value != value.strip():
        raise ValueError("wants text without spaces around it, and not empty")
    return value


def _namespace(value: str) -> str:
    if not is_namespace(value):
        raise ValueError(
            "wants a namespace of lower-case letters, digits and '-', at most 63 characters; "
            f"found {found(value)}"
        )
    if value.startswith("kube-"):
        raise ValueError(f"the namespace '{value}' is the cluster's own; name the subsystem's")
    return value


def _address(value: str) -> str:
    """An address that an EndpointSlice may hold and that a pod can reach."""
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        raise ValueError(
            f"wants an IP address, found {found(value)}; names are not looked up"
        ) from None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    for what, wrong in (
        ("a loopback address: from a pod it is the pod itself", address.is_loopback),
        ("a link-local address: it ends at the node", address.is_link_local),
        ("a multicast address", address.is_multicast),
        ("no address of a machine", address.is_unspecified),
    ):
        if wrong:
            raise ValueError(f"{value} is {what}; write the one by which the cluster reaches it")
    return str(address)


def _password(value: str) -> str:
    if value and not _REFERENCE.fullmatch(value):
        # The value is not repeated: it may well be the password.
        raise ValueError("wants where the password is found, 'env:NAME' or 'file:PATH', not itself")
    return value


def _table(value: str) -> str:
    if not _TABLE.fullmatch(value):
        raise ValueError(f"wants schema.table, found {found(value)}")
    return value


def _workload(value: str) -> str:
    if not _WORKLOAD.fullmatch(value):
        raise ValueError(f"wants a workload such as StatefulSet/folkbok-db, found {found(value)}")
    return value


def _path(value: str) -> str:
    if value and not re.fullmatch(r"/[!-~]*", value):
        raise ValueError(f"wants a path that begins with '/', found {found(value)}")
    return value


Filled = Annotated[str, AfterValidator(_filled)]
PortNumber = Annotated[int, Field(ge=1, le=65535)]


class OldPort(Row):
    """Where one port of the Service is served on the old side."""

    port: str = ""
    addresses: Annotated[
        list[Annotated[str, AfterValidator(_address)]],
        Field(min_length=1, max_length=ENDPOINTS_MAX),
    ]
    number: PortNumber


class IdentityRow(Row):
    """How an answer tells which side gave it."""

    port: str | None = None
    path: Annotated[str, AfterValidator(_path)] = ""
    old: str = ""
    new: str = ""


class FrontRow(Row):
    """A Service whose traffic moves."""

    service: Filled
    old: Annotated[list[OldPort], Field(min_length=1)]
    identity: IdentityRow | None = None


class EndRow(Row):
    """One end of a database."""

    host: Filled
    port: PortNumber = POSTGRESQL_PORT
    database: Filled
    user: Filled
    password: Annotated[str, AfterValidator(_password)] = ""
    peer_host: Filled | None = None
    peer_port: PortNumber | None = None


class DatabaseRow(Row):
    """A database that moves with its data."""

    name: Filled
    source: EndRow
    target: EndRow
    writers: Annotated[list[Filled], Field(min_length=1)]
    tables: list[Annotated[str, AfterValidator(_table)]] = Field(default_factory=list)


class CutoverFile(Row):
    """The file. Every key may be left out."""

    namespace: Annotated[str, AfterValidator(_namespace)] | None = None
    fronts: list[FrontRow] = Field(default_factory=list)
    databases: list[DatabaseRow] = Field(default_factory=list)
    keeps_data: list[Annotated[str, AfterValidator(_workload)]] = Field(default_factory=list)


class Cutover:
    """The file as far as it is right, row by row, and everything that is wrong with it."""

    def __init__(self, document: Document) -> None:
        """Judge the document."""
        self.document = document
        self.faults: list[Fault] = faults_of(document, CutoverFile)
        self.head: Placed[CutoverFile] | None = one(document, CutoverFile)
        self.fronts: list[Placed[FrontRow]] = rows(document, FrontRow, "fronts")
        self.databases: list[Placed[DatabaseRow]] = rows(document, DatabaseRow, "databases")
        self.faults += _database_faults(self.databases)

    @property
    def namespace(self) -> str | None:
        """The namespace that the file names; None where it names none, or a wrong one."""
        return self.head.row.namespace if self.head else None

    @property
    def names_namespace(self) -> bool:
        """Whether the file says something about the namespace, right or wrong."""
        return isinstance(self.document.data, dict) and "namespace" in self.document.data

    @property
    def keeps_data(self) -> list[str]:
        """The workloads that keep data, as far as they are right."""
        return self.head.row.keeps_data if self.head else []

    def moves(self) -> tuple[DatabaseMove, ...]:
        """The databases as the acts take them."""
        return tuple(
            DatabaseMove(
                row.name, _end(row.source), _end(row.target), (*row.writers,), (*row.tables,)
            )
            for row in (placed.row for placed in self.databases)
        )


def read_cutover(content: bytes | None, file: str) -> Cutover:
    """Read the file; without one, everything is as it is when nobody says otherwise.

    Raises InputError where it is no YAML at all.
    """
    if content is None:
        return Cutover(Document(file, {}, {(): 1}))
    document = read_yaml(decode(content, file), file)
    if document.data is None:
        document = Document(file, {}, {(): 1})
    return Cutover(document)


def broken_cutover(error: InputError, file: str) -> Cutover:
    """What is left of a file that is no YAML: its faults."""
    cutover = Cutover(Document(file, {}, {(): 1}))
    cutover.faults += error.faults
    return cutover


def _end(row: EndRow) -> DatabaseEnd:
    return DatabaseEnd(
        row.host,
        row.port,
        row.database,
        row.user,
        row.password,
        row.peer_host or row.host,
        row.peer_port or row.port,
    )


def _database_faults(databases: list[Placed[DatabaseRow]]) -> list[Fault]:
    faults: list[Fault] = []
    seen: set[str] = set()
    for placed in databases:
        row = placed.row
        if row.name in seen:
            faults.append(placed.fault(f"the database '{row.name}' stands twice", "name"))
        seen.add(row.name)
        source, target = _end(row.source), _end(row.target)
        if (source.host, source.port, source.database) == (
            target.host,
            target.port,
            target.database,
        ):
            faults.append(placed.fault("the target is the source itself", "target"))
        for number, writer in enumerate(row.writers):
            if writer in {row.source.user, row.target.user}:
                message = (
                    f"the fence takes the log-in of '{writer}' away, and migrator itself logs in "
                    "so; give migrator a role of its own"
                )
                faults.append(placed.fault(message, "writers", number))
            if writer in row.writers[:number]:
                faults.append(placed.fault(f"'{writer}' stands twice", "writers", number))
        for number, table in enumerate(row.tables):
            if table in row.tables[:number]:
                faults.append(placed.fault(f"'{table}' stands twice", "tables", number))
    return faults
