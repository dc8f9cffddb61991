"""A batch from its header to its last line: limits shared out, loops started, and all of it ended.

Used by the agent's entry, once for each batch that comes in. Loops are processes forked before any
thread exists; a batch without its last line was cut, and whoever sent it knows by that.
"""

from __future__ import annotations

import gc
import json
import os
import platform
import resource
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from migrator.probes.agent import wire
from migrator.probes.agent.dispatch import Away, Batch, Worker
from migrator.probes.agent.incoming import Limits, Order
from migrator.probes.agent.loop import Loop
from migrator.probes.agent.watch import now, wall

LOOKS_PER_LOOP = 1_000
"""So many looks a second one loop does with ease, TLS among them; more loops only cost memory."""

FILES_SPARE = 64


class Crew(NamedTuple):
    """The loops of a batch, and what tells whether all of them ended in order."""

    workers: list[Worker]
    ended_well: Callable[[], bool]


Start = Callable[[Limits, int, float], Crew]
"""Starts so many loops with these limits each, and the batch's last moment."""


def carry_out(
    order: Order, start: Start, pipes: tuple[int, int], rest: bytes, digest: str
) -> bytes:
    """One batch; what was read beyond it. Raises `Away` where it could not be ended in order."""
    began = now()
    count = loops_for(order.limits)
    crew = start(shared(order.limits, count), count, began + order.seconds)
    batch = Batch(order, crew.workers, *pipes)
    try:
        batch.run(rest)
    finally:
        for worker in crew.workers:
            os.close(worker.results)
    if not crew.ended_well():
        raise Away("a loop ended before its time")
    end: wire.End = {
        "end": True,
        "n": batch.n,
        "digest": digest,
        "clock": wall(),
        "seconds": round(now() - began, 3),
        "python": platform.python_version(),
        "slowed": sorted(batch.slowed)[:100],
    }
    batch.say(json.dumps(end) + "\n")
    return batch.rest


def loops_for(limits: Limits) -> int:
    """How many loops: one for each core, fewer where the caps need no more."""
    cores = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    useful = -(-int(limits.per_second) // LOOKS_PER_LOOP)
    return max(1, min(limits.processes, cores, useful, limits.in_flight))


def shared(limits: Limits, count: int) -> Limits:
    """One loop's share. Targets and networks belong to one loop each and keep their whole caps."""
    return limits._replace(
        in_flight=limits.in_flight // count, per_second=limits.per_second / count
    )


def forked(limits: Limits, count: int, deadline: float) -> Crew:
    """Loops as processes."""
    raise_files(limits.in_flight)
    sys.stderr.flush()
    workers: list[Worker] = []
    pids = []
    for _ in range(count):
        looks_in, looks = os.pipe()
        results, results_out = os.pipe()
        pid = os.fork()
        if pid == 0:
            # Every end that belongs to the dispatcher: held here, it would never be seen to close.
            for fd in (looks, results, *(fd for worker in workers for fd in worker)):
                os.close(fd)
            _be_a_loop(limits, deadline, looks_in, results_out)
        os.close(looks_in)
        os.close(results_out)
        os.set_blocking(looks, False)
        workers.append(Worker(looks, results))
        pids.append(pid)
    return Crew(workers, lambda: {os.waitpid(pid, 0)[1] for pid in pids} == {0})


def _be_a_loop(limits: Limits, deadline: float, lines_in: int, lines_out: int) -> None:
    """The whole life of a forked process; never returns."""
    code = 1
    try:
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 0)
        os.dup2(nothing, 1)
        # Looks come and go in thousands and make no circles: looking for some is time lost.
        gc.freeze()
        gc.set_threshold(50_000, 50, 100)
        code = 0 if Loop(limits, deadline, lines_in, lines_out).run() else 3
    finally:
        if code == 1:
            traceback.print_exc()
        sys.stderr.flush()
        os._exit(code)


def raise_files(wanted: int) -> None:
    """Allow as many open files as there may be connections, as far as this machine lets us."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = wanted + FILES_SPARE
    if soft != resource.RLIM_INFINITY and soft < enough:
        most = enough if hard == resource.RLIM_INFINITY else min(enough, hard)
        # Where this is refused, the loops keep within what there is.
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
