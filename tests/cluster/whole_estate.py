"""The estate of the big weekend: thirty-two subsystems, sixty-four Deployments, two databases.

Half of it is the public sample where that lies beside the repository (`train_ticket.py`), and our
own otherwise. Every pod is real: the small server takes about 10 MiB, so simulated nodes would only
hide what starting sixty containers does to a weekend. The links are a file of our own; both sides
connect along them for as long as they run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from cluster.estate_on_cluster import Estate, Member, a_front, a_server, estate_of
from cluster.links_declared import probes_of
from cluster.old_databases import OldDatabase, a_target
from cluster.train_ticket import is_there, train_ticket

HALF: Final = 16
STAYS: Final = "ledger"
"""The database that moves for good, in an early wave."""
RETURNS: Final = "orders"
"""The database whose wave is taken back."""
WAVES: Final[Mapping[str, str]] = {STAYS: "w02", RETURNS: "w04"}
LOOKING: Final = (STAYS, RETURNS, "bureau-04", "bureau-08")
"""Who is spoken for by a pod once it has moved; each takes memory, so this machine looks for the
others."""


def whole_estate(
    folder: Path, image: str, databases: Mapping[str, OldDatabase], postgresql: str
) -> Estate:
    """All of it below `folder`; a database for each of those that are given."""
    ours = [
        *(_with_database(name, image, found, postgresql) for name, found in databases.items()),
        *(_plain(f"bureau-{number:02}", image) for number in range(HALF - len(databases))),
    ]
    rest = (
        train_ticket(image, HALF)
        if is_there()
        else [_plain(f"office-{number:02}", image) for number in range(HALF)]
    )
    members = [*ours, *rest]
    links = _links([each.name for each in members])
    probes = probes_of(members, links, pods=LOOKING)
    return estate_of(folder, members, links, retries=2, probes=probes)


def _links(names: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Chains of four, as one department's systems call each other, and a few across them."""
    chains = [(names[n], names[n + 1]) for n in range(len(names) - 1) if n % 4 != 3]
    across = [(names[n], names[(n * 7 + 5) % len(names)]) for n in range(0, len(names), 3)]
    return tuple(dict.fromkeys(link for link in (*chains, *across) if link[0] != link[1]))


def _plain(name: str, image: str) -> Member:
    """An application and a worker that nobody calls."""
    worker = a_server(f"{name}-worker", name, image)
    return Member(name, (a_server(name, name, image), worker, a_front(name)), name)


def _with_database(name: str, image: str, old: OldDatabase, postgresql: str) -> Member:
    """An application that takes rows in, and its PostgreSQL."""
    new = {
        "host": f"{name}-db.{name}.svc.cluster.local.",
        "port": 5432,
        "user": old.writer,
        "database": old.name,
    }
    target = a_target(name, postgresql, old)
    return Member(
        name,
        (a_server(name, name, image, database=new), a_front(name), *target.objects),
        name,
        kind="stateful",
        wave=WAVES.get(name, ""),
        keeps_data=(f"Deployment/{name}-db",),
        databases=(target.move,),
        old_database=old.as_application,
    )
