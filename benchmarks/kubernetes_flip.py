"""How soon one write moves a Service's traffic, and whether anybody notices more than that.

In the lab, through kube-proxy: twenty stateless Services are pointed from a listener on the old
platform to pods and back, first 100 times one after the other, then 50 times all at once. After
each write three vantage points (two prober pods and this machine) look by new connections until
each has seen the wanted side three times in a row, and one client per Service connects anew all the
time. The times count from when a single write is sent, with kube-proxy at rest: it programs at most
once a second (minSyncPeriod, its default), so a write within a second of another waits for that;
the times of the rounds of twenty are a peer. Connections that are kept alive stay where they are:
they are drained, and what is still open when the old side is killed is reset and counted apart.
Uses the lab that runs (MIGRATOR_LAB), or one of its own.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from _flip_lab import IDENTITY, SERVICES, Fronted, a_lab, old_side, services

sys.path.append(str(Path(__file__).parent.parent / "tests"))

from cluster.lab import programs
from cluster.lab.building import build_all
from cluster.lab.images import PYTHON
from cluster.lab.parts import Lab
from cluster.reach import Cluster
from migrator.platform.kubernetes import prober
from migrator.platform.kubernetes.confirming import Confirmed, confirm
from migrator.platform.kubernetes.connecting import client_of
from migrator.platform.kubernetes.kubeconfig import choose
from migrator.platform.kubernetes.looking import Answered, Look, ThisMachine, Vantage
from migrator.platform.kubernetes.objects import KubeObject
from migrator.platform.kubernetes.rest import Client, Written
from migrator.platform.kubernetes.slices import NEW, OLD, Mark
from migrator.platform.kubernetes.traffic import OwnedSlice

SINGLE_FLIPS: Final = 100
ROUNDS: Final = 50
"""Of twenty flips at the same time: 1,000 flips."""
REST_SECONDS: Final = 1.2
"""Between single writes: kube-proxy's minSyncPeriod, and its own work."""
SHARP_SECONDS: Final = 0.02
"""Between two looks at a single flip; in a live run it is 0.05, and the time is seen that late."""
KEPT: Final = 20
"""Connections that are kept alive while the traffic moves; a quarter of them never asks again."""
CLIENT_PAUSE_SECONDS: Final = 0.2
ROUND_PAUSE_SECONDS: Final = 0.1
"""Above 200 connections a second from one address, ports and connection tracking of the one who
looks are what is measured, so nobody makes more: the clients of this machine make 100, and in the
rounds each pod 200; there this machine's own looks are left to its clients."""


class Writer(Client):
    """A client that remembers when it sent its latest replacement: the one write."""

    sent_at = 0.0

    async def replace(self, wanted: KubeObject, *, dry_run: bool = False) -> Written:
        """The same, and the time of it."""
        self.sent_at = asyncio.get_running_loop().time()
        return await super().replace(wanted, dry_run=dry_run)


@dataclass
class Noting:
    """A vantage point whose slow answers are counted: a SYN that was lost is sent again in 1 s."""

    vantage: Vantage
    slow: int = 0

    @property
    def name(self) -> str:
        """Its own."""
        return self.vantage.name

    @property
    def inside(self) -> bool:
        """Each of them is: this machine stands in the lab's network."""
        return True

    async def look(
        self, batch: Sequence[Look], *, rounds: int = 1, pause_seconds: float = 0.0
    ) -> tuple[Answered, ...]:
        """Look, and count what took longer than a second."""
        found = await self.vantage.look(batch, rounds=rounds, pause_seconds=pause_seconds)
        self.slow += sum(each.milliseconds > 1000 for each in found if not each.error)
        return found


@dataclass
class Caller:
    """What somebody saw who connects to one Service anew all the time."""

    answers: int = 0
    slow: int = 0
    lost: Counter[str] = field(default_factory=Counter)
    mixed: int = 0
    wanted: str = ""
    """The side of the latest write; empty while nobody has flipped yet."""
    arrived: bool = False


