"""What a PostgreSQL database that moves is: its two ends, its writers, its tables. Pure.

Part of a `kubernetes.subject.Subject`, read from a subsystem's cut-over file; used by everything in
this package. A password is never here, only where it is to be read.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DatabaseEnd:
    """One end of a PostgreSQL database. `password` is a reference (env:NAME, file:PATH), or empty.

    `host` and `port` are as the conductor reaches it; `peer_host` and `peer_port` as the other end
    reaches it for replication (the same, unless said).
    """

    host: str
    port: int
    database: str
    user: str
    password: str = ""
    peer_host: str = ""
    peer_port: int = 0


@dataclass(frozen=True, slots=True)
class DatabaseMove:
    """A PostgreSQL database that moves with its data.

    `writers` are the roles that the subsystem logs in with: a fence takes their log-in away and
    ends their sessions, on either side. `tables` are schema.table; empty means all with rows.
    """

    name: str
    source: DatabaseEnd
    target: DatabaseEnd
    writers: tuple[str, ...]
    tables: tuple[str, ...] = ()
