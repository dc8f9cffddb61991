"""How long pods of the lab take to look at 10,000 links each, and what that costs this process.

In the lab, by the real runner: two workloads, each with an agent of its own beside it, look at the
same time at a hundred real listeners in two other pods, 10,000 looks each, kept as a sweep keeps
them. The pods are there already, as they are in a weekend; how long they took to come is said
beside the figure. The caps on targets are the defaults; those on a network and on a vantage point
are raised, because all listeners of the lab stand in one network. Uses the lab that runs
(MIGRATOR_LAB), or one of its own.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from contextlib import redirect_stdout
from pathlib import Path
from typing import Final

from _flip_lab import a_lab

sys.path.append(str(Path(__file__).parent.parent / "tests"))

from cluster.lab import programs
from cluster.lab.building import build_all
from cluster.lab.images import PYTHON
from cluster.lab.parts import Lab
from cluster.reach import Cluster
from cluster.workloads import a_deployment
from kubernetes_rig import wall
from migrator.platform.kubernetes import agent_pods
from migrator.platform.kubernetes.agent_objects import Place
from migrator.platform.kubernetes.connecting import client_of
from migrator.platform.kubernetes.discovery import PODS
from migrator.platform.kubernetes.kubeconfig import choose
from migrator.platform.kubernetes.objects import text_at
from migrator.platform.kubernetes.rest import Client
from migrator.platform.kubernetes.slices import Mark
from migrator.probes.agent import wire
from migrator.probes.keeping import read_back
from migrator.probes.model import Caps, Purpose, SweepPlan, VantagePlan, lines_file, results_file
from migrator.probes.packing import packed_agent
from migrator.probes.sweep import Asked, run_sweep

LINKS: Final = 10_000
CALLERS: Final = ("caller-a", "caller-b")
LISTENERS: Final = 2
PORTS: Final = 50
FIRST_PORT: Final = 9000
GOAL_SECONDS: Final = 20.0
NAME: Final = "agent-pods"
MARK: Final = Mark("agent-pods/1", 1)
CAPS: Final = Caps(per_second=2000.0, network_per_second=2000.0)

LISTENER: Final = """
import asyncio, sys
async def main():
    async def answer(reader, writer):
        writer.close()
    servers = [await asyncio.start_server(answer, "0.0.0.0", int(sys.argv[1]) + n, backlog=512)
               for n in range(int(sys.argv[2]))]
    await asyncio.gather(*(server.serve_forever() for server in servers))