def main() -> None:
    """Measure, and print the figures."""
    build_all(lambda text: print(f"# {text}", file=sys.stderr))
    with a_lab() as lab, lab.inside():
        cluster = Cluster(programs.program("kubectl"), lab.kubeconfig, "lab", PYTHON.reference)
        if "flip-old" in lab.ledger.processes and lab.lives("flip-old"):
            lab.kill("flip-old")  # left by a run that was killed
        lab.run("flip-old", old_side(), network="old")
        try:
            with cluster.namespace() as namespace:
                asyncio.run(measure(lab, cluster, namespace))
        finally:
            lab.kill("flip-old")


async def measure(lab: Lab, cluster: Cluster, namespace: str) -> None:
    """Flip every Service in turn, then look at what a kept connection sees."""
    client = client_of(choose("lab", file=lab.kubeconfig), wall=lambda: datetime.now(UTC))
    try:
        fronts = await services(cluster, client, namespace)
        pods = await prober.ensure(client, PYTHON.reference, Mark("flip", 1), namespace=namespace)
        vantages = (*map(Noting, pods.vantages), Noting(ThisMachine()))
        print_flips(*await flipped(client, fronts, vantages), vantages)
        await kept_alive(lab, OwnedSlice(client), fronts[0], vantages)
    finally:
        await client.close()


async def flipped(
    client: Client, fronts: list[Fronted], vantages: tuple[Noting, ...]
) -> tuple[list[Confirmed], list[Confirmed], list[Caller]]:
    """Single flips and rounds of all at once, with a client at every Service throughout."""
    for each in fronts:
        await confirm([each.look], OLD, vantages)
    pods = vantages[:-1]
    single: list[Confirmed] = []
    together: list[Confirmed] = []
    flips = 0
    async with clients_at(fronts) as callers:

        async def flip(number: int, places: tuple[Noting, ...], pause_seconds: float) -> Confirmed:
            nonlocal flips
            flips += 1
            fronted, caller = fronts[number], callers[number]
            backend = fronted.old if caller.wanted == NEW else fronted.new
            caller.wanted, caller.arrived = backend.side, False
            writer = Writer(client.asker, discovery=client.discovery)
            mark = Mark(f"flip/{flips}", 1)
            await OwnedSlice(writer).point(fronted.front, backend, mark)
            return await confirm(
                [fronted.look],
                backend.side,
                places,
                since=writer.sent_at,
                pause_seconds=pause_seconds,
            )

        for number in range(SINGLE_FLIPS):
            await asyncio.sleep(REST_SECONDS)
            single.append(await flip(number % SERVICES, vantages, SHARP_SECONDS))
        for number in range(ROUNDS):
            together += await asyncio.gather(
                *(flip(each, pods, ROUND_PAUSE_SECONDS) for each in range(SERVICES))
            )
            print(f"# round {number + 1}", file=sys.stderr, flush=True)
    return single, together, callers


@asynccontextmanager
async def clients_at(fronts: list[Fronted]) -> AsyncIterator[list[Caller]]:
    """One client at each Service, for as long as the block lasts."""
    clients = [Caller() for _ in fronts]
    over = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for client, fronted in zip(clients, fronts, strict=True):
            group.create_task(connects(client, fronted.look, over))
        yield clients
        over.set()


async def connects(client: Caller, look: Look, over: asyncio.Event) -> None:
    """Connect, ask, hang up, and again. After an answer of the new side an old one is a mix."""
    here = ThisMachine()
    while not over.is_set():
        wanted = client.wanted
        (answer,) = await here.look([look])
        client.answers += 1
        client.slow += answer.milliseconds > 1000 and bool(answer.text)
        if not answer.text:
            client.lost[answer.error] += 1
        elif wanted == client.wanted and wanted:
            side = OLD if answer.text == IDENTITY.old else NEW
            client.mixed += client.arrived and side != wanted
            client.arrived = client.arrived or side == wanted
        await asyncio.sleep(CLIENT_PAUSE_SECONDS)


