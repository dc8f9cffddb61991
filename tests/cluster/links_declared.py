"""The probes.yaml of an estate of `estate_on_cluster.py`: who looks from where, at what, and how.

Whoever is on the old side is spoken for by this machine. It reaches those who are there, too, by
their old names, which answer before anything has moved, and the others at a port of the nodes.
Whoever has moved is spoken for by a pod beside its own workload, which reaches a front by the
Service's name, as the application itself does. A front leads to one side at a time and its address
stays the same, so only the answer's own mark tells which side was reached. Links that a move does
not touch are left alone: their own moves prove them.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from cluster.estate_on_cluster import FIRST_NODE_PORT, Member
from cluster.lab.parts import OLD_ADDRESS
from cluster.lab.settings import NODE_ADDRESS
from cluster.old_platform import FIRST_NAME

NETWORKS: Final = "10.0.0.0/8"
"""The nodes, the pods, the Services and the old side: nothing of the lab lies outside."""

HERE: Final = "here"
NOBODY_SERVES: Final = FIRST_NODE_PORT - 1
"""A port of the nodes that no Service has: whoever connects there is refused."""


def probes_of(
    members: Sequence[Member],
    links: Sequence[tuple[str, str]],
    *,
    pods: Collection[str] | None = None,
    paths: Mapping[str, str] | None = None,
    unserved: Collection[str] = (),
) -> str:
    """The text of probes.yaml.

    `pods` are the callers that a pod speaks for on the new side; None: all of them, and this
    machine speaks for the others. `paths` is where a subsystem's callers ask it, if not at `/`.
    Those in `unserved` are looked for on the new side where nobody serves.
    """
    callers = sorted({source for source, _ in links if pods is None or source in pods})
    spaces = {each.name: each for each in members}
    declared = {
        "allow": [NETWORKS],
        "caps": {
            "target_at_once": 2,
            "target_per_second": 100,
            "per_second": 500,
            "network_per_second": 500,
        },
        "patience": {"need": 1, "of": 3, "seconds": 5},
        "vantages": [
            {"id": HERE, "kind": "here"},
            *(
                {
                    "id": vantage_of(name),
                    "kind": "pod",
                    "namespace": spaces[name].space,
                    "workload": f"Deployment/{spaces[name].front}",
                }
                for name in callers
            ),
        ],
        "stands": [
            *({"subsystem": name, "old": HERE, "new": vantage_of(name)} for name in callers),
            {"old": HERE, "new": HERE},
        ],
        "addresses": {
            f"{member.name}.app": _answers(
                member,
                number,
                by_name={source for source, target in links if target == member.name} <= {*callers},
                served=member.name not in unserved,
            )
            for number, member in enumerate(members)
        },
        "checks": [_check(name, path) for name, path in (paths or {}).items()] + [_check("", "/")],
        "sample": 0,
    }
    return json.dumps(declared, indent=1)


def vantage_of(name: str) -> str:
    """The vantage point that speaks for a subsystem once it has moved."""
    return f"{name}-pod"


def _answers(member: Member, number: int, *, by_name: bool, served: bool) -> dict[str, object]:
    """Where a subsystem answers, by its side and by its caller's."""
    old_name: dict[str, object] = {"host": OLD_ADDRESS, "port": FIRST_NAME + number}
    from_old: dict[str, object] = {"host": NODE_ADDRESS, "port": FIRST_NODE_PORT + number}
    service = f"{member.front}.{member.space}.svc.cluster.local"
    # This machine does not ask the cluster for names, and it speaks for callers without a pod.
    from_new: dict[str, object] = {"host": service, "port": member.number} if by_name else from_old
    answers: dict[str, object] = {"old": {"from_old": old_name, "from_new": from_new}}
    if served:
        return {**answers, "new": {"from_old": from_old, "from_new": from_new}}
    return {**answers, "new": {"host": NODE_ADDRESS, "port": NOBODY_SERVES}}


def _check(name: str, path: str) -> dict[str, object]:
    match = {"protocol": "http", **({"subsystem": name} if name else {})}
    return {
        "match": match,
        "kind": "http",
        "args": {"path": path, "status": [200]},
        "identity": {"old": "side=old", "new": "side=new"},
    }
