"""How fast the agent looks, what it misses, what its targets see of it, and what it needs.

In a network namespace of its own with loopback only: servers listen on every 127/8 address, so that
half a million looks have as many different targets. The peers run in the same rounds against the
same servers: a plain epoll loop in C, `nmap -n -Pn -sT` where it is installed, and asyncio. The
servers share the cores with whoever connects to them. `probe_agent.py 0.01` plays it smaller.
"""

from __future__ import annotations

import asyncio
import json
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from _far_end import (
    compiled,
    in_a_network_of_its_own,
    make_certificates,
    run_agent,
    serving,
    serving_tls,
)

SCALE: Final = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
LOOKS, HTTP_LOOKS, MANY_LOOKS = (int(n * SCALE) for n in (500_000, 100_000, 1_000_000))
ROUND_LOOKS, ASYNCIO_LOOKS = int(65_536 * SCALE), int(10_000 * SCALE)
ROUNDS: Final = 5
IN_FLIGHT: Final = 1_000
PORTS: Final = 8
FIRST_PORT: Final = 21_000
WIDE: Final[dict[str, float]] = {
    "in_flight": IN_FLIGHT,
    "per_second": 1_000_000,
    "target_at_once": 8,
    "target_per_second": 1_000_000,
    "network_per_second": 1_000_000,
}
"""Caps that do not hold back: these figures are about the agent and not about its manners."""

CALM: Final = {**WIDE, "in_flight": 500, "per_second": 10_000}
"""Where it is about what is seen: as fast as a large sweep would be."""

Fields = dict[str, object]
MARKS: Final[Fields] = {"old": "side=old", "new": "side=new"}
SLOW_MS: Final = 1_000
FAULTS: Final = ("refused", "dropped", "reset", "slow", "wrong side", "expired", "half-open")


def main() -> None:
    """Measure, and print one line per figure."""
    in_a_network_of_its_own()
    with tempfile.TemporaryDirectory(prefix="probe-agent-") as name:
        folder = Path(name)
        program = compiled(folder)
        ports = [f"closes,0.0.0.0,1,{FIRST_PORT + i}" for i in range(PORTS)]
        with serving(program, *ports):
            speed(folder, program)
        with serving(program, "http-old,0.0.0.0,1,22000", "http-new,0.0.0.0,1,22001"):
            http(folder)
        accuracy(folder, program)
        for cap in (20, 200):
            manners(folder, cap)


def speed(folder: Path, program: Path) -> None:
    """Bare ports: all of them, against the peers, and a million for the memory."""
    run = run_agent(folder, WIDE, bare(LOOKS))
    assert run.words["ok"] == LOOKS, run.words
    rate = {"looks a second": round(LOOKS / run.seconds)}
    report(f"{LOOKS:,} tcp checks of real listeners", run.seconds, "s", 60, rate)
    rates: dict[str, list[float]] = {"agent": [], "c": [], "nmap": [], "asyncio": []}
    for _ in range(ROUNDS):
        rates["agent"].append(ROUND_LOOKS / run_agent(folder, WIDE, bare(ROUND_LOOKS)).seconds)
        rates["c"].append(by_c(program))
        rates["asyncio"].append(ASYNCIO_LOOKS / asyncio.run(by_asyncio()))
        if shutil.which("nmap"):
            rates["nmap"].append(by_nmap())
    middle = {name: statistics.median(found) for name, found in rates.items() if found}
    peers = {f"{name}, checks a second": round(rate) for name, rate in middle.items()}
    goals = (("c", "a plain epoll loop in C", 0.7), ("nmap", "nmap -n -Pn -sT", 0.7))
    for peer, told, goal in (*goals, ("asyncio", "asyncio.open_connection", 3.0)):
        if peer in middle:
            times = middle["agent"] / middle[peer]
            report(f"tcp checks, times as many as {told}", times, "x", goal, peers, least=True)
    many = run_agent(folder, WIDE, bare(MANY_LOOKS))
    assert many.words["ok"] == MANY_LOOKS, many.words
    took = {"seconds": round(many.seconds, 1)}
    report(f"memory, all processes, {MANY_LOOKS:,} looks", many.memory_mb, "MB", 100, took)


