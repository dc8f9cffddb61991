"""The lab of the flips: a listener on the old platform, pods that answer as the new side, Services.

Used by `kubernetes_flip.py`, which does the measuring. Both sides run the same small server, so
that nothing but the way to it differs.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

sys.path.append(str(Path(__file__).parent.parent / "tests"))

from cluster.lab import life
from cluster.lab.__main__ import NAME
from cluster.lab.images import PYTHON
from cluster.lab.parts import OLD_ADDRESS, Lab
from cluster.reach import Cluster
from migrator.platform.kubernetes.looking import Look, front_look
from migrator.platform.kubernetes.rest import Client
from migrator.platform.kubernetes.slices import NEW, OLD, Backend, Mark, Port
from migrator.platform.kubernetes.subject import Fronting, Identity
from migrator.platform.kubernetes.traffic import Front, OwnedSlice

SERVICES: Final = 20
PODS: Final = 2
LOST_SECONDS: Final = 5.0
"""Whoever has no answer until then is lost; in a live run a look waits a second."""
PORT: Final = 8080
IDENTITY: Final = Identity("http", "/whoami", "side=old", "side=new")


SERVER: Final = """
import asyncio, signal, sys
draining = False
async def serve(reader, writer):
    try:
        while True:
            head = await reader.readuntil(b"\\r\\n\\r\\n")
            last = draining or b"connection: close" in head.lower()
            word = b"close" if last else b"keep-alive"
            body = sys.argv[2].encode()
            head = b"HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\nConnection: %s\\r\\n\\r\\n"
            writer.write(head % (len(body), word) + body)
            await writer.drain()
            if last:
                break
    except (OSError, EOFError):
        pass
    finally:
        writer.close()
async def main():
    def drain():
        global draining
        draining = True
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, drain)
    loop.add_signal_handler(signal.SIGTERM, loop.stop)
    await asyncio.start_server(serve, None, int(sys.argv[1]), backlog=512)
    await asyncio.Event().wait()
asyncio.run(main())
"""
"""Says which side it is, keeps connections, and hangs up after the next answer on SIGUSR1."""


@contextmanager
def a_lab() -> Iterator[Lab]:
    """The lab that runs, or one for this benchmark alone."""
    found, own = life.running(NAME), f"flip-{os.getpid()}"
    try:
        yield found or life.up(own, lambda _: None, stays=False)
    finally:
        life.down(own)


def old_side() -> list[str]:
    """The old system's command."""
    return [sys.executable, "-I", "-c", SERVER, str(PORT), IDENTITY.old]


@dataclass(frozen=True)
class Fronted:
    """One Service with both sides and the look at it."""

    front: Front
    old: Backend
    new: Backend
    look: Look


async def services(cluster: Cluster, client: Client, namespace: str) -> list[Fronted]:
    """Twenty Services in front of the same pods: the pods are not what is measured."""
    names = [f"web-{number:02}" for number in range(SERVICES)]
    ports = [{"name": "http", "port": 80}]
    made = [
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": name},
            "spec": {"ports": ports},
        }
        for name in names
    ]
    cluster.apply(namespace, *made, deployment())
    inside = ["--namespace", namespace]
    cluster.kubectl(*inside, "rollout", "status", "deployment/new", "--timeout=90s")
    said = json.loads(cluster.kubectl(*inside, "get", "pods", "-l", "app=new", "-o", "json"))
    addresses = tuple(item["status"]["podIP"] for item in said["items"])
    port = (Port("http", PORT),)
    old, new = Backend(OLD, (OLD_ADDRESS,), port), Backend(NEW, addresses, port)
    found = []
    for name in names:
        front = Front(namespace, name)
        ask = [*inside, "get", "service", name, "-o", "jsonpath={.spec.clusterIP}"]
        fronting = Fronting(front, old, (Port("http", 80),), IDENTITY)
        look = replace(front_look(fronting, cluster.kubectl(*ask)), seconds=LOST_SECONDS)
        found.append(Fronted(front, old, new, look))
        await OwnedSlice(client).point(front, old, Mark("begin", 1))
    return found


def deployment() -> dict[str, object]:
    """The new side's pods."""
    probe = {"tcpSocket": {"port": PORT}, "periodSeconds": 1}
    container = {
        "name": "server",
        "image": PYTHON.reference,
        "command": ["python3", "-c", SERVER, str(PORT), IDENTITY.new],
        "readinessProbe": probe,
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "new"},
        "spec": {
            "replicas": PODS,
            "selector": {"matchLabels": {"app": "new"}},
            "template": {
                "metadata": {"labels": {"app": "new"}},
                "spec": {"containers": [container], "terminationGracePeriodSeconds": 1},
            },
        },
    }