asyncio.run(main())
"""


def main() -> None:
    """Measure, and print the figures."""
    with redirect_stdout(sys.stderr):
        build_all(lambda text: print(f"lab: {text}"))
        with a_lab() as lab, lab.inside():
            seconds, came, words = measured(lab)
    figure = f"{len(CALLERS)} pods of the lab, {LINKS} links each"
    line = {"figure": figure, "value": round(seconds, 2), "unit": "s", "goal": GOAL_SECONDS}
    ok = seconds <= GOAL_SECONDS and words == {wire.OK: LINKS * len(CALLERS)}
    peers = {
        "pods until they served": round(came, 2),
        "words": words,
        "looks a second": round(LINKS * len(CALLERS) / seconds),
        "caps": CAPS.on_the_wire(),
    }
    print(json.dumps({**line, "ok": ok, "peers": peers}, ensure_ascii=False), flush=True)


def measured(lab: Lab) -> tuple[float, float, dict[str, int]]:
    """Seconds of the sweep, seconds until the pods served, and the words that came."""
    cluster = Cluster(programs.program("kubectl"), lab.kubeconfig, "lab", PYTHON.reference)
    cluster.kubectl("delete", "namespace", "--ignore-not-found", NAME, seconds_max=120)
    cluster.kubectl("create", "namespace", NAME)
    cluster.kubectl(
        *("--namespace", NAME, "wait", "--for=create", "serviceaccount/default", "--timeout=30s")
    )
    try:
        names = [*CALLERS, "listener"]
        listener = a_deployment("listener", cluster.image, replicas=LISTENERS)
        cluster.apply(NAME, *(a_deployment(name, cluster.image) for name in CALLERS))
        cluster.apply(NAME, _listening(listener))
        for name in names:
            rollout = ("rollout", "status", f"deployment/{name}", "--timeout=90s")
            cluster.kubectl("--namespace", NAME, *rollout)
        return asyncio.run(_measured(cluster))
    finally:
        cluster.kubectl("delete", "namespace", NAME, seconds_max=120)


def _listening(found: dict[str, object]) -> dict[str, object]:
    """The Deployment with many ports in the place of one server."""
    changed: dict[str, object] = json.loads(json.dumps(found))
    spec = json.loads(json.dumps(found))["spec"]
    container = spec["template"]["spec"]["containers"][0]
    container["command"] = ["python3", "-c", LISTENER, str(FIRST_PORT), str(PORTS)]
    container["readinessProbe"] = {"tcpSocket": {"port": FIRST_PORT}, "periodSeconds": 1}
    return {**changed, "spec": spec}


async def _measured(cluster: Cluster) -> tuple[float, float, dict[str, int]]:
    client = client_of(choose(cluster.context, file=cluster.kubeconfig), wall=wall)
    try:
        before = time.monotonic()
        places = [Place(NAME, f"Deployment/{name}", cluster.image, called=name) for name in CALLERS]
        agent = packed_agent()
        made = await asyncio.gather(
            *(agent_pods.ensure(client, place, agent.data, MARK) for place in places)
        )
        came = time.monotonic() - before
        hosts = await _listeners(client)
        with tempfile.TemporaryDirectory() as folder:
            plan = _plan(Path(folder), hosts)
            asked = Asked(plan, ("0.0.0.0/0",), agent.digest, lambda: wall().timestamp())
            before = time.monotonic()
            ran = await run_sweep(asked, {each.name: each for each in made})
            seconds = time.monotonic() - before
            assert not ran.lost, ran.lost
            return seconds, came, _words(Path(folder))
    finally:
        await agent_pods.retire(client, NAME, MARK)
        await client.close()


async def _listeners(client: Client) -> list[str]:
    listed = await client.list_all(PODS, NAME, labels="app=listener")
    found = [text_at(pod, "status", "podIP") for pod in listed.items]
    assert len(found) == LISTENERS, found
    return found


def _plan(folder: Path, hosts: list[str]) -> SweepPlan:
    """Both callers look at everything, spread over all listeners, as a planned sweep is."""
    targets = [(host, FIRST_PORT + n) for n in range(PORTS) for host in hosts]
    for name in CALLERS:
        file = lines_file(folder, name)
        file.parent.mkdir(exist_ok=True)
        with file.open("w") as out:
            for number in range(LINKS):
                host, port = targets[number % len(targets)]
                look = {"id": f"{name}-{number}", "kind": "tcp", "host": host, "port": port}
                out.write(json.dumps(look) + "\n")
    return SweepPlan(
        id="measured",
        folder=folder,
        purpose=Purpose.ALL,
        scope="",
        members=(),
        seed=1,
        links=LINKS * len(CALLERS),
        touched=0,
        looks=LINKS * len(CALLERS),
        reasons={},
        vantages=tuple(VantagePlan(name, LINKS, CAPS, 10.0) for name in CALLERS),
        seconds=10.0,
    )


def _words(folder: Path) -> dict[str, int]:
    """How often each word came."""
    found: dict[str, int] = {}
    for name in CALLERS:
        assert len(read_back(folder, name).proved) <= LINKS
        for line in results_file(folder, name).read_bytes().splitlines():
            word = str(json.loads(line)["word"])
            found[word] = found.get(word, 0) + 1
    return found


if __name__ == "__main__":
    main()
