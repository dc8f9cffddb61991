"""What the way to an API server costs the conductor: applies a second, 16 in flight.

Against a stub on loopback in a process of its own that answers every apply with one stored
Deployment, so no server's work is in the figure: the whole client path from the object to the
judged answer, through the limiter, the transport and the errors. The rate by the process's own
processor time stands beside it, since that is nearly the same on a busy machine. Beside both,
against the same stub and with as many in flight: the official client's typed models, in its asyncio
form and in its synchronous one with 16 threads. Medians of five rounds each, in turns, after one
that warms up.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from _runs import report

from migrator.platform.kubernetes.abreast import IN_FLIGHT, abreast
from migrator.platform.kubernetes.bucket import Bucket
from migrator.platform.kubernetes.connecting import client_of
from migrator.platform.kubernetes.kubeconfig import Chosen
from migrator.platform.kubernetes.objects import ChangeWord, KubeObject
from migrator.platform.kubernetes.transport import load_library

APPLIES: Final = 4_000
PEER_APPLIES: Final = 1_000
ROUNDS: Final = 5
GOAL: Final = 4_000.0
STUB: Final = Path(__file__).with_name("_api_stub.py")


def main() -> None:
    """Measure, and print the figure."""
    load_library()
    with a_stub() as server:
        ways: dict[str, Callable[[str], float]] = {
            "ours": lambda at: asyncio.run(ours(at)),
            "official, typed, asyncio": lambda at: asyncio.run(typed(at)),
            "official, typed, 16 threads": threads,
        }
        rates: dict[str, list[float]] = {name: [] for name in ways}
        busy: list[float] = []
        for number in range(ROUNDS + 1):
            for name, way in ways.items():
                cpu = time.process_time()
                rate = way(server)
                cpu = time.process_time() - cpu
                if number:
                    rates[name].append(rate)
                if number and name == "ours":
                    busy.append(APPLIES / cpu)
    medians = {name: round(statistics.median(found)) for name, found in rates.items()}
    value = medians.pop("ours")
    medians["ours, by the second of processor time"] = round(statistics.median(busy))
    figure = f"applies through the client path, {IN_FLIGHT} in flight"
    report(figure, value, "applies/s", GOAL, medians, more_is_better=True)


@contextmanager
def a_stub() -> Iterator[str]:
    """The stub's address; it ends with the block."""
    process = subprocess.Popen([sys.executable, str(STUB)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.kill()
        process.wait()


def deployment(number: int) -> KubeObject:
    """A Deployment as a team writes it."""
    container: KubeObject = {"name": "web", "image": "registry.invalid/web:1"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": f"web-{number}", "namespace": "shop"},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [container]},
            },
        },
    }


async def ours(server: str) -> float:
    """Applies a second through `rest.Client`."""
    chosen = Chosen("stub", server, "", {"server": server}, {})
    client = client_of(chosen, wall=lambda: datetime.now(UTC), bucket=Bucket(0))
    wanted = [deployment(number) for number in range(APPLIES)]

    async def apply(each: KubeObject) -> ChangeWord:
        return (await client.apply(each, before={})).change.word

    try:
        await apply(wanted[0])
        began = time.perf_counter()
        words = await abreast(wanted, apply)
        seconds = time.perf_counter() - began
    finally:
        await client.close()
    assert set(words) == {ChangeWord.CREATED}
    return APPLIES / seconds


async def typed(server: str) -> float:
    """Applies a second through the official client's typed asyncio interface."""
    from kubernetes.aio import client

    async with client.ApiClient(client.Configuration(host=server)) as api:
        apps = client.AppsV1Api(api)

        async def apply(number: int) -> str:
            found = await apps.patch_namespaced_deployment(
                f"web-{number}",
                "shop",
                deployment(number),
                field_manager="migrator",
                field_validation="Strict",
                _content_type="application/apply-patch+yaml",
            )
            return str(found.kind)

        await apply(0)
        began = time.perf_counter()
        kinds = await abreast(range(PEER_APPLIES), apply)
        seconds = time.perf_counter() - began
    assert set(kinds) == {"Deployment"}
    return PEER_APPLIES / seconds


def threads(server: str) -> float:
    """Applies a second through the official client's typed synchronous interface."""
    from kubernetes import client

    settings = client.Configuration(host=server)
    settings.connection_pool_maxsize = IN_FLIGHT
    with client.ApiClient(settings) as api, ThreadPoolExecutor(IN_FLIGHT) as pool:
        apps = client.AppsV1Api(api)

        def apply(number: int) -> str:
            found = apps.patch_namespaced_deployment(
                f"web-{number}",
                "shop",
                deployment(number),
                field_manager="migrator",
                field_validation="Strict",
                _content_type="application/apply-patch+yaml",
            )
            return str(found.kind)

        list(pool.map(apply, range(IN_FLIGHT)))
        began = time.perf_counter()
        kinds = list(pool.map(apply, range(PEER_APPLIES)))
        seconds = time.perf_counter() - began
    assert set(kinds) == {"Deployment"}
    return PEER_APPLIES / seconds


if __name__ == "__main__":
    main()
