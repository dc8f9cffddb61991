"""A thousand Deployments onto a real cluster until they are ready, and applied again; and a watch.

In the lab, whose simulated nodes (kwok) take any number of pods, beside `kubectl` on the same
cluster in turns: `apply --server-side` and `wait` against our pre-images, apply and wait. Ours also
reads what was there before, which kubectl does not. Each round is in a namespace of its own, and
the next one begins when that is gone; the figures are medians of two, a few minutes each. Then ten
thousand small objects are watched by a process that does nothing else, and its memory is read. Uses
the lab that runs (MIGRATOR_LAB), or one of its own.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from _runs import a_folder, report

sys.path.append(str(Path(__file__).parent.parent / "tests"))

from cluster.lab import life, programs
from cluster.lab.__main__ import NAME
from cluster.lab.building import build_all
from cluster.lab.parts import Lab
from migrator.platform.kubernetes.abreast import abreast
from migrator.platform.kubernetes.applying import Applier
from migrator.platform.kubernetes.bucket import Bucket
from migrator.platform.kubernetes.connecting import client_of
from migrator.platform.kubernetes.discovery import CONFIG_MAPS
from migrator.platform.kubernetes.kubeconfig import choose
from migrator.platform.kubernetes.objects import ChangeSet, ChangeWord, KubeObject
from migrator.platform.kubernetes.rest import Client
from migrator.platform.kubernetes.slices import Mark
from migrator.platform.kubernetes.transport import load_library
from migrator.platform.kubernetes.waiting import Cluster
from migrator.platform.kubernetes.watch import Scope, Watch, keep_all

DEPLOYMENTS: Final = 1_000
ROUNDS: Final = 5
WATCHED: Final = 10_000
NODES: Final = 10
READY_SECONDS_MAX: Final = 600
WATCH_MB_MAX: Final = 200.0


def main() -> None:
    """Measure, and print one line per figure."""
    if sys.argv[1:2] == ["watch"]:
        asyncio.run(watching(Path(sys.argv[2]), sys.argv[3]))
        return
    load_library()
    build_all(lambda text: print(f"# {text}", file=sys.stderr))
    with a_lab() as lab, lab.inside(), a_folder() as folder:
        if "kwok-000" not in lab.kubectl("get", "nodes", "-o", "name"):
            lab.add_fake_nodes(NODES)
        seconds: dict[str, list[float]] = {}
        for number in range(ROUNDS):
            # The order turns, because a cluster is slower after a thousand Deployments went.
            for who, way in WAYS if number % 2 == 0 else WAYS[::-1]:
                with a_namespace(lab) as namespace:
                    first, again = way(lab, namespace, folder)
                print(f"# {who}: {first:.1f} s, again {again:.1f} s", file=sys.stderr)
                seconds.setdefault(who, []).append(first)
                seconds.setdefault(f"{who}, again", []).append(again)
        figures(seconds)
        with a_namespace(lab) as namespace:
            report_memory(lab, namespace)


def figures(seconds: dict[str, list[float]]) -> None:
    """The two figures, as shares of what kubectl needs."""
    middle = {who: statistics.median(found) for who, found in seconds.items()}
    for what, suffix, goal in (("apply and wait", "", 0.9), ("apply again", ", again", 0.5)):
        mine, theirs = middle[f"ours{suffix}"], middle[f"kubectl{suffix}"]
        peers = {"ours, s": round(mine, 2), "kubectl, s": round(theirs, 2)}
        figure = f"{what}, {DEPLOYMENTS} Deployments, share of kubectl's time"
        report(figure, round(mine / theirs, 3), "x", goal, peers)


@contextmanager
def a_lab() -> Iterator[Lab]:
    """The lab that runs, or one that ends with the block."""
    name = os.environ.get("MIGRATOR_LAB", NAME)
    found = life.running(name)
    own = f"bench-{os.getpid()}"
    try:
        yield found or life.up(own, lambda _: None, stays=False)
    finally:
        life.down(own)


@contextmanager
def a_namespace(lab: Lab) -> Iterator[str]:
    """A namespace, gone with everything in it when the block is left."""
    name = f"bench-{secrets.token_hex(3)}"
    lab.kubectl("create", "namespace", name)
    lab.kubectl("-n", name, "wait", "--for=create", "serviceaccount/default", "--timeout=60s")
    try:
        yield name
    finally:
        lab.kubectl("delete", "namespace", name, "--timeout=15m", seconds_max=900)


def deployment(number: int, namespace: str) -> KubeObject:
    """A Deployment of one pod on a simulated node."""
    name = f"web-{number:04}"
    container: KubeObject = {
        "name": "web",
        "image": "registry.invalid/web:1",
        "env": [{"name": "NUMBER", "value": str(number)}],
        "ports": [{"containerPort": 8080}],
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace, "labels": {"app": name}},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {
                    "containers": [container],
                    "nodeSelector": {"type": "kwok"},
                    "tolerations": [{"key": "type", "operator": "Exists"}],
                },
            },
        },
    }


def ours(lab: Lab, namespace: str, _: Path) -> tuple[float, float]:
    """Seconds until everything is ready, and seconds to apply it again."""
    return asyncio.run(_ours(lab, namespace))


async def _ours(lab: Lab, namespace: str) -> tuple[float, float]:
    client = a_client(lab.kubeconfig)
    wanted = [deployment(number, namespace) for number in range(DEPLOYMENTS)]
    try:
        began = time.perf_counter()
        applier = Applier(client, Mark("first", 1))
        images = await applier.pre_images(wanted)
        done = await applier.apply(wanted, images=images, empty=False)
        print(f"# ours: applied after {time.perf_counter() - began:.1f} s", file=sys.stderr)
        async with Cluster(client, now=lambda: datetime.now(UTC)) as cluster:
            await cluster.until_ready(wanted, seconds_max=READY_SECONDS_MAX)
        first = time.perf_counter() - began
        assert done.counts()[ChangeWord.CREATED] == DEPLOYMENTS
        began = time.perf_counter()
        again: ChangeSet = await Applier(client, Mark("second", 1)).apply(
            wanted, images=images, empty=False
        )
        assert again.writes == 0, f"applying again wrote: {again}"
        return first, time.perf_counter() - began
    finally:
        await client.close()


def a_client(kubeconfig: Path) -> Client:
    """A client without a speed limit of its own: what is measured is not our own politeness."""
    return client_of(choose(file=kubeconfig), wall=lambda: datetime.now(UTC), bucket=Bucket(0))


def kubectl(lab: Lab, namespace: str, folder: Path) -> tuple[float, float]:
    """The same, as somebody would do it by hand."""
    file = folder / "deployments.json"
    items = [deployment(number, namespace) for number in range(DEPLOYMENTS)]
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
    file.write_text(text, encoding="utf-8")
    words = [str(programs.program("kubectl")), f"--kubeconfig={lab.kubeconfig}", "-n", namespace]
    apply = [*words, "apply", "--server-side", "-f", str(file)]
    wait = [*words, "wait", "--for=condition=Available", "deployment", "--all"]
    wait.append(f"--timeout={READY_SECONDS_MAX}s")
    began = time.perf_counter()
    subprocess.run(apply, check=True, stdout=subprocess.DEVNULL)
    print(f"# kubectl: applied after {time.perf_counter() - began:.1f} s", file=sys.stderr)
    subprocess.run(wait, check=True, stdout=subprocess.DEVNULL)
    first = time.perf_counter() - began
    began = time.perf_counter()
    subprocess.run(apply, check=True, stdout=subprocess.DEVNULL)
    return first, time.perf_counter() - began


WAYS: Final = (("ours", ours), ("kubectl", kubectl))


def report_memory(lab: Lab, namespace: str) -> None:
    """The memory of a process that watches ten thousand objects."""
    asyncio.run(_fill(lab, namespace))
    words = [sys.executable, __file__, "watch", str(lab.kubeconfig), namespace]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    before, after = (float(word) for word in done.stdout.split())
    peers = {"before the first request, MB": round(before, 1)}
    figure = f"memory of a process that watches {WATCHED} objects, at its highest"
    report(figure, round(after, 1), "MB", WATCH_MB_MAX, peers)


async def _fill(lab: Lab, namespace: str) -> None:
    client = a_client(lab.kubeconfig)

    async def make(number: int) -> None:
        data: KubeObject = {f"key-{place}": f"{number} {'x' * 80}" for place in range(10)}
        meta: KubeObject = {"name": f"c-{number:05}", "namespace": namespace}
        await client.create(
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": data}
        )

    try:
        await abreast(range(WATCHED), make)
    finally:
        await client.close()


async def watching(kubeconfig: Path, namespace: str) -> None:
    """Watch, and print the memory before and at its highest, both in MB."""
    load_library()
    client = a_client(kubeconfig)
    before = highest_mb()
    watch = Watch(client, CONFIG_MAPS, Scope(namespace), keep=keep_all)
    running = asyncio.create_task(watch.run())
    try:
        assert await watch.until(lambda seen: len(seen.objects) >= WATCHED, 120)
        print(before, highest_mb())
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await client.close()


def highest_mb() -> float:
    """The most memory that this process has ever had."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main()