def print_flips(
    single: list[Confirmed],
    together: list[Confirmed],
    callers: list[Caller],
    vantages: tuple[Noting, ...],
) -> None:
    """The figures of all flips."""
    times = [each.arrived_milliseconds for each in single]
    crowded = [each.arrived_milliseconds for each in together]
    sure = [max(w.sure_milliseconds for w in each.witnesses) for each in single]
    seen = [*single, *together]
    peers = {
        "single flips": len(single),
        "fewest vantage points that saw one": min(len(each.witnesses) for each in single),
        "max": max(times),
        "until all are sure (three in a row)": middle(sure, 50),
        "twenty writes at once": middle(crowded, 50),
    }
    name = "one write until every vantage point sees the new side"
    figure(f"{name}, p50", middle(times, 50), "ms", 100, peers)
    late = {"twenty writes at once": middle(crowded, 99)}
    figure(f"{name}, p99", middle(times, 99), "ms", 1000, late)
    fronts = [front for each in seen for witness in each.witnesses for front in witness.fronts]
    lost = sum((caller.lost for caller in callers), Counter[str]())
    for front in fronts:
        lost.update({f"look: {','.join(front.errors)}": front.none} if front.none else {})
    answers = {
        "flips": len(seen),
        "looks": sum(front.old + front.new + front.unknown + front.none for front in fronts),
        "clients' connections": sum(each.answers for each in callers),
        "answered after more than a second": sum(
            [each.slow for each in callers] + [each.slow for each in vantages]
        ),
    }
    mixed = sum(each.mixed for each in seen) + sum(each.mixed for each in callers)
    figure("mixed answers through the flips", mixed, "answers", 0, answers)
    named = {**answers, **lost}
    figure("lost new connections through the flips", lost.total(), "connections", 0, named)


async def kept_alive(
    lab: Lab, traffic: OwnedSlice, fronted: Fronted, vantages: tuple[Noting, ...]
) -> None:
    """Connections from before the flip: they stay, are drained; the rest is reset by a fence."""
    await traffic.point(fronted.front, fronted.old, Mark("before", 1))
    await confirm([fronted.look], OLD, vantages)
    host, port = fronted.look.host, fronted.look.port
    kept = [await asyncio.open_connection(host, port) for _ in range(KEPT)]
    asking, silent = kept[: KEPT * 3 // 4], kept[KEPT * 3 // 4 :]
    before = [await asked(*each) for each in kept]

    await traffic.point(fronted.front, fronted.new, Mark("after", 1))
    await confirm([fronted.look], NEW, vantages)
    stayed = [await asked(*each) for each in asking]

    lab.send("flip-old", signal.SIGUSR1)
    drained = [await drain(*each) for each in asking]
    anew = [await asked(*await asyncio.open_connection(host, port)) for _ in asking]

    lab.kill("flip-old")
    reset = [await asked(*each) for each in silent]
    for _, writer in kept:
        writer.close()
    lost = [each for each in (*before, *stayed) if each != IDENTITY.old]
    lost += [each for each in anew if each != IDENTITY.new]
    peers = {
        "kept connections": KEPT,
        "answered by the old side after the flip, as under kube-proxy": len(stayed),
        "drained: hung up by the old side after an answer": sum(drained),
        "connected anew, answered by the new side": anew.count(IDENTITY.new),
        "never asked again, reset by the fence": len([each for each in reset if not each]),
    }
    figure("requests lost on connections kept alive, fence apart", len(lost), "requests", 0, peers)


async def asked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
    """Ask once on a connection; empty when it is gone."""
    try:
        writer.write(b"GET /whoami HTTP/1.1\r\nHost: web\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")
        return (await reader.readexactly(len(IDENTITY.old))).decode()
    except (OSError, EOFError):
        return ""


async def drain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Go on asking until the other end says that it hangs up, and does; whether it did."""
    for _ in range(100):
        writer.write(b"GET /whoami HTTP/1.1\r\nHost: web\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        body = await reader.readexactly(len(IDENTITY.old))
        assert body.decode() == IDENTITY.old
        if b"Connection: close" in head:
            return await reader.read() == b""
        await asyncio.sleep(0.02)
    return False


def middle(times: list[float], percent: int) -> float:
    """The time that so many in a hundred stay below."""
    ordered = sorted(times)
    return ordered[min(len(ordered) * percent // 100, len(ordered) - 1)]


def figure(name: str, value: float, unit: str, goal: float, peers: Mapping[str, float]) -> None:
    """Print one figure."""
    line = {"figure": name, "value": value, "unit": unit, "goal": goal, "ok": value <= goal}
    print(json.dumps({**line, "peers": peers}, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