def http(folder: Path) -> None:
    """HTTP with a status, a body and a mark of the side."""
    asked: Fields = {**MARKS, "args": {"path": "/health", "holds": "side="}}
    looks = (look(i, "http", 22000 + i % 2, asked) for i in range(HTTP_LOOKS))
    run = run_agent(
        folder, WIDE, looks, lambda r: f"{r['word']} {r['side']} {int(str(r['id'])) % 2}"
    )
    assert run.words == {"ok old 0": HTTP_LOOKS // 2, "ok new 1": HTTP_LOOKS // 2}, run.words
    rate = {"looks a second": round(HTTP_LOOKS / run.seconds)}
    report(f"{HTTP_LOOKS:,} http checks with identity", run.seconds, "s", 60, rate)


def accuracy(folder: Path, program: Path) -> None:
    """Seven faults at one percent each among good ones, in an order by chance."""
    make_certificates(folder)
    servers = {1: "deaf", 2: "resets", 3: "http-slow", 4: "http-old", 5: "silent"}
    # Most looks are good: several listeners share them, or the one queue for all of them overflows.
    for i in range(PORTS):
        servers.update({10 + i: "closes", 20 + i: "banner-new", 30 + i: "http-new"})
    specs = [f"{kind},0.0.0.0,1,{23000 + i}" for i, kind in servers.items()]
    with serving(program, *specs), serving_tls(folder, good=23100, expired=23101):
        truth = random.Random(4).choices(range(100), k=LOOKS)
        ca = (folder / "ca.crt").read_text()
        looks = (seeded(i, number, ca) for i, number in enumerate(truth))
        run = run_agent(folder, CALM, looks, lambda r: verdict(r, truth[int(str(r["id"]))]))
    seeds = {fault: sum(1 for n in truth if n == i) for i, fault in enumerate(FAULTS)}
    missed = sum(seeds.values()) - sum(run.words[f"found {fault}"] for fault in FAULTS)
    wrong = {name: count for name, count in run.words.items() if not name.startswith("found")}
    alarms = sum(count for name, count in wrong.items() if name.startswith("false"))
    peers = {**seeds, "looks": LOOKS, "seconds": round(run.seconds, 1), **wrong}
    report(f"seeded faults not found, of 7 kinds at 1 % in {LOOKS:,} looks", missed, "", 0, peers)
    report(f"false alarms among {run.words['good'] + alarms:,} good looks", alarms, "", 0, {})


def seeded(i: int, number: int, ca: str) -> str:
    """One look: at a fault for the first seven numbers, else at something good."""
    patience: Fields = {"seconds": 3, "need": 1, "of": 2, "pause": 0.1}
    marked: Fields = {**patience, **MARKS, "args": {"path": "/"}}
    trusting: Fields = {**patience, "args": {"ca": ca}, "server_name": "server.test"}
    kinds: dict[int, tuple[str, int, Fields]] = {
        0: ("tcp", 23900, patience),
        1: ("tcp", 23001, {**patience, "seconds": 1}),
        2: ("tcp", 23002, {**patience, "args": {"stays_ms": 100}}),
        3: ("http", 23003, marked),
        4: ("http", 23004, marked),
        5: ("tls", 23101, trusting),
        6: ("http", 23005, marked),
        7: ("tls", 23100, trusting),
    }
    if number < 30:
        return look(i, *kinds.get(number, ("http", 23030 + i % PORTS, marked)))
    if number < 50:
        return look(i, "tcp", 23020 + i % PORTS, {**patience, **MARKS})
    return look(i, "tcp", 23010 + i % PORTS, patience)


def verdict(result: dict[str, object], number: int) -> str:
    """What a result is worth, knowing what was seeded."""
    word, side = str(result["word"]), str(result["side"])
    slow = float(str(result["total_ms"])) >= SLOW_MS
    if number >= len(FAULTS):
        marked = 8 <= number < 50
        fine = word == "ok" and side == ("new" if marked else "") and not slow
        return "good" if fine else f"false {word} {side} {'slow' if slow else ''}".strip()
    found = {
        "refused": word == "refused",
        "dropped": word == "timeout",
        "reset": word == "reset",
        "slow": word == "ok" and slow,
        "wrong side": word == "ok" and side == "old",
        "expired": word == "tls" and "expired" in str(result["detail"]),
        "half-open": word == "timeout" and "accepted" in str(result["detail"]),
    }[FAULTS[number]]
    return f"found {FAULTS[number]}" if found else f"missed {FAULTS[number]}: {word} {side}"


def manners(folder: Path, cap: int) -> None:
    """One listener that counts, and a batch of ten seconds for it."""
    times: list[float] = []
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as listener:
        port = listener.getsockname()[1]

        def count() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                times.append(time.perf_counter())
                connection.close()

        counting = threading.Thread(target=count, daemon=True)
        counting.start()
        caps = {**WIDE, "target_per_second": cap}
        looks = (look(i, "tcp", port, host="127.0.0.1") for i in range(cap * 10))
        run = run_agent(folder, caps, looks)
        listener.shutdown(socket.SHUT_RDWR)
        counting.join()
    assert len(times) == cap * 10 == run.words["ok"]
    most, begin = 0, 0
    for end, t in enumerate(times):
        while times[begin] < t - 1.0:
            begin += 1
        most = max(most, end - begin + 1)
    told = {"on average": round((len(times) - 1) / (times[-1] - times[0]), 1)}
    report(f"most connections in any second at a target with a cap of {cap}", most, "", cap, told)


def bare(count: int) -> Iterator[str]:
    """Looks at bare ports, each at another target."""
    return (look(i, "tcp", FIRST_PORT + i % PORTS) for i in range(count))


def look(i: int, kind: str, port: int, more: Fields | None = None, host: str = "") -> str:
    """One line. Neighbours in the batch are no neighbours in the network."""
    line = {"id": str(i), "kind": kind, "host": host or address(i), "port": port, **(more or {})}
    return json.dumps(line) + "\n"


def address(i: int) -> str:
    """The place of a number among 62,500 addresses, eight ports each."""
    place = i // PORTS % 62_500
    return f"127.1.{place % 250}.{place // 250 + 1}"


def by_c(program: Path) -> float:
    """Checks a second of the plain loop."""
    specs = [f"closes,127.1.0.1,62500,{FIRST_PORT + i}" for i in range(PORTS)]
    words = [str(program), "connect", str(IN_FLIGHT), str(ROUND_LOOKS), *specs]
    found = json.loads(subprocess.run(words, check=True, capture_output=True).stdout)
    assert found["ok"] == ROUND_LOOKS, found
    return float(ROUND_LOOKS / found["seconds"])


def by_nmap() -> float:
    """Checks a second of nmap, by its own clock."""
    # The power of two of addresses that makes about as many checks.
    bits = max(1, (ROUND_LOOKS // PORTS).bit_length() - 1)
    ports = f"{FIRST_PORT}-{FIRST_PORT + PORTS - 1}"
    words = ["nmap", "-n", "-Pn", "-sT", "-p", ports, "-oG", "-", f"127.1.0.0/{32 - bits}"]
    began = time.perf_counter()
    told = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    seconds = time.perf_counter() - began
    found = told.count("/open/tcp")
    assert found == 2**bits * PORTS, found
    return found / seconds


async def by_asyncio() -> float:
    """Seconds that asyncio takes for its looks."""
    at_once = asyncio.Semaphore(IN_FLIGHT)

    async def one(i: int) -> None:
        async with at_once:
            _, writer = await asyncio.open_connection(address(i), FIRST_PORT + i % PORTS)
            writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(one(i) for i in range(ASYNCIO_LOOKS)))
    return time.perf_counter() - began


def report(
    figure: str,
    value: float,
    unit: str,
    goal: float,
    peers: Mapping[str, float],
    *,
    least: bool = False,
) -> None:
    """One line."""
    ok = value >= goal if least else value <= goal
    told = {"figure": figure, "value": round(value, 3), "unit": unit, "goal": goal, "ok": ok}
    print(json.dumps({**told, "peers": peers}), flush=True)


if __name__ == "__main__":
    main()
