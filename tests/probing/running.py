"""Run the real agent in this process: its dispatcher and its loops, against real servers.

Loops run in threads instead of forked processes, so that coverage and debuggers see them; all else
is what runs on other machines. `run_agent` is what tests of checks want; `talk_to_agent` gives
every line for tests of the agent itself, in a process of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Mapping
from typing import cast

from migrator.probes.agent import wire
from migrator.probes.agent.batches import Crew, carry_out
from migrator.probes.agent.dispatch import Worker
from migrator.probes.agent.incoming import Limits, read_header
from migrator.probes.agent.loop import Loop

LOOPBACK = ["127.0.0.0/8", "::1/128"]

QUICK_CAPS = wire.Caps(
    in_flight=500,
    per_second=50_000,
    target_at_once=50,
    target_per_second=10_000,
    network_per_second=50_000,
    processes=1,
)
"""Caps that keep no test waiting. A test of caps gives its own."""


def a_header(**more: object) -> wire.Header:
    """A header for loopback, quick and of twenty seconds at most."""
    header: dict[str, object] = {
        "version": wire.VERSION,
        "digest": "",
        "clock": 0.0,
        "seconds": 20.0,
        "allow": LOOPBACK,
        "caps": QUICK_CAPS,
        **more,
    }
    return cast("wire.Header", header)


def run_agent(
    header: Mapping[str, object], looks: Iterable[Mapping[str, object]]
) -> list[wire.Result]:
    """The results of a batch, in the order of its looks (and after them those of no look)."""
    asked = list(looks)
    lines = lines_of_agent(header, [json.dumps(look) for look in asked])
    assert "end" in lines[-1], lines[-3:]
    results = [cast("wire.Result", line) for line in lines if "word" in line]
    place = {look.get("id"): at for at, look in enumerate(asked)}
    return sorted(results, key=lambda result: place.get(result["id"], len(asked)))


def lines_of_agent(header: Mapping[str, object], looks: list[str]) -> list[dict[str, object]]:
    """Everything that the agent writes for these lines, beats and end among it."""
    order = read_header(json.dumps(header).encode(), "")
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as sink:
        source.write("".join(f"{line}\n" for line in [*looks, ""]).encode())
        source.seek(0)
        carry_out(order, threaded, (source.fileno(), sink.fileno()), b"", "")
        sink.seek(0)
        return [json.loads(line) for line in sink]


def threaded(limits: Limits, count: int, deadline: float) -> Crew:
    """Loops as threads of this process."""
    workers, threads, well = [], [], []
    for _ in range(count):
        looks_in, looks = os.pipe()
        results, results_out = os.pipe()
        os.set_blocking(looks, False)

        def live(lines_in: int = looks_in, lines_out: int = results_out) -> None:
            try:
                well.append(Loop(limits, deadline, lines_in, lines_out).run())
            finally:
                os.close(lines_in)
                os.close(lines_out)

        thread = threading.Thread(target=live, daemon=True)
        thread.start()
        threads.append(thread)
        workers.append(Worker(looks, results))

    def ended_well() -> bool:
        for thread in threads:
            thread.join()
        return well == [True] * count

    return Crew(workers, ended_well)


def talk_to_agent(
    *lines: str, words: Iterable[str] = (), seconds: float = 20.0
) -> tuple[int, list[dict[str, object]], str]:
    """The agent as a process of its own: exit code, lines of stdout, stderr."""
    done = subprocess.run(
        [sys.executable, "-m", "migrator.probes.agent", *words],
        input="".join(f"{line}\n" for line in lines).encode(),
        capture_output=True,
        timeout=seconds,
        check=False,
    )
    return done.returncode, [json.loads(x) for x in done.stdout.splitlines()], done.stderr.decode()
